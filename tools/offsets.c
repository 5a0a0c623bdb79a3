// SPDX-License-Identifier: MIT
// The numbers and offsets that assembly needs, taken from the C headers: the
// build compiles this file to assembler text and makes build/offsets.inc of the
// lines that begin with "->". Nothing is mirrored by hand.
#include "boot/boot.h"
#include "callouts/callout.h"
#include "callouts/hardware.h"
#include "callouts/syspage.h"
#include "kernel/base/intr_test.h"
#include "kernel/base/layout.h"
#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"
#include "kernel/thread.h"
#include "kernel/errno.h"
#include "kernel/receipt.h"
#include "smp/irqs_off.h"
#include "smp/percpu.h"
#include "smp/trampoline.h"
#include "smp/resource_lock.h"
#include "syscall/abi.h"
#include "syscall/thunks.h"

#define EQU(name, value)                                                       \
    __asm__ volatile("\n->" #name " equ %0" : : "i"((uint64_t)(value)))
#define VALUE(name)                                                            \
    __asm__ volatile("\n->" #name " equ %0" : : "i"((uint64_t)(name)))
#define OFFSET(name, type, member) EQU(name, offsetof(struct type, member))
// Of a member of a queue lock's first line, from the lock's start.
#define FIRST_LINE(kind, member)                                               \
    (offsetof(struct kind, nodes) + offsetof(struct kind##_node, member))

void offsets(void);
void offsets(void) {
    VALUE(DIRECT_MAP_VADDR);
    VALUE(KERNEL_VADDR);
    VALUE(THUNKS_VADDR);
    VALUE(SYSPAGE_VADDR);
    VALUE(PERCPU_VADDR);
    VALUE(USER_END);
    VALUE(KERNEL_CS);
    VALUE(KERNEL_SS);
    VALUE(USER_CS);
    VALUE(USER_SS);
    VALUE(RFLAGS_IF);
    VALUE(RFLAGS_IOPL);
    VALUE(RFLAGS_NT);
    VALUE(RFLAGS_RF);
    VALUE(RFLAGS_VM);
    VALUE(RFLAGS_AC);
    VALUE(CR0_WP);
    VALUE(CR4_PGE);
    VALUE(MSR_EFER);
    VALUE(EFER_SCE);
    VALUE(EFER_NXE);
    VALUE(MSR_GS_BASE);
    VALUE(MSR_APIC_BASE);

    VALUE(SYS_CUSTOM);
    VALUE(CALLOUT_SLOTS);
    VALUE(NUM_EXCEPTIONS);
    VALUE(NUM_VECTORS);
    VALUE(VECTOR_NMI);
    VALUE(VECTOR_DOUBLE_FAULT);
    VALUE(VECTOR_PAGE_FAULT);
    VALUE(VECTOR_MACHINE_CHECK);
    VALUE(VECTOR_PIC);
    VALUE(VECTOR_IOAPIC);
    VALUE(VECTOR_LAPIC);
    VALUE(VECTOR_SPURIOUS);

    // The frame: callout.inc exports these to callouts as QNX does.
    OFFSET(REG_RDI, regs, rdi);
    OFFSET(REG_RSI, regs, rsi);
    OFFSET(REG_RDX, regs, rdx);
    OFFSET(REG_R10, regs, r10);
    OFFSET(REG_R8, regs, r8);
    OFFSET(REG_R9, regs, r9);
    OFFSET(REG_RAX, regs, rax);
    OFFSET(REG_RBX, regs, rbx);
    OFFSET(REG_RBP, regs, rbp);
    OFFSET(REG_RCX, regs, rcx);
    OFFSET(REG_R11, regs, r11);
    OFFSET(REG_R12, regs, r12);
    OFFSET(REG_R13, regs, r13);
    OFFSET(REG_R14, regs, r14);
    OFFSET(REG_R15, regs, r15);
    OFFSET(REG_RIP, regs, rip);
    OFFSET(REG_CS, regs, cs);
    OFFSET(REG_RFLAGS, regs, rflags);
    OFFSET(REG_RSP, regs, rsp);
    OFFSET(REG_SS, regs, ss);
    EQU(REGS_SIZE, sizeof(struct regs));

    OFFSET(PERCPU_SELF, percpu, self);
    OFFSET(PERCPU_KERNEL_RSP, percpu, kernel_rsp);
    OFFSET(PERCPU_STORAGE, percpu, callout_storage);
    OFFSET(PERCPU_LOCK_LINE, percpu, lock_line);
    OFFSET(PERCPU_LOCK_TAKE, percpu, lock_take);
    OFFSET(PERCPU_LOCK_RELEASE, percpu, lock_release);
    OFFSET(PERCPU_GUARD_THUNK, percpu, guard_thunk);
    OFFSET(PERCPU_GUARD_RESUME, percpu, guard_resume);
    OFFSET(PERCPU_GUARD_R15, percpu, guard_r15);
    OFFSET(PERCPU_GUARD_RSI, percpu, guard_rsi);
    OFFSET(PERCPU_GUARD_RDX, percpu, guard_rdx);
    OFFSET(PERCPU_GUARD_STATE, percpu, guard_state);
    VALUE(GUARD_BEFORE);
    VALUE(GUARD_HELD);
    VALUE(GUARD_AFTER);
    VALUE(GUARD_TWICE);
    VALUE(GUARD_NOT_HELD);
    VALUE(GUARD_KEPT);
    OFFSET(THREAD_RSP, thread, rsp);
    OFFSET(PERCPU_CPU_ID, percpu, cpu_id);
    OFFSET(PERCPU_TYPE_ID, percpu, type_id);
    OFFSET(PERCPU_IRQS_OFF, percpu, irqs_off);
    OFFSET(PERCPU_RECEIPT, percpu, receipt);
    OFFSET(PERCPU_RECEIPTS_FOLD, percpu, receipts_fold);
    OFFSET(PERCPU_REFUSALS, percpu, refusals);
    VALUE(PERCPU_STRIDE);
    VALUE(PERCPU_BLOCK_OFFSET);
    EQU(PERCPU_IDLE_STACK_TOP,
        PERCPU_IDLE_STACK_OFFSET + PERCPU_IDLE_STACK_PAGES * PAGE_SIZE);
    OFFSET(IRQS_OFF_ENTERED, irqs_off_meter, entered);
    VALUE(TOLL_SECTION_CALL);
    VALUE(TOLL_SECTION_FOLD);
    VALUE(TOLL_SECTION_REFUSED);
    VALUE(TOLL_SECTION_EXIT);
    OFFSET(TRAMPOLINE_CR3, trampoline_mailbox, cr3);
    OFFSET(TRAMPOLINE_EFER, trampoline_mailbox, efer);
    OFFSET(TRAMPOLINE_GDT_LIMIT, trampoline_mailbox, gdt_limit);
    OFFSET(TRAMPOLINE_LONG_MODE, trampoline_mailbox, long_mode);
    EQU(TRAMPOLINE_MAILBOX_SIZE, sizeof(struct trampoline_mailbox));

    OFFSET(TICKET_NEXT, ticket, next);
    OFFSET(TICKET_SERVING, ticket, serving);
    OFFSET(TAS_HELD, tas, held);
    OFFSET(TTAS_HELD, ttas, held);
    VALUE(TICKET_PAUSES);
    // A line is named by its distance from line 0. The lines of mcs and
    // anderson begin with that of CPU 0; clh has another one before it.
    VALUE(LOCK_LINE_SHIFT);
    VALUE(CLH_USE_SHIFT);
    OFFSET(MCS_TAIL, mcs, tail);
    EQU(MCS_NEXT, FIRST_LINE(mcs, next) - LOCK_LINE);
    EQU(MCS_GRANTED, FIRST_LINE(mcs, granted) - LOCK_LINE);
    EQU(MCS_NUMBER, FIRST_LINE(mcs, number) - LOCK_LINE);
    OFFSET(CLH_TAIL, clh, tail);
    EQU(CLH_DONE, FIRST_LINE(clh, done));
    EQU(CLH_NUMBER, FIRST_LINE(clh, number));
    OFFSET(ANDERSON_NEXT, anderson, next);
    EQU(ANDERSON_TURN, offsetof(struct anderson_node, turn));
    EQU(ANDERSON_LINE0, offsetof(struct anderson, nodes));
    EQU(ANDERSON_MINE, FIRST_LINE(anderson, mine) - LOCK_LINE);
    EQU(ANDERSON_MASK, FIRST_LINE(anderson, mask) - LOCK_LINE);
    OFFSET(RECEIPT_ARRIVED, receipt, arrived);
    OFFSET(RECEIPT_QUEUED, receipt, queued);
    OFFSET(RECEIPT_GRANTED, receipt, granted);
    OFFSET(RECEIPT_RELEASED, receipt, released);
    OFFSET(RECEIPT_LEFT, receipt, left);
    OFFSET(RECEIPT_PREV_RELEASE, receipt, prev_release);
    OFFSET(RECEIPT_RESULT, receipt, result);
    OFFSET(RECEIPT_RIP, receipt, rip);
    OFFSET(RECEIPT_TICKET, receipt, ticket);
    OFFSET(RECEIPT_ENTRY, receipt, entry);
    OFFSET(RECEIPT_ARRIVALS, receipt, arrivals);
    OFFSET(RECEIPT_SERVED, receipt, served);
    OFFSET(RECEIPT_SLOT, receipt, slot);
    OFFSET(RECEIPT_RESOURCE, receipt, resource);
    OFFSET(RECEIPT_TYPE_ID, receipt, type_id);
    VALUE(RECEIPT_SIZE);
    VALUE(RECEIPT_REFUSED);
    VALUE(PLACE_LOCK);
    VALUE(PLACE_CALLOUT);
    VALUE(PLACE_TYPE);
    VALUE(PLACE_NEXT);
    VALUE(PLACE_REFUSALS);
    VALUE(PLACE_WHERE);
    VALUE(PLACE_GUARD);
    VALUE(PLACE_KEPT);
    VALUE(PLACE_ALONE);
    // The measured entry copies both numbers at once: syscall/thunks.asm.
    _Static_assert(
        offsetof(struct resource_lock, entries) -
                offsetof(struct resource_lock, arrivals) ==
            offsetof(struct receipt, entry) -
                offsetof(struct receipt, arrivals),
        "as they lie in a receipt");
    _Static_assert(
        offsetof(struct ticket, serving) - offsetof(struct ticket, next) ==
            offsetof(struct receipt, entry) -
                offsetof(struct receipt, arrivals),
        "as they lie in a receipt");
    OFFSET(LOCK_ARRIVALS, resource_lock, arrivals);
    OFFSET(LOCK_WORDS, resource_lock, ticket);
    OFFSET(LOCK_ENTRIES, resource_lock, entries);
    OFFSET(LOCK_LAST_RELEASE, resource_lock, last_release);
    VALUE(EPERM);
    VALUE(ENOSYS);
    VALUE(ENOTRECOVERABLE);

    OFFSET(SYSPAGE_SYSTEM_PRIVATE, syspage_entry, system_private);
    OFFSET(SYSPAGE_INTRINFO, syspage_entry, intrinfo);
    OFFSET(PRIVATE_INTR_DISPATCH, system_private_entry, intr_dispatch);
    OFFSET(PRIVATE_INTR_EXIT, system_private_entry, intr_exit);
    OFFSET(PRIVATE_FAULT_ENTRY, system_private_entry, fault_entry);
    VALUE(INTR_GENFLAG_LOAD_SYSPAGE);
    VALUE(INTR_GENFLAG_LOAD_INTRINFO);
    VALUE(INTR_GENFLAG_LOAD_LEVEL);
    VALUE(INTR_GENFLAG_LOAD_INTRMASK);
    VALUE(INTR_GENFLAG_NOGLITCH);
    VALUE(INTR_GENFLAG_LOAD_CPUNUM);
    VALUE(INTR_GENFLAG_ID_LOOP);
    VALUE(INTR_ID_LOOP_MAX);
    VALUE(INTR_SPURIOUS);
    EQU(QTIME_TIMER_LOAD, offsetof(struct qtime_entry, timer_load));
    EQU(QTIME_TIMER_HZ, offsetof(struct qtime_entry, timer_hz));
    EQU(QTIME_NSEC_INC, offsetof(struct qtime_entry, nsec_inc));
    EQU(QTIME_FLAGS, offsetof(struct qtime_entry, flags));
    VALUE(QTIME_ONE_SHOT);
    VALUE(POWER_OFF);
    VALUE(POWER_IDLE);
}

// What boot/ and callouts/ need.
void startup_offsets(void);
void startup_offsets(void) {
    VALUE(MULTIBOOT2_LOADER_MAGIC);
    VALUE(BOOT_PTE_PRESENT);
    VALUE(BOOT_PTE_WRITE);
    VALUE(BOOT_PTE_LARGE);
    VALUE(BOOT_MAPPED);
    VALUE(WEAVE_LEVEL_SIZE);
    EQU(FAULT_FRAME_SIZE, sizeof(struct fault_frame));
    VALUE(UART_DATA);
    VALUE(UART_LINE_STATUS);
    VALUE(UART_STATUS_DATA);
    VALUE(UART_STATUS_BREAK);
    VALUE(UART_STATUS_EMPTY);
    VALUE(UART_TRIES);
    VALUE(DEBUGCON_PORT);
    VALUE(VGA_COLUMNS);
    VALUE(VGA_ROWS);
    VALUE(PIT_CHANNEL0);
    VALUE(PIT_COMMAND);
    VALUE(HPET_CONFIG);
    VALUE(HPET_COUNTER);
    VALUE(HPET_TIMER0_CONFIG);
    VALUE(HPET_TIMER0_COMPARATOR);
    VALUE(HPET_ENABLE);
    VALUE(HPET_LEGACY);
    VALUE(HPET_TIMER_ENABLE);
    VALUE(HPET_TIMER_PERIODIC);
    VALUE(HPET_TIMER_SET);
    VALUE(HPET_TIMER_32);
    VALUE(HPET_TIMER_FSB);
    VALUE(HPET_TIMER_HAS_FSB);
    VALUE(HPET_TIMER_BYTES);
    VALUE(CMOS_INDEX);
    VALUE(CMOS_DATA);
    VALUE(CMOS_REGISTERS);
    VALUE(PCI_ADDRESS);
    VALUE(PCI_DATA);
    VALUE(PCI_ENABLE);
    VALUE(KEYBOARD_STATUS);
    VALUE(KEYBOARD_COMMAND);
    VALUE(RESET_CONTROL_PORT);
    VALUE(PM1_SCI_EN);
    VALUE(PM1_SLP_TYP_SHIFT);
    VALUE(PM1_SLP_TYP);
    VALUE(PM1_SLP_EN);
    VALUE(POWER_QEMU_PORT);
    VALUE(POWER_QEMU_OLD_PORT);
    VALUE(POWER_QEMU_VALUE);
    VALUE(POWER_BOCHS_PORT);
    VALUE(LAPIC_ID);
    VALUE(LAPIC_TPR);
    VALUE(LAPIC_EOI);
    VALUE(LAPIC_SVR);
    VALUE(LAPIC_ESR);
    VALUE(LAPIC_ICR_LOW);
    VALUE(LAPIC_ICR_HIGH);
    VALUE(LAPIC_LVT_TIMER);
    VALUE(LAPIC_LVT_LINT0);
    VALUE(LAPIC_LVT_LINT1);
    VALUE(LAPIC_LVT_ERROR);
    VALUE(LAPIC_TIMER_INITIAL);
    VALUE(LAPIC_TIMER_CURRENT);
    VALUE(LAPIC_TIMER_DIVIDE);
    VALUE(LAPIC_SVR_ENABLE);
    VALUE(LAPIC_LVT_MASKED);
    VALUE(LAPIC_LVT_PERIODIC);
    VALUE(LAPIC_LVT_TSC_DEADLINE);
    VALUE(MSR_TSC_DEADLINE);
    VALUE(MAX_CPUS);
    VALUE(LAPIC_LVT_NMI);
    VALUE(LAPIC_DIVIDE_BY_16);
    VALUE(LAPIC_ID_SHIFT);
    VALUE(PIC_CHIP_INPUTS);
    VALUE(PIC_MASKS);
    VALUE(ICR_PENDING);
    VALUE(ICR_ASSERT);
    VALUE(ICR_INIT);
    VALUE(ICR_STARTUP);
    VALUE(APIC_BASE_ENABLE);
    VALUE(APIC_BASE_X2APIC);
    EQU(X2APIC_ID, X2APIC_MSR(LAPIC_ID));
    EQU(X2APIC_TPR, X2APIC_MSR(LAPIC_TPR));
    EQU(X2APIC_EOI, X2APIC_MSR(LAPIC_EOI));
    EQU(X2APIC_SVR, X2APIC_MSR(LAPIC_SVR));
    EQU(X2APIC_ESR, X2APIC_MSR(LAPIC_ESR));
    EQU(X2APIC_ICR, X2APIC_MSR(LAPIC_ICR_LOW));
    EQU(X2APIC_LVT_TIMER, X2APIC_MSR(LAPIC_LVT_TIMER));
    EQU(X2APIC_LVT_LINT0, X2APIC_MSR(LAPIC_LVT_LINT0));
    EQU(X2APIC_LVT_LINT1, X2APIC_MSR(LAPIC_LVT_LINT1));
    EQU(X2APIC_LVT_ERROR, X2APIC_MSR(LAPIC_LVT_ERROR));
    EQU(X2APIC_TIMER_INITIAL, X2APIC_MSR(LAPIC_TIMER_INITIAL));
    EQU(X2APIC_TIMER_CURRENT, X2APIC_MSR(LAPIC_TIMER_CURRENT));
    EQU(X2APIC_TIMER_DIVIDE, X2APIC_MSR(LAPIC_TIMER_DIVIDE));
    VALUE(IOAPIC_SELECT);
    VALUE(IOAPIC_WINDOW);
    VALUE(IOAPIC_REDIRECTION);
    VALUE(IOAPIC_MASKED);
    VALUE(EINVAL);
    VALUE(LAPIC_TIMER);
    VALUE(LAPIC_IPI);
    VALUE(LAPIC_ERROR);
    VALUE(NUM_LAPIC_VECTORS);
    VALUE(INTR_CONFIG_FLAG_PREATTACH);
    VALUE(INTR_CONFIG_FLAG_DISALLOWED);
    VALUE(INTR_CONFIG_FLAG_IPI);
    VALUE(SPIN_GO);
    VALUE(SPIN_STAY);
    OFFSET(SYSPAGE_CPUINFO, syspage_entry, cpuinfo);
    OFFSET(CPUINFO_APIC_ID, cpuinfo_entry, apic_id);
    EQU(CPUINFO_SIZE, sizeof(struct cpuinfo_entry));
    OFFSET(INTRINFO_NUM_VECTORS, intrinfo_entry, num_vectors);
    VALUE(INTR_TEST_ID);
    VALUE(INTR_TEST_EOI);
    VALUE(INTR_TEST_EVENTS);
    VALUE(INTR_TEST_REFUSED);
    EQU(INTR_TEST_AREA_SIZE, sizeof(struct intr_test_area));
    EQU(INTR_TEST_EVENT_SIZE, sizeof(struct intr_test_event));
    EQU(INTR_TEST_CONTROLLER_SIZE, sizeof(struct intr_test_controller));
    OFFSET(INTR_TEST_NUM_EVENTS, intr_test_area, num_events);
    OFFSET(INTR_TEST_AREA_CONTROLLERS, intr_test_area, controllers);
    OFFSET(INTR_TEST_AREA_EVENTS, intr_test_area, events);
    OFFSET(INTR_TEST_EVENT_WHAT, intr_test_event, what);
    OFFSET(INTR_TEST_EVENT_GROUP, intr_test_event, group);
    OFFSET(INTR_TEST_EVENT_RAX, intr_test_event, rax);
    OFFSET(INTR_TEST_EVENT_RBX, intr_test_event, rbx);
    OFFSET(INTR_TEST_EVENT_RCX, intr_test_event, rcx);
    OFFSET(INTR_TEST_EVENT_RDX, intr_test_event, rdx);
    OFFSET(INTR_TEST_EVENT_RSI, intr_test_event, rsi);
    OFFSET(INTR_TEST_PENDING, intr_test_controller, pending);
    OFFSET(INTR_TEST_FOREVER, intr_test_controller, forever);
    OFFSET(INTR_TEST_MASKS, intr_test_controller, masks);
    OFFSET(INTR_TEST_UNMASKS, intr_test_controller, unmasks);
    OFFSET(INTR_TEST_DATA_GROUP, intr_test_data, group);
    OFFSET(CUSTOM_SLOT_PERCPU, custom_slot, percpu);
    OFFSET(DEBUG_DATA_PORT, debug_data, port);
    OFFSET(APIC_DATA_VADDR, apic_data, vaddr);
    OFFSET(APIC_DATA_NUM_INPUTS, apic_data, num_inputs);
    OFFSET(APIC_DATA_LINT0, apic_data, lint0);
    OFFSET(PIC_DATA_PORT, pic_data, port);
    OFFSET(PIC_DATA_CASCADE, pic_data, cascade);
    OFFSET(HPET_DATA_VADDR, hpet_data, vaddr);
    OFFSET(HPET_DATA_COMPARATOR, hpet_data, comparator);
    OFFSET(HPET_DATA_NUM_COMPARATORS, hpet_data, num_comparators);
    OFFSET(VGA_DATA_VADDR, vga_data, vaddr);
    OFFSET(RESET_DATA_VADDR, reset_data, vaddr);
    OFFSET(RESET_DATA_PORT, reset_data, port);
    OFFSET(RESET_DATA_VALUE, reset_data, value);
    OFFSET(CACHE_DATA_FLUSH_SIZE, cache_data, flush_size);
    OFFSET(CACHEATTR_LINE_SIZE, cacheattr_entry, line_size);
    OFFSET(POWER_DATA_PM1A_PORT, power_data, pm1a_port);
    OFFSET(POWER_DATA_PM1B_PORT, power_data, pm1b_port);
    OFFSET(POWER_DATA_SMI_PORT, power_data, smi_port);
    OFFSET(POWER_DATA_VALUES, power_data, values);
}
