// SPDX-License-Identifier: MIT
// Link and admit a callout module: an object file in, a .tgc file out. How it
// is used is in `help` below.
//
// The description is on the command line and not in the object, so that sources
// written for QNX need no change. Each refusal is one line; exit status 1. The
// rules: docs/modules.md.
#include "tools/mkcallout_priv.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXIT_USAGE 2
#define NAME_PREFIX "custom_"
#define PORT_MAX 0xffff
#define PATCHED "patched" // for a port, an MSR

// The kernel callouts that a module may stand in for. id and eoi are no
// functions: startup weaves them into the interrupt entries.
// tests/callouts/kernel.txt has a line for each.
#define TIMERS "lapic hpet hpet_msi pit tsc_deadline"
static const struct {
    const char *callout;
    const char *versions; // with a blank between them
} replaceable[] = {
    {"display_char", "16550 debugcon vga"},
    {"poll_key", "16550"},
    {"break_detect", "16550"},
    {"timer_load", TIMERS},
    {"timer_reload", TIMERS},
    {"timer_value", TIMERS},
    {"mask", "lapic x2apic ioapic 8259 msi test"},
    {"unmask", "lapic x2apic ioapic 8259 msi test"},
    {"config", "lapic x2apic ioapic 8259 msi test"},
    {"reboot", "acpi cf9 8042 triple"},
    {"power", "acpi ports"},
    {"control", "clflush clflushopt wbinvd"},
    {"send_ipi", "xapic x2apic"},
    {"start_cpu", "xapic x2apic"},
    {"init_cpu", "xapic x2apic"},
    {"idle", "hlt mwait"},
    {"smp_spin", "shared"},
};

static const char help[] =
    "usage: mkcallout IN.o -o OUT.tgc --slot N [OPTION...]\n"
    "       mkcallout IN.o -o OUT.tgc --replaces CALLOUT/VERSION [OPTION...]\n"
    "\n"
    "  --callout NAME    the record, where the object has several\n"
    "  --name NAME       of the module; default: the record's, without "
    "\"custom_\"\n"
    "  --resource NAME   calls take turns by its lock; default: none, per-CPU\n"
    "  --guards-itself   it takes that lock itself, by RESOURCE_LOCK, for part "
    "of its\n"
    "                    work\n"
    "  --types A,B,...   type IDs that may call; default: all\n"
    "  --percpu BYTES    storage on each CPU; shared storage is the record's\n"
    "  --budget CYCLES   how long a call may hold the resource\n"
    "  --port N[-LAST]   ports that may be used, each byte of an access\n"
    "  --msr N[-LAST]    model-specific registers that may be used\n"
    "                    each up to four times; of a kernel callout also\n"
    "                    \"patched\": those that its patcher fills in\n"
    "  --source TEXT     version of the source, as from git describe\n"
    "  --help            this text\n"
    "\n"
    "The rules of admission: docs/modules.md.\n";

// What the command line asks for beside struct request.
struct options {
    struct request request;
    const char *output;
    const char *name;
    bool has_slot;
    struct module_header header;
};

// Text NULL: the rule's.
static void print_refusal(
    struct request *request, enum rule rule, const char *text, const char *what,
    va_list args) {
    static const char *const names[] = {
#define RULE_NAME(id, name, text) [RULE_##id] = name,
        RULES(RULE_NAME)
#undef RULE_NAME
    };
    static const char *const texts[] = {
#define RULE_TEXT(id, name, text) [RULE_##id] = text,
        RULES(RULE_TEXT)
#undef RULE_TEXT
    };
    fprintf(stderr, "mkcallout: %s: ", request->input);
    vfprintf(stderr, what, args);
    fprintf(
        stderr, ": %s: %s\n", names[rule], text != NULL ? text : texts[rule]);
    request->refusals++;
}

void refuse(struct request *request, enum rule rule, const char *what, ...) {
    va_list args;
    va_start(args, what);
    print_refusal(request, rule, NULL, what, args);
    va_end(args);
}

void refuse_because(
    struct request *request, enum rule rule, const char *text, const char *what,
    ...) {
    va_list args;
    va_start(args, what);
    print_refusal(request, rule, text, what, args);
    va_end(args);
}

PRINTF_LIKE(1, 2)
static _Noreturn void usage(const char *text, ...) {
    va_list args;
    va_start(args, text);
    fputs("mkcallout: ", stderr);
    vfprintf(stderr, text, args);
    va_end(args);
    fputs("; try mkcallout --help\n", stderr);
    exit(EXIT_USAGE);
}

static uint32_t parse_number(
    const char *option, const char *text, uint64_t max) {
    char *end;
    errno = 0;
    uint64_t value = strtoul(text, &end, 0);
    if (end == text || *end != '\0' || text[0] == '-' || errno != 0 ||
        value > max) {
        usage("--%s %s is no number from 0 to %lu", option, text, max);
    }
    return (uint32_t)value;
}

static void parse_text(
    const char *option, const char *text, char out[MODULE_TEXT_SIZE]) {
    memset(out, 0, MODULE_TEXT_SIZE);
    memcpy(out, text, strnlen(text, MODULE_TEXT_SIZE));
    if (!module_is_text(out)) {
        usage(
            "--%s \"%s\": up to %d letters, digits and _ - . + are allowed",
            option, text, MODULE_TEXT_SIZE - 1);
    }
}

static void parse_types(char *text, struct module_header *header) {
    for (char *type = strtok(text, ","); type != NULL;
         type = strtok(NULL, ",")) {
        if (header->num_types == SLOT_MAX_TYPES) {
            usage("--types names more than %d types", SLOT_MAX_TYPES);
        }
        header->types[header->num_types++] =
            parse_number("types", type, UINT32_MAX);
    }
}

// N, FIRST-LAST or "patched".
static void parse_range(
    const char *option, char *text, uint32_t max, struct declared *out) {
    struct slot_range range;
    if (strcmp(text, PATCHED) == 0) {
        out->patched = true;
        return;
    }
    char *last = strchr(text, '-');
    if (last != NULL && last != text) {
        *last++ = '\0';
    } else {
        last = text;
    }
    range.first = parse_number(option, text, max);
    range.last = parse_number(option, last, max);
    if (range.first == 0 || range.last < range.first) {
        usage("--%s %s: no range, or from 0 on", option, text);
    }
    if (out->count == SLOT_MAX_RANGES) {
        usage("--%s is there more than %d times", option, SLOT_MAX_RANGES);
    }
    out->ranges[out->count++] = range;
}

// Whether it is one of the words in a list.
static bool is_listed(const char *list, const char *word) {
    size_t length = strlen(word);
    const char *at = list;
    while (length != 0 && at != NULL) {
        at += *at == ' ';
        if (strncmp(at, word, length) == 0 &&
            (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
        at = strchr(at, ' ');
    }
    return false;
}

static void parse_replaces(char *text, struct module_header *header) {
    char *version = strchr(text, '/');
    if (version == NULL) {
        usage("--replaces %s: a callout, a slash, a version", text);
    }
    *version++ = '\0';
    if (strcmp(text, "id") == 0 || strcmp(text, "eoi") == 0) {
        usage("--replaces %s: it is woven into the interrupt entries", text);
    }
    size_t i = 0;
    while (i < ARRAY_SIZE(replaceable) &&
           strcmp(text, replaceable[i].callout) != 0) {
        i++;
    }
    if (i == ARRAY_SIZE(replaceable)) {
        usage("--replaces %s: there is no such kernel callout", text);
    }
    if (!is_listed(replaceable[i].versions, version)) {
        usage(
            "--replaces %s/%s: there is no such version, but %s", text, version,
            replaceable[i].versions);
    }
    parse_text("replaces", text, header->replaces);
    parse_text("replaces", version, header->replaces_version);
    header->slot = MODULE_NO_SLOT;
}

static void parse_option(int option, char *value, struct options *out) {
    struct module_header *header = &out->header;
    switch (option) {
    case 'o':
        out->output = value;
        break;
    case 's':
        header->slot = parse_number("slot", value, CALLOUT_SLOTS - 1);
        out->has_slot = true;
        break;
    case 'k':
        parse_replaces(value, header);
        break;
    case 'c':
        out->request.callout = value;
        break;
    case 'n':
        out->name = value;
        break;
    case 'r':
        parse_text("resource", value, header->resource);
        break;
    case 'g':
        out->request.guards_itself = true;
        break;
    case 't':
        parse_types(value, header);
        break;
    case 'p':
        header->percpu_size = parse_number("percpu", value, MODULE_MAX_STORAGE);
        break;
    case 'b':
        header->budget_cycles = parse_number("budget", value, UINT32_MAX);
        break;
    case 'i':
        parse_range("port", value, PORT_MAX, &out->request.ports);
        break;
    case 'm':
        parse_range("msr", value, UINT32_MAX, &out->request.msrs);
        break;
    case 'v':
        parse_text("source", value, header->source);
        break;
    default:
        fputs(help, stdout);
        exit(EXIT_SUCCESS);
    }
}

static void parse_options(int argc, char *argv[], struct options *out) {
    static const struct option known[] = {
        {"slot", required_argument, NULL, 's'},
        {"replaces", required_argument, NULL, 'k'},
        {"callout", required_argument, NULL, 'c'},
        {"name", required_argument, NULL, 'n'},
        {"resource", required_argument, NULL, 'r'},
        {"guards-itself", no_argument, NULL, 'g'},
        {"types", required_argument, NULL, 't'},
        {"percpu", required_argument, NULL, 'p'},
        {"budget", required_argument, NULL, 'b'},
        {"port", required_argument, NULL, 'i'},
        {"msr", required_argument, NULL, 'm'},
        {"source", required_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    opterr = 0; // one line, ours
    // The colon: what lacks its value is told from what is not known.
    while ((option = getopt_long(argc, argv, ":o:", known, NULL)) != -1) {
        if (option == '?' || option == ':') {
            usage(
                "%s %s", argv[optind - 1],
                option == ':' ? "needs a value" : "is no option");
        }
        parse_option(option, optarg, out);
    }
    bool is_kernel = out->header.replaces[0] != '\0';
    if (optind + 1 != argc || out->output == NULL ||
        out->has_slot == is_kernel) {
        usage("an object, -o and one of --slot and --replaces are needed");
    }
    if (!is_kernel &&
        (out->request.ports.patched || out->request.msrs.patched)) {
        usage("--port patched and --msr patched are for kernel callouts");
    }
    if (out->request.guards_itself && out->header.resource[0] == '\0') {
        usage("--guards-itself needs a --resource");
    }
    out->request.input = argv[optind];
    out->request.replaces = is_kernel ? out->header.replaces : NULL;
    out->request.percpu_size = out->header.percpu_size;
}

static void set_name(const struct object *object, struct options *options) {
    const char *name = object->name;
    char *out = options->header.name;
    size_t prefix = strlen(NAME_PREFIX);
    if (options->name != NULL) {
        parse_text("name", options->name, out);
        if (out[0] == '\0') {
            usage("--name is empty");
        }
        return;
    }
    name += strncmp(name, NAME_PREFIX, prefix) == 0 ? prefix : 0;
    memcpy(out, name, strnlen(name, MODULE_TEXT_SIZE));
    if (out[0] == '\0' || !module_is_text(out)) {
        refuse_because(
            &options->request, RULE_RECORD, "the module needs a --name",
            "record \"%s\"", object->name);
    }
}

// Put the file together; returns its size.
static size_t build(
    const struct options *options, const struct object *object,
    const struct admitted *callout, const struct admitted *patcher,
    uint8_t *out) {
    struct module_header header = options->header;
    const struct declared *ports = &options->request.ports;
    const struct declared *msrs = &options->request.msrs;
    uint8_t *body = out + sizeof(header);
    header.magic = MODULE_MAGIC;
    header.version = MODULE_VERSION;
    header.header_size = sizeof(header);
    header.storage_size = object->storage_size;
    header.num_ports = ports->count;
    header.num_msrs = msrs->count;
    memcpy(header.ports, ports->ranges, sizeof(header.ports));
    memcpy(header.msrs, msrs->ranges, sizeof(header.msrs));
    header.flags =
        (ports->patched ? MODULE_FLAG_PATCHED_PORT : 0) |
        (msrs->patched ? MODULE_FLAG_PATCHED_MSR : 0) |
        (options->request.guards_itself ? MODULE_FLAG_GUARDS_ITSELF : 0);
    header.code_offset = sizeof(header);
    header.code_size = (uint32_t)object->callout.size;
    header.patcher_size = (uint32_t)patcher->size;
    header.total_size =
        header.code_offset + header.code_size + header.patcher_size;
    memcpy(body, object->callout.code, header.code_size);
    if (patcher->size != 0) {
        header.patcher_offset = header.code_offset + header.code_size;
        memcpy(body + header.code_size, object->patcher.code, patcher->size);
        header.num_patches = callout->num_patches;
        memcpy(header.patches, callout->patches, sizeof(header.patches));
    }
    module_seal(&header, body, header.code_size + header.patcher_size);
    memcpy(out, &header, sizeof(header));
    return header.total_size;
}

static bool write_file(const char *name, const uint8_t *bytes, size_t size) {
    struct stat status;
    FILE *file = fopen(name, "wb");
    if (file == NULL) {
        fprintf(stderr, "mkcallout: %s: %s\n", name, strerror(errno));
        return false;
    }
    bool good = fwrite(bytes, 1, size, file) == size;
    good = fclose(file) == 0 && good;
    if (!good) {
        fprintf(stderr, "mkcallout: %s: %s\n", name, strerror(errno));
        if (lstat(name, &status) == 0 && S_ISREG(status.st_mode)) {
            remove(name); // half a module, but never a device
        }
    }
    return good;
}

int main(int argc, char *argv[]) {
    static struct options options;
    static struct object object;
    static uint8_t file[sizeof(struct module_header) + 2 * MODULE_MAX_CODE];
    struct admitted callout = {0};
    struct admitted patcher = {0};
    struct module module;
    parse_options(argc, argv, &options);
    struct request *request = &options.request;
    if (!object_read(request, &object)) {
        return EXIT_FAILURE;
    }
    set_name(&object, &options);
    bool is_patched = object.patcher.code != NULL;
    admit(request, &object.callout, false, is_patched, &callout);
    if (is_patched) {
        admit(request, &object.patcher, true, false, &patcher);
    }
    if (request->refusals != 0) {
        return EXIT_FAILURE;
    }
    size_t size = build(&options, &object, &callout, &patcher, file);
    const char *reason = module_check(file, size, &module);
    if (reason != NULL) {
        fprintf(stderr, "mkcallout: %s: %s\n", request->input, reason);
        return EXIT_FAILURE;
    }
    if (!write_file(options.output, file, size)) {
        return EXIT_FAILURE;
    }
    printf("%s: ", module.header.name);
    if (module_is_kernel(&module)) {
        printf(
            "replaces %s/%s", module.header.replaces,
            module.header.replaces_version);
    } else {
        printf("slot %u", module.header.slot);
    }
    printf(
        ", %u bytes of code, %u %s without a bound\n", module.header.code_size,
        callout.loops, callout.loops == 1 ? "loop" : "loops");
    return EXIT_SUCCESS;
}
