// SPDX-License-Identifier: MIT
// The versions of the cache control callouts, hung on the levels that
// boot/sections.c has found.
#include "boot/versions_priv.h"

#include "boot/library.h"

extern const struct callout_rtn control_clflush, control_clflushopt,
    control_wbinvd;

static uint32_t num_caches(void) {
    return lsp.cacheattr.size / (uint32_t)sizeof(struct cacheattr_entry);
}

bool fits_cache_wbinvd(const struct machine *machine) {
    (void)machine;
    return num_caches() != 0; // to hang it on
}

bool fits_cache_clflush(const struct machine *machine) {
    return machine->clflush_size != 0;
}

bool fits_cache_clflushopt(const struct machine *machine) {
    return fits_cache_clflush(machine) && machine->has_clflushopt;
}

// One copy for each level, as in QNX. Instruction caches follow by themselves.
static void add_cache(
    const struct machine *machine, const struct callout_rtn *rtn,
    const char *version) {
    static struct cache_data data;
    data.flush_size = machine->clflush_size;
    struct cacheattr_entry *caches = section_at(&lsp.cacheattr, 0);
    for (uint32_t i = 0; i < num_caches(); i++) {
        if ((caches[i].flags & CACHE_FLAG_DATA) != 0) {
            add_callout_at(&caches[i].control, rtn, "control", version, &data);
        }
    }
}

void add_cache_clflushopt(const struct machine *machine) {
    add_cache(machine, &control_clflushopt, "clflushopt");
}

void add_cache_clflush(const struct machine *machine) {
    add_cache(machine, &control_clflush, "clflush");
}

void add_cache_wbinvd(const struct machine *machine) {
    add_cache(machine, &control_wbinvd, "wbinvd");
}
