// SPDX-License-Identifier: MIT
// See paging.h. Four levels of tables (Intel SDM volume 3, "4-Level Paging");
// the direct map uses 2 MiB pages, split where a range needs other rights.
#include "kernel/paging.h"

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/image.h"
#include "kernel/pages.h"
#include "kernel/panic.h"

#define ENTRY_PRESENT (1ul << 0)
#define ENTRY_WRITE (1ul << 1)
#define ENTRY_USER (1ul << 2)
#define ENTRY_WRITE_THROUGH (1ul << 3)
#define ENTRY_UNCACHED (1ul << 4)
#define ENTRY_LARGE (1ul << 7)
#define ENTRY_NX (1ul << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ul

#define ENTRIES 512
#define KERNEL_FIRST_ENTRY 256 // of the level-4 table
#define LEVEL_4K 1
#define LEVEL_2M 2
#define LEVELS 4

paddr_t paging_kernel_root;

static uint32_t cpu_flags;
// Tables come from startup's direct map until the kernel's own is loaded.
static paddr_t table_limit = 4ul << 30;

static unsigned entry_index(uintptr_t address, unsigned level) {
    return (unsigned)(address >> (PAGE_SHIFT + 9 * (level - 1))) % ENTRIES;
}

static uint64_t *entry_table(uint64_t entry) {
    return direct(entry & ENTRY_ADDRESS);
}

static uint64_t entry_flags(uint32_t flags) {
    uint64_t entry = ENTRY_PRESENT;
    if (flags & PAGE_WRITE) {
        entry |= ENTRY_WRITE;
    }
    if (flags & PAGE_USER) {
        entry |= ENTRY_USER;
    }
    if (flags & PAGE_UNCACHED) {
        entry |= ENTRY_UNCACHED | ENTRY_WRITE_THROUGH;
    }
    if ((flags & PAGE_EXEC) == 0 && (cpu_flags & CPU_FLAG_NX)) {
        entry |= ENTRY_NX;
    }
    return entry;
}

static paddr_t table_alloc(void) {
    return table_limit != 0 ? pages_alloc(1, table_limit) : page_alloc();
}

// Replace a 2 MiB mapping by a table of 4 KiB ones with the same rights.
static bool entry_split(uint64_t *entry) {
    paddr_t table = table_alloc();
    if (table == 0) {
        return false;
    }
    uint64_t *small = direct(table);
    uint64_t rights = *entry & ~(ENTRY_ADDRESS | ENTRY_LARGE);
    paddr_t first = *entry & ENTRY_ADDRESS;
    for (unsigned i = 0; i < ENTRIES; i++) {
        small[i] = (first + i * PAGE_SIZE) | rights;
    }
    *entry = table | ENTRY_PRESENT | ENTRY_WRITE;
    return true;
}

// The entry of an address at a level, made on the way if `make` is set; NULL
// when there is none, or no memory to make it.
static uint64_t *entry_find(
    paddr_t root, uintptr_t address, unsigned level, bool make) {
    uint64_t *table = direct(root);
    for (unsigned l = LEVELS; l > level; l--) {
        uint64_t *entry = &table[entry_index(address, l)];
        if ((*entry & ENTRY_PRESENT) == 0) {
            paddr_t new = make ? table_alloc() : 0;
            if (new == 0) {
                return NULL;
            }
            uint64_t user = address < USER_END ? ENTRY_USER : 0;
            *entry = new | ENTRY_PRESENT | ENTRY_WRITE | user;
        } else if (*entry & ENTRY_LARGE) {
            if (!make) {
                return entry;
            }
            if (!entry_split(entry)) {
                return NULL;
            }
        }
        table = entry_table(*entry);
    }
    return &table[entry_index(address, level)];
}

bool paging_map(paddr_t root, uintptr_t address, paddr_t page, uint32_t flags) {
    ASSERT((flags & (PAGE_WRITE | PAGE_EXEC)) != (PAGE_WRITE | PAGE_EXEC));
    uint64_t *entry = entry_find(root, address, LEVEL_4K, true);
    if (entry == NULL) {
        return false;
    }
    *entry = page | entry_flags(flags);
    return true;
}

paddr_t paging_unmap(paddr_t root, uintptr_t address) {
    uint64_t *entry = entry_find(root, address, LEVEL_4K, false);
    if (entry == NULL || (*entry & ENTRY_PRESENT) == 0) {
        return 0;
    }
    paddr_t page = *entry & ENTRY_ADDRESS;
    *entry = 0;
    return page;
}

bool paging_lookup(
    paddr_t root, uintptr_t address, paddr_t *page, uint32_t *flags) {
    const uint64_t *entry = entry_find(root, address, LEVEL_4K, false);
    if (entry == NULL || (*entry & ENTRY_PRESENT) == 0) {
        return false;
    }
    *page = *entry & ENTRY_ADDRESS;
    if (*entry & ENTRY_LARGE) {
        *page += ALIGN_DOWN(address % PAGE_2M, PAGE_SIZE);
    }
    *flags = ((*entry & ENTRY_WRITE) ? PAGE_WRITE : 0) |
             ((*entry & ENTRY_USER) ? PAGE_USER : 0) |
             ((*entry & ENTRY_NX) ? 0 : PAGE_EXEC);
    return true;
}

static paddr_t root_fill(paddr_t root) {
    if (root != 0) {
        memcpy(
            (uint64_t *)direct(root) + KERNEL_FIRST_ENTRY,
            (uint64_t *)direct(paging_kernel_root) + KERNEL_FIRST_ENTRY,
            PAGE_SIZE / 2);
    }
    return root;
}

paddr_t paging_create(void) {
    return root_fill(table_alloc());
}

paddr_t paging_create_low(void) {
    return root_fill(pages_alloc(1, 4ul << 30));
}

static void tables_free(uint64_t *table, unsigned level, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if ((table[i] & ENTRY_PRESENT) == 0) {
            continue;
        }
        if (level > LEVEL_2M) {
            tables_free(entry_table(table[i]), level - 1, ENTRIES);
        }
        page_free(table[i] & ENTRY_ADDRESS);
    }
}

void paging_destroy(paddr_t root) {
    tables_free(direct(root), LEVELS, KERNEL_FIRST_ENTRY);
    page_free(root);
}

uintptr_t paging_next(paddr_t root, uintptr_t address, uintptr_t end) {
    while (address < end) {
        const uint64_t *table = direct(root);
        unsigned level = LEVELS;
        uint64_t entry = table[entry_index(address, level)];
        while ((entry & ENTRY_PRESENT) != 0 && level > LEVEL_4K) {
            level--;
            entry = entry_table(entry)[entry_index(address, level)];
        }
        if ((entry & ENTRY_PRESENT) != 0) {
            return address;
        }
        uintptr_t span = 1ul << (PAGE_SHIFT + 9 * (level - 1));
        address = ALIGN_DOWN(address, span) + span;
    }
    return end;
}

// --- the kernel's own half --------------------------------------------------

static void kernel_map(
    uintptr_t address, paddr_t start, size_t size, uint32_t flags) {
    for (size_t i = 0; i < size; i += PAGE_SIZE) {
        if (!paging_map(paging_kernel_root, address + i, start + i, flags)) {
            panic("no memory for the kernel's page tables");
        }
    }
}

static void direct_map_2m(paddr_t start, paddr_t end) {
    start = ALIGN_DOWN(start, PAGE_2M);
    for (; start < end; start += PAGE_2M) {
        uint64_t *entry = entry_find(
            paging_kernel_root, DIRECT_MAP_VADDR + start, LEVEL_2M, true);
        if (entry == NULL) {
            panic("no memory for the direct map");
        }
        *entry = start | entry_flags(PAGE_WRITE) | ENTRY_LARGE;
    }
}

static void direct_map_protect(paddr_t start, size_t size) {
    kernel_map(DIRECT_MAP_VADDR + start, start, size, PAGE_READ);
}

static void asinfo_map(const struct syspage_entry *syspage) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    uintptr_t device = DEVICE_VADDR;
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        const char *name = SYSPAGE_STRING(syspage, as[i].name);
        if (strcmp(name, "hw") == 0) {
            kernel_map(
                device, as[i].start, PAGE_SIZE, PAGE_WRITE | PAGE_UNCACHED);
            device += PAGE_SIZE;
        } else {
            direct_map_2m(as[i].start, as[i].end + 1);
        }
    }
}

static void image_part_map(const char *start, const char *end, uint32_t flags) {
    paddr_t at =
        (uintptr_t)kernel_image_paddr + (paddr_t)(start - kernel_text_start);
    size_t size = (size_t)(end - start);
    kernel_map((uintptr_t)start, at, size, flags);
    if ((flags & PAGE_WRITE) == 0) {
        direct_map_protect(at, size);
    }
}

static void image_map(void) {
    image_part_map(kernel_text_start, kernel_text_end, PAGE_EXEC);
    image_part_map(kernel_rodata_start, kernel_rodata_end, PAGE_READ);
    image_part_map(kernel_data_start, kernel_end, PAGE_WRITE);
}

static void syspage_map(const struct syspage_entry *syspage) {
    paddr_t at = SYSPAGE_ENTRY(syspage, system_private)->syspage_paddr;
    kernel_map(SYSPAGE_VADDR, at, syspage->code.offset, PAGE_WRITE);
    size_t size = ALIGN_UP(syspage->code.size, PAGE_SIZE);
    kernel_map(
        SYSPAGE_VADDR + syspage->code.offset, at + syspage->code.offset, size,
        PAGE_EXEC);
    direct_map_protect(at + syspage->code.offset, size);
}

// Reserve the level-3 table of every level-4 entry that the kernel may use, so
// that roots made later share all of the kernel's half.
static void halves_reserve(void) {
    uint64_t *root = direct(paging_kernel_root);
    paddr_t table = table_alloc();
    if (table == 0) {
        panic("no memory for the kernel's page tables");
    }
    root[ENTRIES - 1] = table | ENTRY_PRESENT | ENTRY_WRITE;
}

void paging_init_cpu(void) {
    write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_WP | CR0_MP | CR0_NE);
    // Nothing else that firmware turned on: with FSGSBASE a program could set a
    // negative gs base, which traps.asm takes for the kernel's; with OSXSAVE it
    // could use registers that no switch of threads saves.
    uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    cr4 |= (cpu_flags & CPU_FLAG_SMEP) ? CR4_SMEP : 0;
    cr4 |= (cpu_flags & CPU_FLAG_SMAP) ? CR4_SMAP : 0;
    cr4 |= (cpu_flags & CPU_FLAG_UMIP) ? CR4_UMIP : 0;
    write_cr4(cr4);
}

void paging_init(const struct syspage_entry *syspage) {
    cpu_flags = SYSPAGE_ENTRY(syspage, cpuinfo)->flags;
    if (cpu_flags & CPU_FLAG_NX) {
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    }
    paging_kernel_root = table_alloc();
    if (paging_kernel_root == 0) {
        panic("no memory for the kernel's page tables");
    }
    halves_reserve();
    asinfo_map(syspage);
    image_map();
    syspage_map(syspage);
    write_cr3(paging_kernel_root);
    table_limit = 0;
    paging_init_cpu();
}
