// SPDX-License-Identifier: MIT
// See interrupt_test.h. What the controllers record is compared as text, an
// event a word: i1 is the id of test group 1, e1 its eoi, d1.2 the dispatch of
// its vector 2.
#include "kernel/interrupt_test.h"

#include "kernel/base/intr_test.h"
#include "callouts/syspage.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"
#include "kernel/callouts.h"
#include "kernel/console.h"
#include "kernel/interrupt.h"
#include "kernel/rendezvous.h"
#include "kernel/spinlock.h"
#include "kernel/timer.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "smp/percpu.h"

// IDT entries: see boot/groups_test.c.
#define RAISE(entry) __asm__ volatile("int %0" : : "i"(entry) : "memory")
#define ENTRY_LOOP VECTOR_TEST
#define ENTRY_SINGLE (VECTOR_TEST + 1)
#define ENTRY_NOGLITCH (VECTOR_TEST + 5)
#define ENTRY_GRANDCHILD (VECTOR_TEST + 6)

// The CMOS clock, on the slave 8259's first input (Motorola MC146818A data
// sheet): ports, registers and their bits.
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_STATUS_B 0x0b
#define CMOS_STATUS_C 0x0c // reading it takes the request back
#define CMOS_PERIODIC 0x40

// The slave 8259: its command port, and the command that has it show requests.
#define SLAVE_PORT 0xa0
#define SLAVE_READ_REQUESTS 0x0a

static struct syspage_entry *syspage;
static struct intr_test_area *area;
static uint32_t first_group; // in intrinfo: groups are there in order

static uint32_t vector_of(uint32_t group, uint32_t vector) {
    return INTR_TEST_VECTOR_BASE + group * INTR_TEST_STRIDE + vector;
}

// The handler of all test vectors.
static void record(struct regs *regs, uint32_t vector) {
    (void)regs;
    uint32_t at = area->num_events++;
    if (at < INTR_TEST_EVENTS) {
        uint32_t number = vector - INTR_TEST_VECTOR_BASE;
        area->events[at] = (struct intr_test_event){
            .what = INTR_TEST_DISPATCH,
            .group = number / INTR_TEST_STRIDE,
            .rax = number % INTR_TEST_STRIDE,
        };
    }
}

void interrupt_test_init(struct syspage_entry *page) {
    syspage = page;
    const struct callout_info *info = SYSPAGE_ENTRY(page, callout_info);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, callout_info); i++) {
        if (strcmp(info[i].name, "id") == 0 &&
            strcmp(info[i].version, INTR_TEST_VERSION) == 0) {
            area = (void *)((uintptr_t)page + info[i].rw);
        }
    }
    const struct intrinfo_entry *intr = SYSPAGE_ENTRY(page, intrinfo);
    while (first_group < SYSPAGE_COUNT(page, intrinfo) &&
           intr[first_group].vector_base != INTR_TEST_VECTOR_BASE) {
        first_group++;
    }
    for (uint32_t i = 0; i < INTR_TESTS * INTR_TEST_VECTORS; i++) {
        (void)interrupt_attach(
            vector_of(i / INTR_TEST_VECTORS, i % INTR_TEST_VECTORS), record);
    }
}

// --- what happened
// ----------------------------------------------------------

static void forget(void) {
    memset(area, 0, sizeof(*area));
}

static void pend(uint32_t group, uint32_t mask) {
    area->controllers[group].pending = mask;
}

static const struct intr_test_event *event(uint32_t what, uint32_t group) {
    static const struct intr_test_event none;
    for (uint32_t i = 0; i < area->num_events && i < INTR_TEST_EVENTS; i++) {
        if (area->events[i].what == what && area->events[i].group == group) {
            return &area->events[i];
        }
    }
    return &none;
}

// Were these the events? If not, say which.
static bool happened(const char *expected) {
    static const char letters[] = "?ied";
    char text[256] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < area->num_events && i < INTR_TEST_EVENTS; i++) {
        const struct intr_test_event *e = &area->events[i];
        size_t room = sizeof(text) - length;
        const char *space = i == 0 ? "" : " ";
        length +=
            e->what == INTR_TEST_DISPATCH
                ? format(
                      text + length, room, "%sd%u.%lu", space, e->group, e->rax)
                : format(
                      text + length, room, "%s%c%u", space,
                      letters[e->what & 3], e->group);
        if (length >= sizeof(text)) {
            break;
        }
    }
    if (strcmp(text, expected) == 0) {
        return true;
    }
    kprintf("# \"%s\", not \"%s\"\n", text, expected);
    return false;
}

static const char *verdict(bool good) {
    return good ? NULL : "see above";
}

// --- one level
// --------------------------------------------------------------

const char *interrupt_test_level(void) {
    forget();
    pend(INTR_TEST_SINGLE, 1u << 1);
    RAISE(ENTRY_SINGLE + 2);
    if (!happened("i1 d1.1 e1")) {
        return verdict(false);
    }
    return event(INTR_TEST_ID, INTR_TEST_SINGLE)->rax == 2
               ? NULL
               : "id was not told which entry it is";
}

const char *interrupt_test_spurious(void) {
    forget();
    uint64_t before = interrupt_spurious(first_group + INTR_TEST_SINGLE);
    RAISE(ENTRY_SINGLE);
    if (!happened("i1")) {
        return verdict(false);
    }
    return interrupt_spurious(first_group + INTR_TEST_SINGLE) == before + 1
               ? NULL
               : "it was not counted";
}

const char *interrupt_test_noglitch(void) {
    forget();
    RAISE(ENTRY_NOGLITCH);
    if (!happened("i2 e2")) {
        return verdict(false);
    }
    forget();
    pend(INTR_TEST_NOGLITCH, 1u << 3);
    RAISE(ENTRY_NOGLITCH);
    return verdict(happened("i2 d2.3 e2"));
}

const char *interrupt_test_loop(void) {
    forget();
    uint64_t before = interrupt_spurious(first_group + INTR_TEST_LOOP);
    pend(INTR_TEST_LOOP, 0x3);
    RAISE(ENTRY_LOOP);
    if (!happened("i0 d0.0 e0 i0 d0.1 e0 i0")) {
        return verdict(false);
    }
    if (interrupt_spurious(first_group + INTR_TEST_LOOP) != before) {
        return "the end of the loop was counted as spurious";
    }
    RAISE(ENTRY_LOOP);
    return interrupt_spurious(first_group + INTR_TEST_LOOP) == before + 1
               ? NULL
               : "a spurious interrupt was not counted";
}

const char *interrupt_test_loop_is_bounded(void) {
    forget();
    uint64_t before = interrupt_stuck(first_group + INTR_TEST_LOOP);
    pend(INTR_TEST_LOOP, 0x1);
    area->controllers[INTR_TEST_LOOP].forever = 1;
    RAISE(ENTRY_LOOP);
    if (area->num_events != 3 * INTR_ID_LOOP_MAX) {
        kprintf("# %u events\n", area->num_events);
        return "not as many turns as there may be";
    }
    return interrupt_stuck(first_group + INTR_TEST_LOOP) == before + 1
               ? NULL
               : "it was not counted";
}

// --- registers
// --------------------------------------------------------------

static const char *wrong_register;

static void registers_check(
    const struct intr_test_event *e, uint32_t group, uint64_t level) {
    uint64_t intr =
        (uintptr_t)&SYSPAGE_ENTRY(syspage, intrinfo)[first_group + group];
    wrong_register = e->rbx != (uintptr_t)syspage   ? "LOAD_SYSPAGE"
                     : e->rcx != intr               ? "LOAD_INTRINFO"
                     : e->rax != level              ? "LOAD_LEVEL"
                     : e->rsi != this_cpu()->cpu_id ? "LOAD_CPUNUM"
                                                    : wrong_register;
}

// On each CPU; the second turn's id finds what the first one's did.
static void registers_check_here(void *unused) {
    static struct spinlock lock = SPINLOCK_INITIALIZER("interrupt test");
    (void)unused;
    bool irq = spin_lock(&lock);
    forget();
    pend(INTR_TEST_LOOP, 1u << 1);
    RAISE(ENTRY_LOOP);
    registers_check(&area->events[0], INTR_TEST_LOOP, 0);
    registers_check(event(INTR_TEST_EOI, INTR_TEST_LOOP), INTR_TEST_LOOP, 1);
    registers_check(&area->events[3], INTR_TEST_LOOP, 0);
    spin_unlock(&lock, irq);
}

const char *interrupt_test_registers(void) {
    wrong_register = NULL;
    rendezvous(registers_check_here, NULL);
    return wrong_register;
}

static uint64_t mask_count_at_eoi(void) {
    forget();
    pend(INTR_TEST_LOOP, 1u << 1);
    RAISE(ENTRY_LOOP);
    return event(INTR_TEST_EOI, INTR_TEST_LOOP)->rdx;
}

const char *interrupt_test_intrmask(void) {
    uint32_t vector = vector_of(INTR_TEST_LOOP, 1);
    if (mask_count_at_eoi() != 1) {
        return "a vector is not masked once at first";
    }
    if (!interrupt_unmask(vector) || mask_count_at_eoi() != 0) {
        return "eoi found an unmasked vector masked";
    }
    bool once = interrupt_mask(vector);
    bool twice = interrupt_mask(vector);
    if (!once || !twice || mask_count_at_eoi() != 2) {
        return "eoi did not find a vector masked twice";
    }
    forget();
    if (!interrupt_unmask(vector) ||
        area->controllers[INTR_TEST_LOOP].unmasks != 0) {
        return "the first of two masks taken back unmasks";
    }
    return mask_count_at_eoi() == 1 ? NULL : "a mask taken back still counts";
}

// --- cascades
// ---------------------------------------------------------------

const char *interrupt_test_cascade(void) {
    forget();
    pend(INTR_TEST_LOOP, 1u << INTR_TEST_CHILD_AT | 1);
    pend(INTR_TEST_CHILD, 1u << 3);
    RAISE(ENTRY_LOOP);
    if (!happened("i0 d0.0 e0 i0 i3 d3.3 e3 e0 i0")) {
        return verdict(false);
    }
    if (event(INTR_TEST_ID, INTR_TEST_CHILD)->rax != INTR_TEST_CHILD_AT) {
        return "the child's id was not told the parent's vector";
    }
    const struct intr_test_event *eoi = event(INTR_TEST_EOI, INTR_TEST_CHILD);
    uintptr_t intr = (uintptr_t)&SYSPAGE_ENTRY(
        syspage, intrinfo)[first_group + INTR_TEST_CHILD];
    if (eoi->rax != 3 || eoi->rcx != intr) {
        return "the child's eoi was not told its own vector and group";
    }
    forget();
    pend(INTR_TEST_LOOP, 1u << INTR_TEST_CHILD_AT);
    RAISE(ENTRY_LOOP); // spurious in the child: ends at the parent
    return verdict(happened("i0 i3 e0 i0"));
}

const char *interrupt_test_implicit_eoi(void) {
    forget();
    pend(INTR_TEST_LOOP, 1u << INTR_TEST_IMPLICIT_AT);
    pend(INTR_TEST_IMPLICIT, 1u << 1);
    RAISE(ENTRY_LOOP);
    if (!happened("i0 i4 d4.1 e4 i0")) {
        return verdict(false);
    }
    forget();
    pend(INTR_TEST_LOOP, 1u << INTR_TEST_IMPLICIT_AT);
    RAISE(ENTRY_LOOP); // nothing ended at the child, so the parent must
    return verdict(happened("i0 i4 e0 i0"));
}

const char *interrupt_test_deep_cascade(void) {
    forget();
    pend(INTR_TEST_LOOP, 1u << INTR_TEST_CHILD_AT);
    pend(INTR_TEST_CHILD, 1u << INTR_TEST_GRANDCHILD_AT);
    pend(INTR_TEST_GRANDCHILD, 1u << 2);
    RAISE(ENTRY_GRANDCHILD);
    if (!happened("i0 i3 i5 d5.2 e5 e3 e0 i0")) {
        return verdict(false);
    }
    return event(INTR_TEST_ID, INTR_TEST_LOOP)->rax == INTR_TEST_CHILD_AT
               ? NULL
               : "the root was not told which of its vectors this "
                 "entry is";
}

// --- masks
// ------------------------------------------------------------------

const char *interrupt_test_broadcast(void) {
    uint32_t cpus = atomic_load_explicit(&num_cpus_up, memory_order_relaxed);
    const struct intr_test_controller *c = area->controllers;
    forget();
    if (!interrupt_unmask(vector_of(INTR_TEST_SINGLE, 0)) ||
        !interrupt_mask(vector_of(INTR_TEST_SINGLE, 0)) ||
        !interrupt_unmask(vector_of(INTR_TEST_NOGLITCH, 0)) ||
        !interrupt_mask(vector_of(INTR_TEST_NOGLITCH, 0))) {
        return "mask or unmask failed";
    }
    if (c[INTR_TEST_SINGLE].unmasks != 1 || c[INTR_TEST_NOGLITCH].masks != 1) {
        return "what is for one CPU did not happen once";
    }
    return c[INTR_TEST_SINGLE].masks == cpus &&
                   c[INTR_TEST_NOGLITCH].unmasks == cpus
               ? NULL
               : "what is for every CPU did not happen once on each";
}

const char *interrupt_test_config(void) {
    forget();
    uint32_t refused = vector_of(INTR_TEST_LOOP, INTR_TEST_REFUSED);
    if (interrupt_unmask(refused) ||
        area->controllers[INTR_TEST_LOOP].unmasks != 0) {
        return "a vector that config doesn't allow was unmasked";
    }
    uint32_t vector = vector_of(INTR_TEST_LOOP, 0);
    bool first = interrupt_unmask(vector);
    bool second = interrupt_unmask(vector);
    if (!first || second) {
        return "a vector was unmasked more often than it was masked";
    }
    return interrupt_mask(vector) ? NULL : "a vector can't be masked again";
}

// --- the timer --------------------------------------------------------------

// A wait for what must come ends by it; for what must not come, it can only be
// long enough.
#define WAIT_MS 10000
#define SILENCE_MS 50

static bool time_is_over(cycles_t start, uint32_t ms) {
    return (rdtsc() - start) /
               (SYSPAGE_ENTRY(syspage, qtime)->cycles_per_sec / 1000) >=
           ms;
}

// Wait until a count has come so far. False: it hasn't.
static bool count_wait(const uint64_t *count, uint64_t wanted, uint32_t ms) {
    cycles_t start = rdtsc();
    while (__atomic_load_n(count, __ATOMIC_RELAXED) < wanted) {
        if (time_is_over(start, ms)) {
            return false;
        }
        pause();
    }
    return true;
}

static void timer_start_again(void *unused) {
    (void)unused;
    timer_start_cpu();
}

const char *interrupt_test_timer_masked(void) {
    const struct qtime_entry *qtime = SYSPAGE_ENTRY(syspage, qtime);
    uint32_t vector = interrupt_of_entry(qtime->intr);
    const uint64_t *ticks = &this_cpu()->ticks;
    if (!interrupt_mask(vector)) {
        return "it can't be masked";
    }
    // Who loads the timer does not unmask it. An interrupt may have been under
    // way, and counts all the ticks that it is late.
    rendezvous(timer_start_again, NULL);
    bool silent = false;
    for (int i = 0; i < 2 && !silent; i++) {
        silent = !count_wait(ticks, *ticks + 1, SILENCE_MS);
    }
    uint64_t unmasked_at = *ticks;
    if (!interrupt_unmask(vector)) {
        return "it can't be unmasked";
    }
    rendezvous(timer_start_again, NULL); // what came while masked is lost
    bool back = count_wait(ticks, unmasked_at + 3, WAIT_MS);
    return !silent ? "it came while it was masked"
           : back  ? NULL
                   : "it did not come back";
}

// --- the 8259 pair ----------------------------------------------------------

static uint64_t clock_ticks; // [a]

static uint8_t cmos_read(uint8_t index) {
    outb(CMOS_INDEX, index);
    return inb(CMOS_DATA);
}

// Have the clock ask for an interrupt 1024 times a second, or not.
static void clock_periodic(bool on) {
    uint8_t control = cmos_read(CMOS_STATUS_B);
    control =
        (uint8_t)(on ? control | CMOS_PERIODIC : control & ~CMOS_PERIODIC);
    outb(CMOS_INDEX, CMOS_STATUS_B);
    outb(CMOS_DATA, control);
    (void)cmos_read(CMOS_STATUS_C);
}

static void clock_ticked(struct regs *regs, uint32_t vector) {
    (void)regs;
    (void)vector;
    __atomic_fetch_add(&clock_ticks, 1, __ATOMIC_RELAXED);
    (void)cmos_read(CMOS_STATUS_C);
}

// An HPET in the 8254's place takes the clock's interrupt as well.
static bool clock_is_silent(void) {
    const struct callout_info *info = SYSPAGE_ENTRY(syspage, callout_info);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, callout_info); i++) {
        if (strcmp(info[i].name, "timer_load") == 0) {
            return strcmp(info[i].version, "hpet") == 0;
        }
    }
    return false;
}

// The slave's group, or as many as there are.
static uint32_t slave_find(void) {
    const struct intrinfo_entry *intr = SYSPAGE_ENTRY(syspage, intrinfo);
    uint32_t i = 0;
    while (i < SYSPAGE_COUNT(syspage, intrinfo) &&
           (strcmp(SYSPAGE_STRING(syspage, intr[i].name), "8259") != 0 ||
            intr[i].cascade_vector == INTR_NO_CASCADE)) {
        i++;
    }
    return i;
}

const char *interrupt_test_8259(void) {
    uint32_t slave = slave_find();
    if (slave == SYSPAGE_COUNT(syspage, intrinfo) || clock_is_silent()) {
        return NULL;
    }
    uint32_t vector = SYSPAGE_ENTRY(syspage, intrinfo)[slave].vector_base;
    clock_ticks = 0;
    if (!interrupt_attach(vector, clock_ticked) || !interrupt_unmask(vector)) {
        return "the clock's interrupt can't be had";
    }
    clock_periodic(true);
    bool ticked = count_wait(&clock_ticks, 3, WAIT_MS);
    clock_periodic(false);
    if (!interrupt_mask(vector)) {
        return "the clock's interrupt can't be masked";
    }
    return ticked ? NULL : "not three ticks of the clock";
}

// Wait, with interrupts off, until the slave has the clock's request.
static bool clock_asks(void) {
    cycles_t start = rdtsc();
    do {
        outb(SLAVE_PORT, SLAVE_READ_REQUESTS);
        if (inb(SLAVE_PORT) & 1) {
            return true;
        }
    } while (!time_is_over(start, WAIT_MS));
    return false;
}

static bool spurious_wait(uint32_t group, uint64_t wanted) {
    cycles_t start = rdtsc();
    while (interrupt_spurious(group) < wanted) {
        if (time_is_over(start, WAIT_MS)) {
            return false;
        }
        pause();
    }
    return true;
}

// The request goes away between the master's and the slave's part of the
// answer: the slave is masked while the master's request stands.
const char *interrupt_test_8259_spurious(void) {
    uint32_t slave = slave_find();
    if (slave == SYSPAGE_COUNT(syspage, intrinfo) || clock_is_silent()) {
        return NULL;
    }
    uint32_t vector = SYSPAGE_ENTRY(syspage, intrinfo)[slave].vector_base;
    uint64_t before = interrupt_spurious(slave);
    bool irq = irq_save();
    bool good = interrupt_unmask(vector);
    clock_periodic(true);
    good = clock_asks() && good;
    good = interrupt_mask(vector) && good;
    irq_restore(irq);
    good = spurious_wait(slave, before + 1) && good;
    clock_periodic(false);
    if (!good || interrupt_spurious(slave) != before + 1) {
        return "it did not arrive, or was not counted";
    }
    return interrupt_test_8259(); // the master goes on
}
