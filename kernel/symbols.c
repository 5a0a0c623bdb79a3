// SPDX-License-Identifier: MIT
// See symbols.h. The table is ELF's own (System V ABI, "Symbol Table").
#include "kernel/symbols.h"

#include "callouts/syspage.h"
#include "kernel/base/format.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/image.h"
#include "kernel/pages.h"

struct elf_symbol {
    uint32_t name;
    uint8_t info;
    uint8_t other;
    uint16_t section;
    uint64_t value;
    uint64_t size;
};

#define BACKTRACE_MAX 32

static struct syspage_entry *symbols_syspage;
static const struct elf_symbol *symbols;
static size_t symbols_count;
static const char *strings;
static size_t strings_size;

static const struct asinfo_entry *asinfo_find(const char *name) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(symbols_syspage, asinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(symbols_syspage, asinfo); i++) {
        if (strcmp(SYSPAGE_STRING(symbols_syspage, as[i].name), name) == 0) {
            return &as[i];
        }
    }
    return NULL;
}

void symbols_init(struct syspage_entry *syspage) {
    symbols_syspage = syspage;
    const struct asinfo_entry *table = asinfo_find("symbols");
    const struct asinfo_entry *text = asinfo_find("strings");
    if (table == NULL || text == NULL) {
        return;
    }
    symbols = direct(table->start);
    symbols_count = (table->end + 1 - table->start) / sizeof(*symbols);
    strings = direct(text->start);
    strings_size = text->end + 1 - text->start;
}

static bool slot_name(uintptr_t address, char *to, size_t size) {
    const struct custom_slot *slots =
        SYSPAGE_ENTRY(symbols_syspage, custom)->slots;
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        if (slots[i].code != 0 && address >= slots[i].code &&
            address - slots[i].code < slots[i].size) {
            (void)format(
                to, size, "slot %u callout %s+0x%lx", i, slots[i].name,
                address - slots[i].code);
            return true;
        }
    }
    return false;
}

static bool callout_name(uintptr_t address, char *to, size_t size) {
    const struct callout_info *info =
        SYSPAGE_ENTRY(symbols_syspage, callout_info);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(symbols_syspage, callout_info);
         i++) {
        uintptr_t code = SYSPAGE_VADDR + info[i].code;
        if (address >= code && address - code < info[i].size) {
            format(to, size, "callout %s+0x%lx", info[i].name, address - code);
            return true;
        }
    }
    return false;
}

// What lies among the modules that were bound at run time and is none of them.
static bool module_name(uintptr_t address, char *to, size_t size) {
    if (address < MODULES_VADDR || address >= MODULES_VADDR + PAGE_2M) {
        return false;
    }
    format(
        to, size, "modules+0x%lx, a patcher or code that is gone",
        address - MODULES_VADDR);
    return true;
}

static const struct elf_symbol *symbol_below(uintptr_t address) {
    const struct elf_symbol *best = NULL;
    for (size_t i = 0; i < symbols_count; i++) {
        const struct elf_symbol *s = &symbols[i];
        if (s->value <= address && s->name < strings_size &&
            (best == NULL || s->value >= best->value)) {
            best = s;
        }
    }
    return best;
}

void symbol_name(uintptr_t address, char *to, size_t size) {
    if (symbols_syspage != NULL &&
        (slot_name(address, to, size) || callout_name(address, to, size) ||
         module_name(address, to, size))) {
        return;
    }
    const struct elf_symbol *s = NULL;
    if (address >= KERNEL_VADDR && address < (uintptr_t)kernel_text_end) {
        s = symbol_below(address);
    }
    if (s == NULL) {
        format(to, size, "?");
        return;
    }
    format(
        to, size, "%.*s+0x%lx", (int)strnlen(strings + s->name, 60),
        strings + s->name, address - s->value);
}

// Whether two words can be read at a kernel stack address. The stacks lie in
// the per-CPU area and in the area of thread stacks.
static bool frame_is_sane(uintptr_t frame, uintptr_t below) {
    return frame >= PERCPU_VADDR && frame % sizeof(uint64_t) == 0 &&
           frame < UINTPTR_MAX - 2 * sizeof(uint64_t) &&
           (below == 0 || (frame > below && frame - below < 8 * PAGE_SIZE));
}

static void frame_print(uintptr_t rip) {
    char name[96];
    symbol_name(rip, name, sizeof(name));
    kprintf("  %016lx %s\n", rip, name);
}

void backtrace_print(uintptr_t rip, uintptr_t frame_pointer) {
    frame_print(rip);
    uintptr_t below = 0;
    for (int i = 0; i < BACKTRACE_MAX; i++) {
        if (!frame_is_sane(frame_pointer, below)) {
            return;
        }
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        if (frame[1] < KERNEL_VADDR) {
            return;
        }
        frame_print(frame[1]);
        below = frame_pointer;
        frame_pointer = frame[0];
    }
}
