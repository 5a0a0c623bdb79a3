// SPDX-License-Identifier: MIT
// See multiboot2.h. Offsets are those of the Multiboot2 specification, section
// "Boot information format"; where its text and its multiboot2.h differ (the
// ELF tag), the latter counts, since loaders are compiled with it.
#include "boot/multiboot2.h"

#include "kernel/base/bytes.h"
#include "kernel/base/elf_format.h"
#include "kernel/base/string.h"

// The fixed part at the start: u32 total_size, reserved.
#define INFO_HEADER_SIZE 8

// Every tag: u32 type, size; the next one is 8-byte aligned.
#define TAG_SIZE_OFFSET 4
#define TAG_HEADER_SIZE 8
#define TAG_ALIGNMENT 8ul

enum tag_type {
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_LOADER = 2,
    TAG_MODULE = 3,
    TAG_MEMORY = 6,
    TAG_ELF_SECTIONS = 9,
    TAG_EFI32 = 11,
    TAG_EFI64 = 12,
    TAG_RSDP_OLD = 14,
    TAG_RSDP_NEW = 15,
    TAG_EFI_SERVICES = 18,
};

// Module: u32 mod_start, mod_end, then the string.
#define MODULE_START_OFFSET 8
#define MODULE_END_OFFSET 12
#define MODULE_STRING_OFFSET 16

// Memory map: u32 entry_size, entry_version, then entries of u64 base_addr,
// length, u32 type, reserved.
#define MEMORY_ENTRY_SIZE_OFFSET 8
#define MEMORY_ENTRIES_OFFSET 16
#define MEMORY_LENGTH_OFFSET 8
#define MEMORY_TYPE_OFFSET 16
#define MEMORY_ENTRY_MIN 24

// ELF sections: u32 num, entsize, shndx, then the section headers.
#define ELF_NUM_OFFSET 8
#define ELF_ENTSIZE_OFFSET 12
#define ELF_SHNDX_OFFSET 16
#define ELF_HEADERS_OFFSET 20

#define EFI_POINTER_OFFSET 8

struct tag {
    const uint8_t *bytes;
    uint32_t type;
    uint32_t size;
};

// Read the tag at *offset and move behind it. `size` is that of all tags.
static const char *tag_next(
    const uint8_t *info, size_t size, size_t *offset, struct tag *out) {
    if (*offset > size || size - *offset < TAG_HEADER_SIZE) {
        return "ends without an end tag";
    }
    out->bytes = info + *offset;
    out->type = load_u32(out->bytes);
    out->size = load_u32(out->bytes + TAG_SIZE_OFFSET);
    if (out->size < TAG_HEADER_SIZE) {
        return "a tag is shorter than its header";
    }
    if (out->size > size - *offset) {
        return "a tag runs past the end";
    }
    *offset += ALIGN_UP((size_t)out->size, TAG_ALIGNMENT);
    return NULL;
}

// The string at `offset` of a tag, or NULL if it has no end.
static const char *tag_string(const struct tag *tag, size_t offset) {
    if (offset >= tag->size) {
        return NULL;
    }
    const char *string = (const char *)tag->bytes + offset;
    size_t room = tag->size - offset;
    return strnlen(string, room) < room ? string : NULL;
}

static const char *parse_string(const struct tag *tag, const char **out) {
    if (**out != '\0') {
        return NULL;
    }
    const char *string = tag_string(tag, TAG_HEADER_SIZE);
    if (string == NULL) {
        return "a string has no end";
    }
    *out = string;
    return NULL;
}

static const char *parse_memory(
    const struct tag *tag, struct multiboot2_info *out) {
    if (out->memory != NULL) {
        return NULL;
    }
    if (tag->size < MEMORY_ENTRIES_OFFSET) {
        return "memory map: shorter than its header";
    }
    uint32_t entry_size = load_u32(tag->bytes + MEMORY_ENTRY_SIZE_OFFSET);
    if (entry_size < MEMORY_ENTRY_MIN) {
        return "memory map: entries too short";
    }
    out->memory = tag->bytes + MEMORY_ENTRIES_OFFSET;
    out->memory_size = tag->size - MEMORY_ENTRIES_OFFSET;
    out->memory_entry_size = entry_size;
    return NULL;
}

static const char *parse_sections(
    const struct tag *tag, struct multiboot2_info *out) {
    if (out->sections != NULL) {
        return NULL;
    }
    if (tag->size < ELF_HEADERS_OFFSET) {
        return "ELF sections: shorter than their header";
    }
    uint32_t count = load_u32(tag->bytes + ELF_NUM_OFFSET);
    uint32_t size = load_u32(tag->bytes + ELF_ENTSIZE_OFFSET);
    if (count == 0) {
        return NULL;
    }
    if (size != sizeof(struct elf32_shdr) &&
        size != sizeof(struct elf64_shdr)) {
        return "ELF sections: headers of an unknown size";
    }
    if (count > (tag->size - ELF_HEADERS_OFFSET) / size) {
        return "ELF sections: more headers than the tag holds";
    }
    out->sections = tag->bytes + ELF_HEADERS_OFFSET;
    out->num_sections = count;
    out->section_size = size;
    out->section_names = load_u32(tag->bytes + ELF_SHNDX_OFFSET);
    return NULL;
}

static const char *parse_module(const struct tag *tag) {
    if (tag_string(tag, MODULE_STRING_OFFSET) == NULL) {
        return "module: its command line has no end";
    }
    return NULL;
}

static void parse_rsdp(const struct tag *tag, const void **rsdp, size_t *size) {
    if (*rsdp == NULL) {
        *rsdp = tag->bytes + TAG_HEADER_SIZE;
        *size = tag->size - TAG_HEADER_SIZE;
    }
}

static const char *parse_efi(
    const struct tag *tag, struct multiboot2_info *out) {
    size_t width = tag->type == TAG_EFI64 ? sizeof(uint64_t) : sizeof(uint32_t);
    if (tag->size - TAG_HEADER_SIZE < width) {
        return "EFI system table: shorter than a pointer";
    }
    const uint8_t *pointer = tag->bytes + EFI_POINTER_OFFSET;
    out->efi = true;
    out->efi_system_table =
        tag->type == TAG_EFI64 ? load_u64(pointer) : load_u32(pointer);
    return NULL;
}

static const char *parse_tag(
    const struct tag *tag, struct multiboot2_info *out) {
    switch (tag->type) {
    case TAG_CMDLINE:
        return parse_string(tag, &out->cmdline);
    case TAG_LOADER:
        return parse_string(tag, &out->loader);
    case TAG_MODULE:
        return parse_module(tag);
    case TAG_MEMORY:
        return parse_memory(tag, out);
    case TAG_ELF_SECTIONS:
        return parse_sections(tag, out);
    case TAG_EFI32:
    case TAG_EFI64:
        return parse_efi(tag, out);
    case TAG_RSDP_OLD:
        parse_rsdp(tag, &out->rsdp_old, &out->rsdp_old_size);
        return NULL;
    case TAG_RSDP_NEW:
        parse_rsdp(tag, &out->rsdp_new, &out->rsdp_new_size);
        return NULL;
    case TAG_EFI_SERVICES:
        out->efi = true;
        out->efi_services_active = true;
        return NULL;
    default:
        return NULL;
    }
}

const char *multiboot2_parse(
    const void *info, size_t limit, struct multiboot2_info *out) {
    *out = (struct multiboot2_info){.info = info, .cmdline = "", .loader = ""};
    if (info == NULL || limit < INFO_HEADER_SIZE) {
        return "not readable";
    }
    out->size = load_u32(info);
    if (out->size > limit || out->size > MULTIBOOT2_INFO_MAX) {
        return "longer than its memory";
    }
    size_t offset = INFO_HEADER_SIZE;
    for (;;) {
        struct tag tag;
        const char *reason = tag_next(info, out->size, &offset, &tag);
        if (reason != NULL || tag.type == TAG_END) {
            return reason;
        }
        reason = parse_tag(&tag, out);
        if (reason != NULL) {
            return reason;
        }
    }
}

bool mb2_memory_next(
    const struct multiboot2_info *info, size_t *cursor,
    struct mb2_memory *out) {
    while (info->memory != NULL && *cursor < info->memory_size &&
           info->memory_size - *cursor >= info->memory_entry_size) {
        const uint8_t *entry = info->memory + *cursor;
        *cursor += info->memory_entry_size;
        out->start = load_u64(entry);
        out->size = load_u64(entry + MEMORY_LENGTH_OFFSET);
        out->type = load_u32(entry + MEMORY_TYPE_OFFSET);
        if (out->size != 0 && out->size <= UINT64_MAX - out->start) {
            return true;
        }
    }
    return false;
}

bool mb2_module_next(
    const struct multiboot2_info *info, size_t *cursor,
    struct mb2_module *out) {
    if (*cursor == 0) {
        *cursor = INFO_HEADER_SIZE;
    }
    struct tag tag;
    while (tag_next(info->info, info->size, cursor, &tag) == NULL &&
           tag.type != TAG_END) {
        if (tag.type != TAG_MODULE) {
            continue;
        }
        out->start = load_u32(tag.bytes + MODULE_START_OFFSET);
        out->end = load_u32(tag.bytes + MODULE_END_OFFSET);
        out->cmdline = tag_string(&tag, MODULE_STRING_OFFSET);
        if (out->start <= out->end) {
            return true;
        }
    }
    *cursor = info->size; // past the end tag the walk must not go on
    return false;
}

// The two classes have the same members, of other widths.
#define TAKE_SECTION(header, out)                                              \
    (*(out) = (struct mb2_section){                                            \
         .name = (header).sh_name,                                             \
         .type = (header).sh_type,                                             \
         .flags = (header).sh_flags,                                           \
         .address = (header).sh_addr,                                          \
         .size = (header).sh_size,                                             \
         .link = (header).sh_link,                                             \
         .entry_size = (header).sh_entsize})

bool mb2_section_at(
    const struct multiboot2_info *info, uint32_t index,
    struct mb2_section *out) {
    if (index >= info->num_sections) {
        return false;
    }
    const uint8_t *header = info->sections + (size_t)index * info->section_size;
    if (info->section_size == sizeof(struct elf32_shdr)) {
        struct elf32_shdr narrow;
        memcpy(&narrow, header, sizeof(narrow));
        TAKE_SECTION(narrow, out);
    } else {
        struct elf64_shdr wide;
        memcpy(&wide, header, sizeof(wide));
        TAKE_SECTION(wide, out);
    }
    return true;
}

bool mb2_section_next(
    const struct multiboot2_info *info, size_t *cursor,
    struct mb2_section *out) {
    if (!mb2_section_at(info, (uint32_t)*cursor, out)) {
        return false;
    }
    (*cursor)++;
    return true;
}
