// SPDX-License-Identifier: MIT
// Type IDs, and the administrator's calls.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/gate_tests.h"
#include "usr/program/child.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define SLOT_OWN 2
#define SLOT_SHARED 3
#define SLOT_EMPTY 40
#define TYPE_ALLOWED 47
#define TYPE_OTHER 48
#define NO_RESOURCE_SUCH 999
#define NOISE_US 500
#define MAX_NOISE_US 100000
#define US_PER_SECOND 1000000
#define EXIT_NOT_EXECUTED 99

// --- types ------------------------------------------------------------------

static int grandchild_type(void *argument) {
    *(long *)argument = tollgate_get_type();
    return 0;
}

// Runs as TYPE_ALLOWED: what type has a child that nobody gives one?
static int child_type(void *argument) {
    pid_t pid = vfork();
    if (pid == 0) {
        _exit(grandchild_type(argument));
    }
    int status;
    return waitpid(pid, &status, 0) == pid ? status : 1;
}

bool types_are_inherited(void) {
    long type = -1;
    CHECK_EQUAL(tollgate_get_type(), 0);
    CHECK_EQUAL(child_run(TYPE_ALLOWED, child_type, &type), 0);
    CHECK_EQUAL(type, TYPE_ALLOWED);
    CHECK_EQUAL(child_run(UINT32_MAX, grandchild_type, &type), 0);
    CHECK_EQUAL(type, UINT32_MAX);
    CHECK_EQUAL(tollgate_get_type(), 0);
    return true;
}

// Runs in a child, which does not print between the test's own lines.
static int execute(void *argv) {
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    execv(((char **)argv)[0], argv);
    return EXIT_NOT_EXECUTED;
}

bool types_survive_exec(void) {
    char *allowed[] = {"/bin/on", "-T", "47", "/bin/custom", "3", "4", NULL};
    char *other[] = {"/bin/on", "-T", "48", "/bin/custom", "3", "4", NULL};
    char *none[] = {"/bin/custom", NULL};
    CHECK_EQUAL(WEXITSTATUS(child_run(0, execute, allowed)), 0);
    CHECK_EQUAL(WEXITSTATUS(child_run(0, execute, other)), 1);
    CHECK_EQUAL(WEXITSTATUS(child_run(0, execute, none)), 1);
    CHECK_EQUAL(WEXITSTATUS(child_run(TYPE_ALLOWED, execute, none)), 0);
    return true;
}

struct attempts {
    int set_type, set_lock, set_fence, set_toll, toll_reset;
};

static int error_of(int result) {
    return result < 0 ? errno : 0;
}

static int administer(void *argument) {
    struct attempts *errors = argument;
    errors->set_type = error_of(tollgate_set_type(0));
    errors->set_lock = error_of(tollgate_set_lock(0, LOCK_TAS));
    errors->set_fence = error_of(tollgate_set_fence(SLOT_OWN, 1));
    errors->set_toll = error_of(tollgate_set_toll(TOLL_ON));
    errors->toll_reset = error_of(tollgate_toll_reset());
    return 0;
}

bool only_type_0_administers(void) {
    struct attempts errors = {0};
    CHECK_EQUAL(child_run(TYPE_ALLOWED, administer, &errors), 0);
    CHECK_EQUAL(errors.set_type, EPERM);
    CHECK_EQUAL(errors.set_lock, EPERM);
    CHECK_EQUAL(errors.set_fence, EPERM);
    CHECK_EQUAL(errors.set_toll, EPERM);
    CHECK_EQUAL(errors.toll_reset, EPERM);
    return true;
}

// --- locks ------------------------------------------------------------------

bool locks_can_be_chosen(void) {
    uint32_t index = tollgate_slot(SLOT_SHARED)->resource;
    const struct custom_resource *resource = tollgate_resource(index);
    CHECK(resource);
    uint32_t before = resource->lock_kind;
    long value = tollgate_custom(SLOT_SHARED, 0, 0, 0, 0, 0, 0);
    for (uint32_t kind = 0; kind < NUM_LOCK_KINDS; kind++) {
        CHECK_EQUAL(tollgate_set_lock(index, (enum lock_kind)kind), 0);
        CHECK_EQUAL(resource->lock_kind, kind);
        CHECK_EQUAL(tollgate_custom(SLOT_SHARED, 1, 0, 0, 0, 0, 0), ++value);
        CHECK_EQUAL(tollgate_custom(SLOT_SHARED, 1, 0, 0, 0, 0, 0), ++value);
    }
    CHECK_EQUAL(error_of(tollgate_set_lock(index, NUM_LOCK_KINDS)), EINVAL);
    CHECK_EQUAL(
        error_of(tollgate_set_lock(NO_RESOURCE_SUCH, LOCK_TAS)), EINVAL);
    CHECK_EQUAL(error_of(tollgate_set_lock(UINT32_MAX, LOCK_TAS)), EINVAL);
    CHECK_EQUAL(tollgate_set_lock(index, (enum lock_kind)before), 0);
    return true;
}

// --- fences -----------------------------------------------------------------

bool fenced_slots_are_refused(void) {
    long value = tollgate_custom(SLOT_SHARED, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(tollgate_set_fence(SLOT_SHARED, 1), 0);
    CHECK_EQUAL(
        tollgate_custom(SLOT_SHARED, 1, 0, 0, 0, 0, 0), -ENOTRECOVERABLE);
    CHECK(tollgate_custom(SLOT_OWN, 0, 0, 0, 0, 0, 0) >= 0);
    int before = tollgate_set_toll(TOLL_ON);
    CHECK(before >= 0);
    CHECK_EQUAL(
        tollgate_custom(SLOT_SHARED, 1, 0, 0, 0, 0, 0), -ENOTRECOVERABLE);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_ON);
    CHECK_EQUAL(tollgate_set_fence(SLOT_SHARED, 1), 1);
    CHECK_EQUAL(tollgate_set_fence(SLOT_SHARED, 0), 1);
    CHECK_EQUAL(tollgate_custom(SLOT_SHARED, 1, 0, 0, 0, 0, 0), value + 1);
    CHECK_EQUAL(error_of(tollgate_set_fence(SLOT_EMPTY, 1)), EINVAL);
    CHECK_EQUAL(error_of(tollgate_set_fence(CALLOUT_SLOTS, 1)), EINVAL);
    CHECK_EQUAL(error_of(tollgate_set_fence(UINT32_MAX, 1)), EINVAL);
    return true;
}

// --- noise ------------------------------------------------------------------

bool noise_is_measured(void) {
    uint64_t start = tollgate_cycles();
    long gap = tollgate_noise_floor(NOISE_US);
    uint64_t took = tollgate_cycles() - start;
    CHECK(gap > 0);
    CHECK((uint64_t)gap <= took);
    CHECK(took >= tollgate_hz() / US_PER_SECOND * NOISE_US);
    CHECK_EQUAL(error_of((int)tollgate_noise_floor(MAX_NOISE_US + 1)), EINVAL);
    return true;
}
