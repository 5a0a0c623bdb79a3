// SPDX-License-Identifier: MIT
// The startup library: how the system page is put together. Function names are
// those of QNX's startup library where it has them.
//
// Sections grow in startup's own memory first. Then, in two passes, the page is
// sized (syspage_size) and written (syspage_write): callouts are copied and
// patched, pointers to them filled in, sections copied.
#pragma once

#include "boot/machine.h"
#include "boot/modules.h"
#include "callouts/callout.h"
#include "kernel/base/intr_test.h"
#include "callouts/syspage.h"

// --- sections ---------------------------------------------------------------

// One section in the making. Its bytes stay where they are: pointers into it
// are good until the page is written.
struct section {
    const char *name;
    uint8_t *bytes;
    uint32_t size;
    uint32_t capacity;
};

// All of them, before the page is written (QNX: lsp).
extern struct local_syspage {
    struct section system_private, asinfo, hwinfo, cpuinfo, cacheattr, qtime;
    struct section callout, typed_strings, strings, intrinfo, smp, custom;
    struct section callout_info;
} lsp;

// Zeroed room for `size` more bytes of a section. Fails the boot when the
// section is full.
void *section_add(struct section *section, size_t size);

// What lies at an offset of a section.
static inline void *section_at(struct section *section, size_t offset) {
    return section->bytes + offset;
}

// The offset of a string in the strings section; equal ones share it.
uint32_t add_string(const char *string);
void add_typed_string(uint32_t type, const char *string);

// Store the name of a callout, a version, a resource; what does not fit is cut.
void name_set(char to[CALLOUT_NAME_SIZE], const char *name);

// Add an entry to asinfo; `end` is inclusive.
void as_add(
    paddr_t start, paddr_t end, uint32_t attr, const char *name,
    const char *detail);

// Add an entry to hwinfo.
void hwi_add(
    const char *name, uint32_t flags, uint64_t base, uint32_t length,
    uint32_t vector);

// --- callouts ---------------------------------------------------------------

// A callout's place in the callout section, and the version that goes there.
struct callout_slot {
    uint32_t offset; // in struct callout_entry
    const struct callout_rtn *rtn;
    const char *name;
    const char *version;
};
// CALLOUT_SLOT(timer_load, _lapic); without a suffix it has no version.
#define CALLOUT_SLOT(callout, suffix)                                          \
    {                                                                          \
        offsetof(struct callout_entry, callout), &callout##suffix, #callout,   \
            &#suffix[sizeof(#suffix) > 1]                                      \
    }

// Have a callout copied and its address put where `pointer`, in a section,
// says; NULL puts it nowhere. `data` is for its patcher; NULL means what
// callout_register_data() said before.
void add_callout_at(
    uint64_t *pointer, const struct callout_rtn *rtn, const char *name,
    const char *version, void *data);
// The same by its place in struct callout_entry. The place of the custom
// callout is slot 0, instead of what ships there; else the last one added to a
// place is taken. The version of add_callout() is the one that is being added.
void add_callout(uint32_t offset, const struct callout_rtn *rtn);
void add_callout_array(const struct callout_slot *slots, size_t bytes);

// The version that is being added: boot/versions.c says it.
void callout_version_set(const char *version);

// Put a callout in slot 0, instead of what ships there.
void custom_replace(const struct callout_rtn *rtn, const char *version);

// Have a custom callout copied to its slot, whose name and version are set; its
// entry in callout_info has the same index. The patcher's data is the slot. `m`
// is the module that it comes from, NULL: it ships.
void add_custom_callout(
    uint32_t slot, const struct callout_rtn *rtn, struct boot_module *m);

// Zeroed storage in the page, 64-byte aligned; its offset is put at `where`, in
// a section, unless that is NULL. Requests with the same label, if it isn't
// NULL, share one area. Callouts' own storage needs no request.
void add_storage(uint32_t *where, const uint32_t *label, uint32_t size);

// The data for the patcher of every callout made of this record; the first one
// wins.
void callout_register_data(const struct callout_rtn *rtn, void *data);

// Where the kernel will find a device: ports as they are, memory at an address
// of its own from DEVICE_VADDR on (a whole page, uncached; mapping the same
// page twice gives the same address). Recorded as "hw" in asinfo.
uint32_t callout_io_map(uint32_t size, uint32_t port);
uint64_t callout_memory_map(uint32_t size, paddr_t address, uint32_t flags);

// --- debug channels ---------------------------------------------------------

// A device that serves debug channels.
struct debug_device {
    const char *name;             // the version of its callouts
    uint64_t defaults[NUM_DEBUG]; // its port or address by channel, 0: not that

    // Whether it is there, and *data for the patchers; once for each channel.
    bool (*init)(unsigned channel, uint64_t address, void **data);

    // display_char, poll_key, break_detect; the last two may be NULL.
    const struct callout_rtn *callouts[3];
};

// Have each channel served by the first of the devices that is there for it.
void select_debug(const struct debug_device *devices, size_t bytes);

// --- interrupts -------------------------------------------------------------

// An interrupt group as startup describes it: QNX's struct startup_intrinfo.
struct startup_intrinfo {
    const char *name;
    uint32_t vector_base;
    uint32_t num_vectors;
    uint32_t cascade_vector;
    uint32_t cpu_intr_base;
    uint32_t cpu_intr_stride;
    uint32_t flags;
    uint32_t id_genflags;
    const struct callout_rtn *id;
    uint32_t eoi_genflags;
    const struct callout_rtn *eoi;
    const struct callout_rtn *mask;
    const struct callout_rtn *unmask;
    const struct callout_rtn *config;
    const char *version;
    void *patch_data;
    void *eoi_patch_data;
};

// I/O APICs, local APIC, two 8259s, MSIs, and those that selftest adds.
#define STARTUP_MAX_INTRINFO (MACHINE_MAX_IOAPICS + 4 + INTR_TESTS)

// Add a group. One that can't be is named with the reason, and left out. A
// cascaded group comes after the one that it hangs below.
void add_interrupt(const struct startup_intrinfo *intr);
void add_interrupt_array(const struct startup_intrinfo *intr, size_t bytes);

// Where the entry code is made: boot/weave.c.
struct weave {
    uint8_t *page;   // the system page; NULL in the sizing pass
    uint32_t offset; // in it, of the next byte
};

// Make the entry code of all groups at weave->offset and move it behind it. In
// the writing pass also fill in the groups' id and eoi, and the table of
// entries.
void weave_groups(struct weave *weave);

// A callout that is to be copied.
struct callout_placement {
    struct callout_info *info; // that describes it; NULL: the next one
    uint64_t *pointer;         // where its address goes; NULL: nowhere
    const struct callout_rtn *rtn;
    const char *name;
    const char *version;
    void *data;                        // for the patcher
    struct boot_module *module;        // that it comes from, or NULL
    const struct callout_rtn *instead; // if the module misbehaves; NULL: none
    const char *instead_version;
};

// The callout that ships whose patcher is running, or NULL.
const char *callout_patching(void);

// The version of a callout that was added, NULL if there is none.
const char *callout_version(const char *name);

// Copy one callout, patch the copy, and describe it in callout_info. The
// pointer is left alone. False if it is of a module that was left out now.
bool callout_place(
    uint8_t *page, uint32_t offset, const struct callout_placement *p);

// Describe other code of the page in callout_info.
void callout_info_add(
    const uint8_t *page, uint32_t offset, uint32_t size, const char *name,
    const char *version, const char *category);

// The groups that were added, for boot/weave.c.
extern struct startup_intrinfo startup_groups[STARTUP_MAX_INTRINFO];
extern uint32_t startup_num_groups;
extern uint32_t startup_parents[STARTUP_MAX_INTRINFO]; // itself: none

// How many IDT entries a group has; whether any group has this one.
uint32_t group_num_entries(const struct startup_intrinfo *intr);
bool group_has_entry(uint32_t vector);

// The size of the finished page and offsets in it, known after sizing. The last
// one is that of the count of calls of the callout that is placed next.
uint32_t syspage_total_size(void);
uint32_t syspage_intrinfo_offset(void);
uint32_t syspage_private_offset(void);
uint32_t syspage_next_calls_offset(void);

// --- the page ---------------------------------------------------------------

// Pass one: what the page needs in bytes. Nothing may be added after it.
uint32_t syspage_size(void);

// Pass two: write the page, of the size that pass one said, to this physical
// address, which is identity-mapped, and map it at SYSPAGE_VADDR.
void syspage_write(paddr_t page);

// Print the finished page to startup's console, a line for each entry, section
// by section: boot/print_syspage.c.
void print_syspage(const struct syspage_entry *page);
