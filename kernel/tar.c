// SPDX-License-Identifier: MIT
// See tar.h. The format is POSIX's, pax utility, "ustar Interchange Format" and
// "pax Extended Header"; GNU's is in the manual of GNU tar, "Basic Tar Format".
#include "kernel/tar.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"

#define BLOCK_SIZE 512ul
#define OCTAL 8
#define DECIMAL 10
#define BASE_256 0x80 // first byte of GNU's binary numbers

struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char owner[32];
    char group[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK_SIZE, "one block");

// Types that only speak about the entry after them.
#define TYPE_OLD_FILE '\0'
#define TYPE_GNU_LONG_NAME 'L'
#define TYPE_GNU_LONG_LINK 'K'
#define TYPE_PAX 'x'
#define TYPE_PAX_GLOBAL 'g'

#define MODE_MASK 07777

// What such headers said: text in the archive, length 0 if nothing.
struct text {
    const char *bytes;
    size_t length;
};

struct extension {
    struct text name;
    struct text link;
    bool has_size;
    uint64_t size;
};

PRINTF_LIKE(2, 3)
static bool fail(struct tar *tar, const char *text, ...) {
    va_list args;
    va_start(args, text);
    format_text(tar->reason, sizeof(tar->reason), text, args);
    va_end(args);
    return false;
}

// --- numbers and names ------------------------------------------------------

// A number field: octal digits among spaces, or GNU's binary, big-endian.
static bool parse_number(const char *field, size_t size, uint64_t *out) {
    uint64_t value = 0;
    size_t i = 0;
    if (((uint8_t)field[0] & BASE_256) != 0) {
        for (i = 1; i < size; i++) {
            if (value > UINT64_MAX >> 8) {
                return false;
            }
            value = value << 8 | (uint8_t)field[i];
        }
        *out = value;
        return field[0] == (char)BASE_256; // else negative, or too large
    }
    while (i < size && field[i] == ' ') {
        i++;
    }
    for (; i < size && field[i] >= '0' && field[i] < '0' + OCTAL; i++) {
        value = value * OCTAL + (uint64_t)(field[i] - '0');
    }
    *out = value;
    return i == size || field[i] == ' ' || field[i] == '\0';
}

static struct text text_of_field(const char *field, size_t size) {
    return (struct text){.bytes = field, .length = strnlen(field, size)};
}

static bool starts_with(const struct text *text, const char *start) {
    size_t length = strlen(start);
    return text->length >= length && memcmp(text->bytes, start, length) == 0;
}

static void drop(struct text *text, size_t count) {
    text->bytes += count;
    text->length -= count;
}

// Strip leading "/" and "./" and trailing "/". A name ends at its first NUL,
// which a pax header may hold.
static struct text normal(struct text name) {
    name.length = strnlen(name.bytes, name.length);
    for (;;) {
        if (starts_with(&name, "/")) {
            drop(&name, 1);
        } else if (starts_with(&name, "./")) {
            drop(&name, 2);
        } else {
            break;
        }
    }
    while (name.length != 0 && name.bytes[name.length - 1] == '/') {
        name.length--;
    }
    if (name.length == 1 && name.bytes[0] == '.') {
        name.length = 0;
    }
    return name;
}

// Copy into an array of TAR_NAME_SIZE; false if it is too long.
static bool copy_text(char *to, const struct text *text) {
    if (text->length >= TAR_NAME_SIZE) {
        return false;
    }
    memcpy(to, text->bytes, text->length);
    to[text->length] = '\0';
    return true;
}

// The name of a header that no extension has named.
static void header_name(const struct header *header, char *to) {
    char joined[sizeof(header->prefix) + 1 + sizeof(header->name)];
    struct text prefix = text_of_field(header->prefix, sizeof(header->prefix));
    struct text name = text_of_field(header->name, sizeof(header->name));
    // GNU's own format keeps other things where ustar has the prefix.
    if (memcmp(header->magic, "ustar", sizeof(header->magic)) != 0) {
        prefix.length = 0;
    }
    size_t length = prefix.length;
    memcpy(joined, prefix.bytes, length);
    if (length != 0) {
        joined[length++] = '/';
    }
    memcpy(joined + length, name.bytes, name.length);
    struct text whole = {.bytes = joined, .length = length + name.length};
    whole = normal(whole);
    _Static_assert(sizeof(joined) < TAR_NAME_SIZE, "any such name fits");
    copy_text(to, &whole);
}

// --- headers ----------------------------------------------------------------

static bool is_zero(const uint8_t *block) {
    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

// The sum of all bytes, those of the checksum itself taken as spaces.
static uint64_t checksum_of(const struct header *header) {
    const uint8_t *bytes = (const uint8_t *)header;
    uint64_t sum = 0;
    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        sum += bytes[i];
    }
    for (size_t i = 0; i < sizeof(header->checksum); i++) {
        sum -= (uint8_t)header->checksum[i];
    }
    return sum + sizeof(header->checksum) * ' ';
}

// Whether the entry is followed by as many bytes as its size says.
static bool has_data(char type) {
    return type <= TAR_FILE || type > TAR_FIFO;
}

static bool is_extension(char type) {
    return type == TYPE_GNU_LONG_NAME || type == TYPE_GNU_LONG_LINK ||
           type == TYPE_PAX || type == TYPE_PAX_GLOBAL;
}

// Whether a header is what it should be; else there is a reason.
static bool check_header(
    struct tar *tar, const struct header *header, uint64_t *size) {
    uint64_t sum;
    if (!parse_number(header->checksum, sizeof(header->checksum), &sum) ||
        sum != checksum_of(header)) {
        return fail(tar, "bad checksum at offset %zu", tar->offset);
    }
    if (!parse_number(header->size, sizeof(header->size), size)) {
        return fail(tar, "bad size at offset %zu", tar->offset);
    }
    return true;
}

// The header at tar->offset, NULL at the end and on damage (then there is a
// reason). `left` is what the archive has from there on.
static const struct header *header_at(struct tar *tar, size_t left) {
    if (left == 0) {
        return NULL;
    }
    if (left < BLOCK_SIZE) {
        fail(tar, "archive ends inside the header at offset %zu", tar->offset);
        return NULL;
    }
    if (is_zero(tar->archive + tar->offset)) {
        return NULL;
    }
    return (const void *)(tar->archive + tar->offset);
}

// The same, checked, with the size of its data; tar->offset moves behind both.
static const struct header *header_next(
    struct tar *tar, const struct extension *extension, uint64_t *size) {
    size_t left = tar->size - tar->offset;
    const struct header *header = header_at(tar, left);
    if (header == NULL || !check_header(tar, header, size)) {
        return NULL;
    }
    if (extension->has_size && !is_extension(header->type)) {
        *size = extension->size;
    }
    if (!has_data(header->type)) {
        *size = 0;
    }
    left -= BLOCK_SIZE;
    if (*size > left) {
        struct text name = text_of_field(header->name, sizeof(header->name));
        fail(
            tar, "entry %.*s at offset %zu runs past the end", (int)name.length,
            name.bytes, tar->offset);
        return NULL;
    }
    size_t padded = ALIGN_UP(*size, BLOCK_SIZE);
    tar->offset += BLOCK_SIZE + (padded < left ? padded : left);
    return header;
}

// --- pax records: "LENGTH KEY=VALUE\n", LENGTH counts the whole record ------

static bool parse_decimal(struct text *text, uint64_t *out) {
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < text->length; digits++) {
        char c = text->bytes[digits];
        if (c < '0' || c > '9') {
            break;
        }
        if (value > (UINT64_MAX - DECIMAL) / DECIMAL) {
            return false;
        }
        value = value * DECIMAL + (uint64_t)(c - '0');
    }
    drop(text, digits);
    *out = value;
    return digits != 0;
}

// Split off the first record; *record becomes KEY=VALUE.
static bool record_next(struct text *records, struct text *record) {
    struct text rest = *records;
    uint64_t length;
    if (!parse_decimal(&rest, &length) || !starts_with(&rest, " ")) {
        return false;
    }
    drop(&rest, 1);
    size_t before = records->length - rest.length;
    if (length > records->length || length <= before ||
        records->bytes[length - 1] != '\n') {
        return false;
    }
    *record = (struct text){rest.bytes, length - before - 1};
    drop(records, length);
    return true;
}

static bool take_value(
    const struct text *record, const char *key, struct text *out) {
    if (!starts_with(record, key)) {
        return false;
    }
    *out = *record;
    drop(out, strlen(key));
    return true;
}

static bool parse_pax(struct text records, struct extension *out) {
    while (records.length != 0) {
        struct text record;
        struct text value;
        if (!record_next(&records, &record)) {
            return false;
        }
        if (take_value(&record, "path=", &value)) {
            out->name = value;
        } else if (take_value(&record, "linkpath=", &value)) {
            out->link = value;
        } else if (take_value(&record, "size=", &value)) {
            out->has_size = parse_decimal(&value, &out->size);
            if (!out->has_size || value.length != 0) {
                return false;
            }
        }
    }
    return true;
}

// --- entries ----------------------------------------------------------------

// Take in a header that speaks about the next one. Returns false if this is not
// such a header; damage is in tar->reason.
static bool parse_extension(
    struct tar *tar, const struct header *header, uint64_t size,
    struct extension *out) {
    struct text data = {.bytes = (const char *)(header + 1), .length = size};
    switch (header->type) {
    case TYPE_GNU_LONG_NAME:
        out->name = text_of_field(data.bytes, data.length);
        return true;
    case TYPE_GNU_LONG_LINK:
        out->link = text_of_field(data.bytes, data.length);
        return true;
    case TYPE_PAX:
        if (!parse_pax(data, out)) {
            fail(
                tar, "bad pax header at offset %zu",
                (size_t)((const uint8_t *)header - tar->archive));
        }
        return true;
    case TYPE_PAX_GLOBAL:
        return true;
    default:
        return false;
    }
}

// Fill in the names of an entry. Returns false if one is too long.
static bool fill_names(
    const struct header *header, const struct extension *extension,
    struct tar_entry *out) {
    struct text link = extension->link;
    if (link.length == 0) {
        link = text_of_field(header->link, sizeof(header->link));
    }
    if (header->type == TAR_HARD_LINK) {
        link = normal(link);
    }
    if (!copy_text(out->link, &link)) {
        return false;
    }
    if (extension->name.length == 0) {
        header_name(header, out->name);
        return true;
    }
    struct text name = normal(extension->name);
    return copy_text(out->name, &name);
}

static enum tar_type type_of(char type) {
    if (type >= TAR_FILE && type <= TAR_FIFO) {
        return (enum tar_type)type;
    }
    return TAR_FILE; // POSIX: unknown types are taken as files
}

static bool fill_entry(
    struct tar *tar, const struct header *header,
    const struct extension *extension, struct tar_entry *out) {
    size_t offset = (size_t)((const uint8_t *)header - tar->archive);
    uint64_t mode;
    if (!parse_number(header->mode, sizeof(header->mode), &mode) ||
        !parse_number(header->mtime, sizeof(header->mtime), &out->mtime)) {
        return fail(tar, "bad mode or time at offset %zu", offset);
    }
    if (!fill_names(header, extension, out)) {
        return fail(
            tar, "name longer than %d bytes at offset %zu", TAR_NAME_SIZE - 1,
            offset);
    }
    out->mode = (uint32_t)mode & MODE_MASK;
    out->type = type_of(header->type);
    // Before POSIX a directory was a file whose name ends in a slash.
    struct text name = text_of_field(header->name, sizeof(header->name));
    if (header->type == TYPE_OLD_FILE && name.length != 0 &&
        name.bytes[name.length - 1] == '/') {
        out->type = TAR_DIRECTORY;
    }
    return true;
}

void tar_start(struct tar *tar, const void *archive, size_t size) {
    *tar = (struct tar){.archive = archive, .size = size};
}

bool tar_next(struct tar *tar, struct tar_entry *out) {
    *out = (struct tar_entry){.type = TAR_FILE};
    struct extension extension = {.has_size = false};
    while (tar->reason[0] == '\0') {
        uint64_t size;
        const struct header *header = header_next(tar, &extension, &size);
        if (header == NULL) {
            return false;
        }
        if (parse_extension(tar, header, size, &extension)) {
            continue;
        }
        out->data = header + 1;
        out->size = size;
        return fill_entry(tar, header, &extension, out);
    }
    return false;
}

static bool is_named(const struct tar_entry *entry, const struct text *name) {
    return strlen(entry->name) == name->length &&
           memcmp(entry->name, name->bytes, name->length) == 0;
}

bool tar_find(
    const void *archive, size_t size, const char *path, struct tar_entry *out) {
    struct text name = normal((struct text){path, strlen(path)});
    struct tar tar;
    tar_start(&tar, archive, size);
    size_t last = size;
    size_t offset = 0;
    while (tar_next(&tar, out)) {
        if (is_named(out, &name)) {
            last = offset;
        }
        offset = tar.offset;
    }
    tar_start(&tar, archive, size);
    tar.offset = last;
    return last < size && tar_next(&tar, out);
}
