// SPDX-License-Identifier: MIT
// The custom section: slots and resources, from callouts/custom.def and the
// command line.
#include "boot/sections.h"

#include "boot/console.h"
#include "boot/library.h"
#include "boot/modules.h"
#include "callouts/hardware.h"
#include "kernel/base/string.h"
#include "smp/resource_lock.h"

#define PERCPU_ALIGN 64u // a line of its own for each slot on each CPU
#define SHIPPED_VERSION "shipped"

#define CUSTOM(slot, name, resource, percpu, port, last)                       \
    extern const struct callout_rtn custom_##name;
#include "callouts/custom.def"
#include "callouts/custom_test.def"
#undef CUSTOM

struct custom_shipped {
    uint32_t slot;
    const char *name;
    const struct callout_rtn *rtn;
    const char *resource; // NULL: none
    uint32_t percpu_size;
    struct slot_range ports; // 0: none
    const char *version;     // NULL: as shipped
};

static const struct custom_shipped shipped[] = {
#define CUSTOM(slot, name, resource, percpu, port, last)                       \
    {slot, #name, &custom_##name, resource, percpu, {port, last}, NULL},
#include "callouts/custom.def"
};

// Bound only for the guest tests.
static const struct custom_shipped tests[] = {
#include "callouts/custom_test.def"
#undef CUSTOM
};

// What stands in slot 0 instead of what ships there; rtn NULL: nothing.
static struct custom_shipped replacement;

void custom_replace(const struct callout_rtn *rtn, const char *version) {
    replacement = (struct custom_shipped){
        .name = "custom", .rtn = rtn, .version = version};
}

// The index of a resource, or NO_RESOURCE.
static uint32_t resource_find(
    const struct custom_entry *custom, const char *name) {
    for (uint32_t i = 0; i < custom->num_resources; i++) {
        if (strcmp(custom->resources[i].name, name) == 0) {
            return i;
        }
    }
    return NO_RESOURCE;
}

// The index of a resource, which is added if it is new.
static uint32_t resource_index(
    struct custom_entry *custom, const char *name,
    const struct options *options) {
    uint32_t i = resource_find(custom, name);
    if (i != NO_RESOURCE) {
        return i;
    }
    if (custom->num_resources == MAX_RESOURCES) {
        startup_fail("more than %u resources", MAX_RESOURCES);
    }
    struct custom_resource *resource =
        &custom->resources[custom->num_resources];
    name_set(resource->name, name);
    resource->lock_kind = options_lock_of(options, name);
    return custom->num_resources++;
}

// What is bound to each slot so far.
static struct bound {
    const struct callout_rtn *rtn;
    struct boot_module *module; // NULL: it ships
} bound[CALLOUT_SLOTS];

static void slot_add(
    struct custom_entry *custom, const struct custom_shipped *s,
    const struct options *options) {
    struct custom_slot *slot = &custom->slots[s->slot];
    name_set(slot->name, s->name);
    name_set(slot->version, s->version != NULL ? s->version : SHIPPED_VERSION);
    slot->size = s->rtn->rtn_size;
    slot->resource = s->resource != NULL
                         ? resource_index(custom, s->resource, options)
                         : NO_RESOURCE;
    if (s->ports.first != 0) {
        slot->ports[slot->num_ports++] = s->ports;
    }
    if (s->percpu_size != 0) {
        slot->percpu = custom->percpu_size;
        slot->percpu_size = s->percpu_size;
        custom->percpu_size += (uint32_t)ALIGN_UP(s->percpu_size, PERCPU_ALIGN);
        if (custom->percpu_size > PERCPU_STORAGE_MAX) {
            startup_fail(
                "slot %u %s: per-CPU storage is %u bytes in all, at most %u "
                "fit",
                s->slot, s->name, custom->percpu_size, PERCPU_STORAGE_MAX);
        }
    }
    if (s->rtn->rw_size != NULL) {
        slot->storage_size = *s->rtn->rw_size;
    }
    bound[s->slot] = (struct bound){s->rtn, NULL};
}

// --- modules ----------------------------------------------------------------

// Per-CPU storage for a module; false if there is no room.
static bool percpu_add(struct custom_entry *custom, struct custom_slot *slot) {
    uint32_t size = (uint32_t)ALIGN_UP(slot->percpu_size, PERCPU_ALIGN);
    if (size > PERCPU_STORAGE_MAX - custom->percpu_size) {
        return false;
    }
    slot->percpu = size != 0 ? custom->percpu_size : 0;
    custom->percpu_size += size;
    return true;
}

// Put a module in its slot's place, unless something is against it.
static void module_add(
    struct custom_entry *custom, struct boot_module *m,
    const struct options *options) {
    const struct module_header *header = &m->module.header;
    struct custom_slot *slot = &custom->slots[header->slot];
    struct custom_slot new = {.resource = NO_RESOURCE};
    if (bound[header->slot].module != NULL) {
        module_leave_out(
            m->name, "slot %u is taken by module %s", header->slot,
            bound[header->slot].module->name);
        return;
    }
    if (header->resource[0] != '\0' &&
        resource_find(custom, header->resource) == NO_RESOURCE &&
        custom->num_resources == MAX_RESOURCES) {
        module_leave_out(
            m->name, "resource %s would be one more than %u", header->resource,
            MAX_RESOURCES);
        return;
    }
    module_slot_fill(&m->module, &new);
    if (!module_try_patcher(m, &new)) {
        return;
    }
    if (!percpu_add(custom, &new)) {
        module_leave_out(
            m->name, "no room for %u bytes of per-CPU storage",
            header->percpu_size);
        return;
    }
    if (header->resource[0] != '\0') {
        new.resource = resource_index(custom, header->resource, options);
    }
    if (slot->size != 0) {
        startup_print(
            "slot %u %s replaced by module %s", header->slot, slot->name,
            m->name);
    }
    *slot = new;
    bound[header->slot] = (struct bound){m->rtn, m};
}

// --- the slots, whoever fills them ------------------------------------------

// The command line comes before what a callout says of itself.
static void slot_finish(
    struct custom_entry *custom, uint32_t number,
    const struct options *options) {
    struct custom_slot *slot = &custom->slots[number];
    const struct option_types *types = &options->types[number];
    const struct callout_rtn *rtn = bound[number].rtn;
    if (rtn == NULL) {
        return;
    }
    if (types->count != 0) {
        slot->num_types = types->count;
        memcpy(slot->types, types->types, sizeof(slot->types));
    }
    if (options->budgets[number] != 0) {
        slot->budget_cycles = options->budgets[number];
    }
    add_custom_callout(number, rtn, bound[number].module);
    if (rtn->rw_size != NULL) {
        add_storage(&slot->storage, rtn->rw_size, slot->storage_size);
    }
}

// A lock or a list of types on the command line for what does not exist.
static void options_check(
    const struct custom_entry *custom, const struct options *options) {
    for (uint32_t i = 0; i < options->num_locks; i++) {
        const char *name = options->locks[i].resource;
        if (resource_find(custom, name) == NO_RESOURCE) {
            startup_print("option \"lock.%s\": no such resource", name);
        }
    }
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        if (options->types[i].count != 0 && custom->slots[i].size == 0) {
            startup_print("option \"types.%u\": the slot is empty", i);
        }
        if (options->budgets[i] != 0 && custom->slots[i].size == 0) {
            startup_print("option \"budget.%u\": the slot is empty", i);
        }
    }
}

void init_custom(const struct machine *machine) {
    struct custom_entry *custom = section_add(&lsp.custom, sizeof(*custom));
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        custom->slots[i].resource = NO_RESOURCE;
    }
    for (uint32_t i = 0; i < MAX_RESOURCES; i++) {
        add_storage(
            &custom->resources[i].lock, NULL,
            resource_lock_size(machine->num_cpus));
    }
    for (size_t i = 0; i < ARRAY_SIZE(shipped); i++) {
        bool replaced = shipped[i].slot == 0 && replacement.rtn != NULL;
        slot_add(
            custom, replaced ? &replacement : &shipped[i], &machine->options);
    }
    for (size_t i = 0; i < ARRAY_SIZE(tests) && machine->options.selftest;
         i++) {
        slot_add(custom, &tests[i], &machine->options);
    }
    struct boot_module *m;
    for (uint32_t i = 0; (m = modules_at(i)) != NULL; i++) {
        if (!module_is_kernel(&m->module)) {
            module_add(custom, m, &machine->options);
        }
    }
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        slot_finish(custom, i, &machine->options);
    }
    options_check(custom, &machine->options);
}
