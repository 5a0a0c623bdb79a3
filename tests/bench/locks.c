// SPDX-License-Identifier: MIT
// locks [--json FILE | --sizes] - our locks and libck's, natively: cycles of
// the time-stamp counter for lock and unlock of a free lock; grants a second
// with two threads, on two CPUs, and their order; bytes. Every lock is
// validated first. Ratios are to libck's ticket lock.
//
// Contenders take turns, so that a machine that gets slower or is busy for a
// while is so for all of them. The median of many batches is given, with the
// 5th and the 95th percentile: what lies between them is noise. A batch of
// grants under a fair lock in which one thread had it for itself is no contest:
// the host ran the other one not. Such batches are counted and left out.
//
// --sizes prints what does not depend on the host, and measures nothing: name,
// fair or not, bytes for 1, 4 and 255 CPUs, of our locks, a line each.
//
// Exit status: 0 all was measured; 1 a lock failed its validation, or the host
// has not two CPUs; 2 usage. Times are no reason to fail: whether ours are as
// good as they are to be is said in the last lines.
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/contenders.h"
#include "tests/bench/validate.h"

enum {
    BATCH = 1000,              // lock and unlock
    BATCHES = 2001,            // of each lock
    RACES = 101,               // of each lock
    RACE_MS = 5,               // each
    GRANTS = 256,              // a batch of grants in a race
    MAX_BATCHES = 1 << 16,     // that a race notes
    MIN_BATCHES = 3,           // or a race does not count
    CONTEST = GRANTS * 9 / 10, // hand-overs in a batch, or it is no contest
    VALIDATE_MS = 30,
    RACERS = 2,
    MANY_CPUS = 255,
    FEW_CPUS = 4,
};

// What is wanted of our ticket lock, as a ratio to libck's.
#define MAX_ALONE 0.75
#define MIN_GRANTS 1.0

// A median and what is around it.
struct spread {
    double low; // 5th percentile
    double median;
    double high; // 95th
};

struct figures {
    struct spread alone;  // cycles
    struct spread grants; // a second
    double ratio;         // of them to libck's ticket lock, race by race
    size_t races;         // that this is made of
    size_t batches;       // in them
    size_t left_out;      // batches that were no contest
    uint64_t longest_run; // grants to one thread in a row
    uint64_t overtakes;   // grants out of the order of the queue, of
    uint64_t followed;    // so many; 0: not known
};

static uint64_t rdtsc_ordered(void) {
    __builtin_ia32_lfence();
    uint64_t now = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return now;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// --- what is timed, with each lock's verbs in line
// ----------------------------

// Two threads that want the same lock. [l] under it  [a] atomic
struct race {
    struct contender_lock lock;
    ALIGNED(LOCK_LINE) uint64_t grants;  // [l]
    uint64_t batch_start;                // [l] time-stamp
    uint32_t hand_overs;                 // [l] to the other thread, this batch
    uint32_t run;                        // [l]
    uint32_t longest_run;                // [l]
    cpu_id_t last;                       // [l]
    double *samples;                     // [l] cycles a grant, of each batch
    size_t num_samples;                  // [l]
    size_t left_out;                     // [l]
    bool fair;                           // [i]
    ALIGNED(LOCK_LINE) _Atomic bool end; // [a]
    pthread_barrier_t start;
};

static void race_batch(struct race *race) {
    uint64_t now = __builtin_ia32_rdtsc();
    if (race->fair && race->hand_overs < CONTEST) {
        race->left_out++;
    } else if (race->num_samples < MAX_BATCHES) {
        race->samples[race->num_samples++] =
            (double)(now - race->batch_start) / GRANTS;
    }
    race->batch_start = now;
    race->hand_overs = 0;
}

static inline void race_turn(struct race *race, cpu_id_t c) {
    if (race->grants++ % GRANTS == 0) {
        race_batch(race);
    }
    if (race->last != c) {
        race->last = c;
        race->hand_overs++;
        race->run = 0;
    }
    if (++race->run > race->longest_run) {
        race->longest_run = race->run;
    }
}

#define CONTENDER(                                                             \
    name, ours, fair, tries, INIT, LOCK, TRYLOCK, UNLOCK, LOCKED, LAST, BYTES) \
    static uint64_t name##_alone(struct contender_lock *x) {                   \
        const cpu_id_t c = 0;                                                  \
        (void)c;                                                               \
        uint64_t start = rdtsc_ordered();                                      \
        for (int i = 0; i < BATCH; i++) {                                      \
            LOCK;                                                              \
            __asm__ volatile("" : : : "memory");                               \
            UNLOCK;                                                            \
        }                                                                      \
        return rdtsc_ordered() - start;                                        \
    }                                                                          \
    static void name##_race(struct race *race, cpu_id_t c) {                   \
        struct contender_lock *x = &race->lock;                                \
        while (!atomic_load_explicit(&race->end, memory_order_relaxed)) {      \
            LOCK;                                                              \
            race_turn(race, c);                                                \
            UNLOCK;                                                            \
        }                                                                      \
    }
CONTENDERS(CONTENDER)
#undef CONTENDER

static const struct timed {
    uint64_t (*alone)(struct contender_lock *lock);
    void (*race)(struct race *race, cpu_id_t cpu);
} timed[] = {
#define CONTENDER(                                                             \
    name, ours, fair, tries, INIT, LOCK, TRYLOCK, UNLOCK, LOCKED, LAST, BYTES) \
    {name##_alone, name##_race},
    CONTENDERS(CONTENDER)
#undef CONTENDER
};

enum { COUNT = ARRAY_SIZE(timed) };

static struct figures figures[COUNT];

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct spread spread_of(double *samples, size_t n) {
    qsort(samples, n, sizeof(*samples), compare);
    return (struct spread){
        samples[n * 5 / 100], samples[n / 2], samples[(n - 1) * 95 / 100]};
}

// --- alone ------------------------------------------------------------------

static void measure_alone(void) {
    static double samples[COUNT][BATCHES];
    static struct contender_lock locks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        contenders[i].init(&locks[i]);
        timed[i].alone(&locks[i]);
    }
    for (size_t batch = 0; batch < BATCHES; batch++) {
        for (size_t i = 0; i < COUNT; i++) {
            samples[i][batch] = (double)timed[i].alone(&locks[i]) / BATCH;
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        figures[i].alone = spread_of(samples[i], BATCHES);
    }
}

// --- two threads ------------------------------------------------------------

static int racer_cpus[RACERS];

struct racer {
    struct race *race;
    void (*run)(struct race *race, cpu_id_t cpu);
    cpu_id_t cpu;
};

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        perror("sched_setaffinity");
        exit(EXIT_FAILURE);
    }
}

static void *racer_main(void *argument) {
    const struct racer *racer = argument;
    pin(racer_cpus[racer->cpu]);
    pthread_barrier_wait(&racer->race->start);
    racer->run(racer->race, racer->cpu);
    return NULL;
}

// Have two threads want a lock for a while. Returns how long in ns.
static uint64_t race_run(
    struct race *race, void (*run)(struct race *race, cpu_id_t cpu)) {
    pthread_t threads[RACERS];
    struct racer racers[RACERS];
    pthread_barrier_init(&race->start, NULL, RACERS + 1);
    for (cpu_id_t i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){race, run, i};
        if (pthread_create(&threads[i], NULL, racer_main, &racers[i]) != 0) {
            perror("pthread_create");
            exit(EXIT_FAILURE);
        }
    }
    pthread_barrier_wait(&race->start);
    uint64_t start = now_ns();
    usleep(RACE_MS * 1000);
    atomic_store(&race->end, true);
    uint64_t took = now_ns() - start;
    for (cpu_id_t i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    return took;
}

static struct race *race_make(size_t i) {
    struct race *race = aligned_alloc(LOCK_LINE, sizeof(*race));
    if (race == NULL) {
        perror("aligned_alloc");
        exit(EXIT_FAILURE);
    }
    memset(race, 0, sizeof(*race));
    contenders[i].init(&race->lock);
    return race;
}

// One race: the median of its batches in cycles a grant, 0 if there was too
// little of a contest.
static double race_once(size_t i) {
    static double samples[MAX_BATCHES];
    struct figures *f = &figures[i];
    struct race *race = race_make(i);
    double median = 0;
    race->samples = samples;
    race->fair = contenders[i].is_fair;
    race_run(race, timed[i].race);
    f->left_out += race->left_out;
    if (race->num_samples >= MIN_BATCHES) {
        f->batches += race->num_samples;
        median = spread_of(samples, race->num_samples).median;
    }
    if (race->longest_run > f->longest_run) {
        f->longest_run = race->longest_run;
    }
    free(race);
    return median;
}

static size_t contender_at(const char *name) {
    size_t at = 0;
    while (strcmp(contenders[at].name, name) != 0) {
        at++;
    }
    return at;
}

// The grants of each race, and how many times as many as libck's ticket had in
// the race of the same round: rounds differ, since hosts move CPUs about.
static void summarize(size_t i, double cycles[COUNT][RACES], double hz) {
    const double *ck = cycles[contender_at("ck_ticket")];
    double grants[RACES];
    double ratios[RACES];
    size_t pairs = 0;
    for (size_t n = 0; n < RACES; n++) {
        if (cycles[i][n] != 0) {
            grants[figures[i].races++] = hz / cycles[i][n];
            if (ck[n] != 0) {
                ratios[pairs++] = ck[n] / cycles[i][n];
            }
        }
    }
    if (pairs != 0) {
        figures[i].grants = spread_of(grants, figures[i].races);
        figures[i].ratio = spread_of(ratios, pairs).median;
    }
}

static void measure_races(void) {
    static double cycles[COUNT][RACES];
    uint64_t start_ns = now_ns();
    uint64_t start = rdtsc_ordered();
    for (size_t n = 0; n < RACES; n++) {
        for (size_t i = 0; i < COUNT; i++) {
            cycles[i][n] = race_once(i);
        }
    }
    double hz =
        (double)(rdtsc_ordered() - start) * 1e9 / (double)(now_ns() - start_ns);
    for (size_t i = 0; i < COUNT; i++) {
        summarize(i, cycles, hz);
    }
}

// --- order: ours, whose verbs say who stood before whom
// -----------------------

// `run` counts grants out of order here, and `last` is not used. `place` is
// that of the one that had the lock last, as take() names places.
static _Alignas(LOCK_LINE) uint64_t place;

static void follow(struct race *race, bool known, uint64_t before) {
    race->run += known && race->grants != 0 && before != place;
    race->grants++;
}

#define NUMBERS_FOLLOW(kind, take, wait, unlock)                               \
    static void kind##_follow(struct race *race, cpu_id_t c) {                 \
        struct resource_lock *lock = &race->lock.ours;                         \
        (void)c;                                                               \
        while (!atomic_load_explicit(&race->end, memory_order_relaxed)) {      \
            uint32_t mine = take;                                              \
            wait;                                                              \
            follow(race, true, mine - 1);                                      \
            place = mine;                                                      \
            unlock;                                                            \
        }                                                                      \
    }

NUMBERS_FOLLOW(
    ticket, ticket_take(&lock->ticket), ticket_wait(&lock->ticket, mine),
    ticket_unlock(&lock->ticket))
NUMBERS_FOLLOW(
    ticket_pb, ticket_take(&lock->ticket_pb.ticket),
    ticket_pb_wait(&lock->ticket_pb, mine), ticket_pb_unlock(&lock->ticket_pb))
NUMBERS_FOLLOW(
    anderson, anderson_take(&lock->anderson),
    anderson_wait(&lock->anderson, c, mine),
    anderson_unlock(&lock->anderson, c))

static void mcs_follow(struct race *race, cpu_id_t c) {
    struct mcs *lock = &race->lock.ours.mcs;
    while (!atomic_load_explicit(&race->end, memory_order_relaxed)) {
        uint32_t before = mcs_take(lock, c);
        mcs_wait(lock, c, before);
        follow(race, before != 0, before);
        place = lock_line(c);
        mcs_unlock(lock, c);
    }
}

static void clh_follow(struct race *race, cpu_id_t c) {
    struct clh *lock = &race->lock.ours.clh;
    while (!atomic_load_explicit(&race->end, memory_order_relaxed)) {
        uint64_t before = clh_take(lock, c);
        clh_wait(lock, before);
        follow(race, true, before);
        place = clh_ask(lock, c);
        clh_unlock(lock, c);
    }
}

static void measure_order(void) {
    static const struct {
        const char *name;
        void (*run)(struct race *race, cpu_id_t cpu);
    } followers[] = {
        {"ticket", ticket_follow},     {"ticket_pb", ticket_pb_follow},
        {"mcs", mcs_follow},           {"clh", clh_follow},
        {"anderson", anderson_follow},
    };
    for (size_t i = 0; i < ARRAY_SIZE(followers); i++) {
        size_t at = contender_at(followers[i].name);
        struct race *race = race_make(at);
        race_run(race, followers[i].run);
        figures[at].overtakes = race->run;
        figures[at].followed = race->grants;
        free(race);
    }
}

// --- the report -------------------------------------------------------------

static const struct figures *figures_of(const char *name) {
    return &figures[contender_at(name)];
}

static void print_alone(void) {
    const struct figures *ck = figures_of("ck_ticket");
    printf(
        "Alone: cycles for lock and unlock of a free lock; n %d batches of %d\n"
        "%-14s %5s %8s %8s %8s %8s %12s %10s\n",
        BATCHES, BATCH, "lock", "fair", "p5", "median", "p95", "ratio",
        "bytes, 4 CPUs", "255 CPUs");
    for (size_t i = 0; i < COUNT; i++) {
        const struct spread *s = &figures[i].alone;
        printf(
            "%-14s %5s %8.1f %8.1f %8.1f %8.2f %13zu %10zu\n",
            contenders[i].name, contenders[i].is_fair ? "yes" : "no", s->low,
            s->median, s->high, s->median / ck->alone.median,
            contenders[i].bytes(FEW_CPUS), contenders[i].bytes(MANY_CPUS));
    }
}

static void print_races(void) {
    const double million = 1e6;
    printf(
        "\nTwo threads: million grants a second; n races of %d ms, in batches "
        "of "
        "%d\n%-14s %8s %8s %8s %8s %5s %8s %8s %12s %15s\n",
        RACE_MS, GRANTS, "lock", "p5", "median", "p95", "ratio", "n", "batches",
        "left out", "longest run", "overtakes");
    for (size_t i = 0; i < COUNT; i++) {
        const struct figures *f = &figures[i];
        char overtakes[32] = "-";
        if (f->followed != 0) {
            snprintf(
                overtakes, sizeof(overtakes), "%lu of %lu", f->overtakes,
                f->followed);
        }
        printf(
            "%-14s %8.2f %8.2f %8.2f %8.2f %5zu %8zu %8zu %12lu %15s\n",
            contenders[i].name, f->grants.low / million,
            f->grants.median / million, f->grants.high / million, f->ratio,
            f->races, f->batches, f->left_out, f->longest_run, overtakes);
    }
    printf(
        "\nThe ratio is to ck_ticket, the median of %d rounds in which each "
        "had a\n"
        "race; p5 and p95 are noise around the median, of races' medians. "
        "Left\n"
        "out are batches in which one thread had a fair lock for itself, since "
        "the\n"
        "host did not run the other. Overtakes: grants to someone else than "
        "who\n"
        "was next in the queue; libck's verbs do not say who that is.\n",
        RACES);
}

static double ratio_alone(void) {
    return figures_of("ticket")->alone.median /
           figures_of("ck_ticket")->alone.median;
}

static double ratio_grants(void) {
    return figures_of("ticket")->ratio;
}

static void print_verdict(void) {
    double alone = ratio_alone();
    double grants = ratio_grants();
    printf(
        "\n%s: ticket alone takes %.2f of libck's ticket, wanted at most "
        "%.2f\n",
        alone <= MAX_ALONE ? "met" : "NOT MET", alone, MAX_ALONE);
    printf(
        "%s: with two threads ticket has %.2f of its grants a second, wanted "
        "at "
        "least %.2f\n",
        grants >= MIN_GRANTS ? "met" : "NOT MET", grants, MIN_GRANTS);
}

static void write_spread(FILE *file, const char *name, struct spread s) {
    fprintf(
        file, "\"%s\":{\"p5\":%.2f,\"median\":%.2f,\"p95\":%.2f},", name, s.low,
        s.median, s.high);
}

static bool write_json(const char *path) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return false;
    }
    fprintf(
        file,
        "{\"type\":\"bench_locks\",\"batches\":%d,\"batch\":%d,\"rounds\":%d,"
        "\"race_ms\":%d,\"host_cpus\":%ld,\"ratio_alone\":%.3f,"
        "\"ratio_grants\":%.3f,\"met\":%s,\"locks\":[",
        BATCHES, BATCH, RACES, RACE_MS, sysconf(_SC_NPROCESSORS_ONLN),
        ratio_alone(), ratio_grants(),
        ratio_alone() <= MAX_ALONE && ratio_grants() >= MIN_GRANTS ? "true"
                                                                   : "false");
    for (size_t i = 0; i < COUNT; i++) {
        const struct figures *f = &figures[i];
        fprintf(
            file, "%s{\"name\":\"%s\",\"fair\":%s,", i == 0 ? "" : ",",
            contenders[i].name, contenders[i].is_fair ? "true" : "false");
        write_spread(file, "cycles_alone", f->alone);
        write_spread(file, "grants_per_second", f->grants);
        fprintf(
            file,
            "\"races\":%zu,\"batches\":%zu,\"left_out\":%zu,\"ratio\":%.3f,",
            f->races, f->batches, f->left_out, f->ratio);
        if (f->followed != 0) {
            fprintf(file, "\"overtakes\":%lu,", f->overtakes);
        }
        fprintf(
            file,
            "\"longest_run\":%lu,\"bytes_4_cpus\":%zu,"
            "\"bytes_255_cpus\":%zu}",
            f->longest_run, contenders[i].bytes(FEW_CPUS),
            contenders[i].bytes(MANY_CPUS));
    }
    fprintf(file, "]}\n");
    return fclose(file) == 0;
}

// --- main -------------------------------------------------------------------

// Two CPUs that this process may use.
static bool choose_cpus(void) {
    cpu_set_t set;
    int found = 0;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        perror("sched_getaffinity");
        return false;
    }
    for (int cpu = 0; cpu < CPU_SETSIZE && found < RACERS; cpu++) {
        if (CPU_ISSET((size_t)cpu, &set)) {
            racer_cpus[found++] = cpu;
        }
    }
    if (found < RACERS) {
        fprintf(stderr, "locks: needs %d CPUs, there are %d\n", RACERS, found);
    }
    return found == RACERS;
}

static bool validate_all(void) {
    bool ok = true;
    for (size_t i = 0; i < num_contenders; i++) {
        const char *wrong = validate(&contenders[i], VALIDATE_MS);
        if (wrong != NULL) {
            fprintf(stderr, "locks: %s: %s\n", contenders[i].name, wrong);
            ok = false;
        }
    }
    return ok;
}

static void print_sizes(void) {
    for (size_t i = 0; i < COUNT; i++) {
        const struct contender *c = &contenders[i];
        if (c->is_ours) {
            printf(
                "%s %s %zu %zu %zu\n", c->name, c->is_fair ? "yes" : "no",
                c->bytes(1), c->bytes(FEW_CPUS), c->bytes(MANY_CPUS));
        }
    }
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"json", required_argument, NULL, 'j'},
        {"sizes", no_argument, NULL, 's'},
        {NULL, 0, NULL, 0}};
    const char *json = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's') {
            print_sizes();
            return EXIT_SUCCESS;
        }
        if (option != 'j') {
            return 2;
        }
        json = optarg;
    }
    if (optind != argc) {
        fprintf(stderr, "usage: locks [--json FILE | --sizes]\n");
        return 2;
    }
    if (!choose_cpus() || !validate_all()) {
        return EXIT_FAILURE;
    }
    printf("%zu locks passed one validation loop.\n\n", num_contenders);
    measure_alone();
    print_alone();
    fflush(stdout);
    measure_races();
    measure_order();
    print_races();
    print_verdict();
    return json == NULL || write_json(json) ? EXIT_SUCCESS : EXIT_FAILURE;
}
