// SPDX-License-Identifier: MIT
// hangup_test - give the terminal to a process that ends, and wait, for
// tests/shell/run: only a hang-up ends this, with SIGHUP. Exit status: 1 if the
// terminal can't be given.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int take_terminal(void) {
    return setpgid(0, 0) || tcsetpgrp(STDIN_FILENO, getpgrp()) ? EXIT_FAILURE
                                                               : EXIT_SUCCESS;
}

int main(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        _exit(take_terminal());
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        return EXIT_FAILURE;
    }
    puts("go");
    fflush(stdout);
    for (;;) {
        pause();
    }
}
