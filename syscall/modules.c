// SPDX-License-Identifier: MIT
// See modules.h.
#include "syscall/modules.h"

#include "callouts/callout.h"
#include "callouts/module.h"
#include "kernel/attempt.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/panic.h"
#include "kernel/stop_machine.h"
#include "kernel/tolls.h"
#include "kernel/wait.h"
#include "smp/ipi.h"
#include "smp/percpu.h"
#include "smp/ticket.h"
#include "syscall/bind.h"
#include "syscall/module_memory.h"

#define PERCPU_ALIGN 64u // a line of its own for each slot on each CPU
#define INT3 0xcc

_Static_assert(
    CALLOUT_PATCH_MAX <= CALLOUT_MAX_PATCHES, "all patches are described");

// What a slot will be.
struct binding {
    uint32_t number;
    struct custom_slot slot;
    struct callout_info info;
    struct custom_resource resource; // a new one, if its name is not ""
    struct module_memory memory;
    struct module module;
    struct callout_rtn *record; // as the patcher sees it
    bool patcher_failed;        // by an exception; the reason is there
    char *reason;
    int error;
};

static struct syspage_entry *page;  // [i]
static struct custom_entry *custom; // [i]
static uint32_t category;           // [i] of custom callouts, a string

static struct ticket turn;                        // whose bind is under way
static struct module_memory bound[CALLOUT_SLOTS]; // [turn]

// --- one at a time ----------------------------------------------------------

// Nobody who holds this sleeps, and nobody who waits for it has interrupts off:
// it stops the machine.
static void begin(void) {
    uint32_t mine = ticket_take(&turn);
    cycles_t start = rdtsc();
    while (!ticket_is_served(&turn, mine)) {
        pause();
        if (wait_is_over(start)) {
            panic("a module is being bound or unbound and never done");
        }
    }
}

static void end(void) {
    ticket_unlock(&turn);
}

// --- what a module asks for -------------------------------------------------

static int refuse(struct binding *b, int error, const char *reason) {
    format(b->reason, TOLLGATE_REASON_SIZE, "%s", reason);
    return error;
}

static uint32_t resource_find(const char *name) {
    for (uint32_t i = 0; i < custom->num_resources; i++) {
        if (strcmp(custom->resources[i].name, name) == 0) {
            return i;
        }
    }
    return NO_RESOURCE;
}

// The resource of that name, or a new one behind the others. Its lock has been
// waiting for it since startup.
static int resource_choose(struct binding *b) {
    const char *name = b->module.header.resource;
    b->slot.resource = NO_RESOURCE;
    if (name[0] == '\0') {
        return 0;
    }
    b->slot.resource = resource_find(name);
    if (b->slot.resource != NO_RESOURCE) {
        return 0;
    }
    if (custom->num_resources == MAX_RESOURCES) {
        format(
            b->reason, TOLLGATE_REASON_SIZE,
            "no room for resource %s: all %u are taken", name, MAX_RESOURCES);
        return -ENOSPC;
    }
    b->slot.resource = custom->num_resources;
    b->resource = custom->resources[b->slot.resource];
    memcpy(b->resource.name, name, sizeof(b->resource.name));
    b->resource.lock_kind = LOCK_TICKET;
    return 0;
}

// Whether bytes of each CPU's slice are some slot's. What startup gave to slots
// stays theirs.
static bool percpu_is_used(uint32_t start, uint32_t size) {
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        const struct custom_slot *slot = &custom->slots[i];
        if (slot->code != 0 && slot->percpu_size != 0 &&
            start < slot->percpu + slot->percpu_size &&
            slot->percpu < start + size) {
            return true;
        }
    }
    return false;
}

static void percpu_clear(uint32_t start, uint32_t size) {
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&cpus_up, cpu)) {
            memset((uint8_t *)percpu_of(cpu)->callout_storage + start, 0, size);
        }
    }
}

static int percpu_choose(struct binding *b) {
    uint32_t size = b->module.header.percpu_size;
    if (size == 0) {
        return 0;
    }
    for (uint32_t at = custom->percpu_size; at + size <= PERCPU_STORAGE_MAX;
         at += PERCPU_ALIGN) {
        if (!percpu_is_used(at, size)) {
            b->slot.percpu = at;
            b->slot.percpu_size = size;
            percpu_clear(at, size);
            return 0;
        }
    }
    format(
        b->reason, TOLLGATE_REASON_SIZE,
        "no room for %u bytes of per-CPU storage", size);
    return -ENOSPC;
}

static uint32_t offset_of(uintptr_t address) {
    return address != 0 ? (uint32_t)(address - SYSPAGE_VADDR) : 0;
}

static int memory_choose(struct binding *b) {
    const struct module_header *header = &b->module.header;
    if (!module_memory_alloc(
            &b->memory, b->number, &bound[b->number],
            header->storage_size != 0)) {
        return refuse(b, -ENOMEM, "no memory for its code and storage");
    }
    b->slot.storage = offset_of(b->memory.storage);
    b->slot.storage_size = header->storage_size;
    return 0;
}

// --- its code ---------------------------------------------------------------

// Called while the patcher is executable. It writes at its first argument plus
// the offset of the code: that is where the draft is. The slot that it sees is
// a copy.
static void patcher_run(void *argument, uintptr_t patcher, uintptr_t draft) {
    struct binding *b = argument;
    struct custom_slot slot = b->slot;
    uint32_t offset = offset_of(b->memory.code);
    b->record->patcher = (callout_patcher *)patcher;
    const uint64_t arguments[] = {
        draft - offset,  SYSPAGE_VADDR,    offset,
        b->slot.storage, (uintptr_t)&slot, (uintptr_t)b->record,
    };
    struct attempt attempt = {.start = patcher, .end = patcher + PAGE_SIZE};
    if (!attempt_run(&attempt, arguments)) {
        format(
            b->reason, TOLLGATE_REASON_SIZE,
            "exception %u in its patcher, 0x%lx bytes from its start",
            attempt.vector, attempt.rip - patcher);
        b->patcher_failed = true;
    }
}

// The patcher has filled in sites and changed nothing else: admission has seen
// all other bytes.
static int patches_check(struct binding *b) {
    uint32_t at = b->module.header.code_size;
    bool fit = true;
    while (fit && at < PAGE_SIZE) { // behind the code
        fit = b->memory.draft[at++] == INT3;
    }
    if (fit && module_patches_fit(&b->module, b->memory.draft, &at)) {
        return 0;
    }
    format(
        b->reason, TOLLGATE_REASON_SIZE,
        "its patcher changed byte +0x%x, which is no site to patch",
        fit ? at : at - 1);
    return -EINVAL;
}

static int code_patch(struct binding *b) {
    const struct module_header *header = &b->module.header;
    if (header->patcher_size == 0) {
        return 0;
    }
    void *room = kalloc(sizeof(struct callout_rtn) + header->code_size);
    bool done = false;
    if (room != NULL) {
        b->record = module_record_make(&b->module, room);
        done = module_memory_with_patcher(
            &b->memory, b->module.patcher, header->patcher_size, patcher_run,
            b);
    }
    kfree(room);
    if (b->patcher_failed) {
        return -EINVAL;
    }
    return done ? patches_check(b)
                : refuse(b, -ENOMEM, "no memory to patch it");
}

static int code_place(struct binding *b) {
    memcpy(b->memory.draft, b->module.code, b->module.header.code_size);
    int error = code_patch(b);
    if (error == 0 && !module_memory_publish(&b->memory)) {
        error = refuse(b, -ENOMEM, "no memory to map its code");
    }
    return error;
}

// --- what the system page will say ------------------------------------------

static void slot_describe(struct binding *b) {
    module_slot_fill(&b->module, &b->slot);
    b->slot.code = b->memory.code;
}

static void patch_describe(struct binding *b, const struct module_patch *site) {
    const uint8_t *before = b->module.code + site->offset;
    const uint8_t *after = b->memory.draft + site->offset;
    if (memcmp(before, after, site->width) == 0) {
        return;
    }
    struct callout_patch *patch = &b->info.patches[b->info.num_patches++];
    patch->offset = site->offset;
    patch->width = site->width;
    memcpy(patch->before, before, site->width);
    memcpy(patch->after, after, site->width);
}

static void info_describe(struct binding *b) {
    const struct module_header *header = &b->module.header;
    struct callout_info *info = &b->info;
    memcpy(info->name, b->slot.name, sizeof(info->name));
    memcpy(info->version, b->slot.version, sizeof(info->version));
    info->category = category;
    info->code = offset_of(b->memory.code);
    info->size = header->code_size;
    info->rw = b->slot.storage;
    info->rw_size = b->slot.storage_size;
    info->hash = module_hash(b->memory.draft, header->code_size);
    for (uint32_t i = 0; i < header->num_patches; i++) {
        patch_describe(b, &header->patches[i]);
    }
}

// --- the switch -------------------------------------------------------------

// What CPUs have measured and not counted yet is the old callout's, and goes
// with its other figures. All stand still: their rings may be read from here.
static void tolls_drop(uint32_t slot) {
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&cpus_up, cpu)) {
            tolls_forget(percpu_of(cpu), slot);
        }
    }
}

// The machine is stopped: no CPU is inside a callout, or on its way there.
static void switch_apply(void *argument) {
    const struct binding *b = argument;
    if (b->resource.name[0] != '\0') {
        custom->resources[b->slot.resource] = b->resource;
        custom->num_resources = b->slot.resource + 1;
    }
    custom->slots[b->number] = b->slot; // not fenced
    SYSPAGE_ENTRY(page, callout_info)[b->number] = b->info;
    if (b->number == 0) {
        // QNX has one custom callout: it is our slot 0.
        SYSPAGE_ENTRY(page, callout)->custom = b->slot.code;
    }
    bind_slot(b->number);
    tolls_drop(b->number);
}

// Bind what is described, then free what was bound: no CPU can be inside it any
// more. Code that startup copied lies in the system page and stays there.
static void slot_switch(struct binding *b) {
    stop_machine(switch_apply, b);
    module_memory_free(&bound[b->number]);
    bound[b->number] = b->memory;
}

static int prepare(struct binding *b) {
    static int (*const steps[])(struct binding *) = {
        resource_choose, percpu_choose, memory_choose, code_place};
    b->number = b->module.header.slot;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        int error = steps[i](b);
        if (error != 0) {
            module_memory_free(&b->memory);
            return error;
        }
    }
    slot_describe(b);
    info_describe(b);
    return 0;
}

static int check(struct binding *b, const void *file, size_t size) {
    const char *reason = module_check(file, size, &b->module);
    if (reason == NULL && module_is_kernel(&b->module)) {
        reason = "it replaces a kernel callout, which only startup can: load "
                 "it at boot";
    }
    return reason == NULL ? 0 : refuse(b, -EINVAL, reason);
}

int module_bind(
    const void *file, size_t size, char reason[TOLLGATE_REASON_SIZE]) {
    struct binding *b = kalloc(sizeof(*b));
    reason[0] = '\0';
    if (b == NULL) {
        format(reason, TOLLGATE_REASON_SIZE, "no memory to bind it");
        return -ENOMEM;
    }
    b->reason = reason;
    int error = check(b, file, size);
    if (error == 0) {
        begin();
        error = prepare(b);
        if (error == 0) {
            slot_switch(b);
        }
        end();
    }
    kfree(b);
    return error;
}

int module_unbind(uint32_t number) {
    if (number >= CALLOUT_SLOTS) {
        return -EINVAL;
    }
    struct binding *empty = kalloc(sizeof(*empty));
    if (empty == NULL) {
        return -ENOMEM;
    }
    empty->number = number;
    empty->slot.resource = NO_RESOURCE;
    begin();
    int error = custom->slots[number].code != 0 ? 0 : -ENOENT;
    if (error == 0) {
        slot_switch(empty);
    }
    end();
    kfree(empty);
    return error;
}

void modules_init(struct syspage_entry *syspage) {
    page = syspage;
    custom = SYSPAGE_ENTRY(page, custom);
    const struct callout_info *info = SYSPAGE_ENTRY(page, callout_info);
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        if (info[i].size != 0) {
            category = info[i].category;
        }
    }
    module_memory_init();
}
