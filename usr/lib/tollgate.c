// SPDX-License-Identifier: MIT
// libtollgate's C half: Tollgate's own kernel calls, and what the system page
// says (tolls: tolls.c). The contracts are in usr/include/tollgate.h.
#include "usr/include/tollgate.h"

#include <sys/auxv.h>

static long call(long nr, long a1, long a2, long a3, long a4) {
    return tollgate_result(tollgate_syscall6(nr, a1, a2, a3, a4, 0, 0));
}

int tollgate_set_type(uint32_t type) {
    return (int)call(TOLLGATE_SET_TYPE, type, 0, 0, 0);
}

long tollgate_get_type(void) {
    return call(TOLLGATE_GET_TYPE, 0, 0, 0, 0);
}

int tollgate_trace(bool on) {
    return (int)call(TOLLGATE_TRACE, on, 0, 0, 0);
}

const struct syspage_entry *tollgate_syspage(void) {
    return (const struct syspage_entry *)getauxval(AT_TOLLGATE_SYSPAGE);
}

uint64_t tollgate_hz(void) {
    const struct syspage_entry *page = tollgate_syspage();
    return page ? SYSPAGE_ENTRY(page, qtime)->cycles_per_sec : 0;
}

int tollgate_cpus(uint64_t mask[TOLLGATE_MASK_WORDS]) {
    return (int)call(TOLLGATE_CPUS, (long)mask, 0, 0, 0);
}

const struct custom_slot *tollgate_slot(uint32_t index) {
    const struct syspage_entry *page = tollgate_syspage();
    if (!page || index >= CALLOUT_SLOTS) {
        return NULL;
    }
    const struct custom_slot *slot = &SYSPAGE_ENTRY(page, custom)->slots[index];
    return slot->code ? slot : NULL;
}

const struct custom_resource *tollgate_resource(uint32_t index) {
    const struct syspage_entry *page = tollgate_syspage();
    if (!page || index >= SYSPAGE_ENTRY(page, custom)->num_resources) {
        return NULL;
    }
    return &SYSPAGE_ENTRY(page, custom)->resources[index];
}

const char *tollgate_string(uint32_t string) {
    const struct syspage_entry *page = tollgate_syspage();
    if (!page || string >= page->strings.size) {
        return "";
    }
    return SYSPAGE_STRING(page, string);
}

int tollgate_set_lock(uint32_t resource, enum lock_kind kind) {
    return (int)call(TOLLGATE_SET_LOCK, resource, (long)kind, 0, 0);
}

int tollgate_set_fence(uint32_t slot, int on) {
    return (int)call(TOLLGATE_SET_FENCE, slot, on, 0, 0);
}

int tollgate_bind(
    const void *module, size_t size, char *reason, size_t reason_size) {
    return (int)call(
        TOLLGATE_BIND, (long)module, (long)size, (long)reason,
        (long)reason_size);
}

int tollgate_unbind(uint32_t slot) {
    return (int)call(TOLLGATE_UNBIND, slot, 0, 0, 0);
}

int tollgate_set_toll(int mode) {
    return (int)call(TOLLGATE_SET_TOLL, mode, 0, 0, 0);
}

int tollgate_toll_fold(void) {
    return (int)call(TOLLGATE_TOLL_FOLD, 0, 0, 0, 0);
}

int tollgate_toll_reset(void) {
    return (int)call(TOLLGATE_TOLL_RESET, 0, 0, 0, 0);
}

int tollgate_symbol(uint64_t address, char *name, size_t size) {
    return (int)call(TOLLGATE_SYMBOL, (long)address, (long)name, (long)size, 0);
}

long tollgate_noise_floor(uint32_t us) {
    return call(TOLLGATE_NOISE_FLOOR, us, 0, 0, 0);
}

int tollgate_shot(uint64_t due, struct toll_shot *shot) {
    long size =
        call(TOLLGATE_SHOT, (long)due, (long)(uintptr_t)shot, sizeof(*shot), 0);
    return size < 0 ? -1 : 0;
}
