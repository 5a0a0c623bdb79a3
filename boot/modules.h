// SPDX-License-Identifier: MIT
// Callout modules that GRUB has loaded: the modules whose command line begins
// with the word "callout", a name behind it. Bad ones are named and left out.
#pragma once

#include "boot/machine.h"
#include "callouts/module.h"

#define MODULES_MAX 32

struct boot_module {
    char name[CALLOUT_NAME_SIZE]; // from GRUB's command line
    struct module module;
    struct callout_rtn *rtn; // its record, made from the file
    paddr_t start;           // where the file lies, up to end - 1
    paddr_t end;
    // Of a kernel callout: whether the version that it is for was chosen.
    enum { MODULE_WAITS, MODULE_USED, MODULE_LEFT_OUT } state;
};

// Whether this command line is that of a callout module.
bool modules_is_callout(const char *cmdline);

// Read and check them all, once, before memory_init(), which keeps those that
// are good. Modules that were left out are no part of the list. modules_at()
// counts from 0 and returns NULL at the end.
void modules_read(const struct machine *machine);
struct boot_module *modules_at(uint32_t index);

// Say that a module is left out, and why, in one line.
void module_leave_out(const char *name, const char *format, ...)
    PRINTF_LIKE(2, 3);

// Where a module's patcher works: a system page in the making, mapped at
// SYSPAGE_VADDR, with a copy of the code in it.
struct module_room {
    uint8_t *page;
    uint32_t size;    // of the page, at most BOOT_SYSPAGE_PAGES
    uint32_t code;    // offset of the copy
    uint32_t storage; // offset of its storage, 0 if it has none
};

// Run the patcher and see that it changes nothing of the page but the sites in
// the header and its storage. False if it does, or faults: then the module has
// been named, and the page is as it was. The data of a slot is a struct
// custom_slot, of which the patcher sees a copy.
bool module_patch(
    struct boot_module *m, const struct module_room *room,
    void *data) MUST_CHECK;

// The same in a page of its own, which lies where the system page will be.
bool module_try_patcher(struct boot_module *m, void *data) MUST_CHECK;

// The module for this version of a kernel callout, or NULL; one that has been
// left out is no more found. It has not been tried yet.
struct boot_module *modules_replacement(const char *name, const char *version);

// After the versions have been chosen: name the modules for other ones.
void modules_check_used(void);
