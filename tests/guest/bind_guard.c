// SPDX-License-Identifier: MIT
// A callout that guards only part of its work: guarded.asm reads the CMOS as
// the shipped slot 5 does, with time between naming a register and reading it.
#include <pthread.h>
#include <stdatomic.h>

#include "tests/guest/bind_tests.h"
#include "usr/program/cpus.h"

#define SLOT_CMOS 5
#define CALLS 300   // measured ones
#define READS 2000  // of each reader
#define TURNS 20000 // before the guarded part, of an empty loop
// Registers that do not change, and differ.
#define REGISTER_GUARDED 0x0b
#define REGISTER_SHIPPED 0x14

// One that calls a slot, always for the same register.
struct reader {
    pthread_t thread;
    uint32_t cpu;
    uint32_t slot;
    unsigned long number; // of the register
    long wanted;
    uint32_t wrong;
};

static _Atomic uint32_t at_start;

static void *read_often(void *argument) {
    struct reader *reader = argument;
    (void)cpus_pin(reader->cpu);
    at_start++;
    while (at_start != 2) {
        __builtin_ia32_pause();
    }
    for (uint32_t i = 0; i < READS; i++) {
        reader->wrong +=
            slot_call(reader->slot, reader->number, 0) != reader->wanted;
        __builtin_ia32_pause(); // an emulator's thread goes to the next CPU
    }
    return NULL;
}

// Both slots at once, under one kind of lock.
static bool excludes_under(uint32_t resource, enum lock_kind kind) {
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    struct reader readers[2] = {
        {.cpu = cpus.cpus[0], .slot = SLOT_GUARDED, .number = REGISTER_GUARDED},
        {.cpu = cpus.cpus[cpus.count - 1],
         .slot = SLOT_CMOS,
         .number = REGISTER_SHIPPED},
    };
    CHECK_EQUAL(tollgate_set_lock(resource, kind), 0);
    at_start = 0;
    for (int i = 0; i < 2; i++) {
        readers[i].wanted = slot_call(SLOT_CMOS, readers[i].number, 0);
    }
    CHECK(readers[0].wanted != readers[1].wanted);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(
            pthread_create(&readers[i].thread, NULL, read_often, &readers[i]),
            0);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_join(readers[i].thread, NULL), 0);
    }
    CHECK_EQUAL(readers[0].wrong, 0);
    CHECK_EQUAL(readers[1].wrong, 0);
    return true;
}

static bool guarded_bind(void) {
    struct module_file file;
    MODULE_FILE(&file, guarded);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(tollgate_slot(SLOT_GUARDED)->guards_itself, 1);
    return true;
}

static bool guarded_part_excludes(int toll) {
    CHECK(guarded_bind());
    int toll_before = tollgate_set_toll(toll);
    CHECK(toll_before >= 0);
    uint32_t resource = tollgate_slot(SLOT_GUARDED)->resource;
    CHECK_EQUAL(resource, tollgate_slot(SLOT_CMOS)->resource);
    uint32_t before = tollgate_resource(resource)->lock_kind;
    bool ok = true;
    for (uint32_t kind = 0; kind < NUM_LOCK_KINDS; kind++) {
        ok = excludes_under(resource, (enum lock_kind)kind) && ok;
    }
    CHECK_EQUAL(tollgate_set_lock(resource, (enum lock_kind)before), 0);
    CHECK_EQUAL(tollgate_set_toll(toll_before), toll);
    CHECK_EQUAL(tollgate_unbind(SLOT_GUARDED), 0);
    return ok;
}

bool guarded_part_excludes_another_slot(void) {
    return guarded_part_excludes(TOLL_OFF);
}

bool guarded_part_excludes_while_measured(void) {
    return guarded_part_excludes(TOLL_ON);
}

// The long part before is in neither the wait nor the hold.
bool guarded_part_is_what_is_measured(void) {
    struct toll toll;
    CHECK(guarded_bind());
    uint32_t resource = tollgate_slot(SLOT_GUARDED)->resource;
    struct toll_resource figures;
    int before = tollgate_set_toll(TOLL_ON);
    CHECK(before >= 0);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    for (uint32_t i = 0; i < CALLS; i++) {
        CHECK(slot_call(SLOT_GUARDED, REGISTER_GUARDED, TURNS) >= 0);
    }
    CHECK_EQUAL(tollgate_toll_read(SLOT_GUARDED, TOLL_ALL_CPUS, &toll), 0);
    CHECK_EQUAL(tollgate_resource_read(resource, &figures), 0);
    CHECK_EQUAL(toll.calls, CALLS);
    CHECK_EQUAL(toll.overtakes, 0);
    CHECK_EQUAL(toll.hold.count, CALLS);
    CHECK_EQUAL(toll.wait.count, CALLS);
    CHECK(toll.hold.median > 0);
    CHECK(toll.hold.median < toll.off.median / 2);
    CHECK(toll.wait.median < toll.off.median / 2);
    CHECK_EQUAL(figures.grants, CALLS);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_ON);
    CHECK_EQUAL(tollgate_unbind(SLOT_GUARDED), 0);
    return true;
}
