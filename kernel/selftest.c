// SPDX-License-Identifier: MIT
// See selftest.h. A test is a function that says NULL, or what is wrong.
#include "kernel/selftest.h"

#include "callouts/call.h"
#include "callouts/hardware.h"
#include "callouts/module.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/cache.h"
#include "kernel/callouts.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/heap.h"
#include "kernel/interrupt_test.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/rendezvous.h"
#include "kernel/stop_machine.h"
#include "kernel/symbols.h"
#include "kernel/wait.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "smp/percpu.h"

#define INT3 0xcc
#define READINGS 1000
#define BREAK_LIMIT_NS (60 * NS_PER_SECOND)

static const struct syspage_entry *syspage;

static uint32_t cpus(void) {
    return atomic_load_explicit(&num_cpus_up, memory_order_relaxed);
}

// --- startup is gone --------------------------------------------------------

static bool page_is_int3(paddr_t page) {
    const uint8_t *byte = direct(page);
    for (size_t i = 0; i < PAGE_SIZE; i++) {
        if (byte[i] != INT3) {
            return false;
        }
    }
    return true;
}

// Pages are zeroed when they are handed out, so a page in use is not startup's
// any more either.
static const char *test_startup_is_poisoned(void) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    size_t pages = 0;
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (strcmp(SYSPAGE_STRING(syspage, as[i].name), "startup") != 0) {
            continue;
        }
        for (paddr_t p = as[i].start; p < as[i].end; p += PAGE_SIZE) {
            pages++;
            if (page_is_free(p) && !page_is_int3(p)) {
                return "a free page of startup's is not all INT3";
            }
        }
    }
    return pages != 0 ? NULL : "the system page names no startup memory";
}

static const char *test_startup_is_unmapped(void) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    paddr_t page;
    uint32_t flags;
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (strcmp(SYSPAGE_STRING(syspage, as[i].name), "startup") == 0 &&
            paging_lookup(paging_kernel_root, as[i].start, &page, &flags)) {
            return "startup's memory is still mapped where it ran";
        }
    }
    return NULL;
}

// --- mappings ---------------------------------------------------------------

static const char *test_guard_pages(void) {
    paddr_t page;
    uint32_t flags;
    for (cpu_id_t cpu = 0; cpu < cpus(); cpu++) {
        uintptr_t base = PERCPU_VADDR + cpu * PERCPU_STRIDE;
        if (paging_lookup(paging_kernel_root, base, &page, &flags)) {
            return "no guard page below a gate stack";
        }
        uintptr_t below_idle = base + PERCPU_IDLE_STACK_OFFSET - PAGE_SIZE;
        if (paging_lookup(paging_kernel_root, below_idle, &page, &flags)) {
            return "no guard page below an idle stack";
        }
        for (unsigned ist = 0; ist < NUM_ISTS; ist++) {
            uintptr_t guard = base + PERCPU_IST_OFFSET + 2 * ist * PAGE_SIZE;
            if (paging_lookup(paging_kernel_root, guard, &page, &flags)) {
                return "no guard page below an interrupt stack";
            }
        }
    }
    return NULL;
}

static const char *test_callouts_are_code(void) {
    paddr_t page;
    uint32_t flags;
    uintptr_t code = SYSPAGE_VADDR + syspage->code.offset;
    uintptr_t end = code + syspage->code.size;
    for (; code < end; code += PAGE_SIZE) {
        if (!paging_lookup(paging_kernel_root, code, &page, &flags) ||
            flags != PAGE_EXEC) {
            return "callout code is not mapped for execution only";
        }
    }
    uintptr_t storage = SYSPAGE_VADDR + syspage->storage.offset;
    if (syspage->storage.size != 0 &&
        (!paging_lookup(paging_kernel_root, storage, &page, &flags) ||
         (flags & PAGE_EXEC) != 0)) {
        return "callout storage is executable";
    }
    return NULL;
}

// --- what each CPU has turned on --------------------------------------------

static _Atomic uint32_t cpus_without;

static void control_check(void *unused) {
    (void)unused;
    uint32_t has = SYSPAGE_ENTRY(syspage, cpuinfo)->flags;
    uint64_t cr4 = read_cr4();
    bool good = (read_cr0() & CR0_WP) != 0 &&
                ((has & CPU_FLAG_SMEP) == 0 || (cr4 & CR4_SMEP) != 0) &&
                ((has & CPU_FLAG_SMAP) == 0 || (cr4 & CR4_SMAP) != 0) &&
                ((has & CPU_FLAG_UMIP) == 0 || (cr4 & CR4_UMIP) != 0) &&
                ((has & CPU_FLAG_NX) == 0 || (rdmsr(MSR_EFER) & EFER_NXE) != 0);
    if (!good) {
        atomic_fetch_add_explicit(&cpus_without, 1, memory_order_relaxed);
    }
}

static const char *test_protection_is_on(void) {
    rendezvous(control_check, NULL);
    return atomic_load_explicit(&cpus_without, memory_order_relaxed) == 0
               ? NULL
               : "a CPU lacks WP, NX, SMEP, SMAP or UMIP that it could have";
}

// --- CPUs together ----------------------------------------------------------

static _Atomic uint32_t answers;

static void answer(void *unused) {
    (void)unused;
    atomic_fetch_add_explicit(&answers, 1, memory_order_relaxed);
}

static const char *test_rendezvous(void) {
    for (int i = 0; i < 10; i++) {
        atomic_store_explicit(&answers, 0, memory_order_relaxed);
        rendezvous(answer, NULL);
        if (atomic_load_explicit(&answers, memory_order_relaxed) != cpus()) {
            return "not every CPU took part once";
        }
    }
    return NULL;
}

static const char *test_stop_machine(void) {
    atomic_store_explicit(&answers, 0, memory_order_relaxed);
    for (int i = 0; i < 10; i++) {
        stop_machine(answer, NULL);
    }
    return atomic_load_explicit(&answers, memory_order_relaxed) == 10
               ? NULL
               : "the leader did not act exactly once each time";
}

// --- memory -----------------------------------------------------------------

static const char *test_pages(void) {
    size_t before = pages_free_count();
    paddr_t one = page_alloc();
    paddr_t run = pages_alloc(5, 0);
    if (one == 0 || run == 0 || (one >= run && one < run + 5 * PAGE_SIZE)) {
        return "allocations overlap or fail";
    }
    if (pages_free_count() != before - 6 || page_is_free(one)) {
        return "the count of free pages is wrong";
    }
    page_free(one);
    pages_free(run, 5);
    return pages_free_count() == before ? NULL : "pages leak";
}

static const char *test_heap(void) {
    static const size_t sizes[] = {1, 16, 17, 100, 1000, 1024, 1025, 20000};
    size_t before = pages_free_count();
    uint8_t *objects[ARRAY_SIZE(sizes)];
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        objects[i] = kalloc(sizes[i]);
        if (objects[i] == NULL || (uintptr_t)objects[i] % 16 != 0) {
            return "no object, or a misaligned one";
        }
        for (size_t b = 0; b < sizes[i]; b++) {
            if (objects[i][b] != 0) {
                return "an object is not zeroed";
            }
        }
        memset(objects[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        if (objects[i][0] != i + 1 || objects[i][sizes[i] - 1] != i + 1) {
            return "objects overlap";
        }
        kfree(objects[i]);
    }
    return pages_free_count() <= before && pages_free_count() + 8 >= before
               ? NULL
               : "the heap leaks pages";
}

// --- the system page --------------------------------------------------------

static const char *test_callout_hashes(void) {
    const struct callout_info *info = SYSPAGE_ENTRY(syspage, callout_info);
    uint32_t count = SYSPAGE_COUNT(syspage, callout_info);
    for (uint32_t i = 0; i < count; i++) {
        if (info[i].size == 0) {
            continue; // an empty slot
        }
        const uint8_t *code = (const uint8_t *)syspage + info[i].code;
        if (module_hash(code, info[i].size) != info[i].hash) {
            return "a callout's code is not what startup wrote";
        }
    }
    return count != 0 ? NULL : "the system page lists no callouts";
}

#define CALLS_EACH 1000u

static void config_call(void *group) {
    for (uint32_t i = 0; i < CALLS_EACH; i++) {
        (void)callout_config(group, 0);
    }
}

static uint64_t calls_of(uint64_t code) {
    const struct callout_info *info = SYSPAGE_ENTRY(syspage, callout_info);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, callout_info); i++) {
        if (info[i].size != 0 && (uintptr_t)syspage + info[i].code == code) {
            return __atomic_load_n(&info[i].calls, __ATOMIC_RELAXED);
        }
    }
    return 0;
}

static const char *test_calls_are_counted(void) {
    struct intrinfo_entry *group = SYSPAGE_ENTRY(syspage, intrinfo);
    uint64_t before = calls_of(group->config);
    rendezvous(config_call, group);
    return calls_of(group->config) - before == (uint64_t)CALLS_EACH * cpus()
               ? NULL
               : "calls from all CPUs at once are not counted one by one";
}

// Wait for the next tick, while a value says that it is due.
static bool tick_strikes(void) {
    uint64_t ticks = this_cpu()->ticks;
    cycles_t start = rdtsc();
    while (this_cpu()->ticks == ticks && !wait_is_over(start)) {
        __builtin_ia32_pause();
    }
    return this_cpu()->ticks != ticks;
}

// Each value is compared with the one before it, for a tick may strike among
// the readings, and right after the first one, too. While the host is late
// with a tick, a counter that stops at its end says that the period is over,
// and one that goes on that more than that is.
static const char *test_timer_value(void) {
    uint64_t load = SYSPAGE_ENTRY(syspage, qtime)->timer_load;
    unsigned last = callout_timer_value();
    unsigned grew = 0;
    unsigned fell = 0;
    unsigned beyond = 0;
    for (int i = 0; i < READINGS; i++) {
        unsigned value = callout_timer_value();
        grew += value > last;
        fell += value < last;
        last = value;
        if (value >= load) {
            beyond += value > load;
            if (!tick_strikes()) {
                return "a timer's value says that its period is over, and no "
                       "tick strikes";
            }
        }
        if (beyond > READINGS / 2) {
            return "a timer's value is beyond its period";
        }
    }
    return grew > fell ? NULL : "the timer's value does not grow within a tick";
}

static const char *test_idle(void) {
    irq_off();
    uint64_t ticks = this_cpu()->ticks;
    bool off = true;
    cycles_t start = rdtsc();
    while (this_cpu()->ticks == ticks && !wait_is_over(start)) {
        callout_idle();
        off = off && (read_rflags() & RFLAGS_IF) == 0;
    }
    bool struck = this_cpu()->ticks != ticks;
    irq_on();
    return !off     ? "idling returns with interrupts on"
           : struck ? NULL
                    : "no tick strikes an idle CPU";
}

static uint8_t cache_byte(size_t i) {
    return (uint8_t)(i * 7 + (i >> 8));
}

static bool cache_bytes_are_intact(const uint8_t *bytes) {
    for (size_t i = 0; i < 2 * PAGE_SIZE; i++) {
        if (bytes[i] != cache_byte(i)) {
            return false;
        }
    }
    return true;
}

// What a call of one level said, or of all: whole lines, from anywhere in the
// first one. 0 is a control that takes the whole cache.
static const char *cache_calls(struct cacheattr_entry *cache, paddr_t page) {
    for (uint32_t offset = 0; offset < 2 * cache->line_size; offset += 13) {
        for (unsigned lines = 1; lines <= 16; lines *= 4) {
            unsigned done =
                callout_control(cache, page + offset, lines, MS_SYNC);
            if (done != 0 && done != lines) {
                return "a control callout did more or fewer lines than asked";
            }
        }
    }
    return NULL;
}

static const char *test_cache_control(void) {
    struct cacheattr_entry *cache = SYSPAGE_ENTRY(syspage, cacheattr);
    uint32_t count = SYSPAGE_COUNT(syspage, cacheattr);
    paddr_t page = pages_alloc(2, 0);
    uint8_t *bytes = direct(page);
    size_t wanted = 0;
    const char *wrong = page != 0 ? NULL : "no memory";
    for (size_t i = 0; page != 0 && i < 2 * PAGE_SIZE; i++) {
        bytes[i] = cache_byte(i);
    }
    for (uint32_t i = 0; wrong == NULL && i < count; i++) {
        if (cache[i].control != 0) {
            wrong = cache_calls(&cache[i], page);
            wanted += PAGE_SIZE / cache[i].line_size + 1;
        }
    }
    // More than a call does, and the first and the last line only in part.
    if (wrong == NULL &&
        cache_control(page + 1, PAGE_SIZE, MS_SYNC | MS_INVALIDATE) != wanted) {
        wrong = "cache_control() counts other lines than there are";
    }
    if (wrong == NULL && !cache_bytes_are_intact(bytes)) {
        wrong = "data is lost in the caches";
    }
    if (page != 0) {
        pages_free(page, 2);
    }
    return wrong;
}

// The ports of a 16550 that no debug device but the report's has, or 0.
static uint16_t report_uart(void) {
    const struct hwinfo_entry *hw = SYSPAGE_ENTRY(syspage, hwinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, hwinfo); i++) {
        if (hw[i].base == UART_COM3 &&
            strcmp(SYSPAGE_STRING(syspage, hw[i].name), "16550") == 0) {
            return UART_COM3;
        }
    }
    return 0;
}

// A UART that loops back receives what it is told to send.
static const char *test_key_comes_in(void) {
    uint16_t uart = report_uart();
    if (uart == 0) {
        return NULL; // the report is elsewhere
    }
    uint16_t control = uart + UART_MODEM_CONTROL;
    uint8_t before = inb(control);
    outb(control, before | UART_LOOP);
    (void)callout_display_char(DEBUG_REPORT, 'k');
    int key = -1;
    for (uint32_t i = 0; i < UART_TRIES && key == -1; i++) {
        key = callout_poll_key(DEBUG_REPORT);
    }
    int next = callout_poll_key(DEBUG_REPORT);
    outb(control, before);
    return key != 'k'   ? "a character that came in is not found"
           : next != -1 ? "it came in twice"
                        : NULL;
}

// Nobody types at the tests.
static const char *test_serial_line_is_silent(void) {
    for (unsigned i = 0; i < NUM_DEBUG; i++) {
        if (callout_poll_key(i) != -1 || callout_break_detect(i)) {
            return "a debug device says that something came in";
        }
    }
    return NULL;
}

// Only where somebody sends one (tests/matrix/monitor).
static const char *test_break_is_seen(void) {
    if (SYSPAGE_ENTRY(syspage, system_private)->selftest != SELFTEST_BREAK) {
        return NULL;
    }
    kprintf("# waiting for a break\n");
    uint64_t start = clock_now_ns();
    while (!callout_break_detect(DEBUG_CONSOLE)) {
        if (clock_now_ns() - start > BREAK_LIMIT_NS) {
            return "nobody sent one";
        }
    }
    return NULL;
}

static const char *test_symbols(void) {
    char name[64];
    symbol_name((uintptr_t)selftest_run, name, sizeof(name));
    return strcmp(name, "selftest_run+0x0") == 0
               ? NULL
               : "a function's address is not found by name";
}

struct selftest {
    const char *name;
    const char *(*run)(void);
};

static const struct selftest tests[] = {
    {"startup's memory is INT3 or reused", test_startup_is_poisoned},
    {"startup's memory is not mapped where it ran", test_startup_is_unmapped},
    {"guard pages lie below every per-CPU stack", test_guard_pages},
    {"callouts are execute-only, their storage is data",
     test_callouts_are_code},
    {"WP NX SMEP SMAP UMIP are on on every CPU", test_protection_is_on},
    {"a rendezvous reaches every CPU once", test_rendezvous},
    {"the machine stops for one CPU at a time", test_stop_machine},
    {"pages are handed out once and counted", test_pages},
    {"heap objects are zeroed, apart, and given back", test_heap},
    {"an interrupt's level leads to its vector", interrupt_test_level},
    {"spurious interrupts are counted, not ended", interrupt_test_spurious},
    {"NOGLITCH: nobody asks id again", interrupt_test_noglitch},
    {"ID_LOOP: until id finds no more", interrupt_test_loop},
    {"ID_LOOP has an end", interrupt_test_loop_is_bounded},
    {"id and eoi find what they ask for, on every CPU",
     interrupt_test_registers},
    {"eoi finds how often its vector is masked", interrupt_test_intrmask},
    {"a cascade ends at the child, then at the parent", interrupt_test_cascade},
    {"a cascade's implicit end spares the parent", interrupt_test_implicit_eoi},
    {"a cascade of three, entered at its end", interrupt_test_deep_cascade},
    {"masks reach every CPU where they must", interrupt_test_broadcast},
    {"config and counts refuse what can't be unmasked", interrupt_test_config},
    {"the timer's interrupt is masked and unmasked",
     interrupt_test_timer_masked},
    {"8259s, if the clock has any: the slave's interrupts arrive",
     interrupt_test_8259},
    {"8259s, if the clock has any: a spurious one ends at the master",
     interrupt_test_8259_spurious},
    {"callout code is what startup wrote", test_callout_hashes},
    {"calls of callouts are counted on all CPUs", test_calls_are_counted},
    {"the timer's value grows and stays within its period", test_timer_value},
    {"interrupts strike while a CPU idles, and only then", test_idle},
    {"every cache's control does the lines that it says", test_cache_control},
    {"debug devices have no keys and no breaks", test_serial_line_is_silent},
    {"a key that comes in is found once", test_key_comes_in},
    {"symbols are found", test_symbols},
    {"a break is seen where one is sent", test_break_is_seen},
};

void selftest_run(struct syspage_entry *page) {
    if (SYSPAGE_ENTRY(page, system_private)->selftest == 0) {
        return;
    }
    syspage = page;
    interrupt_test_init(page);
    kprintf("KTAP version 1\n1..%zu\n", ARRAY_SIZE(tests));
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        const char *wrong = tests[i].run();
        if (wrong != NULL) {
            kprintf("# %s\n", wrong);
        }
        kprintf(
            "%s %zu - %s\n", wrong == NULL ? "ok" : "not ok", i + 1,
            tests[i].name);
    }
}
