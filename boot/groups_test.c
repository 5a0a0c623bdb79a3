// SPDX-License-Identifier: MIT
// Interrupt groups for the tests of the entry code: kernel/base/intr_test.h.
#include "boot/versions_priv.h"

#include "boot/library.h"
#include "kernel/base/intr_test.h"
#include "kernel/base/vectors.h"

extern const struct callout_rtn interrupt_id_test, interrupt_eoi_test,
    interrupt_mask_test, interrupt_unmask_test, interrupt_config_test;

#define ALL_LOADS                                                              \
    (INTR_GENFLAG_LOAD_SYSPAGE | INTR_GENFLAG_LOAD_INTRINFO |                  \
     INTR_GENFLAG_LOAD_LEVEL | INTR_GENFLAG_LOAD_CPUNUM)
#define VECTOR(group, vector)                                                  \
    (INTR_TEST_VECTOR_BASE + (group)*INTR_TEST_STRIDE + (vector))

static void test_group_add(struct startup_intrinfo group, uint32_t index) {
    static struct intr_test_data data[INTR_TESTS];
    data[index].group = index;
    group.version = INTR_TEST_VERSION;
    group.vector_base = VECTOR(index, 0);
    group.num_vectors = INTR_TEST_VECTORS;
    group.id = &interrupt_id_test;
    group.eoi = &interrupt_eoi_test;
    group.mask = &interrupt_mask_test;
    group.unmask = &interrupt_unmask_test;
    group.config = &interrupt_config_test;
    group.patch_data = &data[index];
    group.eoi_patch_data = &data[index];
    add_interrupt(&group);
}

// Groups that can't be: the boot says why, and goes on.
static void refused_groups_add(void) {
    static const struct startup_intrinfo groups[] = {
        {.name = "test-nmi", .flags = INTR_FLAG_NMI},
        {.name = "test-fault", .flags = INTR_FLAG_CPU_FAULT},
        {.name = "test-flags", .flags = 0x1},
        {.name = "test-id", .id_genflags = INTR_GENFLAG_LOAD_INTRMASK},
        {.name = "test-eoi", .eoi_genflags = INTR_GENFLAG_NOGLITCH},
        {.name = "test-vectors", .vector_base = VECTOR(0, 3), .num_vectors = 2},
        {.name = "test-entry", .cpu_intr_base = VECTOR_TEST},
        {.name = "test-exception", .cpu_intr_base = NUM_EXCEPTIONS - 1},
        {.name = "test-nowhere"},
        {.name = "test-orphan", .cascade_vector = VECTOR(INTR_TESTS, 0)},
        {.name = "test-twin",
         .cascade_vector = VECTOR(INTR_TEST_LOOP, INTR_TEST_CHILD_AT)},
    };
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        struct startup_intrinfo group = groups[i];
        if (group.num_vectors == 0) {
            group.vector_base = VECTOR(INTR_TESTS, 0);
            group.num_vectors = 1;
        }
        if (group.cascade_vector == 0) {
            group.cascade_vector = INTR_NO_CASCADE;
        }
        add_interrupt(&group);
    }
}

void add_test_groups(const struct machine *machine) {
    static const struct startup_intrinfo groups[INTR_TESTS] = {
        [INTR_TEST_LOOP] =
            {.name = "test-loop",
             .cascade_vector = INTR_NO_CASCADE,
             .cpu_intr_base = VECTOR_TEST,
             .id_genflags = ALL_LOADS | INTR_GENFLAG_ID_LOOP,
             .eoi_genflags = ALL_LOADS | INTR_GENFLAG_LOAD_INTRMASK},
        [INTR_TEST_SINGLE] =
            {.name = "test-single",
             .cascade_vector = INTR_NO_CASCADE,
             .cpu_intr_base = VECTOR_TEST + 1,
             .cpu_intr_stride = 1,
             .flags = INTR_FLAG_SMP_BROADCAST_MASK,
             .id_genflags = INTR_GENFLAG_LOAD_LEVEL,
             .eoi_genflags = INTR_GENFLAG_LOAD_INTRMASK},
        [INTR_TEST_NOGLITCH] =
            {.name = "test-noglitch",
             .cascade_vector = INTR_NO_CASCADE,
             .cpu_intr_base = VECTOR_TEST + 5,
             .flags = INTR_FLAG_SMP_BROADCAST_UNMASK,
             .id_genflags = INTR_GENFLAG_NOGLITCH},
        [INTR_TEST_CHILD] =
            {.name = "test-child",
             .cascade_vector = VECTOR(INTR_TEST_LOOP, INTR_TEST_CHILD_AT),
             .id_genflags = INTR_GENFLAG_LOAD_LEVEL,
             .eoi_genflags =
                 INTR_GENFLAG_LOAD_LEVEL | INTR_GENFLAG_LOAD_INTRINFO},
        [INTR_TEST_IMPLICIT] =
            {.name = "test-implicit",
             .cascade_vector = VECTOR(INTR_TEST_LOOP, INTR_TEST_IMPLICIT_AT),
             .flags = INTR_FLAG_CASCADE_IMPLICIT_EOI},
        [INTR_TEST_GRANDCHILD] =
            {.name = "test-grandchild",
             .cascade_vector = VECTOR(INTR_TEST_CHILD, INTR_TEST_GRANDCHILD_AT),
             .cpu_intr_base = VECTOR_TEST + 6},
    };
    if (!machine->options.selftest) {
        return;
    }
    for (uint32_t i = 0; i < INTR_TESTS; i++) {
        test_group_add(groups[i], i);
    }
    refused_groups_add();
}
