; SPDX-License-Identifier: MIT
; From GRUB to startup_main: the multiboot2 header, the 32-bit entry, the checks
; that long mode needs, the boot page tables, long mode; and the hand-over to
; the kernel at the end. GRUB enters here under BIOS and under UEFI alike (it
; has left boot services by then): protected mode, paging off, interrupts off,
; eax = its magic number, ebx = the physical address of its information.
%include "offsets.inc"
%include "kernel/base/func.inc"
        default rel
        extern  startup_main
        extern  kernel_start

; Multiboot2 specification, "Header".
HEADER_MAGIC            equ 0xe85250d6
HEADER_ARCH_I386        equ 0
HEADER_TAG_END          equ 0
HEADER_TAG_REQUEST      equ 1
HEADER_TAG_PAGE_ALIGN   equ 6
HEADER_TAG_REQUIRED     equ 0
HEADER_TAG_OPTIONAL     equ 1
INFO_TAG_CMDLINE        equ 1
INFO_TAG_MODULE         equ 3
INFO_TAG_MMAP           equ 6
INFO_TAG_ELF_SECTIONS   equ 9
INFO_TAG_ACPI_OLD       equ 14
INFO_TAG_ACPI_NEW       equ 15

; Intel SDM volume 2, "CPUID".
CPUID_EXT_MAX           equ 0x80000000
CPUID_EXT_FEATURES      equ 0x80000001
CPUID_EDX_NX            equ 1 << 20
CPUID_EDX_LONG_MODE     equ 1 << 29
EFLAGS_ID               equ 1 << 21

; Intel SDM volume 3, "Control Registers" and "Segment Descriptors".
CR0_PG                  equ 1 << 31
CR0_PE                  equ 1 << 0
CR4_PAE                 equ 1 << 5
EFER_LME                equ 1 << 8
DESCRIPTOR_CODE64       equ 0x00af9a000000ffff
DESCRIPTOR_DATA         equ 0x00cf92000000ffff

; Level-4 and level-3 entries that the boot tables fill.
TABLE_ENTRIES           equ 512
TABLE_SIZE              equ TABLE_ENTRIES * 8
LARGE_PAGE              equ 2 << 20
IDENTITY_PDS            equ BOOT_MAPPED >> 30
TABLE_FLAGS             equ BOOT_PTE_PRESENT | BOOT_PTE_WRITE
PML4_DIRECT             equ (DIRECT_MAP_VADDR >> 39) & (TABLE_ENTRIES - 1)
PML4_KERNEL             equ (KERNEL_VADDR >> 39) & (TABLE_ENTRIES - 1)
PDPT_KERNEL             equ (KERNEL_VADDR >> 30) & (TABLE_ENTRIES - 1)
PD_SYSPAGE              equ (SYSPAGE_VADDR >> 21) & (TABLE_ENTRIES - 1)
IMAGE_LARGE_PAGES       equ (THUNKS_VADDR - KERNEL_VADDR) / LARGE_PAGE

BOOT_STACK_SIZE         equ 32 * 1024

; The console before there is one (the 16550 as firmware left it), and the ports
; that end a virtual machine: QEMU's pc and q35, older QEMU's, Bochs's.
EARLY_UART_DATA         equ 0x3f8
EARLY_UART_STATUS       equ EARLY_UART_DATA + 5
EARLY_UART_EMPTY        equ 0x20
EARLY_UART_TRIES        equ 100000

        section .multiboot2 progbits alloc noexec nowrite align=8
header:
        dd      HEADER_MAGIC, HEADER_ARCH_I386, header.end - header
        dd      -(HEADER_MAGIC + HEADER_ARCH_I386 + (header.end - header))
        align   8
.request:
        dw      HEADER_TAG_REQUEST, HEADER_TAG_REQUIRED
        dd      .request_end - .request
        dd      INFO_TAG_CMDLINE, INFO_TAG_MODULE, INFO_TAG_MMAP
        dd      INFO_TAG_ELF_SECTIONS
.request_end:
        align   8
.wish:
        dw      HEADER_TAG_REQUEST, HEADER_TAG_OPTIONAL
        dd      .wish_end - .wish
        dd      INFO_TAG_ACPI_OLD, INFO_TAG_ACPI_NEW
.wish_end:
        align   8
.page_align:
        dw      HEADER_TAG_PAGE_ALIGN, HEADER_TAG_REQUIRED
        dd      .page_align_end - .page_align
.page_align_end:
        align   8
        dw      HEADER_TAG_END, HEADER_TAG_REQUIRED
        dd      8
.end:

        section .text
        bits    32

; startup_entry - GRUB's way in
;
; Entry   eax = magic number, ebx = information, protected mode, paging off
; Exit    to startup_main in long mode, or a line on the console and the end
; Stack   the boot stack
FUNC startup_entry
        cli
        cld
        mov     esp, boot_stack_top
        mov     ebp, eax                ; kept across CPUID
        mov     edi, ebx

        mov     esi, message_magic
        cmp     ebp, MULTIBOOT2_LOADER_MAGIC
        jne     early_fail
        call    check_cpu
        call    build_tables
        lgdt    [boot_gdt_pointer]

        ; Long mode: PAE, the level-4 table, LME (and NXE), then paging.
        mov     eax, cr4
        or      eax, CR4_PAE
        mov     cr4, eax
        mov     eax, boot_pml4
        mov     cr3, eax
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_LME | EFER_NXE
        wrmsr
        mov     eax, cr0
        or      eax, CR0_PG | CR0_PE
        mov     cr0, eax
        jmp     KERNEL_CS:long_mode
ENDFUNC startup_entry

; check_cpu - leave with a reason unless the processor has what we need
;
; Exit    returns only if CPUID, long mode and NX are there
; Clobber eax ebx ecx edx esi
check_cpu:
        mov     esi, message_cpuid
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, EFLAGS_ID          ; can be toggled only if CPUID exists
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ecx
        test    eax, EFLAGS_ID
        jz      early_fail

        mov     esi, message_long_mode
        mov     eax, CPUID_EXT_MAX
        cpuid
        cmp     eax, CPUID_EXT_FEATURES
        jb      early_fail
        mov     eax, CPUID_EXT_FEATURES
        cpuid
        test    edx, CPUID_EDX_LONG_MODE
        jz      early_fail
        mov     esi, message_nx
        test    edx, CPUID_EDX_NX
        jz      early_fail
        ret

; build_tables - the boot page tables
;
; Clobber eax ecx
build_tables:
        ; Physical memory below 4 GiB, by large pages.
        mov     eax, LARGE_PAGE * 0 + TABLE_FLAGS + BOOT_PTE_LARGE
        xor     ecx, ecx
.identity:
        mov     [boot_pds + ecx * 8], eax
        add     eax, LARGE_PAGE
        inc     ecx
        cmp     ecx, IDENTITY_PDS * TABLE_ENTRIES
        jne     .identity

        ; Where the kernel image is: the first of them once more.
        xor     ecx, ecx
.image:
        mov     eax, [boot_pds + ecx * 8]
        mov     [boot_kernel_pd + ecx * 8], eax
        inc     ecx
        cmp     ecx, IMAGE_LARGE_PAGES
        jne     .image
        mov     dword [boot_kernel_pd + PD_SYSPAGE * 8], \
                boot_syspage_table + TABLE_FLAGS

        xor     ecx, ecx
        mov     eax, boot_pds + TABLE_FLAGS
.identity_pdpt:
        mov     [boot_pdpt + ecx * 8], eax
        add     eax, TABLE_SIZE
        inc     ecx
        cmp     ecx, IDENTITY_PDS
        jne     .identity_pdpt
        mov     dword [boot_kernel_pdpt + PDPT_KERNEL * 8], \
                boot_kernel_pd + TABLE_FLAGS

        mov     dword [boot_pml4], boot_pdpt + TABLE_FLAGS
        mov     dword [boot_pml4 + PML4_DIRECT * 8], boot_pdpt + TABLE_FLAGS
        mov     dword [boot_pml4 + PML4_KERNEL * 8], \
                boot_kernel_pdpt + TABLE_FLAGS
        ret

; early_fail - say why there will be no boot, and end the machine
;
; Entry   esi = what is missing
; Exit    never
early_fail:
        mov     ebx, esi
        mov     esi, message_prefix
        call    early_print
        mov     esi, ebx
        call    early_print
        mov     ax, POWER_QEMU_VALUE
        mov     dx, POWER_QEMU_PORT
        out     dx, ax
        mov     dx, POWER_QEMU_OLD_PORT
        out     dx, ax
        mov     esi, power_bochs_text
        mov     dx, POWER_BOCHS_PORT
        mov     ecx, power_bochs_text.end - power_bochs_text
        rep outsb
.halt:
        hlt
        jmp     .halt

; early_print - write to the first serial line and the debug port
;
; Entry   esi = text that ends in 0
; Clobber eax ecx edx esi
early_print:
        lodsb
        test    al, al
        jz      .done
        out     DEBUGCON_PORT, al
        mov     ah, al
        mov     ecx, EARLY_UART_TRIES   ; there may be no UART at all
        mov     dx, EARLY_UART_STATUS
.wait:
        in      al, dx
        test    al, EARLY_UART_EMPTY
        loopz   .wait
        mov     al, ah
        mov     dx, EARLY_UART_DATA
        out     dx, al
        jmp     early_print
.done:
        ret

        bits    64
; long_mode - the first 64-bit instructions
long_mode:
        mov     eax, KERNEL_SS
        mov     ss, eax
        mov     ds, eax
        mov     es, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        mov     esp, boot_stack_top
        mov     esi, edi                ; information
        mov     edi, ebp                ; magic number
        xor     ebp, ebp
        call    startup_main
        ud2

; kernel_enter - leave startup for good
;
; Entry   rdi = the system page's kernel address
; Exit    at kernel_start, rdi kept, on the boot stack as the direct map has it
FUNC kernel_enter
        mov     rsp, DIRECT_MAP_VADDR
        mov     eax, boot_stack_top
        add     rsp, rax
        xor     ebp, ebp
        mov     rax, kernel_start
        jmp     rax
ENDFUNC kernel_enter

        section .rodata
message_prefix:         db "tollgate: startup: ", 0
message_magic:          db "not started by a multiboot2 loader", 10, 0
message_cpuid:          db "the processor lacks CPUID", 10, 0
message_long_mode:      db "the processor lacks 64-bit mode", 10, 0
message_nx:             db "the processor lacks no-execute pages (NX)", 10, 0
power_bochs_text:       db "Shutdown"
.end:
        align   8
boot_gdt:
        dq      0
        dq      DESCRIPTOR_CODE64       ; KERNEL_CS
        dq      DESCRIPTOR_DATA         ; KERNEL_SS
.end:
boot_gdt_pointer:
        dw      boot_gdt.end - boot_gdt - 1
        dd      boot_gdt

        section .bss align=4096
        global  boot_syspage_table
boot_pml4:              resb TABLE_SIZE
boot_pdpt:              resb TABLE_SIZE
boot_pds:               resb TABLE_SIZE * IDENTITY_PDS
boot_kernel_pdpt:       resb TABLE_SIZE
boot_kernel_pd:         resb TABLE_SIZE
boot_syspage_table:     resb TABLE_SIZE
boot_stack:             resb BOOT_STACK_SIZE
        global  boot_stack_top
boot_stack_top:

        section .note.GNU-stack noalloc noexec nowrite progbits
