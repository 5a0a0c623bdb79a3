// SPDX-License-Identifier: MIT
// See machine.h: clocks. The 8254 is the one clock whose rate is known; the
// others are measured against it between two looks at all of them, each the
// narrowest of several: a host or an SMI that steals time is noticed, not taken
// for a rate.
#include "boot/machine.h"

#include "boot/console.h"
#include "callouts/hardware.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"

#define WINDOWS 3      // good ones that are wanted
#define MAX_WINDOWS 12 // how often to try
#define SAMPLES 8
#define WINDOW_COUNTS (PIT_HZ / 100) // 10 ms at least
#define FULL_COUNT 0xffffu           // 55 ms
#define WINDOW_POLLS 1000000u

#define GATE_OPEN 0x01 // of the gate port
#define GATE_SPEAKER 0x02
#define GATE_OUTPUT 0x20
#define COMMAND_ONE_SHOT 0xb0 // channel 2, low and high byte, mode 0
#define COMMAND_LATCH 0x80    // channel 2

#define TSC_HZ_ASSUMED 1000000000ul

// CMOS clock (Motorola MC146818A data sheet), and the register that PCs have
// for the century unless ACPI names another.
#define CMOS_SECOND 0x00
#define CMOS_MINUTE 0x02
#define CMOS_HOUR 0x04
#define CMOS_DAY 0x07
#define CMOS_MONTH 0x08
#define CMOS_YEAR 0x09
#define CMOS_STATUS_A 0x0a
#define CMOS_STATUS_B 0x0b
#define CMOS_UPDATING 0x80 // of status A
#define CMOS_24_HOURS 0x02 // of status B
#define CMOS_BINARY 0x04
#define CMOS_PM 0x80 // of the hour
#define CMOS_POLLS 1000000u
#define CMOS_READINGS 8

#define SECONDS_PER_DAY 86400ul
#define DAYS_TO_1970 719468l // from 0000-03-01

// --- rates ------------------------------------------------------------------

// One look at all clocks. They were read within `width` cycles of each other:
// a host or an SMI that steals time in between makes it wide.
struct sample {
    uint64_t tsc;
    uint64_t width;
    uint32_t pit;   // counts down
    uint32_t lapic; // counts down
};

// The clocks between two samples.
struct window {
    uint64_t cycles;
    uint64_t width; // of both samples: how wrong `cycles` may be
    uint32_t pit_counts;
    uint32_t lapic_counts;
};

static void lapic_timer_start(const struct machine *machine) {
    lapic_write(machine, LAPIC_SVR, LAPIC_SVR_ENABLE | VECTOR_SPURIOUS);
    lapic_write(machine, LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
    lapic_write(machine, LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_16);
    lapic_write(machine, LAPIC_TIMER_INITIAL, UINT32_MAX);
}

static void counters_start(const struct machine *machine, uint8_t gate) {
    outb(PIT_GATE_PORT, gate);
    outb(PIT_COMMAND, COMMAND_ONE_SHOT);
    outb(PIT_CHANNEL2, FULL_COUNT & 0xff);
    outb(PIT_CHANNEL2, FULL_COUNT >> 8);
    if (machine->has_lapic) {
        lapic_timer_start(machine);
    }
    outb(PIT_GATE_PORT, gate | GATE_OPEN);
}

static struct sample sample_take(const struct machine *machine) {
    struct sample sample = {.tsc = rdtsc()};
    outb(PIT_COMMAND, COMMAND_LATCH);
    if (machine->has_lapic) {
        sample.lapic = lapic_read(machine, LAPIC_TIMER_CURRENT);
    }
    sample.width = rdtsc() - sample.tsc;
    sample.pit = inb(PIT_CHANNEL2);
    sample.pit |= (uint32_t)inb(PIT_CHANNEL2) << 8;
    return sample;
}

// The narrowest of several.
static struct sample sample_best(const struct machine *machine) {
    struct sample best = sample_take(machine);
    for (unsigned i = 1; i < SAMPLES; i++) {
        struct sample sample = sample_take(machine);
        if (sample.width < best.width) {
            best = sample;
        }
    }
    return best;
}

// Let the counters run for a while; false when the 8254 did not count, or was
// at its end before we looked.
static bool window_measure(const struct machine *machine, struct window *out) {
    uint8_t gate = inb(PIT_GATE_PORT) & (uint8_t) ~(GATE_OPEN | GATE_SPEAKER);
    counters_start(machine, gate);
    struct sample start = sample_best(machine);
    struct sample now = start;
    for (unsigned i = 0;
         i < WINDOW_POLLS && start.pit - now.pit < WINDOW_COUNTS; i++) {
        now = sample_take(machine);
    }
    struct sample end = sample_best(machine);
    bool ended = (inb(PIT_GATE_PORT) & GATE_OUTPUT) != 0;
    outb(PIT_GATE_PORT, gate);
    if (machine->has_lapic) {
        lapic_write(machine, LAPIC_TIMER_INITIAL, 0);
    }
    *out = (struct window){
        .cycles = end.tsc - start.tsc,
        .width = start.width + end.width,
        .pit_counts = start.pit - end.pit,
        .lapic_counts = start.lapic - end.lapic,
    };
    return !ended && end.pit < start.pit && out->pit_counts >= WINDOW_COUNTS;
}

// Whether a window's rate is the surer one.
static bool is_surer(const struct window *a, const struct window *b) {
    return a->width * b->cycles < b->width * a->cycles;
}

static void discover_rates(struct machine *machine) {
    struct window best = {.cycles = 0};
    unsigned good = 0;
    for (unsigned i = 0; i < MAX_WINDOWS && good < WINDOWS; i++) {
        struct window window;
        if (window_measure(machine, &window)) {
            if (good == 0 || is_surer(&window, &best)) {
                best = window;
            }
            good++;
        }
    }
    if (good == 0) {
        startup_print(
            "the 8254 timer does not count: clocks run at %lu MHz "
            "by assumption",
            TSC_HZ_ASSUMED / 1000000);
        machine->tsc_hz = TSC_HZ_ASSUMED;
        machine->lapic_timer_hz = TSC_HZ_ASSUMED / 16;
        return;
    }
    machine->tsc_hz = best.cycles * PIT_HZ / best.pit_counts;
    machine->lapic_timer_hz =
        (uint64_t)best.lapic_counts * PIT_HZ / best.pit_counts;
}

// --- the date ---------------------------------------------------------------

struct date {
    uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t cmos_read(uint8_t reg) {
    outb(CMOS_INDEX, reg);
    return inb(CMOS_DATA);
}

static bool cmos_wait(void) {
    for (unsigned i = 0; i < CMOS_POLLS; i++) {
        if ((cmos_read(CMOS_STATUS_A) & CMOS_UPDATING) == 0) {
            return true;
        }
    }
    return false;
}

static struct date cmos_read_date(uint8_t century) {
    struct date date = {
        .second = cmos_read(CMOS_SECOND),
        .minute = cmos_read(CMOS_MINUTE),
        .hour = cmos_read(CMOS_HOUR),
        .day = cmos_read(CMOS_DAY),
        .month = cmos_read(CMOS_MONTH),
        .year = cmos_read(CMOS_YEAR),
        .century = century != 0 ? cmos_read(century) : 0,
    };
    return date;
}

// Read until two readings agree: the clock may tick in between.
static bool date_read(uint8_t century, struct date *out) {
    struct date last = {0};
    for (unsigned i = 0; i < CMOS_READINGS; i++) {
        if (!cmos_wait()) {
            return false;
        }
        *out = cmos_read_date(century);
        if (i > 0 && out->second == last.second && out->minute == last.minute &&
            out->hour == last.hour && out->day == last.day &&
            out->month == last.month && out->year == last.year &&
            out->century == last.century) {
            return true;
        }
        last = *out;
    }
    return false;
}

static uint8_t number(uint8_t value, bool binary) {
    return binary ? value : (uint8_t)((value >> 4) * 10 + (value & 0xf));
}

static void date_decode(struct date *date, uint8_t status) {
    bool binary = (status & CMOS_BINARY) != 0;
    bool pm = (date->hour & CMOS_PM) != 0;
    date->second = number(date->second, binary);
    date->minute = number(date->minute, binary);
    date->hour = number(date->hour & (uint8_t)~CMOS_PM, binary);
    date->day = number(date->day, binary);
    date->month = number(date->month, binary);
    date->year = number(date->year, binary);
    date->century = number(date->century, binary);
    if ((status & CMOS_24_HOURS) == 0) {
        date->hour = (uint8_t)(date->hour % 12 + (pm ? 12 : 0));
    }
}

// Days since 1970-01-01. The year begins in March, so that the leap day is its
// last; months then have 153 days in five.
static long days_since_1970(long year, long month, long day) {
    year -= month <= 2;
    long era = year / 400;
    long year_of_era = year - era * 400;
    long day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    long day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - DAYS_TO_1970;
}

static bool date_is_sane(const struct date *date) {
    return date->second < 60 && date->minute < 60 && date->hour < 24 &&
           date->day >= 1 && date->day <= 31 && date->month >= 1 &&
           date->month <= 12 && date->year < 100;
}

static void discover_date(struct machine *machine) {
    struct date date;
    uint8_t century = machine->fadt.century;
    if (!date_read(century, &date)) {
        startup_print("the CMOS clock gives no date: it is 1970");
        return;
    }
    date_decode(&date, cmos_read(CMOS_STATUS_B));
    if (!date_is_sane(&date)) {
        startup_print("the CMOS clock's date makes no sense: it is 1970");
        return;
    }
    long hundreds =
        date.century >= 19 && date.century < 100 ? date.century : 20;
    long days =
        days_since_1970(hundreds * 100 + date.year, date.month, date.day);
    machine->boot_time = (uint64_t)days * SECONDS_PER_DAY + date.hour * 3600u +
                         date.minute * 60u + date.second;
}

void discover_clocks(struct machine *machine) {
    discover_rates(machine);
    discover_date(machine);
    machine->boot_cc = rdtsc();
}
