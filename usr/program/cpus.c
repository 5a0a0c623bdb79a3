// SPDX-License-Identifier: MIT
// CPUs and affinity.
#include "usr/program/cpus.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "usr/include/tollgate.h"

#define MASK_BITS 64

bool cpus_online(struct cpu_list *list) {
    uint64_t mask[TOLLGATE_MASK_WORDS] = {0};
    cpu_set_t allowed;
    if (tollgate_cpus(mask) < 0) {
        complain("can not learn which CPUs are up: %s", strerror(errno));
        return false;
    }
    if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
        complain("can not learn this process's CPUs: %s", strerror(errno));
        return false;
    }
    list->count = 0;
    for (uint32_t cpu = 0; cpu < CPU_LIST_MAX; cpu++) {
        bool up = mask[cpu / MASK_BITS] >> cpu % MASK_BITS & 1;
        if (up && CPU_ISSET(cpu, &allowed)) {
            list->cpus[list->count++] = cpu;
        }
    }
    return list->count > 0;
}

bool cpus_allow(const struct cpu_list *list) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (uint32_t i = 0; i < list->count; i++) {
        CPU_SET(list->cpus[i], &set);
    }
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

bool cpus_pin(uint32_t cpu) {
    const struct cpu_list list = {.count = 1, .cpus = {cpu}};
    return cpus_allow(&list);
}
