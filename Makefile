# SPDX-License-Identifier: MIT
# Tollgate: an outline of the system, then how it is built, run and tested.

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# As many compilers as the host has CPUs, unless -j says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

# What users type starts with the packages that it takes.
NO_DEPS := help clean objects programs
TESTS   := test test-long lint bench coverage
ifneq ($(filter-out $(NO_DEPS),$(MAKECMDGOALS)),)
ifneq ($(shell tools/deps $(if $(filter $(TESTS),$(MAKECMDGOALS)),--test) >&2 || echo failed),)
$(error packages are missing, see above)
endif
endif

# --- the system, folder by folder -------------------------------------------

STARTUP_SRC := $(sort $(wildcard boot/*.asm boot/*.c callouts/*.asm callouts/*.S \
                 callouts/*.c))
KERNEL_SRC  := $(sort $(wildcard smp/*.asm smp/*.c kernel/*.asm kernel/*.c \
                 syscall/*.asm syscall/*.c callouts/module.c))
BASE_SRC    := $(sort $(wildcard kernel/base/*.c))

# --- tools ------------------------------------------------------------------

CC      := gcc
NASM    := nasm
LD      := ld
OBJCOPY := objcopy
ifeq ($(CC),clang)
LD      := ld
endif

B := build
V ?= 0
ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '%-8s%s\n' $(1) $(2)
endif

# --- flags, one a line with its reason --------------------------------------

WARN := -Wall -Wextra -Werror
WARN += -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef

CFLAGS := -std=c11 -ffreestanding -I. -g -O2 $(WARN)
CFLAGS += -mno-red-zone          # interrupts use the interrupted stack
CFLAGS += -mgeneral-regs-only    # SSE state belongs to the programs
CFLAGS += -fno-omit-frame-pointer # backtraces
CFLAGS += -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables
CFLAGS += -fcf-protection=none   # no ENDBR: nothing turns CET on
CFLAGS += -fno-strict-aliasing   # frames and tables are read as bytes too
CFLAGS += -ffile-prefix-map=$(CURDIR)=. # reproducible: no host paths

STARTUP_CFLAGS := $(CFLAGS) -mcmodel=small # identity-mapped, low
KERNEL_CFLAGS  := $(CFLAGS) -mcmodel=kernel

NASMFLAGS := -f elf64 -g -F dwarf -I./ -I$(B)/ -w+all -w+error
ASFLAGS := -Icallouts -I$(B) -g -Wa,--fatal-warnings
ASFLAGS += -ffile-prefix-map=$(CURDIR)=.

# A callout in C is one function that runs where startup copies it: no -g, which
# would describe the original, and gcc alone, whose sections callouts/callout.h
# counts on.
CALLOUT_CFLAGS := -std=c11 -ffreestanding -I. -I$(B) -O2 $(WARN)
CALLOUT_CFLAGS += -mno-red-zone -mgeneral-regs-only
CALLOUT_CFLAGS += -fno-pic -fno-asynchronous-unwind-tables
CALLOUT_CFLAGS += -fno-stack-protector -fno-stack-clash-protection
CALLOUT_CFLAGS += -fcf-protection=none
CALLOUT_CFLAGS += -fomit-frame-pointer # admission knows the stack by rsp alone
CALLOUT_CFLAGS += -fno-jump-tables     # they are data, with addresses
CALLOUT_CFLAGS += -fno-tree-loop-distribute-patterns # calls of memset, memcpy
CALLOUT_CFLAGS += -ffile-prefix-map=$(CURDIR)=.

# --- numbers that C and assembly share --------------------------------------

$(B)/offsets.inc: tools/offsets.c Makefile
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(KERNEL_CFLAGS) -MMD -MP -MF $(@:.inc=.d) -MT $@ -S -o $(@:.inc=.s) $<
	$(Q){ echo "%ifndef OFFSETS_INC"; echo "%define OFFSETS_INC"; \
	  sed -n 's/^->\([A-Z0-9_]* equ\) \$$*\(-*[0-9]*\)$$/\1 \2/p' $(@:.inc=.s); \
	  echo "%endif"; } > $@

# The same for GNU as and C. A name that a C header has is left to it: include
# this one last.
$(B)/offsets.h: $(B)/offsets.inc
	$(call say,GEN,$@)
	$(Q){ echo "/* Made of tools/offsets.c. */"; \
	  sed -n 's/^\([A-Z0-9_]*\) equ \(.*\)/#ifndef \1\n#define \1 \2\n#endif/p' \
	    $<; } > $@

# --- objects: build/ mirrors the tree, once for startup, once for the kernel --

STARTUP_OBJ := $(addprefix $(B)/startup/,$(addsuffix .o,$(STARTUP_SRC) $(BASE_SRC)))
KERNEL_OBJ  := $(addprefix $(B)/kernel/,$(addsuffix .o,$(KERNEL_SRC) $(BASE_SRC)))

$(B)/startup/%.c.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(STARTUP_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/kernel/%.c.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

# NASM 2.16 leaves the included files out of what -MD writes, so every assembly
# file depends on all of them.
ASM_INC := $(wildcard */*.inc */*/*.inc)

$(B)/kernel/%.asm.o: %.asm $(B)/offsets.inc $(ASM_INC) Makefile
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -o $@ $<

$(B)/startup/%.asm.o: %.asm $(B)/offsets.inc $(ASM_INC) Makefile
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -o $@ $<

$(B)/startup/%.S.o: %.S $(B)/offsets.h Makefile
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(ASFLAGS) -MMD -MP -c -o $@ $<

# What a compiler makes of C is admitted before it is linked. How much storage
# it has on each CPU is in the .def; admission asks only whether it has some.
$(B)/startup/callouts/custom_%.c.o: callouts/custom_%.c $(B)/offsets.h Makefile \
  | $(B)/mkcallout
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(CALLOUT_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(B)/mkcallout $@ -o $(@:.o=.tgc) --slot 0 --percpu 16 >/dev/null

# --- the image: startup low, the kernel in the higher half ------------------
# Each half is linked on its own first and keeps one symbol for the other, so
# that neither can use the other by name. Labels of NASM's macros and ends of
# functions go: who looks an address up shall find the function.

$(B)/startup.o: $(STARTUP_OBJ)
	$(call say,LD,$@)
	$(Q)$(LD) -r -o $@ $(STARTUP_OBJ)
	$(Q)$(OBJCOPY) --keep-global-symbol=startup_entry $@

# A shared object that programs get from the kernel.
$(B)/vdso.so: usr/vdso/gettimeofday.S usr/vdso/vdso.ld Makefile
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) -shared -nostdlib -s -Wl,--hash-style=sysv,--build-id=none \
	    -Wl,-soname,linux-vdso.so.1,-T,usr/vdso/vdso.ld -o $@ $<

$(B)/kernel/kernel/vdso.asm.o: $(B)/vdso.so

$(B)/kernel.o: $(KERNEL_OBJ)
	$(call say,LD,$@)
	$(Q)$(LD) -r -o $@ $(KERNEL_OBJ)
	$(Q)$(OBJCOPY) --wildcard --strip-symbol='..@*' --strip-symbol='*.end' \
	    --keep-global-symbol=kernel_start $@

$(B)/tollgate.ld: boot/tollgate.ld kernel/base/layout.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -I. $< | sed 's/\([0-9a-f]\)ul/\1/g' > $@

$(B)/tollgate.debug: $(B)/startup.o $(B)/kernel.o $(B)/tollgate.ld
	$(call say,LD,$@)
	$(Q)$(LD) --fatal-warnings -nostdlib -z max-page-size=4096 \
	    -T $(B)/tollgate.ld -o $@ $(B)/startup.o $(B)/kernel.o

# GRUB loads every section beside the kernel: symbols, but no debug sections.
$(B)/tollgate.elf: $(B)/tollgate.debug
	$(call say,STRIP,$@)
	$(Q)$(OBJCOPY) --strip-debug --remove-section=.irq_sites $< $@

# --- programs: static, by musl-gcc, against libtollgate ---------------------

USR_CC := musl-gcc
USR_CFLAGS := -std=c11 -D_GNU_SOURCE -I. -g -O2 $(WARN)
USR_CFLAGS += -ffile-prefix-map=$(CURDIR)=.

USR_BIN    := $(patsubst usr/bin/%.c,$(B)/usr/bin/%,$(wildcard usr/bin/*.c))
USR_TESTS  := $(patsubst tests/guest/%_test.c,$(B)/usr/tests/%_test,\
                $(wildcard tests/guest/*_test.c))
LIB        := $(B)/usr/lib/libtollgate.a
COMMON     := $(B)/usr/program.a
LIB_OBJ    := $(addprefix $(B)/,$(addsuffix .o,$(wildcard usr/lib/*.[cS]))) \
                $(B)/usr/kernel/base/histogram.c.o
# All that programs see of the system.
LIB_HDR    := callouts/syspage.h kernel/base/histogram.h kernel/base/seqlock.h \
                kernel/receipt.h syscall/abi.h syscall/toll_area.h \
                syscall/toll_shot.h
COMMON_OBJ := $(addprefix $(B)/,$(addsuffix .o,$(wildcard usr/program/*.[cS])))
SDK        := $(B)/sdk/lib/pkgconfig/tollgate.pc

programs: $(USR_BIN) $(USR_TESTS) $(SDK) ## /bin, the guest tests, libtollgate

$(B)/usr/%.o $(B)/tests/guest/%.o: USR_SAY = $(if $(filter %.S,$<),AS,CC)
$(B)/usr/%.o: usr/% Makefile
	$(call say,$(USR_SAY),$<)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) $(USR_CFLAGS) -MMD -MP -c -o $@ $<

# What the library shares with the kernel.
$(B)/usr/kernel/%.o: kernel/% Makefile
	$(call say,$(USR_SAY),$<)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) $(USR_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/guest/%.o: tests/guest/% Makefile
	$(call say,$(USR_SAY),$<)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) $(USR_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJ)
$(COMMON): $(COMMON_OBJ)
$(LIB) $(COMMON):
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $^

# PROGRAM.c may have assembly of its own, PROGRAM_*.S; the test NAME_test is all
# of NAME_*.c and NAME_*.S.
.SECONDEXPANSION:
$(USR_BIN): $(B)/usr/bin/%: $(B)/usr/bin/%.c.o \
  $$(addprefix $(B)/,$$(addsuffix .o,$$(wildcard usr/bin/$$*_*.S))) \
  $(COMMON) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(USR_CC) -static -o $@ $^

$(USR_TESTS): $(B)/usr/tests/%_test: $(B)/tests/guest/ktap.c.o \
  $$(addprefix $(B)/,$$(addsuffix .o,$$(wildcard tests/guest/$$*_*.[cS]))) \
  $(COMMON) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) -static -o $@ $^

# Modules that tests bind, with the options that their sources name.
TEST_MODULES := $(patsubst %.asm,$(B)/%.tgc,$(wildcard tests/guest/modules/*.asm))

$(B)/tests/guest/modules/%.tgc: tests/guest/modules/%.asm $(B)/offsets.inc \
  $(ASM_INC) $(B)/mkcallout Makefile
	$(call say,MODULE,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -o $(@:.tgc=.o) $<
	$(Q)$(B)/mkcallout $(@:.tgc=.o) -o $@ $$(sed -n 's/^; mkcallout: //p' $<) \
	    > $(@:.tgc=.log) 2>&1 || { cat $(@:.tgc=.log) >&2; false; }

WITH_MODULES := $(addprefix $(B)/tests/guest/,bind_modules.S.o fuzz_module.S.o)
$(WITH_MODULES): USR_CFLAGS += -I$(B)/tests/guest
$(WITH_MODULES): $(TEST_MODULES)

# The shell is Debian's, static, against musl.
MKSH := $(firstword $(wildcard /usr/lib/*-linux-musl/bin/mksh))

# The guest's root. Reproducible: no dates, no owners, no order of a directory.
$(B)/initrd.tar: $(USR_BIN) $(MKSH) usr/etc/profile
	$(call say,TAR,$@)
	$(Q)rm -rf $(B)/root && mkdir -p $(B)/root/bin
	$(Q)for p in $(USR_BIN); do strip -o $(B)/root/bin/$${p##*/} $$p; done
	$(Q)cp $(MKSH) $(B)/root/bin/mksh && ln -s mksh $(B)/root/bin/sh
	$(Q)install -D -m 644 usr/etc/profile $(B)/root/etc/profile
	$(Q)tar -c --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 \
	    --numeric-owner --mode=u=rwX,go=rX -C $(B)/root -f $@ bin etc

PREFIX := /usr/local

install-lib: $(LIB) ## libtollgate, headers, pkg-config file: PREFIX= DESTDIR=
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)for h in $(LIB_HDR); do \
	    install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/tollgate/$$h; done
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/tollgate \
	    usr/include/tollgate.h
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib $(LIB)
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	    usr/lib/tollgate.pc

# The same for programs outside of the tree that have not installed it.
$(SDK): $(LIB) usr/lib/tollgate.pc usr/include/tollgate.h $(LIB_HDR)
	$(Q)$(MAKE) install-lib PREFIX=$(B)/sdk

.PHONY: programs install-lib

# --- host tools -------------------------------------------------------------

HOST_CFLAGS := -std=gnu11 -I. -g -O2 $(WARN)
MKCALLOUT_OBJ := $(addprefix $(B)/host/,$(addsuffix .o,\
                   $(wildcard tools/mkcallout*.c) callouts/module.c))

$(B)/host/%.c.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/mkcallout: $(MKCALLOUT_OBJ)
	$(call say,LINK,$@)
	$(Q)gcc -o $@ $^ -lelf -lZydis

# What tools/boot sends standard input with.
$(B)/feed: $(B)/host/tools/feed.c.o
	$(call say,LINK,$@)
	$(Q)gcc -o $@ $^

# The scope: a plugin of QEMU's, which exports its entry alone.
SCOPE_CFLAGS := $(HOST_CFLAGS) -D_GNU_SOURCE -fPIC -fvisibility=hidden
SCOPE := $(B)/scope.so $(B)/cover-lines
SCOPE_OBJ := $(addprefix $(B)/plugin/,$(addsuffix .o,\
               $(wildcard tools/scope/*.c) kernel/base/histogram.c))

$(B)/plugin/%.c.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(SCOPE_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/scope.so: $(SCOPE_OBJ)
	$(call say,LINK,$@)
	$(Q)gcc -shared -o $@ $^ -lelf

$(B)/cover-lines: $(B)/host/tools/cover_lines.c.o
	$(call say,LINK,$@)
	$(Q)gcc -o $@ $^ -ldw

# --- what is compared with Linux, for tools/bench ---------------------------

BENCH     := $(B)/bench
BENCH_OBJ := $(addprefix $(B)/,$(addsuffix .o,$(wildcard tools/bench/guest/*.[cS])))

$(B)/tools/bench/guest/%.o: tools/bench/guest/% Makefile
	$(call say,$(if $(filter %.S,$<),AS,CC),$<)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) $(USR_CFLAGS) -MMD -MP -c -o $@ $<

$(BENCH)/bench: $(BENCH_OBJ) $(COMMON) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(USR_CC) -static -s -o $@ $^

$(BENCH)/stopwatch: $(B)/host/tools/bench/stopwatch.c.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)gcc -o $@ $^

$(BENCH)/linux/linux.cpio: $(BENCH)/bench $(wildcard tools/bench/linux/*)
	$(call say,LINUX,$@)
	$(Q)tools/bench/linux/make-linux $< $(@D)

# One medium with both systems; GRUB has one module more.
$(BENCH)/bench.iso: $(B)/tollgate.elf $(B)/initrd.tar $(BENCH)/linux/linux.cpio \
  $(BENCH)/bench $(wildcard iso/*)
	$(call say,ISO,$@)
	$(Q)tar -c --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner \
	    -C $(BENCH) -f $(BENCH)/bench.tar bench
	$(Q)iso/make-iso --module linux --file $(BENCH)/linux/vmlinuz \
	    --file $(BENCH)/linux/linux.cpio --file $(BENCH)/bench.tar \
	    $(B)/tollgate.elf $(B)/initrd.tar $@

# Our locks and libck's, natively: tools/bench-locks.
BENCH_LOCKS_OBJ := $(addprefix $(B)/host/,$(addsuffix .o,\
                     $(wildcard tests/bench/*.c)))

$(BENCH_LOCKS_OBJ): HOST_CFLAGS += -D_GNU_SOURCE -pthread
$(B)/bench-locks: $(BENCH_LOCKS_OBJ)
	$(call say,LINK,$@)
	$(Q)gcc -pthread -o $@ $^

# --- the boot image ---------------------------------------------------------

$(B)/tollgate.iso: $(B)/tollgate.elf $(B)/initrd.tar $(wildcard iso/*) \
  | $(B)/feed
	$(call say,ISO,$@)
	$(Q)iso/make-iso $(B)/tollgate.elf $(B)/initrd.tar $@

# --- what users type --------------------------------------------------------

SMP     ?= 4
MEM     ?= 256
LOCK    ?=
SLOT    ?=
COUNT   ?=
SECONDS ?=
TOLL    ?=
PARTS   ?= locks calls boot
ROUNDS  ?= 3
MODE    ?=

BOOT   := tools/boot --smp $(SMP) --mem $(MEM)
STRESS := /bin/stress --json $(if $(SLOT),--slot $(SLOT)) $(if $(LOCK),--lock $(LOCK))

run: $(B)/tollgate.iso $(SDK) ## the tour: boot on SMP=4 CPUs, show it all, report
	$(Q)status=0; $(BOOT) --json $(B)/run.json -- /bin/tour || status=$$?; \
	    tools/report/report -o $(B)/report.html $(B)/run.json && exit $$status

shell: $(B)/tollgate.iso ## the same system with an interactive prompt; exit or ^D ends it
	$(Q)$(BOOT) --tty -- /bin/sh -l

stress: $(B)/tollgate.iso ## all CPUs call SLOT= under LOCK= for SECONDS= or COUNT=, TOLL= off, on, full
	$(if $(and $(COUNT),$(SECONDS)),$(error COUNT and SECONDS: give one of them))
	$(if $(filter-out off on full,$(TOLL)),$(error TOLL is off, on or full, not '$(TOLL)'))
	$(Q)$(BOOT) --json $(B)/stress.json -- $(STRESS) \
	    $(if $(SECONDS),--seconds $(SECONDS)) $(if $(COUNT),--count $(COUNT)) \
	    $(if $(TOLL),--toll $(TOLL))
	@echo "results: $(B)/stress.json (make report RUN=$(B)/stress.json)"

latency: $(B)/tollgate.iso ## how late threads wake (MODE=shot: timers strike), and why
	$(if $(filter-out shot cyclic,$(MODE)),$(error MODE is shot or cyclic, not '$(MODE)'))
	$(Q)$(BOOT) --json $(B)/latency.json -- /bin/latency --json \
	    $(if $(filter shot,$(MODE)),--shot) -D $(or $(SECONDS),5) \
	    --slot $(or $(SLOT),4) $(if $(LOCK),--lock $(LOCK))
	@echo "results: $(B)/latency.json (make report RUN=$(B)/latency.json)"

RUN ?=

# The newest of what the targets above and the sweep leave.
RESULTS := $(addprefix $(B)/,run.json stress.json latency.json sweep.jsonl)
NEWEST   = $(or $(firstword $(shell ls -t $(RESULTS) 2>/dev/null)),$(B)/run.json)

report: ## one HTML page, build/report.html, of RUN=, by default the newest run or sweep
	$(Q)tools/report/report -o $(B)/report.html "$(or $(RUN),$(NEWEST))"

LOCKS    ?=
CPUS     ?=
HOLDS    ?=
ENGINES  ?=
JOBS     ?=
SSHLOGIN ?=

sweep: $(B)/tollgate.iso ## LOCKS= x CPUS= x HOLDS= x ENGINES=, COUNT= calls each; JOBS= SSHLOGIN=
	$(Q)tools/sweep --out $(B)/sweep.jsonl \
	    $(if $(LOCKS),--locks "$(LOCKS)") $(if $(CPUS),--cpus "$(CPUS)") \
	    $(if $(HOLDS),--holds "$(HOLDS)") \
	    $(if $(ENGINES),--engines "$(ENGINES)") \
	    $(if $(COUNT),--count "$(COUNT)") $(if $(JOBS),--jobs "$(JOBS)") \
	    $(if $(SSHLOGIN),--sshlogin "$(SSHLOGIN)")

# B is the folder for what is built, unless someone gives another, as here.
compare: ## two runs, or two sweeps, A= and B=: fails on a regression, or without a verdict
	$(Q)tools/compare $(if $(A),"$(A)") $(if $(filter command,$(origin B)),"$(B)")

trace: ## the hand-overs of RUN=build/run.json for Perfetto: build/trace.json
	$(Q)if tools/trace "$(or $(RUN),$(B)/run.json)" > $(B)/trace.json.new; then \
	    mv $(B)/trace.json.new $(B)/trace.json; \
	else rm -f $(B)/trace.json.new; exit 1; fi
	@echo "trace: $(B)/trace.json (ui.perfetto.dev or chrome://tracing opens it)"

bench: ## side by side with libck and Linux: PARTS="locks calls boot" ROUNDS=3
	$(Q)tools/bench/run --rounds $(ROUNDS) $(PARTS)

debug: $(B)/tollgate.iso ## QEMU stopped, gdb attached, symbols loaded
	$(Q)tools/debug $(B)/tollgate.debug $(BOOT) --gdb -- /bin/tour

iso: $(B)/tollgate.iso $(SDK) $(SCOPE) ## the hybrid boot image, and what tools/boot takes

# What the steps call, made before they run side by side.
TEST_NEEDS := $(B)/tollgate.iso $(SCOPE) programs $(B)/mkcallout \
              $(B)/bench-locks $(BENCH)/bench $(BENCH)/stopwatch

test: $(TEST_NEEDS) ## every test: host, guest, model, matrix
	$(Q)tests/run

test-long: $(TEST_NEEDS) ## the slow rest: more boots, mutants, states, fuzzing
	$(Q)tests/run --long

coverage: $(B)/tollgate.iso $(SCOPE) programs ## lines that host tests and boots execute, as a table and HTML
	$(Q)tools/coverage

lint: ## include edges, formatting, static checks
	$(Q)tools/lint

objects: $(STARTUP_OBJ) $(KERNEL_OBJ)

compile_commands.json: Makefile tools/compile-commands.awk $(STARTUP_SRC) $(KERNEL_SRC) ## for editors
	$(call say,GEN,$@)
	$(Q)$(MAKE) -Bn V=1 objects | awk -f tools/compile-commands.awk > $@

clean: ## remove what was built
	$(Q)rm -rf $(B) compile_commands.json

help: ## all targets, one line each
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' Makefile | expand -t 24

.PHONY: run shell stress latency bench report sweep compare trace debug iso test
.PHONY: test-long coverage lint objects clean help


# --- dependencies -----------------------------------------------------------

-include $(shell find $(B) -name '*.d' 2>/dev/null)

