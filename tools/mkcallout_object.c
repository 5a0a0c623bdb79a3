// SPDX-License-Identifier: MIT
// mkcallout: find a callout's record in an object file and link it. The record
// lies in .rodata.callouts and may point at .rodata or .text (the size of
// the storage) and at .text (the patcher); nothing else may be in the object.
#include "tools/mkcallout_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callouts/callout.h"

#define SECTION_CALLOUTS ".rodata.callouts"
#define SECTION_RODATA ".rodata"
#define SECTION_TEXT ".text"
#define MAX_SECTIONS 256
#define RW_SIZE_OFFSET offsetof(struct callout_rtn, rw_size)
#define PATCHER_OFFSET offsetof(struct callout_rtn, patcher)
#define SIZE_OFFSET offsetof(struct callout_rtn, rtn_size)
#define CODE_OFFSET offsetof(struct callout_rtn, rtn_code)

// A section with its contents; data NULL where there are none.
struct section {
    const char *name;
    GElf_Shdr header;
    uint8_t *data;
    size_t size;
};

struct file {
    struct request *request;
    Elf *elf;
    size_t num_sections;
    struct section sections[MAX_SECTIONS];
    const struct section *symbols;
};

static bool section_read(struct file *file, size_t index, size_t names) {
    struct section *section = &file->sections[index];
    Elf_Scn *scn = elf_getscn(file->elf, index);
    if (scn == NULL || gelf_getshdr(scn, &section->header) == NULL) {
        return false;
    }
    section->name = elf_strptr(file->elf, names, section->header.sh_name);
    Elf_Data *data = elf_getdata(scn, NULL);
    if (section->name == NULL || data == NULL) {
        return section->name != NULL;
    }
    section->data = data->d_buf;
    section->size = section->data != NULL ? data->d_size : 0;
    if (section->header.sh_type == SHT_SYMTAB) {
        file->symbols = section;
    }
    return true;
}

static bool sections_read(struct file *file) {
    GElf_Ehdr header;
    size_t names;
    if (elf_kind(file->elf) != ELF_K_ELF ||
        gelf_getehdr(file->elf, &header) == NULL || header.e_type != ET_REL ||
        header.e_machine != EM_X86_64 ||
        gelf_getclass(file->elf) != ELFCLASS64 ||
        elf_getshdrnum(file->elf, &file->num_sections) != 0 ||
        elf_getshdrstrndx(file->elf, &names) != 0 ||
        file->num_sections > MAX_SECTIONS) {
        return false;
    }
    for (size_t i = 1; i < file->num_sections; i++) {
        if (!section_read(file, i, names)) {
            return false;
        }
    }
    return file->symbols != NULL;
}

static bool is_named(const struct section *section, const char *name) {
    return section->name != NULL && strcmp(section->name, name) == 0;
}

// Refuse sections of the running program that a module has no place for.
static void check_sections(struct file *file) {
    for (size_t i = 1; i < file->num_sections; i++) {
        const struct section *section = &file->sections[i];
        const GElf_Shdr *header = &section->header;
        if ((header->sh_flags & SHF_ALLOC) == 0 || header->sh_size == 0 ||
            header->sh_type == SHT_NOTE) {
            continue;
        }
        if ((header->sh_flags & SHF_WRITE) != 0) {
            refuse(file->request, RULE_WRITABLE, "section %s", section->name);
        } else if (
            !is_named(section, SECTION_CALLOUTS) &&
            !is_named(section, SECTION_RODATA) &&
            !is_named(section, SECTION_TEXT)) {
            refuse(file->request, RULE_SECTION, "section %s", section->name);
        }
    }
}

static size_t num_symbols(const struct file *file) {
    return file->symbols->size / sizeof(Elf64_Sym);
}

static bool symbol_read(const struct file *file, size_t index, Elf64_Sym *out) {
    if (index >= num_symbols(file)) {
        return false;
    }
    memcpy(out, file->symbols->data + index * sizeof(*out), sizeof(*out));
    return true;
}

static const char *symbol_name(const struct file *file, const Elf64_Sym *sym) {
    if (ELF64_ST_TYPE(sym->st_info) == STT_SECTION &&
        sym->st_shndx < file->num_sections) {
        return file->sections[sym->st_shndx].name;
    }
    const char *name =
        elf_strptr(file->elf, file->symbols->header.sh_link, sym->st_name);
    return name != NULL ? name : "?";
}

// The section that a symbol is in, NULL if in none.
static struct section *symbol_section(struct file *file, const Elf64_Sym *sym) {
    return sym->st_shndx != SHN_UNDEF && sym->st_shndx < file->num_sections
               ? &file->sections[sym->st_shndx]
               : NULL;
}

static bool is_record(struct file *file, const Elf64_Sym *sym) {
    const struct section *section = symbol_section(file, sym);
    return section != NULL && is_named(section, SECTION_CALLOUTS) &&
           ELF64_ST_BIND(sym->st_info) == STB_GLOBAL &&
           ELF64_ST_TYPE(sym->st_info) == STT_OBJECT;
}

// Find the record that was asked for, or the only one.
static bool record_find(struct file *file, Elf64_Sym *out) {
    const char *wanted = file->request->callout;
    size_t found = 0;
    Elf64_Sym sym;
    for (size_t i = 0; i < num_symbols(file); i++) {
        if (symbol_read(file, i, &sym) && is_record(file, &sym) &&
            (wanted == NULL || strcmp(symbol_name(file, &sym), wanted) == 0)) {
            *out = sym;
            found++;
        }
    }
    if (found == 0) {
        refuse(
            file->request, RULE_RECORD, "no record%s%s",
            wanted != NULL ? " is called " : "", wanted != NULL ? wanted : "");
    } else if (found > 1) {
        refuse(
            file->request, RULE_RECORD, "%zu records, choose by --callout",
            found);
    }
    return found == 1;
}

// The nth relocation of a section of relocations.
static bool relocation_read(
    const struct section *section, size_t index, Elf64_Rela *out) {
    if (section->header.sh_type != SHT_RELA ||
        index >= section->size / sizeof(*out)) {
        return false;
    }
    memcpy(out, section->data + index * sizeof(*out), sizeof(*out));
    return true;
}

// Where a pointer of the record leads to: its section and the offset there.
// NULL if it is not relocated.
static struct section *follow(
    struct file *file, size_t section, size_t offset, size_t *target) {
    Elf64_Rela rela;
    Elf64_Sym sym;
    for (size_t i = 1; i < file->num_sections; i++) {
        const struct section *from = &file->sections[i];
        for (size_t r = 0;
             from->header.sh_info == section && relocation_read(from, r, &rela);
             r++) {
            if (rela.r_offset == offset &&
                ELF64_R_TYPE(rela.r_info) == R_X86_64_64 &&
                symbol_read(file, ELF64_R_SYM(rela.r_info), &sym)) {
                *target = sym.st_value + (size_t)rela.r_addend;
                return symbol_section(file, &sym);
            }
        }
    }
    return NULL;
}

static bool storage_find(
    struct file *file, size_t section, size_t record, struct object *out) {
    size_t at;
    const struct section *from =
        follow(file, section, record + RW_SIZE_OFFSET, &at);
    if (from == NULL) {
        return true;
    }
    if ((!is_named(from, SECTION_RODATA) && !is_named(from, SECTION_TEXT)) ||
        at > from->size || sizeof(out->storage_size) > from->size - at) {
        refuse(
            file->request, RULE_RECORD,
            "size of the storage, 4 bytes, is not in %s or %s", SECTION_RODATA,
            SECTION_TEXT);
        return false;
    }
    memcpy(&out->storage_size, from->data + at, sizeof(out->storage_size));
    uint32_t max = module_max_storage(file->request->replaces != NULL);
    if (out->storage_size > max) {
        refuse_because(
            file->request, RULE_SIZE, "the label is 4 bytes that say how many",
            "%s asks for %u (0x%x) bytes of storage, %u are allowed", out->name,
            out->storage_size, out->storage_size, max);
        return false;
    }
    return true;
}

static bool is_absolute(uint32_t type) {
    return type == R_X86_64_64 || type == R_X86_64_32 || type == R_X86_64_32S ||
           type == R_X86_64_16 || type == R_X86_64_8;
}

// Resolve a relocation that stays inside the routine.
static bool resolve(
    struct file *file, struct section *section, size_t start,
    const struct routine *routine, const Elf64_Rela *rela) {
    Elf64_Sym sym;
    uint32_t type = ELF64_R_TYPE(rela->r_info);
    if ((type != R_X86_64_PC32 && type != R_X86_64_PLT32) ||
        !symbol_read(file, ELF64_R_SYM(rela->r_info), &sym) ||
        symbol_section(file, &sym) != section || sym.st_value < start ||
        sym.st_value >= start + routine->size ||
        rela->r_offset + sizeof(int32_t) > start + routine->size) {
        return false;
    }
    int64_t distance = (int64_t)sym.st_value + rela->r_addend;
    distance -= (int64_t)rela->r_offset;
    int32_t value = (int32_t)distance;
    memcpy(section->data + rela->r_offset, &value, sizeof(value));
    return true;
}

static void relocation_keep(
    struct file *file, struct routine *routine, size_t start,
    const Elf64_Rela *rela) {
    Elf64_Sym sym = {0};
    bool known = symbol_read(file, ELF64_R_SYM(rela->r_info), &sym);
    if (routine->num_relocations == OBJECT_MAX_RELOCATIONS) {
        return;
    }
    struct relocation *kept = &routine->relocations[routine->num_relocations++];
    kept->offset = rela->r_offset - start;
    kept->absolute = is_absolute((uint32_t)ELF64_R_TYPE(rela->r_info));
    snprintf(
        kept->text, sizeof(kept->text), "type %u, symbol %s",
        (unsigned)ELF64_R_TYPE(rela->r_info),
        known ? symbol_name(file, &sym) : "?");
}

// Link a routine that begins at `start` of a section.
static void link_routine(
    struct file *file, size_t index, size_t start, struct routine *routine) {
    struct section *section = &file->sections[index];
    Elf64_Rela rela;
    routine->code = section->data + start;
    for (size_t i = 1; i < file->num_sections; i++) {
        const struct section *from = &file->sections[i];
        for (size_t r = 0;
             from->header.sh_info == index && relocation_read(from, r, &rela);
             r++) {
            if (rela.r_offset >= start &&
                rela.r_offset < start + routine->size &&
                !resolve(file, section, start, routine, &rela)) {
                relocation_keep(file, routine, start, &rela);
            }
        }
    }
}

static bool patcher_find(
    struct file *file, size_t section, size_t record, struct object *out) {
    size_t at;
    const struct section *from =
        follow(file, section, record + PATCHER_OFFSET, &at);
    if (from == NULL) {
        return true;
    }
    if (!is_named(from, SECTION_TEXT) || at >= from->size) {
        refuse(
            file->request, RULE_RECORD, "patcher is not in %s", SECTION_TEXT);
        return false;
    }
    out->patcher.what = "patcher";
    out->patcher.size = from->size - at;
    link_routine(file, (size_t)(from - file->sections), at, &out->patcher);
    return true;
}

static bool code_find(
    struct file *file, size_t index, size_t record, struct object *out) {
    const struct section *section = &file->sections[index];
    uint32_t size = 0;
    if (record > section->size || CODE_OFFSET > section->size - record) {
        refuse(file->request, RULE_RECORD, "%s is cut off", out->name);
        return false;
    }
    memcpy(&size, section->data + record + SIZE_OFFSET, sizeof(size));
    if (size == 0 || size > section->size - record - CODE_OFFSET) {
        refuse(
            file->request, RULE_RECORD, "%s has %u bytes of code", out->name,
            size);
        return false;
    }
    if (size > MODULE_MAX_CODE) {
        refuse(
            file->request, RULE_SIZE, "%s has %u bytes of code, %u are allowed",
            out->name, size, MODULE_MAX_CODE);
        return false;
    }
    out->callout.what = out->name;
    out->callout.size = size;
    link_routine(file, index, record + CODE_OFFSET, &out->callout);
    return true;
}

static bool record_read(struct file *file, struct object *out) {
    Elf64_Sym sym = {0};
    if (!record_find(file, &sym)) {
        return false;
    }
    snprintf(out->name, sizeof(out->name), "%s", symbol_name(file, &sym));
    if (!code_find(file, sym.st_shndx, sym.st_value, out) ||
        !storage_find(file, sym.st_shndx, sym.st_value, out) ||
        !patcher_find(file, sym.st_shndx, sym.st_value, out)) {
        return false;
    }
    if (out->storage_size != 0 && out->patcher.code == NULL) {
        refuse_because(
            file->request, RULE_PATCH, "no patcher says where they are",
            "%s has %u bytes of storage", out->name, out->storage_size);
    }
    return true;
}

// The file and what libelf made of it stay: the routines lie there.
bool object_read(struct request *request, struct object *out) {
    static struct file file;
    int fd = open(request->input, O_RDONLY);
    if (fd < 0) {
        fprintf(stderr, "mkcallout: %s: %s\n", request->input, strerror(errno));
        exit(EXIT_FAILURE);
    }
    elf_version(EV_CURRENT);
    file = (struct file){.request = request};
    file.elf = elf_begin(fd, ELF_C_READ, NULL);
    *out = (struct object){0};
    if (file.elf == NULL || !sections_read(&file)) {
        refuse(request, RULE_OBJECT, "the file");
        return false;
    }
    check_sections(&file);
    return record_read(&file, out);
}
