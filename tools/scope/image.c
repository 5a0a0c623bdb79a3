// SPDX-License-Identifier: MIT
// See image.h.
#include "tools/scope/image.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_OPCODE_SIZE 1
#define CALL_SIZE 5 // with its 32-bit displacement

struct symbol {
    uint64_t value;
    uint64_t size;
    const char *name; // libelf's
    size_t order;     // in the table
};

static struct image_part parts[IMAGE_PARTS];
static size_t num_parts;
static struct symbol *symbols; // ascending
static size_t num_symbols;

static bool complain(const char *path, const char *what) {
    fprintf(stderr, "scope: %s: %s\n", path, what);
    return false;
}

static void part_add(Elf_Scn *section, const GElf_Shdr *header) {
    if (num_parts == IMAGE_PARTS || (header->sh_flags & SHF_ALLOC) == 0 ||
        header->sh_type == SHT_NOBITS) {
        return;
    }
    Elf_Data *data = elf_rawdata(section, NULL);
    if (data != NULL && data->d_buf != NULL) {
        parts[num_parts++] = (struct image_part){
            .address = header->sh_addr,
            .size = data->d_size,
            .bytes = data->d_buf,
            .is_code = (header->sh_flags & SHF_EXECINSTR) != 0,
        };
    }
}

static int by_value(const void *a, const void *b) {
    const struct symbol *x = a;
    const struct symbol *y = b;
    if (x->value != y->value) {
        return x->value < y->value ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static bool symbols_read(Elf *elf, Elf_Scn *section, const GElf_Shdr *header) {
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = header->sh_size / header->sh_entsize;
    symbols = calloc(count + 1, sizeof(*symbols));
    if (data == NULL || symbols == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Sym sym;
        if (gelf_getsym(data, (int)i, &sym) == NULL) {
            return false;
        }
        const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
        // "..@" begins what is local to one use of a NASM macro.
        bool placed = sym.st_shndx != SHN_UNDEF && sym.st_shndx < SHN_LORESERVE;
        if (placed && name != NULL && *name != '\0' &&
            strncmp(name, "..@", 3) != 0) {
            symbols[num_symbols++] =
                (struct symbol){sym.st_value, sym.st_size, name, i};
        }
    }
    qsort(symbols, num_symbols, sizeof(*symbols), by_value);
    return true;
}

static bool sections_read(Elf *elf) {
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == NULL) {
            return false;
        }
        part_add(section, &header);
        if (header.sh_type == SHT_SYMTAB && header.sh_entsize != 0 &&
            !symbols_read(elf, section, &header)) {
            return false;
        }
    }
    return num_symbols != 0;
}

bool image_read(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return complain(path, "cannot be read");
    }
    // Never ended: names and bytes are libelf's.
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ, NULL);
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF || !sections_read(elf)) {
        return complain(path, "no ELF file with symbols");
    }
    return true;
}

uint64_t image_symbol(const char *name) {
    for (size_t i = 0; i < num_symbols; i++) {
        if (strcmp(symbols[i].name, name) == 0) {
            return symbols[i].value;
        }
    }
    return 0;
}

static const struct image_part *part_of(uint64_t address, size_t size) {
    for (size_t i = 0; i < num_parts; i++) {
        if (address >= parts[i].address &&
            address - parts[i].address < parts[i].size &&
            parts[i].size - (address - parts[i].address) >= size) {
            return &parts[i];
        }
    }
    return NULL;
}

const uint8_t *image_bytes(uint64_t address, size_t size) {
    const struct image_part *part = part_of(address, size);
    return part == NULL ? NULL : part->bytes + (address - part->address);
}

// The last symbol that is not above the address.
static const struct symbol *symbol_below(uint64_t address) {
    size_t low = 0;
    size_t high = num_symbols;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (symbols[middle].value <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &symbols[low - 1];
}

bool image_name(uint64_t address, char name[NAME_SIZE]) {
    const struct image_part *part = part_of(address, 1);
    const struct symbol *symbol = symbol_below(address);
    if (part == NULL || !part->is_code || symbol == NULL ||
        symbol->value < part->address) {
        return false;
    }
    snprintf(
        name, NAME_SIZE, "%.100s+0x%lx", symbol->name, address - symbol->value);
    return true;
}

bool image_part(size_t index, struct image_part *part) {
    if (index >= num_parts) {
        return false;
    }
    *part = parts[index];
    return true;
}

bool image_is_call_of(uint64_t call, uint64_t address) {
    const struct image_part *part = part_of(call, CALL_SIZE);
    const struct symbol *symbol = symbol_below(address);
    if (part == NULL || symbol == NULL) {
        return false;
    }
    int32_t distance;
    memcpy(
        &distance, part->bytes + (call - part->address) + CALL_OPCODE_SIZE,
        sizeof(distance));
    return call + CALL_SIZE + (uint64_t)(int64_t)distance == symbol->value;
}

bool image_symbol_like(
    const char *prefix, size_t nth, uint64_t *value, uint64_t *end) {
    size_t length = strlen(prefix);
    for (size_t i = 0; i < num_symbols; i++) {
        if (strncmp(symbols[i].name, prefix, length) == 0 &&
            strchr(symbols[i].name, '.') == NULL && nth-- == 0) {
            *value = symbols[i].value;
            *end = symbols[i].value + symbols[i].size;
            return true;
        }
    }
    return false;
}

bool image_is_code(uint64_t address) {
    const struct image_part *part = part_of(address, 1);
    return part != NULL && part->is_code;
}
