// SPDX-License-Identifier: MIT
// Make line coverage of executed addresses: reads what the scope wrote with
// cover=FILE in any number of runs, and the lines of the image's DWARF; writes
// lcov's format ("geninfo": SF, DA, LF, LH) on standard output.
//
// A line was executed as often as that of its instructions that was executed
// most, in one run after the other. A line without an instruction of its own is
// left out.
//
// usage: cover-lines IMAGE FILE...
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// An instruction that was executed.
struct executed {
    uint64_t address;
    uint64_t count;
};

// A line of a source file.
struct line {
    const char *file; // libdw's
    uint32_t number;
    uint64_t count;
};

static struct executed *all;
static size_t num_all;
static struct line *lines;
static size_t num_lines;

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "cover-lines: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

// An array with room for one more element than `count`.
static void *grow(void *array, size_t count, size_t size) {
    if (count != 0 && (count & (count - 1)) != 0) {
        return array;
    }
    void *larger = realloc(array, (count == 0 ? 1 : 2 * count) * size);
    if (larger == NULL) {
        fail("memory", strerror(errno));
    }
    return larger;
}

// --- what was executed
// --------------------------------------------------------

static void file_read(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail(path, strerror(errno));
    }
    struct executed one;
    int fields;
    while ((fields = fscanf(
                file, "%" SCNx64 " %" SCNu64, &one.address, &one.count)) == 2) {
        all = grow(all, num_all, sizeof(*all));
        all[num_all++] = one;
    }
    if (fields != EOF) {
        fail(path, "no list of addresses and counts");
    }
    fclose(file);
}

static int by_address(const void *a, const void *b) {
    const struct executed *x = a;
    const struct executed *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

// Sort by address; the same one of several runs becomes one.
static void all_sort(void) {
    qsort(all, num_all, sizeof(*all), by_address);
    size_t kept = 0;
    for (size_t i = 0; i < num_all; i++) {
        if (kept != 0 && all[kept - 1].address == all[i].address) {
            all[kept - 1].count += all[i].count;
        } else {
            all[kept++] = all[i];
        }
    }
    num_all = kept;
}

// How often the most executed instruction of [start, end) was.
static uint64_t count_in(uint64_t start, uint64_t end) {
    size_t low = 0;
    size_t high = num_all;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (all[middle].address < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint64_t most = 0;
    for (; low < num_all && all[low].address < end; low++) {
        most = all[low].count > most ? all[low].count : most;
    }
    return most;
}

// --- lines
// ---------------------------------------------------------------------

// A file's name as seen from the root of the tree: libdw puts the folder of
// the compilation before it, and NASM says its name from the root anyway.
static const char *file_name(const char *name, const char *folder) {
    size_t length = folder == NULL ? 0 : strlen(folder);
    if (length != 0 && strncmp(name, folder, length) == 0) {
        name += length;
    }
    while (*name == '/') {
        name++;
    }
    return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

static void line_add(
    Dwarf_Line *line, const char *folder, uint64_t start, uint64_t end) {
    int number = 0;
    const char *file = dwarf_linesrc(line, NULL, NULL);
    if (file == NULL || dwarf_lineno(line, &number) != 0 || number <= 0) {
        return;
    }
    lines = grow(lines, num_lines, sizeof(*lines));
    lines[num_lines++] = (struct line){
        file_name(file, folder), (uint32_t)number, count_in(start, end)};
}

// A row of the table holds up to the address of the next one.
static void unit_read(Dwarf_Die *unit) {
    Dwarf_Attribute attribute;
    const char *folder =
        dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    Dwarf_Lines *table;
    size_t count;
    if (dwarf_getsrclines(unit, &table, &count) != 0) {
        return;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        Dwarf_Line *line = dwarf_onesrcline(table, i);
        Dwarf_Addr start = 0;
        Dwarf_Addr end = 0;
        bool ends = false;
        if (dwarf_lineaddr(line, &start) == 0 &&
            dwarf_lineaddr(dwarf_onesrcline(table, i + 1), &end) == 0 &&
            dwarf_lineendsequence(line, &ends) == 0 && !ends && end > start) {
            line_add(line, folder, start, end);
        }
    }
}

static void image_read(const char *path) {
    int file = open(path, O_RDONLY);
    if (file < 0) {
        fail(path, strerror(errno));
    }
    Dwarf *dwarf = dwarf_begin(file, DWARF_C_READ);
    if (dwarf == NULL) {
        fail(path, dwarf_errmsg(-1));
    }
    // Never ended: names are libdw's.
    Dwarf_Off offset = 0;
    Dwarf_Off next;
    size_t header;
    while (dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, offset + header, &unit) != NULL) {
            unit_read(&unit);
        }
        offset = next;
    }
}

static int by_place(const void *a, const void *b) {
    const struct line *x = a;
    const struct line *y = b;
    int order = strcmp(x->file, y->file);
    return order != 0 ? order
                      : (x->number > y->number) - (x->number < y->number);
}

// The lines of one file from `first` on; returns where the next file begins.
static size_t file_print(size_t first) {
    size_t found = 0;
    size_t hit = 0;
    printf("SF:%s\n", lines[first].file);
    size_t i = first;
    while (i < num_lines && strcmp(lines[i].file, lines[first].file) == 0) {
        uint64_t most = 0;
        uint32_t number = lines[i].number;
        for (; i < num_lines && lines[i].number == number &&
               strcmp(lines[i].file, lines[first].file) == 0;
             i++) {
            most = lines[i].count > most ? lines[i].count : most;
        }
        printf("DA:%" PRIu32 ",%" PRIu64 "\n", number, most);
        found++;
        hit += most != 0;
    }
    printf("LF:%zu\nLH:%zu\nend_of_record\n", found, hit);
    return i;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: cover-lines IMAGE FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        file_read(argv[i]);
    }
    all_sort();
    image_read(argv[1]);
    if (num_lines == 0) {
        fail(argv[1], "no lines");
    }
    qsort(lines, num_lines, sizeof(*lines), by_place);
    for (size_t i = 0; i < num_lines;) {
        i = file_print(i);
    }
    return 0;
}
