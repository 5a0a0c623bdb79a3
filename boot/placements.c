// SPDX-License-Identifier: MIT
// See library.h and placements.h: the callouts that were added, their storage,
// and their place in the page.
#include "boot/placements.h"

#include "boot/console.h"
#include "boot/library.h"
#include "boot/modules.h"
#include "callouts/module.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"

#define MAX_PLACEMENTS 160
#define MAX_REGISTERED 32
#define MAX_STORAGE 160
#define STORAGE_ALIGN 64u
#define CODE_ALIGN 16u

struct registered {
    const struct callout_rtn *rtn;
    void *data;
};

struct storage {
    uint32_t *where;
    const uint32_t *label;
    uint32_t size;
    uint32_t offset; // in the page, known after sizing
};

static struct callout_placement placements[MAX_PLACEMENTS];
static uint32_t num_placements;
static struct registered registered[MAX_REGISTERED];
static uint32_t num_registered;
static struct storage storages[MAX_STORAGE];
static uint32_t num_storages;
static uint32_t next_info; // in callout_info, of this pass

// --- what is added ----------------------------------------------------------

void add_storage(uint32_t *where, const uint32_t *label, uint32_t size) {
    if (num_storages == MAX_STORAGE) {
        startup_fail("more than %u areas of callout storage", MAX_STORAGE);
    }
    storages[num_storages++] = (struct storage){where, label, size, 0};
}

void callout_register_data(const struct callout_rtn *rtn, void *data) {
    for (uint32_t i = 0; i < num_registered; i++) {
        if (registered[i].rtn == rtn) {
            return;
        }
    }
    if (num_registered == MAX_REGISTERED) {
        startup_fail("more than %u callouts with data", MAX_REGISTERED);
    }
    registered[num_registered++] = (struct registered){rtn, data};
}

// The entries of the slots come first, used or not.
static struct callout_info *slot_info(uint32_t number) {
    if (lsp.callout_info.size == 0) {
        section_add(
            &lsp.callout_info, CALLOUT_SLOTS * sizeof(struct callout_info));
    }
    struct callout_info *info = section_at(&lsp.callout_info, 0);
    return &info[number];
}

static void placement_add(struct callout_placement placement) {
    if (num_placements == MAX_PLACEMENTS) {
        startup_fail("more than %u callouts", MAX_PLACEMENTS);
    }
    placements[num_placements++] = placement;
    const struct callout_rtn *rtn = placement.rtn;
    const struct callout_rtn *instead = placement.instead;
    if (rtn->rw_size != NULL) {
        add_storage(NULL, rtn->rw_size, *rtn->rw_size);
    }
    if (instead != NULL && instead->rw_size != NULL) {
        add_storage(NULL, instead->rw_size, *instead->rw_size);
    }
}

const char *callout_version(const char *name) {
    for (uint32_t i = 0; i < num_placements; i++) {
        if (strcmp(placements[i].name, name) == 0) {
            return placements[i].instead != NULL ? placements[i].instead_version
                                                 : placements[i].version;
        }
    }
    return NULL;
}

static void *registered_data(const struct callout_rtn *rtn) {
    for (uint32_t i = 0; i < num_registered; i++) {
        if (registered[i].rtn == rtn) {
            return registered[i].data;
        }
    }
    return NULL;
}

// Let a module stand in for a version of a kernel callout. Callouts that share
// storage still do so, and its patcher gets the version's data.
static void placement_replace(struct callout_placement *p) {
    struct boot_module *m = modules_replacement(p->name, p->version);
    if (m == NULL) {
        return;
    }
    const uint32_t *rw_size = p->rtn->rw_size;
    if (rw_size != NULL && m->rtn->rw_size != NULL) {
        if (*rw_size != *m->rtn->rw_size) {
            module_leave_out(
                m->name, "storage of %u bytes, but version %s has %u",
                *m->rtn->rw_size, p->version, *rw_size);
            m->state = MODULE_LEFT_OUT;
            return;
        }
        m->rtn->rw_size = rw_size;
    }
    if (!module_try_patcher(m, p->data)) {
        return;
    }
    if (m->state == MODULE_WAITS) {
        startup_print(
            "%s %s replaced by module %s", p->name, p->version, m->name);
        m->state = MODULE_USED;
    }
    p->module = m;
    p->instead = p->rtn;
    p->instead_version = p->version;
    p->rtn = m->rtn;
    p->version = module_version(&m->module);
}

void add_callout_at(
    uint64_t *pointer, const struct callout_rtn *rtn, const char *name,
    const char *version, void *data) {
    struct callout_placement placement = {
        .pointer = pointer,
        .rtn = rtn,
        .name = name,
        .version = version,
        .data = data != NULL ? data : registered_data(rtn),
    };
    placement_replace(&placement);
    placement_add(placement);
}

void add_custom_callout(
    uint32_t number, const struct callout_rtn *rtn, struct boot_module *m) {
    struct custom_entry *custom = section_at(&lsp.custom, 0);
    struct custom_slot *slot = &custom->slots[number];
    placement_add((struct callout_placement){
        .info = slot_info(number),
        .pointer = &slot->code,
        .rtn = rtn,
        .name = slot->name,
        .version = slot->version,
        .data = slot,
        .module = m,
    });
}

uint64_t *callout_pointer(uint32_t offset) {
    if (lsp.callout.size == 0) {
        section_add(&lsp.callout, sizeof(struct callout_entry));
    }
    return section_at(&lsp.callout, offset);
}

static const char *version_added = "";

void callout_version_set(const char *version) {
    version_added = version;
}

// The name of a callout by its place in the callout section.
static const char *callout_name(uint32_t offset) {
    static const struct {
        uint32_t offset;
        const char *name;
    } names[] = {
#define NAME(callout) {offsetof(struct callout_entry, callout), #callout}
        NAME(reboot),       NAME(power),       NAME(timer_load),
        NAME(timer_reload), NAME(timer_value), NAME(custom),
#undef NAME
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].offset == offset) {
            return names[i].name;
        }
    }
    startup_fail("no callout has its place at %u", offset);
}

void add_callout(uint32_t offset, const struct callout_rtn *rtn) {
    const struct callout_slot slot = {
        offset, rtn, callout_name(offset), version_added};
    add_callout_array(&slot, sizeof(slot));
}

void add_callout_array(const struct callout_slot *slots, size_t bytes) {
    for (size_t i = 0; i < bytes / sizeof(*slots); i++) {
        if (slots[i].offset == offsetof(struct callout_entry, custom)) {
            custom_replace(slots[i].rtn, slots[i].version);
            continue;
        }
        add_callout_at(
            callout_pointer(slots[i].offset), slots[i].rtn, slots[i].name,
            slots[i].version, NULL);
    }
}

// --- callouts in the page ---------------------------------------------------

// QNX's table of callouts: which category each belongs to.
static const char *category_of(const char *name) {
    static const char *const categories[][2] = {
        {"display_char", "debug"}, {"poll_key", "debug"},
        {"break_detect", "debug"}, {"timer_load", "timer"},
        {"timer_reload", "timer"}, {"timer_value", "timer"},
        {"mask", "interrupt"},     {"unmask", "interrupt"},
        {"config", "interrupt"},   {"id", "interrupt"},
        {"eoi", "interrupt"},      {"control", "cache"},
        {"reboot", "reset"},       {"power", "power"},
        {"idle", "power"},         {"send_ipi", "smp"},
        {"start_cpu", "smp"},      {"init_cpu", "smp"},
        {"smp_spin", "smp"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
        if (strcmp(categories[i][0], name) == 0) {
            return categories[i][1];
        }
    }
    return "custom";
}

// Add the entry in the sizing pass, find it again in the writing pass.
static struct callout_info *info_next(const uint8_t *page) {
    if (page == NULL) {
        section_add(&lsp.callout_info, sizeof(struct callout_info));
    }
    return slot_info(next_info++);
}

static void info_fill(
    struct callout_info *info, const uint8_t *page, uint32_t offset,
    uint32_t size, const char *name, const char *version,
    const char *category) {
    name_set(info->name, name);
    name_set(info->version, version);
    info->category = add_string(category);
    info->code = offset;
    info->size = size;
    if (page != NULL) {
        info->hash = module_hash(page + offset, size);
    }
}

void callout_info_add(
    const uint8_t *page, uint32_t offset, uint32_t size, const char *name,
    const char *version, const char *category) {
    info_fill(info_next(page), page, offset, size, name, version, category);
}

static uint32_t storage_offset(const uint32_t *label) {
    for (uint32_t i = 0; i < num_storages; i++) {
        if (storages[i].label == label) {
            return storages[i].offset;
        }
    }
    return 0;
}

static void patch_add(
    struct callout_info *info, const uint8_t *before, const uint8_t *after,
    uint32_t offset, uint32_t width) {
    if (info->num_patches < CALLOUT_MAX_PATCHES) {
        struct callout_patch *patch = &info->patches[info->num_patches];
        patch->offset = (uint16_t)offset;
        patch->width = (uint16_t)width;
        memcpy(patch->before, before + offset, width);
        memcpy(patch->after, after + offset, width);
    }
    info->num_patches++;
}

// Describe the bytes that the patcher has changed, in runs that fit a
// callout_patch: sites, if they hold the pattern.
static void patches_find(
    struct callout_info *info, const uint8_t *before, const uint8_t *after) {
    uint32_t width;
    for (uint32_t at = 0; at < info->size; at += width) {
        width = 1;
        if (before[at] == after[at]) {
            continue;
        }
        for (uint32_t i = 1; i < CALLOUT_PATCH_BYTES && at + i < info->size;
             i++) {
            if (before[at + i] != before[at] &&
                before[at + i] == after[at + i]) {
                break;
            }
            width = i + 1;
        }
        patch_add(info, before, after, at, width);
    }
}

static const char *patching;

const char *callout_patching(void) {
    return patching;
}

static bool copy_patched(
    uint8_t *page, uint32_t offset, uint32_t rw,
    const struct callout_placement *p) {
    const struct callout_rtn *rtn = p->rtn;
    memcpy(page + offset, rtn->rtn_code, rtn->rtn_size);
    if (p->module != NULL) {
        const struct module_room room = {
            page, syspage_total_size(), offset, rw};
        return module_patch(p->module, &room, p->data);
    }
    if (rtn->patcher != NULL) {
        patching = p->name;
        rtn->patcher((uintptr_t)page, SYSPAGE_VADDR, offset, rw, p->data, rtn);
        patching = NULL;
    }
    return true;
}

// Where the storage of a callout lies, 0 if it has none.
static uint32_t storage_of(const struct callout_rtn *rtn) {
    return rtn->rw_size != NULL ? storage_offset(rtn->rw_size) : 0;
}

// A module's patcher has already been tried. If it does now what it did not do
// then, the callout that it stands in for takes its place.
static bool placement_copy(
    uint8_t *page, uint32_t offset, struct callout_placement *p) {
    if (p->module == NULL || p->module->state != MODULE_LEFT_OUT) {
        if (copy_patched(page, offset, storage_of(p->rtn), p)) {
            return true;
        }
        memset(page + offset, INT3, p->rtn->rtn_size);
    }
    p->module = NULL;
    p->rtn = p->instead;
    p->version = p->instead_version;
    if (p->rtn == NULL) {
        return false;
    }
    return copy_patched(page, offset, storage_of(p->rtn), p);
}

bool callout_place(
    uint8_t *page, uint32_t offset, const struct callout_placement *placement) {
    struct callout_placement p = *placement;
    struct callout_info *info = p.info != NULL ? p.info : info_next(page);
    if (page != NULL && !placement_copy(page, offset, &p)) {
        memset(info, 0, sizeof(*info));
        return false;
    }
    const struct callout_rtn *rtn = p.rtn;
    info_fill(
        info, page, offset, rtn->rtn_size, p.name, p.version,
        category_of(p.name));
    info->rw = storage_of(rtn);
    info->rw_size = rtn->rw_size != NULL ? *rtn->rw_size : 0;
    if (page != NULL) {
        patches_find(info, rtn->rtn_code, page + offset);
    }
    return true;
}

// The room that a placement may need.
static uint32_t placement_size(const struct callout_placement *p) {
    uint32_t size = p->rtn->rtn_size;
    if (p->instead != NULL && p->instead->rtn_size > size) {
        size = p->instead->rtn_size;
    }
    return size;
}

static void slot_empty(struct custom_slot *slot) {
    memset(slot, 0, sizeof(*slot));
    slot->resource = NO_RESOURCE;
}

uint32_t code_place(uint8_t *page, uint32_t offset) {
    (void)slot_info(0); // also of a page without custom callouts
    next_info = CALLOUT_SLOTS;
    for (uint32_t i = 0; i < num_placements; i++) {
        const struct callout_placement *p = &placements[i];
        bool placed = callout_place(page, offset, p);
        if (!placed) {
            slot_empty(p->data);
        } else if (page != NULL && p->pointer != NULL) {
            *p->pointer = SYSPAGE_VADDR + offset;
        }
        offset = ALIGN_UP(offset + placement_size(p), CODE_ALIGN);
    }
    struct weave weave = {page, offset};
    weave_groups(&weave);
    return weave.offset;
}

// --- for the two passes -----------------------------------------------------

uint32_t storage_layout(uint32_t offset) {
    for (uint32_t i = 0; i < num_storages; i++) {
        struct storage *s = &storages[i];
        s->offset = s->label != NULL ? storage_offset(s->label) : 0;
        if (s->offset == 0) {
            s->offset = offset;
            offset = ALIGN_UP(offset + s->size, STORAGE_ALIGN);
        }
        if (s->where != NULL) {
            *s->where = s->offset;
        }
    }
    return offset;
}

uint32_t next_info_index(void) {
    return next_info;
}
