// SPDX-License-Identifier: MIT
// See modules.h. What a module's bytes mean is in callouts/module.c, which the
// host tests and fuzzes.
#include "boot/modules.h"

#include "boot/boot.h"
#include "boot/console.h"
#include "boot/library.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"

#define MODULE_WORD "callout" // that GRUB's command line begins with
#define REASON_SIZE 160

static struct boot_module modules[MODULES_MAX];
static uint8_t records[MODULES_MAX][MODULE_RECORD_SIZE] ALIGNED(8);
static uint32_t num_modules;

_Static_assert(
    MODULE_RECORD_SIZE % 8 == 0, "each record is as aligned as the first");

void module_leave_out(const char *name, const char *format, ...) {
    char reason[REASON_SIZE];
    va_list args;
    va_start(args, format);
    format_text(reason, sizeof(reason), format, args);
    va_end(args);
    startup_print("module %s: %s: left out", name, reason);
}

// --- reading ----------------------------------------------------------------

static void read_one(const struct mb2_module *file) {
    const char *text = file->cmdline;
    struct boot_module *m = &modules[num_modules];
    char name[CALLOUT_NAME_SIZE];
    (void)options_next_word(&text, name, sizeof(name)); // MODULE_WORD
    if (options_next_word(&text, name, sizeof(name)) == 0) {
        name_set(name, "without a name");
    }
    if (num_modules == MODULES_MAX) {
        module_leave_out(name, "more than %u modules", MODULES_MAX);
        return;
    }
    const void *bytes = (const void *)file->start;
    const char *reason =
        module_check(bytes, file->end - file->start, &m->module);
    if (reason != NULL) {
        module_leave_out(name, "%s", reason);
        return;
    }
    struct boot_module *other = modules_replacement(
        m->module.header.replaces, m->module.header.replaces_version);
    if (module_is_kernel(&m->module) && other != NULL) {
        module_leave_out(
            name, "module %s already replaces %s of version %s", other->name,
            m->module.header.replaces, m->module.header.replaces_version);
        return;
    }
    name_set(m->name, name);
    m->start = file->start;
    m->end = file->end;
    m->rtn = module_record_make(&m->module, records[num_modules]);
    num_modules++;
}

bool modules_is_callout(const char *cmdline) {
    char word[sizeof(MODULE_WORD) + 1];
    return options_next_word(&cmdline, word, sizeof(word)) != 0 &&
           strcmp(word, MODULE_WORD) == 0;
}

void modules_read(const struct machine *machine) {
    struct mb2_module file;
    for (size_t cursor = 0; mb2_module_next(&machine->info, &cursor, &file);) {
        if (modules_is_callout(file.cmdline)) {
            read_one(&file);
        }
    }
}

struct boot_module *modules_at(uint32_t index) {
    return index < num_modules ? &modules[index] : NULL;
}

// --- patchers ---------------------------------------------------------------

// What a module may write to: its code and its storage. The patcher's site
// check is for the code.
struct own {
    uint32_t code, code_end;
    uint32_t storage, storage_end;
};

// The first byte of the page that differs and is not the module's own, `size`
// if there is none.
static uint32_t stray_write(
    const uint8_t *page, const uint8_t *before, uint32_t size,
    const struct own *own) {
    uint32_t at = 0;
    while (at < size) {
        if (at == own->code) {
            at = own->code_end;
        } else if (at == own->storage) {
            at = own->storage_end;
        } else if (page[at] != before[at]) {
            return at;
        } else {
            at++;
        }
    }
    return size;
}

// Run the patcher and see that it keeps to its sites and its storage; else say
// what it does.
static bool patcher_run(
    struct boot_module *m, const struct module_room *room,
    const uint8_t *before, void *data) {
    const uint32_t *rw_size = m->rtn->rw_size;
    uintptr_t patcher = (uintptr_t)m->rtn->patcher;
    const uint64_t arguments[] = {
        (uintptr_t)room->page, SYSPAGE_VADDR,   room->code,
        room->storage,         (uintptr_t)data, (uintptr_t)m->rtn,
    };
    const struct own own = {
        .code = room->code,
        .code_end = room->code + m->rtn->rtn_size,
        .storage = rw_size != NULL ? room->storage : room->size,
        .storage_end = room->storage + (rw_size != NULL ? *rw_size : 0),
    };
    struct fault_frame fault;
    uint32_t changed;
    if (!fault_try(patcher, arguments, &fault)) {
        module_leave_out(
            m->name, "exception %lu in its patcher, 0x%lx bytes from its start",
            fault.vector, fault.rip - patcher);
        return false;
    }
    if (!module_patches_fit(&m->module, room->page + room->code, &changed)) {
        module_leave_out(
            m->name,
            "its patcher changes the code at 0x%x, which is no site of it",
            changed);
        return false;
    }
    changed = stray_write(room->page, before, room->size, &own);
    if (changed != room->size) {
        bool is_behind = changed > room->code;
        module_leave_out(
            m->name, "its patcher writes 0x%x bytes %s its code",
            is_behind ? changed - own.code_end + 1 : own.code - changed,
            is_behind ? "behind" : "before");
        return false;
    }
    return true;
}

bool module_patch(
    struct boot_module *m, const struct module_room *room, void *data) {
    static uint8_t before[BOOT_SYSPAGE_PAGES * PAGE_SIZE];
    struct custom_slot slot; // the patcher gets a copy
    if (m->rtn->patcher == NULL) {
        return true;
    }
    if (!module_is_kernel(&m->module)) {
        slot = *(const struct custom_slot *)data;
        data = &slot;
    }
    memcpy(before, room->page, room->size);
    if (patcher_run(m, room, before, data)) {
        return true;
    }
    memcpy(room->page, before, room->size);
    m->state = MODULE_LEFT_OUT;
    return false;
}

// A system page with nothing in it but room for storage and the code, and some
// around them that must stay empty.
#define TRIAL_STORAGE PAGE_SIZE
#define TRIAL_CODE (TRIAL_STORAGE + MODULE_MAX_KERNEL_STORAGE)
#define TRIAL_SIZE (TRIAL_CODE + MODULE_MAX_CODE + PAGE_SIZE)

static void trial_map(const uint8_t *page) {
    for (uint32_t at = 0; at < TRIAL_SIZE; at += PAGE_SIZE) {
        boot_syspage_table[at >> PAGE_SHIFT] =
            page != NULL
                ? ((uintptr_t)page + at) | BOOT_PTE_PRESENT | BOOT_PTE_WRITE
                : 0;
        invlpg(SYSPAGE_VADDR + at);
    }
}

bool module_try_patcher(struct boot_module *m, void *data) {
    static uint8_t page[TRIAL_SIZE] ALIGNED(PAGE_SIZE);
    memset(page, 0, sizeof(page));
    memcpy(page + TRIAL_CODE, m->rtn->rtn_code, m->rtn->rtn_size);
    trial_map(page);
    const struct module_room room = {
        .page = page,
        .size = TRIAL_SIZE,
        .code = TRIAL_CODE,
        .storage = m->rtn->rw_size != NULL ? TRIAL_STORAGE : 0,
    };
    bool is_good = module_patch(m, &room, data);
    trial_map(NULL);
    return is_good;
}

// --- kernel callouts --------------------------------------------------------

struct boot_module *modules_replacement(const char *name, const char *version) {
    for (uint32_t i = 0; i < num_modules; i++) {
        const struct module_header *header = &modules[i].module.header;
        if (modules[i].state != MODULE_LEFT_OUT &&
            strcmp(header->replaces, name) == 0 &&
            strcmp(header->replaces_version, version) == 0) {
            return &modules[i];
        }
    }
    return NULL;
}

void modules_check_used(void) {
    for (uint32_t i = 0; i < num_modules; i++) {
        struct boot_module *m = &modules[i];
        if (module_is_kernel(&m->module) && m->state == MODULE_WAITS) {
            const char *chosen = callout_version(m->module.header.replaces);
            module_leave_out(
                m->name, "replaces %s of version %s, but %s was chosen",
                m->module.header.replaces, m->module.header.replaces_version,
                chosen != NULL ? chosen : "none");
        }
    }
}
