// SPDX-License-Identifier: MIT
// The ticket lock as x86 runs it, instruction by instruction, on CPUS
// processors for ever: stores wait in a buffer and reach memory later and in
// order (TSO), a LOCKed instruction drains the buffer first, and interrupts
// arrive wherever they are on. Their handler takes the same lock.
//
// Checked: one CPU at a time inside; the n-th to enter is the one with ticket
// n; no state in which nobody can go on; a CPU with a ticket enters (ltl).
//
// Counters are modulo WIDTH, as the real ones are modulo 2^32. The wait is a
// guard and not a loop, so that waiting for ever is a deadlock to the search.
//
// Mutants, each of which must fail:
//   MUTANT_CLI      interrupts stay on while the lock is held
//   MUTANT_SPLIT    the ticket is read and written by two instructions
//   MUTANT_RELEASE  the release is stored before what was done inside
//   MUTANT_LOST     the release is forgotten
//   MUTANT_WIDTH    fewer tickets than CPUs
//   MUTANT_WAIT     nobody waits for the turn
//   MUTANT_UNFAIR   who comes takes the lock when it is free, ticket or not

#ifndef CPUS
#define CPUS 3
#endif
#ifdef MUTANT_WIDTH
#define WIDTH 2
#else
// One more than there are CPUs, so that (n + CPUS, n) is not (n, n).
#define WIDTH (CPUS + 1)
#endif

// Memory.
byte next, serving;
byte entries; // written under the lock by plain stores

// Each CPU's store buffer. Two stores are what a turn needs; the next turn
// begins with a LOCKed instruction, so no load ever finds its own CPU's store
// to the same place in the buffer.
mtype = {SERVING, ENTRIES};
chan buffer[CPUS] = [2] of {mtype, byte};

// What only the properties look at.
byte inside;
bool waits[CPUS], entered[CPUS];

#define PLUS_ONE(x) ((x + 1) % WIDTH)

// --- instructions ------------------------------------------------------------

inline drain_one(cpu) {
    atomic {
        if
        :: buffer[cpu]?SERVING, value -> serving = value
        :: buffer[cpu]?ENTRIES, value -> entries = value
        fi;
        value = 0
    }
}

// lock xadd [next], mine
inline take(cpu, mine) {
#ifdef MUTANT_SPLIT
    atomic { empty(buffer[cpu]) -> mine = next };
    next = PLUS_ONE(mine)
#else
    atomic {
        empty(buffer[cpu]);
        mine = next;
        next = PLUS_ONE(next);
        waits[cpu] = true
    }
#endif
}

// cmp [serving], mine; jne
#if defined(MUTANT_WAIT)
#define IS_MY_TURN(mine) true
#elif defined(MUTANT_UNFAIR)
#define IS_MY_TURN(mine) (inside == 0)
#else
#define IS_MY_TURN(mine) (serving == mine)
#endif

inline enter(cpu, mine) {
    atomic {
        waits[cpu] = false;
        entered[cpu] = true;
        inside++;
        assert(inside == 1);
        assert(entries == mine)
    }
}

// inc [entries]; inc [serving]: two stores, each visible when it is drained
inline leave(cpu, mine) {
#ifdef MUTANT_RELEASE
    atomic { buffer[cpu]!SERVING, PLUS_ONE(serving); inside-- };
    buffer[cpu]!ENTRIES, PLUS_ONE(mine);
#else
    buffer[cpu]!ENTRIES, PLUS_ONE(entries);
#ifdef MUTANT_LOST
    inside--;
#else
    atomic { buffer[cpu]!SERVING, PLUS_ONE(serving); inside-- };
#endif
#endif
    entered[cpu] = false;
    mine = 0
}

// --- a handler, and where it may run -----------------------------------------

inline handler(cpu) {
    interrupts_on = false;
    take(cpu, theirs);
    atomic { IS_MY_TURN(theirs) -> enter(cpu, theirs) };
    leave(cpu, theirs);
    interrupts_on = true
}

inline maybe_interrupt(cpu) {
    if
    :: interrupts_on -> handler(cpu)
    :: true
    fi
}

// --- the processes -----------------------------------------------------------

proctype processor(byte cpu) {
    byte mine, theirs;
    bool interrupts_on = true;
    do
    :: true ->
        maybe_interrupt(cpu);
#ifndef MUTANT_CLI
        interrupts_on = false; // cli, or the SYSCALL's flag mask
#endif
        take(cpu, mine);
        do
        :: atomic { IS_MY_TURN(mine) -> enter(cpu, mine) }; break
        :: interrupts_on -> handler(cpu)
        od;
        maybe_interrupt(cpu);
        leave(cpu, mine);
        interrupts_on = true
    od
}

// The store buffer of one CPU, which drains when it pleases.
proctype store_buffer(byte cpu) {
    byte value;
end:
    do
    :: drain_one(cpu)
    od
}

init {
    byte cpu;
    atomic {
        for (cpu : 0 .. CPUS - 1) {
            run processor(cpu);
            run store_buffer(cpu)
        }
    }
}

#ifdef LIVENESS
ltl who_waits_enters { [] (waits[0] -> <> entered[0]) }
#endif
