// SPDX-License-Identifier: MIT
// See library.h: the two passes that size and write the system page.
#include "boot/boot.h"
#include "boot/console.h"
#include "boot/library.h"
#include "boot/placements.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"

#define SECTION_ALIGN 64u

static struct syspage_entry header; // of the page in the making
static struct asinfo_entry *syspage_asinfo;

// Which part of the header describes which section.
#define SECTIONS(each)                                                         \
    each(system_private) each(asinfo) each(hwinfo) each(cpuinfo)               \
        each(cacheattr) each(qtime) each(callout) each(typed_strings)          \
            each(strings) each(intrinfo) each(smp) each(custom)                \
                each(callout_info)

static uint32_t sections_layout(uint32_t offset) {
#define LAYOUT(name)                                                           \
    offset = ALIGN_UP(offset, SECTION_ALIGN);                                  \
    header.name = (struct syspage_section){offset, lsp.name.size};             \
    offset += lsp.name.size;
    SECTIONS(LAYOUT)
#undef LAYOUT
    return offset;
}

static void sections_write(uint8_t *page) {
#define WRITE(name)                                                            \
    memcpy(page + header.name.offset, lsp.name.bytes, lsp.name.size);
    SECTIONS(WRITE)
#undef WRITE
}

static uint32_t page_up(uint32_t offset) {
    return (uint32_t)ALIGN_UP(offset, PAGE_SIZE);
}

uint32_t syspage_size(void) {
    as_add(0, 0, AS_ATTR_READABLE | AS_ATTR_RAM, "syspage", "");
    syspage_asinfo =
        section_at(&lsp.asinfo, lsp.asinfo.size - sizeof(struct asinfo_entry));
    (void)callout_pointer(0); // syspage_write() fills in custom
    uint32_t code_size = code_place(NULL, 0);

    header.size = page_up(sections_layout(sizeof(header)));
    uint32_t storage_end = storage_layout(header.size);
    header.storage.offset = header.size;
    header.storage.size = page_up(storage_end) - header.size;
    header.code.offset = header.size + header.storage.size;
    header.code.size = page_up(code_size);
    header.total_size = header.code.offset + header.code.size;
    header.type = SYSPAGE_TYPE;
    header.num_cpu = lsp.cpuinfo.size / (uint32_t)sizeof(struct cpuinfo_entry);
    return header.total_size;
}

static void syspage_map(paddr_t page) {
    uint32_t pages = header.total_size >> PAGE_SHIFT;
    if (pages > BOOT_SYSPAGE_PAGES) {
        startup_fail("system page of %u bytes is too large", header.total_size);
    }
    for (uint32_t i = 0; i < pages; i++) {
        boot_syspage_table[i] =
            (page + i * PAGE_SIZE) | BOOT_PTE_PRESENT | BOOT_PTE_WRITE;
    }
}

void syspage_write(paddr_t page) {
    uint8_t *bytes = (uint8_t *)page;
    memset(bytes, 0, header.code.offset);
    memset(bytes + header.code.offset, INT3, header.code.size);
    syspage_asinfo->start = page;
    syspage_asinfo->end = page + header.total_size - 1;
    struct system_private_entry *private = section_at(&lsp.system_private, 0);
    private->syspage_paddr = page;
    private->vector_stubs = header.system_private.offset + sizeof(*private);

    syspage_map(page); // patchers may use either address
    code_place(bytes, header.code.offset);
    // QNX has one custom callout: it is our slot 0.
    const struct custom_entry *custom = section_at(&lsp.custom, 0);
    *callout_pointer(offsetof(struct callout_entry, custom)) =
        custom->slots[0].code;
    memcpy(bytes, &header, sizeof(header));
    sections_write(bytes);
}

uint32_t syspage_total_size(void) {
    return header.total_size;
}

uint32_t syspage_intrinfo_offset(void) {
    return header.intrinfo.offset;
}

uint32_t syspage_private_offset(void) {
    return header.system_private.offset;
}

uint32_t syspage_next_calls_offset(void) {
    return header.callout_info.offset +
           next_info_index() * (uint32_t)sizeof(struct callout_info) +
           (uint32_t)offsetof(struct callout_info, calls);
}
