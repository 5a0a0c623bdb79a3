// SPDX-License-Identifier: MIT
// See memory.h. Everything that must be kept is one list of occupied ranges;
// the memory map's other entries count as occupied too, since firmware may let
// them overlap usable ones.
#include "boot/memory.h"

#include "boot/boot.h"
#include "boot/console.h"
#include "boot/library.h"
#include "boot/modules.h"
#include "kernel/base/elf_format.h"
#include "kernel/base/string.h"

#define MAX_OCCUPIED 64
#define LOW_MEMORY_END 0x100000ul

struct occupied {
    paddr_t start;
    paddr_t end; // exclusive
    const char *name;
    const char *detail;
};

static struct occupied occupied[MAX_OCCUPIED];
static uint32_t num_occupied;
static const struct multiboot2_info *boot_info;

static void occupied_add(
    paddr_t start, paddr_t end, const char *name, const char *detail) {
    if (start >= end) {
        return;
    }
    if (num_occupied == MAX_OCCUPIED) {
        startup_fail("more than %u occupied ranges of memory", MAX_OCCUPIED);
    }
    occupied[num_occupied++] = (struct occupied){start, end, name, detail};
}

// --- what lies where --------------------------------------------------------

// Whether the command line of a module begins with this word.
static bool first_word_is(const char *text, const char *word) {
    size_t size = strlen(word);
    return strncmp(text, word, size) == 0 &&
           (text[size] == '\0' || text[size] == ' ');
}

static void modules_add(void) {
    struct mb2_module module;
    for (size_t cursor = 0; mb2_module_next(boot_info, &cursor, &module);) {
        if (first_word_is(module.cmdline, "initrd")) {
            occupied_add(module.start, module.end, "module", module.cmdline);
        } else if (!modules_is_callout(module.cmdline)) {
            startup_print(
                "module \"%s\": neither initrd nor callout, left out",
                module.cmdline);
        }
    }
    const struct boot_module *m;
    for (uint32_t i = 0; (m = modules_at(i)) != NULL; i++) {
        occupied_add(m->start, m->end, "startup", "callout module");
    }
}

// The kernel's symbol table and its strings, where GRUB has put them.
static void symbols_add(void) {
    struct mb2_section section;
    struct mb2_section strings;
    for (size_t cursor = 0; mb2_section_next(boot_info, &cursor, &section);) {
        if (section.type == SHT_SYMTAB && section.address != 0 &&
            mb2_section_at(boot_info, section.link, &strings) &&
            strings.address != 0) {
            occupied_add(
                section.address, section.address + section.size, "symbols", "");
            occupied_add(
                strings.address, strings.address + strings.size, "strings", "");
            return;
        }
    }
    startup_print("no symbols of the kernel: backtraces have no names");
}

// GRUB for UEFI fills memory from the bottom. What the kernel keeps moves up:
// the trampoline of the other CPUs needs a page below 1 MiB.
static void low_ranges_lift(void) {
    for (uint32_t i = 0; i < num_occupied; i++) {
        struct occupied *o = &occupied[i];
        if (o->start >= LOW_MEMORY_END || strcmp(o->name, "startup") == 0) {
            continue;
        }
        size_t size = o->end - o->start;
        paddr_t to = memory_find(size);
        memcpy((void *)to, (const void *)o->start, size);
        o->start = to;
        o->end = to + size;
    }
}

void memory_init(const struct machine *machine) {
    boot_info = &machine->info;
    if (boot_info->memory == NULL) {
        startup_fail("the boot loader gave no memory map");
    }
    occupied_add(
        (uintptr_t)startup_start, (uintptr_t)startup_end, "startup", "image");
    occupied_add(
        (uintptr_t)boot_info->info,
        (uintptr_t)boot_info->info + boot_info->size, "startup", "multiboot2");
    occupied_add(
        (uintptr_t)kernel_image_paddr, (uintptr_t)kernel_image_end_paddr,
        "kernel", "");
    symbols_add();
    modules_add();
    low_ranges_lift();
}

// --- usable memory ----------------------------------------------------------

// The first range at or after `at` that is not usable and begins before `end`,
// by the memory map; false if all of it is usable.
static bool reserved_next(paddr_t at, paddr_t end, struct mb2_memory *out) {
    bool found = false;
    struct mb2_memory memory;
    for (size_t cursor = 0; mb2_memory_next(boot_info, &cursor, &memory);) {
        if (memory.type != MB2_MEMORY_AVAILABLE && memory.start < end &&
            memory.start + memory.size > at &&
            (!found || memory.start < out->start)) {
            *out = memory;
            found = true;
        }
    }
    return found;
}

// Call `use` for each part of a usable entry that no other entry claims.
typedef void range_fn(void *context, paddr_t start, paddr_t end);
static void usable_parts(
    const struct mb2_memory *entry, range_fn *use, void *context) {
    paddr_t at = ALIGN_UP(entry->start, PAGE_SIZE);
    paddr_t end = ALIGN_DOWN(entry->start + entry->size, PAGE_SIZE);
    struct mb2_memory reserved;
    while (at < end && reserved_next(at, end, &reserved)) {
        paddr_t stop = ALIGN_DOWN(reserved.start, PAGE_SIZE);
        if (at < stop) {
            use(context, at, stop);
        }
        at = ALIGN_UP(reserved.start + reserved.size, PAGE_SIZE);
    }
    if (at < end) {
        use(context, at, end);
    }
}

static void usable_each(range_fn *use, void *context) {
    struct mb2_memory entry;
    for (size_t cursor = 0; mb2_memory_next(boot_info, &cursor, &entry);) {
        if (entry.type == MB2_MEMORY_AVAILABLE) {
            usable_parts(&entry, use, context);
        }
    }
}

// The first address from `at` on where `size` bytes are clear.
static paddr_t clear_address(paddr_t at, size_t size) {
    bool moved;
    do {
        moved = false;
        for (uint32_t i = 0; i < num_occupied; i++) {
            if (occupied[i].start < at + size && occupied[i].end > at) {
                at = ALIGN_UP(occupied[i].end, PAGE_SIZE);
                moved = true;
            }
        }
    } while (moved);
    return at;
}

struct search {
    size_t size;
    paddr_t found; // 0: not yet
};

static void search_range(void *context, paddr_t start, paddr_t end) {
    struct search *search = context;
    if (start < LOW_MEMORY_END) {
        start = LOW_MEMORY_END;
    }
    start = clear_address(start, search->size);
    if (end > BOOT_MAPPED) {
        end = BOOT_MAPPED;
    }
    if (search->found == 0 && start < end && search->size <= end - start) {
        search->found = start;
    }
}

paddr_t memory_find(size_t size) {
    struct search search = {size, 0};
    usable_each(search_range, &search);
    if (search.found == 0) {
        startup_fail("no room for %zu bytes below 4 GiB", size);
    }
    return search.found;
}

// --- asinfo -----------------------------------------------------------------

#define ATTR_RAM (AS_ATTR_READABLE | AS_ATTR_WRITABLE | AS_ATTR_RAM)

// Make the last range of asinfo longer, if this one follows it: firmware splits
// memory by uses that no longer matter.
static bool ram_extend(paddr_t start, paddr_t end) {
    if (lsp.asinfo.size == 0) {
        return false;
    }
    struct asinfo_entry *last =
        section_at(&lsp.asinfo, lsp.asinfo.size - sizeof(*last));
    if (last->name != add_string("ram") || last->end + 1 != start) {
        return false;
    }
    last->end = end - 1;
    return true;
}

static void ram_add(void *context, paddr_t start, paddr_t end) {
    (void)context;
    if (start < LOW_MEMORY_END) {
        paddr_t stop = end < LOW_MEMORY_END ? end : LOW_MEMORY_END;
        if (start == 0) {
            start = PAGE_SIZE; // the BIOS's data, and nobody's address 0
        }
        if (start < stop) {
            as_add(start, stop - 1, ATTR_RAM, "lowmem", "");
        }
        start = LOW_MEMORY_END;
    }
    if (start < end && !ram_extend(start, end)) {
        as_add(start, end - 1, ATTR_RAM, "ram", "");
    }
}

static void acpi_add(void) {
    struct mb2_memory entry;
    for (size_t cursor = 0; mb2_memory_next(boot_info, &cursor, &entry);) {
        if (entry.type == MB2_MEMORY_ACPI_RECLAIMABLE) {
            as_add(
                entry.start, entry.start + entry.size - 1,
                AS_ATTR_READABLE | AS_ATTR_RAM, "acpi", "");
        }
    }
}

void init_raminfo(const struct machine *machine) {
    (void)machine;
    usable_each(ram_add, NULL);
    acpi_add();
}

void init_asinfo(void) {
    for (uint32_t i = 0; i < num_occupied; i++) {
        as_add(
            occupied[i].start, occupied[i].end - 1, ATTR_RAM, occupied[i].name,
            occupied[i].detail);
    }
}
