// SPDX-License-Identifier: MIT
// The startup program, as a table of contents: look at the machine, describe it
// in the system page together with the callouts that fit it, hand over.
#include "boot/boot.h"
#include "boot/console.h"
#include "boot/library.h"
#include "boot/machine.h"
#include "boot/memory.h"
#include "boot/modules.h"
#include "boot/sections.h"

static struct machine machine;

void startup_main(uint32_t magic, uint32_t info) {
    (void)magic; // checked by boot/start.asm
    console_init();
    fault_init();

    discover_boot_info(&machine, (const void *)(uintptr_t)info);
    discover_cpu(&machine);
    discover_acpi(&machine);
    discover_pci(&machine);
    discover_legacy_interrupts();
    discover_clocks(&machine);
    modules_read(&machine);
    memory_init(&machine);

    init_system_private(&machine);
    init_raminfo(&machine);
    init_cpuinfo(&machine);
    init_cacheattr(&machine);
    init_hwinfo(&machine);
    init_qtime(&machine);
    init_smp(&machine);
    init_strings(&machine);
    init_callouts(&machine);
    init_custom(&machine);
    init_asinfo(); // last: callouts have added the devices that they map

    uint32_t size = syspage_size();
    paddr_t page = memory_find(size);
    syspage_write(page);
    if (machine.options.print_syspage) {
        print_syspage((const struct syspage_entry *)page);
    }
    kernel_enter(SYSPAGE_VADDR);
}

void fault_report(const struct fault_frame *frame) {
    const char *name = callout_patching();
    startup_fail(
        "exception %lu in startup at %lx, error code %lx%s%s", frame->vector,
        frame->rip, frame->error, name != NULL ? ", in the patcher of " : "",
        name != NULL ? name : "");
}
