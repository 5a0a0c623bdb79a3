; SPDX-License-Identifier: MIT
; Debug callout for a VGA in text mode, 80 by 25: characters out, none in. The
; cursor is in storage; what leaves the last row scrolls the screen. The kernel
; calls it one at a time.
%include "callouts/callout.inc"

ATTRIBUTE               equ 0x0700      ; light gray on black
BLANKS                  equ 0x0720072007200720
CELL_SIZE               equ 2
ROW_SIZE                equ VGA_COLUMNS * CELL_SIZE
CELLS                   equ VGA_COLUMNS * VGA_ROWS
CRTC_INDEX              equ 0x3d4
CRTC_CURSOR_HIGH        equ 0x0e
CRTC_CURSOR_LOW         equ 0x0f

; void patch_vga(...), data = struct vga_data
PATCHER patch_vga, display_char_vga
        mov     r8, [r8 + VGA_DATA_VADDR]
        PATCH   .screen, r8
        mov     ecx, ecx
        add     rcx, rsi
        PATCH   .cursor, rcx
        ret

CALLOUT_RW vga_rw_size, 4

; void display_char(struct syspage_entry *rdi, char sil)
CALLOUT_START display_char_vga, vga_rw_size, patch_vga
        LOAD_PATCHED r8, .screen
        LOAD_PATCHED r9, .cursor
        mov     ecx, [r9]
        cmp     sil, `\n`
        je      .next_row
        cmp     sil, `\r`
        je      .row_start
        movzx   eax, sil
        or      eax, ATTRIBUTE
        mov     [r8 + rcx * CELL_SIZE], ax
        inc     ecx
        jmp     .moved
.next_row:
        add     ecx, VGA_COLUMNS
.row_start:
        mov     eax, ecx
        xor     edx, edx
        mov     r10d, VGA_COLUMNS
        div     r10d
        sub     ecx, edx
.moved:
        cmp     ecx, CELLS
        jb      .store
        mov     rdi, r8                 ; one row up
        lea     rsi, [r8 + ROW_SIZE]
        mov     ecx, (CELLS - VGA_COLUMNS) * CELL_SIZE / 8
        rep movsq
        mov     rax, BLANKS
        mov     ecx, ROW_SIZE / 8
        rep stosq
        mov     ecx, CELLS - VGA_COLUMNS
.store:
        mov     [r9], ecx
        mov     edx, CRTC_INDEX
        mov     eax, CRTC_CURSOR_HIGH
        mov     ah, ch
        out     dx, ax                  ; index and data
        mov     eax, CRTC_CURSOR_LOW
        mov     ah, cl
        out     dx, ax
        ret
CALLOUT_END display_char_vga

        section .note.GNU-stack noalloc noexec nowrite progbits
