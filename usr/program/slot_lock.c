// SPDX-License-Identifier: MIT
// See slot_lock.h.
#include "usr/program/slot_lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "usr/program/options.h"

#define NAMES_SIZE 128

// "ticket, ticket_pb, ...": all kinds.
static const char *lock_names(char to[NAMES_SIZE]) {
    size_t length = 0;
    to[0] = '\0';
    for (uint32_t kind = 0; kind < NUM_LOCK_KINDS && length < NAMES_SIZE;
         kind++) {
        length += (size_t)snprintf(
            to + length, NAMES_SIZE - length, kind == 0 ? "%s" : ", %s",
            tollgate_lock_name(kind));
    }
    return to;
}

bool choose_lock(const char *text, uint32_t *kind) {
    char names[NAMES_SIZE];
    *kind = LOCK_NOT_GIVEN;
    if (!text) {
        return true;
    }
    for (*kind = 0; *kind < NUM_LOCK_KINDS; (*kind)++) {
        if (!strcmp(text, tollgate_lock_name(*kind))) {
            return true;
        }
    }
    complain("--lock: there is no lock '%s'; %s", text, lock_names(names));
    return false;
}

uint32_t slot_lock(uint32_t slot) {
    const struct custom_slot *found = tollgate_slot(slot);
    const struct custom_resource *resource =
        found ? tollgate_resource(found->resource) : NULL;
    return resource ? resource->lock_kind : LOCK_NOT_GIVEN;
}

bool slot_set_lock(uint32_t slot, uint32_t kind) {
    const struct custom_slot *found = tollgate_slot(slot);
    if (!found || found->resource == NO_RESOURCE) {
        complain("slot %u has no resource, so no lock", slot);
        return false;
    }
    if (tollgate_set_lock(found->resource, (enum lock_kind)kind) < 0) {
        complain("can not set the lock: %s", strerror(errno));
        return false;
    }
    return true;
}

int slot_with_lock(
    uint32_t slot, uint32_t kind, int (*run)(const void *argument),
    const void *argument) {
    if (kind == LOCK_NOT_GIVEN) {
        return run(argument);
    }
    uint32_t before = slot_lock(slot);
    if (!slot_set_lock(slot, kind)) {
        return EXIT_FAILED;
    }
    int status = run(argument);
    return slot_set_lock(slot, before) ? status : EXIT_FAILED;
}
