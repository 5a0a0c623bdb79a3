// SPDX-License-Identifier: MIT
// See run_queue.h. A list for each priority, and a bit for each list that is
// not empty.
#include "kernel/run_queue.h"

#include <stdatomic.h>

#include "kernel/thread.h"

#define LEVELS (PRIORITY_MAX + 1)
#define WORD_BITS 64

struct level {
    struct thread *head;
    struct thread **tail;
};

static struct level levels[LEVELS];
static uint64_t occupied[ALIGN_UP(LEVELS, WORD_BITS) / WORD_BITS];
static _Atomic uint32_t count; // changed under the lock, read without

void run_queue_init(void) {
    for (size_t i = 0; i < LEVELS; i++) {
        levels[i].tail = &levels[i].head;
    }
}

static void thread_added(struct thread *thread) {
    size_t priority = (size_t)thread->schedule.priority;
    thread->state = THREAD_READY;
    occupied[priority / WORD_BITS] |= 1ul << priority % WORD_BITS;
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void run_queue_push(struct thread *thread) {
    struct level *level = &levels[thread->schedule.priority];
    thread->next_ready = NULL;
    *level->tail = thread;
    level->tail = &thread->next_ready;
    thread_added(thread);
}

void run_queue_push_front(struct thread *thread) {
    struct level *level = &levels[thread->schedule.priority];
    thread->next_ready = level->head;
    if (level->head == NULL) {
        level->tail = &thread->next_ready;
    }
    level->head = thread;
    thread_added(thread);
}

static void unlink_thread(size_t priority, struct thread **link) {
    struct level *level = &levels[priority];
    *link = (*link)->next_ready;
    if (*link == NULL) {
        level->tail = link;
    }
    if (level->head == NULL) {
        occupied[priority / WORD_BITS] &= ~(1ul << priority % WORD_BITS);
    }
    atomic_fetch_sub_explicit(&count, 1, memory_order_relaxed);
}

static struct thread *level_take(size_t priority, cpu_id_t cpu) {
    struct thread **link = &levels[priority].head;
    while (*link != NULL && !cpu_mask_has(&(*link)->affinity, cpu)) {
        link = &(*link)->next_ready;
    }
    struct thread *thread = *link;
    if (thread != NULL) {
        unlink_thread(priority, link);
    }
    return thread;
}

struct thread *run_queue_take(cpu_id_t cpu) {
    for (size_t word = ARRAY_SIZE(occupied); word-- > 0;) {
        uint64_t left = occupied[word];
        while (left != 0) {
            size_t bit = WORD_BITS - 1 - (size_t)__builtin_clzl(left);
            struct thread *thread = level_take(word * WORD_BITS + bit, cpu);
            if (thread != NULL) {
                return thread;
            }
            left &= ~(1ul << bit);
        }
    }
    return NULL;
}

void run_queue_remove(struct thread *thread) {
    size_t priority = (size_t)thread->schedule.priority;
    struct thread **link = &levels[priority].head;
    while (*link != thread) {
        link = &(*link)->next_ready;
    }
    unlink_thread(priority, link);
}

bool run_queue_is_empty(void) {
    return atomic_load_explicit(&count, memory_order_relaxed) == 0;
}
