// SPDX-License-Identifier: MIT
// See cache.h.
#include "kernel/cache.h"

#include "callouts/syspage.h"
#include "kernel/callouts.h"
#include "kernel/panic.h"
#include "kernel/rendezvous.h"

static struct syspage_entry *syspage;

void cache_init(struct syspage_entry *page) {
    syspage = page;
}

// A call for the whole cache of each CPU.
struct whole {
    struct cacheattr_entry *cache;
    paddr_t start;
    uint32_t lines;
    int flags;
};

static void whole_control(void *argument) {
    const struct whole *whole = argument;
    (void)callout_control(
        whole->cache, whole->start, whole->lines, whole->flags);
}

// A control callout does what it can in one call and says how much that was; 0
// means all that this CPU has cached, so the others are asked, too.
static size_t level_control(
    struct cacheattr_entry *cache, paddr_t start, size_t size, int flags) {
    uint32_t line = cache->line_size;
    start = ALIGN_DOWN(start, line);
    uint32_t lines = (uint32_t)(ALIGN_UP(size, line) / line);
    for (uint32_t left = lines; left != 0;) {
        uint32_t done = callout_control(cache, start, left, flags);
        if (done == 0) {
            struct whole whole = {cache, start, left, flags};
            rendezvous(whole_control, &whole);
            return lines;
        }
        ASSERT(done <= left);
        start += (paddr_t)done * line;
        left -= done;
    }
    return lines;
}

size_t cache_control(paddr_t start, size_t size, int flags) {
    size_t lines = 0;
    struct cacheattr_entry *cache = SYSPAGE_ENTRY(syspage, cacheattr);
    uint32_t count = SYSPAGE_COUNT(syspage, cacheattr);
    for (uint32_t i = 0; i < count; i++, cache++) {
        if (cache->control != 0 && size != 0) {
            uint32_t before = (uint32_t)(start % cache->line_size);
            lines += level_control(cache, start, size + before, flags);
        }
    }
    return lines;
}
