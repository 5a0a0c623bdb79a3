// SPDX-License-Identifier: MIT
// See cover.h. What is at an address of the image is taken for the image's code
// only if it is the same bytes: before the image, GRUB runs there.
#include "tools/scope/cover.h"

#include <stdlib.h>
#include <string.h>

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "syscall/thunks.h"
#include "tools/scope/image.h"
#include "tools/scope/machine.h"

#define MAX_PIECES 64
#define LOW_MEMORY 0x100000ul // trampolines are below
#define PAGE_MASK 0xffful
#define THUNK_MASK 0x1fful // a thunk begins at a multiple of 512

static uint64_t *counts[IMAGE_PARTS]; // of each byte of each part
static uint64_t trampoline[2];        // start, end
static uint64_t pieces[MAX_PIECES];   // where the thunks' templates begin
static size_t num_pieces;             // the last one is an end

// --- originals of copies
// ----------------------------------------------------------

// Whether `size` bytes are the image's at an address.
static bool is_image(uint64_t address, const void *bytes, size_t size) {
    const uint8_t *original = image_bytes(address, size);
    return original != NULL && memcmp(original, bytes, size) == 0;
}

static uint64_t of_trampoline(
    uint64_t address, const void *bytes, size_t size) {
    uint64_t original = trampoline[0] + (address & PAGE_MASK);
    return original < trampoline[1] && is_image(original, bytes, size)
               ? original
               : 0;
}

// Where the image has these bytes, 0 nowhere.
static uint64_t image_find(const uint8_t *bytes, size_t size) {
    struct image_part part;
    for (size_t i = 0; image_part(i, &part); i++) {
        const uint8_t *found = memmem(part.bytes, part.size, bytes, size);
        if (found != NULL) {
            return part.address + (uint64_t)(found - part.bytes);
        }
    }
    return 0;
}

// In a callout, which lies in the image as it was before it was patched.
static uint64_t of_callout(uint64_t address) {
    uint8_t *bytes;
    size_t size;
    uint64_t offset = machine_callout(address, &bytes, &size);
    uint64_t original = bytes == NULL ? 0 : image_find(bytes, size);
    free(bytes);
    return original == 0 ? 0 : original + offset;
}

static bool is_place(uint32_t word) {
    return word >= PLACE_LOCK && word < PLACE_WHERE + 0x1000 &&
           (word & 0xf80) == 0;
}

// Whether a template, but for its places, is what lies at `at`.
static bool is_piece(const uint8_t *template, size_t size, const uint8_t *at) {
    for (size_t i = 0; i < size; i++) {
        uint32_t word = 0;
        if (i + sizeof(word) <= size) {
            memcpy(&word, template + i, sizeof(word));
        }
        if (is_place(word)) {
            i += sizeof(word) - 1;
        } else if (template[i] != at[i]) {
            return false;
        }
    }
    return true;
}

// The longest template that lies at `at` with no more than `room` bytes: its
// number, or num_pieces.
static size_t piece_at(const uint8_t *at, size_t room) {
    size_t best = num_pieces;
    size_t longest = 0;
    for (size_t i = 0; i + 1 < num_pieces; i++) {
        size_t size = pieces[i + 1] - pieces[i];
        const uint8_t *template = image_bytes(pieces[i], size);
        if (template != NULL && size > longest && size <= room &&
            is_piece(template, size, at)) {
            best = i;
            longest = size;
        }
    }
    return best;
}

// In a thunk, which begins at `thunk` and is pieces one behind the other.
static uint64_t of_thunk(uint64_t address, const uint8_t *thunk) {
    size_t offset = address & THUNK_MASK;
    size_t start = 0;
    while (start <= offset) {
        size_t piece = piece_at(thunk + start, THUNK_MASK + 1 - start);
        if (piece == num_pieces) {
            return 0;
        }
        size_t size = pieces[piece + 1] - pieces[piece];
        if (offset < start + size) {
            return pieces[piece] + (offset - start);
        }
        start += size;
    }
    return 0;
}

static uint64_t original_of(struct qemu_plugin_insn *insn) {
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    const void *bytes = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn);
    const uint8_t *host = qemu_plugin_insn_haddr(insn);
    if (is_image(address, bytes, size)) {
        return address;
    }
    if (address < LOW_MEMORY) {
        return of_trampoline(address, bytes, size);
    }
    if (address >= SYSPAGE_VADDR && address < MODULES_VADDR) {
        return of_callout(address);
    }
    if (address >= THUNKS_VADDR && address < SYSPAGE_VADDR && host != NULL) {
        return of_thunk(address, host - (address & THUNK_MASK));
    }
    return 0;
}

// --- counting
// ---------------------------------------------------------------------

void cover(struct qemu_plugin_insn *insn) {
    uint64_t original = original_of(insn);
    struct image_part part;
    for (size_t i = 0; original != 0 && image_part(i, &part); i++) {
        if (original - part.address < part.size) {
            qemu_plugin_register_vcpu_insn_exec_inline(
                insn, QEMU_PLUGIN_INLINE_ADD_U64,
                &counts[i][original - part.address], 1);
        }
    }
}

void cover_write(FILE *to) {
    struct image_part part;
    for (size_t i = 0; image_part(i, &part); i++) {
        for (size_t at = 0; at < part.size; at++) {
            if (counts[i][at] != 0) {
                fprintf(to, "%lx %lu\n", part.address + at, counts[i][at]);
            }
        }
    }
}

// --- the beginning
// ----------------------------------------------------------------

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// thunk_NAME and thunk_NAME_end: templates lie one behind the other.
static void pieces_find(void) {
    uint64_t value;
    uint64_t end;
    for (size_t i = 0; num_pieces < MAX_PIECES &&
                       image_symbol_like("thunk_", i, &value, &end);
         i++) {
        if (!image_is_code(value)) {
            pieces[num_pieces++] = value;
        }
    }
    qsort(pieces, num_pieces, sizeof(*pieces), ascending);
}

bool cover_init(void) {
    struct image_part part;
    for (size_t i = 0; i < IMAGE_PARTS && image_part(i, &part); i++) {
        counts[i] = calloc(part.size, sizeof(**counts));
        if (counts[i] == NULL) {
            fprintf(stderr, "scope: no memory for coverage\n");
            return false;
        }
    }
    trampoline[0] = image_symbol("trampoline_start");
    trampoline[1] = image_symbol("trampoline_end");
    pieces_find();
    return true;
}
