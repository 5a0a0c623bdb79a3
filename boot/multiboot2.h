// SPDX-License-Identifier: MIT
// What the boot loader hands over: the multiboot2 information, checked and made
// easy to walk. Nothing is copied: the pointers point into the information.
// Names are those of the Multiboot2 specification, "Boot information format".
#pragma once

#include "kernel/base/types.h"

#define MULTIBOOT2_INFO_MAX (1ul << 20) // more than any loader writes

struct multiboot2_info {
    const uint8_t *info;
    size_t size;          // total_size: the loader's memory ends at info + size
    const char *cmdline;  // "" if the loader gave none
    const char *loader;   // its name, "" if it gave none
    const void *rsdp_old; // copy of the ACPI 1.0 RSDP, or NULL
    size_t rsdp_old_size;
    const void *rsdp_new; // copy of the ACPI 2.0 RSDP, or NULL
    size_t rsdp_new_size;
    const uint8_t *memory; // memory map, NULL if none: see mb2_memory_next()
    size_t memory_size;
    uint32_t memory_entry_size;
    const uint8_t *sections; // ELF section headers, NULL if none
    uint32_t num_sections;
    uint32_t section_size;
    uint32_t section_names;    // index of the section that holds the names
    bool efi;                  // the firmware is UEFI
    bool efi_services_active;  // ExitBootServices() was not called
    uint64_t efi_system_table; // 0 if not given
};

enum mb2_memory_type {
    MB2_MEMORY_AVAILABLE = 1,
    MB2_MEMORY_RESERVED = 2,
    MB2_MEMORY_ACPI_RECLAIMABLE = 3,
    MB2_MEMORY_NVS = 4,
    MB2_MEMORY_BADRAM = 5,
};

// A range of physical addresses; size is not 0, start + size does not overflow.
struct mb2_memory {
    paddr_t start;
    uint64_t size;
    uint32_t type; // enum mb2_memory_type; anything else is reserved
};

// A module: bytes start..end-1 of physical memory, start <= end.
struct mb2_module {
    paddr_t start;
    paddr_t end;
    const char *cmdline;
};

// A section header of the kernel's own ELF file, whose sections the loader has
// put at `address` (ELF specification, "Sections").
struct mb2_section {
    uint32_t name; // offset in the section of names
    uint32_t type; // SHT_* of kernel/base/elf_format.h
    uint64_t flags;
    paddr_t address; // 0: not in memory
    uint64_t size;
    uint32_t link;
    uint64_t entry_size;
};

// Check the information at `info`, of which no more than `limit` bytes may be
// read, and fill in *out. Returns NULL, or why nothing of it can be used: text
// to print after "multiboot2 information: ". A second tag of a kind that may
// appear only once is ignored.
MUST_CHECK const char *multiboot2_parse(
    const void *info, size_t limit, struct multiboot2_info *out);

// Step through the memory map, the modules, the section headers. *cursor is 0
// at the start and otherwise the function's own. Returns false at the end.
// Memory entries that are empty or overflow, and modules that end before they
// start, are left out.
bool mb2_memory_next(
    const struct multiboot2_info *info, size_t *cursor, struct mb2_memory *out);
bool mb2_module_next(
    const struct multiboot2_info *info, size_t *cursor, struct mb2_module *out);
bool mb2_section_next(
    const struct multiboot2_info *info, size_t *cursor,
    struct mb2_section *out);

// The section header of this index, as mb2_section.link has it; false if there
// is none.
bool mb2_section_at(
    const struct multiboot2_info *info, uint32_t index,
    struct mb2_section *out);
