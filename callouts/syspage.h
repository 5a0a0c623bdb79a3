// SPDX-License-Identifier: MIT
// The system page: the one description of the machine. Startup writes it, the
// kernel reads it (and counts in its storage), every program sees its first
// `size` bytes read-only at SYSPAGE_USER_VADDR. A leaf header.
//
// Three parts, each page-aligned, physically contiguous:
//   [0, size)           header and sections      kernel rw-, programs r--
//   storage             rw storage of callouts   kernel rw-
//   code                the copied callouts      kernel r-x
// A section is found by its offset from the start of the page and its size in
// bytes; so is everything that a section refers to. Pointers to callouts are
// kernel virtual addresses.
#pragma once

#include <stdint.h>

#define SYSPAGE_VADDR 0xffffffffb0000000ul      // in the kernel
#define SYSPAGE_USER_VADDR 0x00007fffe0000000ul // in every process
#define SYSPAGE_TYPE 0x5447                     // "TG": x86-64, Tollgate

#define CALLOUT_SLOTS 64
#define CALLOUT_NAME_SIZE                                                      \
    32 // of a callout, a version, a resource; with final 0
#define CALLOUT_MAX_PATCHES 8 // that are described
#define CALLOUT_PATCH_BYTES 8 // of one of them
#define SLOT_MAX_TYPES 8
#define SLOT_MAX_RANGES 4         // of ports, and of MSRs
#define PERCPU_STORAGE_MAX 0x4000 // bytes of callout storage on each CPU

// A part of the page: offset from its start, size in bytes.
struct syspage_section {
    uint32_t offset;
    uint32_t size;
};

struct syspage_entry {
    uint32_t size;       // header and sections, a multiple of the page size
    uint32_t total_size; // and storage and code
    uint32_t type;       // SYSPAGE_TYPE
    uint32_t num_cpu;    // CPUs that startup found, up or not
    struct syspage_section system_private;
    struct syspage_section asinfo;
    struct syspage_section hwinfo;
    struct syspage_section cpuinfo;
    struct syspage_section cacheattr;
    struct syspage_section qtime;
    struct syspage_section callout;
    struct syspage_section typed_strings;
    struct syspage_section strings;
    struct syspage_section intrinfo;
    struct syspage_section smp;
    struct syspage_section custom;
    struct syspage_section callout_info;
    struct syspage_section storage;
    struct syspage_section code;
};

// SYSPAGE_ENTRY(page, qtime) is the section's address as its struct.
#define SYSPAGE_TYPE_OF_system_private struct system_private_entry
#define SYSPAGE_TYPE_OF_asinfo struct asinfo_entry
#define SYSPAGE_TYPE_OF_hwinfo struct hwinfo_entry
#define SYSPAGE_TYPE_OF_cpuinfo struct cpuinfo_entry
#define SYSPAGE_TYPE_OF_cacheattr struct cacheattr_entry
#define SYSPAGE_TYPE_OF_qtime struct qtime_entry
#define SYSPAGE_TYPE_OF_callout struct callout_entry
#define SYSPAGE_TYPE_OF_typed_strings struct typed_string
#define SYSPAGE_TYPE_OF_strings char
#define SYSPAGE_TYPE_OF_intrinfo struct intrinfo_entry
#define SYSPAGE_TYPE_OF_smp struct smp_entry
#define SYSPAGE_TYPE_OF_custom struct custom_entry
#define SYSPAGE_TYPE_OF_callout_info struct callout_info
#define SYSPAGE_ENTRY(page, section)                                           \
    ((SYSPAGE_TYPE_OF_##section *)((uintptr_t)(page) + (page)->section.offset))
// How many entries an array section holds.
#define SYSPAGE_COUNT(page, section)                                           \
    ((page)->section.size / (uint32_t)sizeof(SYSPAGE_TYPE_OF_##section))
// A string by its offset in the strings section; offset 0 is "".
#define SYSPAGE_STRING(page, string) (SYSPAGE_ENTRY(page, strings) + (string))

// What startup tells the kernel and nobody else needs.
struct system_private_entry {
    uint64_t intr_dispatch; // filled in by the kernel: void (struct regs *,
                            // uint32_t vector, uint32_t group): the woven
                            // entry code calls it, vector is the system's
                            // number, INTR_SPURIOUS or INTR_STUCK; group the
                            // index in intrinfo
    uint64_t intr_exit;     // filled in by the kernel: jumped to after eoi
    uint64_t fault_entry;   // filled in by the kernel: traps that no group has
    uint64_t vector_stubs;  // startup: offset of uint64_t[NUM_VECTORS], the
                            // kernel addresses of the woven entry code, 0
                            // none
    uint64_t syspage_paddr;
    uint64_t stack_top;     // of the boot stack, startup's memory
    uint32_t toll;          // [kernel writes] TOLL_* of syscall/abi.h
    uint32_t program_type;  // type ID of the first program
    uint32_t max_cpus;      // start no more than these; 0 means all
    uint32_t fault_sipi;    // fault injection: CPU that gets no SIPI; 0 none
    uint32_t fault_late;    // fault injection: CPU whose SIPI is late; 0 none
    uint32_t selftest;      // SELFTEST_*: run the kernel's own tests; 0 no
    uint32_t program_stdin; // STDIN_*: what the first program reads from
    uint32_t tty_rows;      // of its terminal; 0: not known
    uint32_t tty_columns;   // the same
};
#define STDIN_NONE 0 // nothing: it is at its end
#define STDIN_PIPE 1 // characters of the program's channel
#define STDIN_TTY 2  // the same, as a terminal
#define SELFTEST_ON 1
#define SELFTEST_BREAK 2 // somebody sends a break to the console

// A range of physical addresses, by name. `end` is inclusive, as in QNX.
// Names: "ram" (usable memory), "startup" (freed when the kernel runs),
// "kernel" (image), "symbols" (its ELF symbol table), "strings" (the strings of
// it), "syspage", "module" (detail: its command line), "hw" (device memory),
// "acpi", "lowmem" (below 1 MiB and usable: trampolines; no part of "ram").
// "startup" and "module" may come several times. Each "hw" is one page; the nth
// of them, from 0, is mapped uncached at DEVICE_VADDR + n * PAGE_SIZE.
struct asinfo_entry {
    uint64_t start;
    uint64_t end;
    uint32_t name;   // strings
    uint32_t detail; // strings
    uint32_t attr;   // AS_ATTR_*
    uint32_t priority;
};
#define AS_ATTR_READABLE 0x1
#define AS_ATTR_WRITABLE 0x2
#define AS_ATTR_RAM 0x10

// A device that startup found.
struct hwinfo_entry {
    uint32_t name;   // strings: "16550", "lapic", "ioapic", "hpet", "pm1a", ...
    uint32_t flags;  // HW_FLAG_*
    uint64_t base;   // port or physical address
    uint32_t length; // bytes or ports
    uint32_t vector; // interrupt input, HW_NO_VECTOR if none
};
#define HW_FLAG_PORT 0x1
#define HW_FLAG_MEMORY 0x2
#define HW_NO_VECTOR 0xffffffffu

// One for each CPU; entry 0 is the boot CPU.
struct cpuinfo_entry {
    uint32_t cpu;     // CPUID.1:EAX of the boot CPU
    uint32_t apic_id; // may be sparse
    uint32_t speed;   // MHz of the time-stamp counter
    uint32_t flags;   // CPU_FLAG_*
    uint32_t name;    // strings: the brand string
    uint32_t reserved;
};
#define CPU_FLAG_NX 0x1
#define CPU_FLAG_SMEP 0x2
#define CPU_FLAG_SMAP 0x4
#define CPU_FLAG_UMIP 0x8
#define CPU_FLAG_PGE 0x10
#define CPU_FLAG_INVARIANT_TSC 0x20
#define CPU_FLAG_HYPERVISOR 0x40

struct cacheattr_entry {
    uint32_t next; // index of the next level, CACHE_LIST_END
    uint32_t line_size;
    uint32_t num_lines; // 0: not known, as ways
    uint32_t flags;     // CACHE_FLAG_*
    uint32_t ways;
    uint32_t level;
    uint64_t control; // callout, or 0: of data and unified caches
};
#define CACHE_LIST_END 0xffffffffu
#define CACHE_FLAG_DATA 0x1
#define CACHE_FLAG_INSTR 0x2
#define CACHE_FLAG_UNIFIED 0x3

// Time. The tick is nsec_inc long.
struct qtime_entry {
    uint64_t cycles_per_sec; // of the time-stamp counter
    uint64_t nsec_inc;       // [kernel writes] nanoseconds between ticks
    uint64_t boot_time;      // seconds since 1970, from the CMOS clock
    uint64_t boot_cc;        // time-stamp counter at boot_time
    uint64_t timer_hz;       // rate of the timer's counter
    uint64_t timer_load;     // [timer_load callout writes] counts in a tick
    uint32_t intr;           // IDT vector of the timer
    uint32_t flags;          // QTIME_*
};
#define QTIME_PER_CPU 0x1 // each CPU has a timer: timer_load on each of them
// timer_reload sets the next tick. One that comes while its interrupt is masked
// is lost, and with it those after it, until timer_load.
#define QTIME_ONE_SHOT 0x2
// Given to timer_load in a copy of the entry, it asks for one interrupt; timers
// that can't may go on.

// The kernel callouts that it calls by pointer; 0 means none.
struct debug_callout {
    uint64_t display_char;
    uint64_t poll_key;
    uint64_t break_detect;
};
#define NUM_DEBUG 3
#define DEBUG_CONSOLE 0 // kernel messages, and programs' standard error
#define DEBUG_PROGRAM 1 // programs' standard output, byte for byte
#define DEBUG_REPORT 2  // one JSON object a line, for tools/boot
struct callout_entry {
    uint64_t reboot;
    uint64_t power;
    uint64_t idle; // ours: power's mode POWER_IDLE, chosen on its own
    uint64_t timer_load;
    uint64_t timer_reload;
    uint64_t timer_value;
    struct debug_callout debug[NUM_DEBUG];
    uint64_t custom; // slot 0, where QNX has its only one
};
// The modes of power and idle, which are of one type. QNX has one callout for
// all of them; here how to switch off and how to wait are chosen apart.
#define POWER_OFF 0
#define POWER_IDLE 1 // come and return with interrupts off, wait with them on

// Numbers and strings by type, in the order of appearance.
struct typed_string {
    uint32_t type; // CS_*
    uint32_t string;
};
#define CS_MACHINE 5 // names as in QNX's confname.h where it has them
#define CS_CMDLINE 0x1000
#define CS_ARG 0x1001 // the first program's argv, argv[0] is its path

// A group of interrupt vectors: one level of controller. Vectors are from 0.
struct intr_stub {
    uint32_t genflags; // INTR_GENFLAG_*
    uint32_t size;     // bytes of the woven stub
    uint64_t rtn;      // address of the first woven copy
};
struct intrinfo_entry {
    uint32_t vector_base; // the system's number of this group's vector 0
    uint32_t num_vectors;
    uint32_t cascade_vector; // INTR_NO_CASCADE
    uint32_t cpu_intr_base;  // first IDT entry
    uint32_t cpu_intr_stride;
    uint32_t flags; // INTR_FLAG_*
    struct intr_stub id;
    struct intr_stub eoi;
    uint64_t mask;   // int (syspage, vector)
    uint64_t unmask; // int (syspage, vector)
    uint64_t config; // unsigned (syspage, intrinfo_entry *, vector)
    uint32_t local_stride;
    uint32_t name;        // strings
    uint32_t mask_counts; // offset of uint32_t[num_vectors]: how often each is
                          // masked [kernel writes]
    uint32_t reserved;
};
#define INTR_NO_CASCADE 0x7fffffffu
#define INTR_ID_LOOP_MAX 256 // turns of ID_LOOP for one interrupt
// What intr_dispatch hears instead of a vector.
#define INTR_SPURIOUS 0xffffffffu // there was no interrupt
#define INTR_STUCK 0xfffffffeu    // id found one in each turn of ID_LOOP
#define INTR_GENFLAG_LOAD_SYSPAGE 0x8000
#define INTR_GENFLAG_LOAD_INTRINFO 0x4000
#define INTR_GENFLAG_LOAD_LEVEL 0x2000
#define INTR_GENFLAG_LOAD_INTRMASK 0x1000
#define INTR_GENFLAG_NOGLITCH 0x0800
#define INTR_GENFLAG_LOAD_CPUNUM 0x0400
#define INTR_GENFLAG_ID_LOOP 0x0200
#define INTR_FLAG_NMI 0x8000
#define INTR_FLAG_CASCADE_IMPLICIT_EOI 0x4000
#define INTR_FLAG_CPU_FAULT 0x2000
#define INTR_FLAG_SMP_BROADCAST_MASK 0x1000
#define INTR_FLAG_SMP_BROADCAST_UNMASK 0x0800
#define INTR_FLAG_MSI 0x0400
#define INTR_CONFIG_FLAG_PREATTACH 0x1
#define INTR_CONFIG_FLAG_DISALLOWED 0x2
#define INTR_CONFIG_FLAG_IPI 0x4

// Processors. init_cpu and start_cpu are Tollgate's own: QNX starts APs in its
// startup program, and parks them in smp_spin until the kernel takes them.
struct smp_entry {
    uint64_t send_ipi;   // void (syspage, cpu, cmd, unsigned *ipicmds)
    uint64_t init_cpu;   // void (syspage): enable this CPU's interrupt hardware
    uint64_t start_cpu;  // int (syspage, cpu, paddr, step): 0 INIT, 1 SIPI
    uint64_t smp_spin;   // void (syspage, volatile uint64_t *go): park this CPU
                         // until *go is SPIN_GO, or for good by SPIN_STAY
    uint32_t ipi_vector; // IDT vector that send_ipi raises
    uint32_t reserved;
};
#define SPIN_GO 1
#define SPIN_STAY 2

// Custom callouts: the slots and the resources they share. syscall/bind.c reads
// this and prepares each slot's thunk. The kernel writes it when an
// administrator binds a module, changes a lock, sets a fence: while the machine
// is stopped.
//
// The kinds of lock, one file each in smp/: KIND(NUMBER, NAME, name, fair). A
// fair one serves in the order of arrival.
// clang-format off
#define LOCK_KINDS(KIND)                                                       \
    KIND(0, TICKET,    ticket,    1)                                           \
    KIND(1, TAS,       tas,       0)                                           \
    KIND(2, TTAS,      ttas,      0)                                           \
    KIND(3, TICKET_PB, ticket_pb, 1)                                           \
    KIND(4, MCS,       mcs,       1)                                           \
    KIND(5, CLH,       clh,       1)                                           \
    KIND(6, ANDERSON,  anderson,  1)
// clang-format on
#define LOCK_KIND(number, NAME, name, fair) LOCK_##NAME = (number),
enum lock_kind { LOCK_KINDS(LOCK_KIND) NUM_LOCK_KINDS };
#undef LOCK_KIND
#define NO_RESOURCE 0xffffffffu

// Ports or model-specific registers, `last` included.
struct slot_range {
    uint32_t first;
    uint32_t last;
};

struct custom_slot {
    uint64_t code;     // kernel virtual address, 0 when empty
    uint32_t size;     // bytes of code
    uint32_t resource; // index, or NO_RESOURCE: per-CPU, no lock is taken
    uint32_t storage;  // offset of the shared rw storage from the page's start
    uint32_t storage_size;
    uint32_t percpu; // offset in each CPU's slice
    uint32_t percpu_size;
    uint32_t budget_cycles; // 0 none
    uint32_t num_types;     // 0: all may call, the callout itself checks
    uint32_t types[SLOT_MAX_TYPES];
    uint16_t num_ports; // ranges
    uint16_t num_msrs;
    struct slot_range ports[SLOT_MAX_RANGES];
    struct slot_range msrs[SLOT_MAX_RANGES];
    uint32_t fenced;        // not 0: every call is refused
    uint32_t guards_itself; // not 0: it takes the lock, by RESOURCE_LOCK
    char name[CALLOUT_NAME_SIZE];
    char version[CALLOUT_NAME_SIZE];
};
struct custom_resource {
    char name[CALLOUT_NAME_SIZE];
    uint32_t lock_kind; // enum lock_kind
    uint32_t lock;      // offset of its lock from the page's start: 64-byte
                        // aligned, zeroed, with a line for each CPU (struct
                        // resource_lock)
};
#define MAX_RESOURCES 16
struct custom_entry {
    struct custom_slot slots[CALLOUT_SLOTS];
    uint32_t num_resources;
    uint32_t percpu_size; // bytes of per-CPU storage that startup gave to slots
                          // on each CPU, a multiple of 64; what is left up to
                          // PERCPU_STORAGE_MAX is for modules bound later
    // Each has its lock, also those that are not used yet.
    struct custom_resource resources[MAX_RESOURCES];
};

// What a patcher changed in a callout: a run of bytes, in the record and now.
struct callout_patch {
    uint16_t offset; // in the code
    uint16_t width;  // bytes
    uint32_t reserved;
    uint8_t before[CALLOUT_PATCH_BYTES];
    uint8_t after[CALLOUT_PATCH_BYTES];
};

// Every callout and all other code in the code part. The first CALLOUT_SLOTS
// entries are those of the custom slots, by number; size 0 means empty.
struct callout_info {
    char name[CALLOUT_NAME_SIZE];
    char version[CALLOUT_NAME_SIZE];
    uint32_t category; // strings: "debug", "timer", "interrupt", "custom", ...
    uint32_t code;     // offset from the page's start
    uint32_t size;     // bytes
    uint32_t rw;       // offset of its storage, 0 none
    uint32_t rw_size;
    uint32_t num_patches; // those beyond CALLOUT_MAX_PATCHES are not described
    uint64_t hash;        // FNV-1a of the copied, patched code
    uint64_t calls;       // [kernel counts] of kernel callouts
    struct callout_patch patches[CALLOUT_MAX_PATCHES];
};
