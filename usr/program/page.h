// SPDX-License-Identifier: MIT
// /bin/syspage, in four parts: what a callout is to the page (page_callout.c),
// sections as text (page_text.c), and both as JSON (page_json.c).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "callouts/syspage.h"
#include "usr/include/tollgate.h"
#include "usr/program/json.h"

// The sections that are shown, in their order, after the header.
#define PAGE_SECTIONS(each)                                                    \
    each(system_private) each(asinfo) each(hwinfo) each(cpuinfo)               \
        each(cacheattr) each(qtime) each(callout) each(typed_strings)          \
            each(strings) each(intrinfo) each(smp) each(custom)                \
                each(callout_info)

// text_NAME() prints a section's contents; json_NAME() adds it as a member.
#define PAGE_SECTION_FUNCTIONS(name)                                           \
    void text_##name(void);                                                    \
    void json_##name(struct json *json);
PAGE_SECTION_FUNCTIONS(header)
PAGE_SECTIONS(PAGE_SECTION_FUNCTIONS)

// The page that is shown.
extern const struct syspage_entry *page;

// --- callouts ---------------------------------------------------------------

#define PLACE_SIZE 64

// Where a callout stands in the page.
struct callout_place {
    char pointer[PLACE_SIZE]; // the field that refers to it, "" if none
    char used_by[PLACE_SIZE]; // a device, a group, a slot; "" where there is
                              // only one
};

// The callouts of callout_info, by number; NULL past the last one. An empty
// slot has size 0.
const struct callout_info *callout_at(uint32_t index);

void callout_place(uint32_t index, struct callout_place *place);

// The kernel address of a callout's code.
uint64_t callout_address(const struct callout_info *info);

// The system page counts its calls: the kernel's callouts but not those of the
// slots, and not the code that the stubs are woven into.
bool callout_is_counted(uint32_t index);

// How many bytes its patcher has changed, as far as they are described.
uint32_t callout_patched_bytes(const struct callout_info *info);

// The name of a choice of tolls, TOLL_*.
const char *toll_name(uint32_t toll);

// A custom slot's tolls. Returns false where they can't be read; *measured says
// whether its calls are counted, or were.
bool slot_tolls(uint32_t slot, struct toll *toll, bool *measured);

// A range of ports or MSRs in words: "0x70", "0xcf8-0xcff".
#define RANGE_SIZE 24
void range_text(const struct slot_range *range, char text[RANGE_SIZE]);

// Several, with a blank before each; " none" if there are none.
void print_ranges(const struct slot_range *ranges, uint32_t count);

// The name of a kind of lock.
const char *lock_name(uint32_t kind);

// A debug device's name: console, program, report.
const char *debug_device(unsigned device);

// All of one callout, as text; as an element of an array.
void text_one_callout(uint32_t index);
void json_one_callout(struct json *json, uint32_t index);
