// SPDX-License-Identifier: MIT
// See heap.h. Small objects: one page is a slab of equal objects behind a
// header. Large ones: contiguous pages behind the same header.
#include "kernel/heap.h"

#include "kernel/base/string.h"
#include "kernel/pages.h"
#include "kernel/panic.h"
#include "kernel/spinlock.h"

#define HEAP_MAGIC 0x48454150u
#define MIN_SHIFT 4
#define MAX_SHIFT 10
#define NUM_CLASSES (MAX_SHIFT - MIN_SHIFT + 1)
#define LARGE NUM_CLASSES

struct slab {
    uint32_t magic;
    uint32_t class;    // index, or LARGE
    size_t used;       // objects; pages if large
    void *free;        // first free object, each points to the next
    struct slab *next; // [heap_lock] slabs of this class with a free object
    struct slab *previous;
    uint64_t padding;
};

_Static_assert(sizeof(struct slab) % 16 == 0, "objects are 16-byte aligned");

static struct spinlock heap_lock = SPINLOCK_INITIALIZER("heap");
static struct slab *partial[NUM_CLASSES];

static void partial_insert(struct slab *slab) {
    slab->previous = NULL;
    slab->next = partial[slab->class];
    if (slab->next != NULL) {
        slab->next->previous = slab;
    }
    partial[slab->class] = slab;
}

static void partial_remove(struct slab *slab) {
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        partial[slab->class] = slab->next;
    }
    if (slab->next != NULL) {
        slab->next->previous = slab->previous;
    }
}

static struct slab *slab_create(uint32_t class) {
    paddr_t page = page_alloc();
    if (page == 0) {
        return NULL;
    }
    struct slab *slab = direct(page);
    slab->magic = HEAP_MAGIC;
    slab->class = class;
    size_t size = 1ul << (class + MIN_SHIFT);
    char *first = (char *)slab + ALIGN_UP(sizeof(*slab), size);
    for (char *o = first; o + size <= (char *)slab + PAGE_SIZE; o += size) {
        *(void **)(void *)o = slab->free;
        slab->free = o;
    }
    partial_insert(slab);
    return slab;
}

static void *small_alloc(uint32_t class) {
    bool irq = spin_lock(&heap_lock);
    struct slab *slab = partial[class];
    if (slab == NULL) {
        slab = slab_create(class);
    }
    void *object = NULL;
    if (slab != NULL) {
        object = slab->free;
        slab->free = *(void **)object;
        slab->used++;
        if (slab->free == NULL) {
            partial_remove(slab);
        }
    }
    spin_unlock(&heap_lock, irq);
    return object;
}

static void *large_alloc(size_t size) {
    size_t count = (size + sizeof(struct slab) + PAGE_SIZE - 1) / PAGE_SIZE;
    paddr_t first = pages_alloc(count, 0);
    if (first == 0) {
        return NULL;
    }
    struct slab *slab = direct(first);
    slab->magic = HEAP_MAGIC;
    slab->class = LARGE;
    slab->used = count;
    return slab + 1;
}

void *kalloc(size_t size) {
    if (size > 1ul << MAX_SHIFT) {
        return large_alloc(size);
    }
    uint32_t class = 0;
    while (1ul << (class + MIN_SHIFT) < size) {
        class ++;
    }
    void *object = small_alloc(class);
    if (object != NULL) {
        memset(object, 0, 1ul << (class + MIN_SHIFT));
    }
    return object;
}

static void small_free(struct slab *slab, void *object) {
    bool irq = spin_lock(&heap_lock);
    if (slab->free == NULL) {
        partial_insert(slab);
    }
    *(void **)object = slab->free;
    slab->free = object;
    slab->used--;
    bool empty = slab->used == 0;
    if (empty) {
        partial_remove(slab);
        slab->magic = 0;
    }
    spin_unlock(&heap_lock, irq);
    if (empty) {
        page_free(direct_paddr(slab));
    }
}

void kfree(void *object) {
    if (object == NULL) {
        return;
    }
    struct slab *slab =
        (struct slab *)(ALIGN_DOWN((uintptr_t)object, PAGE_SIZE));
    ASSERT(slab->magic == HEAP_MAGIC);
    if (slab->class == LARGE) {
        slab->magic = 0;
        pages_free(direct_paddr(slab), slab->used);
        return;
    }
    small_free(slab, object);
}
