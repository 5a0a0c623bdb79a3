// SPDX-License-Identifier: MIT
// Children by clone() with vfork's meaning: memory is shared and the parent
// waits. Unlike vfork(), the child gets a stack of its own.
#include "usr/program/child.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usr/program/options.h"
#include "usr/include/tollgate.h"

#define CHILD_NO_TYPE 125 // the child's exit status: its type was not accepted

struct job {
    uint32_t type;
    int (*body)(void *);
    void *arg;
};

static int child_main(void *argument) {
    const struct job *job = argument;
    if (job->type && tollgate_set_type(job->type) < 0) {
        complain("can not set type %u: %s", job->type, strerror(errno));
        return CHILD_NO_TYPE;
    }
    return job->body(job->arg);
}

int child_run(uint32_t type, int (*body)(void *), void *arg) {
    _Alignas(16) static char stack[CHILD_STACK_SIZE];
    struct job job = {.type = type, .body = body, .arg = arg};
    int pid = clone(
        child_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
        &job);
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        complain("can not run a child: %s", strerror(errno));
        return -1;
    }
    return status;
}

int execute_program(char **argv) {
    execvp(argv[0], argv);
    int error = errno;
    complain("%s: %s", argv[0], strerror(error));
    return error == ENOENT ? EXIT_NO_PROGRAM : EXIT_CANNOT;
}

static int execute(void *argument) {
    return execute_program(argument);
}

int child_execute(char **argv) {
    int status = child_run(0, execute, argv);
    if (status < 0) {
        return EXIT_FAILED;
    }
    return WIFSIGNALED(status) ? EXIT_SIGNALED + WTERMSIG(status)
                               : WEXITSTATUS(status);
}
