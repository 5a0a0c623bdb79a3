// SPDX-License-Identifier: MIT
// See callouts.h. Each callout is looked up once, at its address in the system
// page; those of caches and interrupt groups, which are rarely called, each
// time.
#include "kernel/callouts.h"

#include "callouts/call.h"
#include "kernel/base/x86.h"
#include "smp/irqs_off.h"

#define REBOOT_NORMAL 0
#define REBOOT_ABNORMAL 1

static struct syspage_entry *syspage;
static struct qtime_entry *qtime;
static struct callout_call display_char[NUM_DEBUG], poll_key[NUM_DEBUG],
    break_detect[NUM_DEBUG];
static struct callout_call timer_load, timer_reload, timer_value;
static struct callout_call init_cpu, smp_spin, end_by_reset, power, idle;

void callouts_init(struct syspage_entry *page) {
    const struct callout_entry *callout = SYSPAGE_ENTRY(page, callout);
    syspage = page;
    qtime = SYSPAGE_ENTRY(page, qtime);
    for (unsigned i = 0; i < NUM_DEBUG; i++) {
        const struct debug_callout *debug = &callout->debug[i];
        display_char[i] = callout_find(page, debug->display_char);
        poll_key[i] = callout_find(page, debug->poll_key);
        break_detect[i] = callout_find(page, debug->break_detect);
    }
    timer_load = callout_find(page, callout->timer_load);
    timer_reload = callout_find(page, callout->timer_reload);
    timer_value = callout_find(page, callout->timer_value);
    init_cpu = callout_find(page, SYSPAGE_ENTRY(page, smp)->init_cpu);
    smp_spin = callout_find(page, SYSPAGE_ENTRY(page, smp)->smp_spin);
    end_by_reset = callout_find(page, callout->reboot);
    power = callout_find(page, callout->power);
    idle = callout_find(page, callout->idle);
}

// --- debug ------------------------------------------------------------------

bool callout_display_char(unsigned channel, char c) {
    if (display_char[channel].code == 0) {
        return false;
    }
    CALLOUT_CALL(display_char[channel], display_char_fn, syspage, c);
    return true;
}

int callout_poll_key(unsigned channel) {
    return poll_key[channel].code != 0
               ? CALLOUT_CALL(poll_key[channel], poll_key_fn, syspage)
               : -1;
}

bool callout_break_detect(unsigned channel) {
    return break_detect[channel].code != 0 &&
           CALLOUT_CALL(break_detect[channel], break_detect_fn, syspage) != 0;
}

// --- timer ------------------------------------------------------------------

void callout_timer_load(struct qtime_entry *shot) {
    CALLOUT_CALL(timer_load, timer_load_fn, syspage, shot);
}

bool callout_timer_reload(void) {
    return timer_reload.code == 0 ||
           CALLOUT_CALL(timer_reload, timer_reload_fn, syspage, qtime) != 0;
}

unsigned callout_timer_value(void) {
    return timer_value.code != 0
               ? CALLOUT_CALL(timer_value, timer_value_fn, syspage, qtime)
               : 0;
}

// --- interrupts -------------------------------------------------------------

int callout_mask(const struct intrinfo_entry *group, uint32_t vector) {
    struct callout_call mask = callout_find(syspage, group->mask);
    return mask.code != 0 ? CALLOUT_CALL(mask, mask_fn, syspage, (int)vector)
                          : -1;
}

int callout_unmask(const struct intrinfo_entry *group, uint32_t vector) {
    struct callout_call unmask = callout_find(syspage, group->unmask);
    return unmask.code != 0
               ? CALLOUT_CALL(unmask, mask_fn, syspage, (int)vector)
               : -1;
}

unsigned callout_config(struct intrinfo_entry *group, uint32_t vector) {
    struct callout_call config = callout_find(syspage, group->config);
    return config.code != 0
               ? CALLOUT_CALL(config, config_fn, syspage, group, (int)vector)
               : 0;
}

void callout_init_cpu(void) {
    if (init_cpu.code != 0) {
        CALLOUT_CALL(init_cpu, init_cpu_fn, syspage);
    }
}

// --- caches -----------------------------------------------------------------

unsigned callout_control(
    struct cacheattr_entry *cache, paddr_t address, unsigned num_lines,
    int flags) {
    struct callout_call control = callout_find(syspage, cache->control);
    return CALLOUT_CALL(
        control, control_fn, address, num_lines, flags, cache, syspage);
}

// --- the machine's ends -----------------------------------------------------

void callout_reboot(bool abnormal) {
    if (end_by_reset.code != 0) {
        CALLOUT_CALL(
            end_by_reset, reboot_fn, syspage,
            abnormal ? REBOOT_ABNORMAL : REBOOT_NORMAL);
    }
}

int callout_power(unsigned mode) {
    return power.code != 0 ? CALLOUT_CALL(power, power_fn, syspage, mode, NULL)
                           : -1;
}

// The callout turns interrupts on while it waits.
void callout_idle(void) {
    irqs_off_end();
    (void)CALLOUT_CALL(idle, power_fn, syspage, POWER_IDLE, NULL);
    irqs_off_begin(TOLL_SECTION_IDLE);
}

void callout_park(void) {
    static volatile uint64_t stay = SPIN_STAY;
    if (smp_spin.code != 0) {
        CALLOUT_CALL(smp_spin, smp_spin_fn, syspage, &stay);
    }
    for (;;) {
        pause();
    }
}
