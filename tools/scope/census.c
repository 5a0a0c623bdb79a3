// SPDX-License-Identifier: MIT
// See census.h.
#include "tools/scope/census.h"

#include <stdlib.h>
#include <string.h>

// Leave some room, so that looking for a pair ends soon.
#define FULL (CENSUS_PAIRS / 4 * 3)

static void *memory(size_t size) {
    void *zeroed = calloc(1, size);
    if (zeroed == NULL) {
        abort();
    }
    return zeroed;
}

static struct histogram *histogram_of(struct census *census, uint32_t kind) {
    if (census->kinds[kind] == NULL) {
        census->kinds[kind] = memory(sizeof(struct histogram));
    }
    return census->kinds[kind];
}

static uint32_t place_of(const struct census_pair *pair) {
    const struct section_ends *ends = &pair->ends;
    uint64_t mixed = ends->from * 31 + ends->to * 7 + ends->from_call * 5 +
                     ends->to_call * 3 + pair->kind;
    return (uint32_t)(mixed * 0x9e3779b97f4a7c15ul >> 32) % CENSUS_PAIRS;
}

// The place of a pair, found or new; NULL: no room.
static struct census_pair *pair_find(
    struct census *census, const struct census_pair *pair) {
    struct census_pair *place = &census->pairs[place_of(pair)];
    while (place->n != 0) {
        if (place->kind == pair->kind &&
            memcmp(&place->ends, &pair->ends, sizeof(pair->ends)) == 0) {
            return place;
        }
        place++;
        if (place == census->pairs + CENSUS_PAIRS) {
            place = census->pairs;
        }
    }
    if (census->num_pairs == FULL) {
        return NULL;
    }
    census->num_pairs++;
    *place = (struct census_pair){.kind = pair->kind, .ends = pair->ends};
    return place;
}

static void pair_add(struct census *census, const struct census_pair *pair) {
    struct census_pair *place = pair_find(census, pair);
    if (place == NULL) {
        census->lost += pair->n;
        return;
    }
    if (place->n == 0 || pair->max > place->max) {
        place->max = pair->max;
        place->cpu = pair->cpu;
    }
    place->n += pair->n;
    place->sum += pair->sum;
}

void census_add(
    struct census *census, const struct section *section, uint32_t cpu) {
    struct census_pair pair = {
        .ends = section->ends,
        .n = 1,
        .sum = section->count,
        .max = section->count,
        .kind = section->kind,
        .cpu = cpu,
    };
    histogram_add(histogram_of(census, section->kind), section->count);
    pair_add(census, &pair);
}

void census_merge(struct census *to, const struct census *from) {
    for (uint32_t i = 0; i < SECTION_KINDS; i++) {
        if (from->kinds[i] != NULL) {
            histogram_merge(histogram_of(to, i), from->kinds[i]);
        }
    }
    for (uint32_t i = 0; i < CENSUS_PAIRS; i++) {
        if (from->pairs[i].n != 0) {
            pair_add(to, &from->pairs[i]);
        }
    }
    to->lost += from->lost;
}

static int compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int longest_first(const void *a, const void *b) {
    const struct census_pair *x = *(const struct census_pair *const *)a;
    const struct census_pair *y = *(const struct census_pair *const *)b;
    int order = compare(y->max, x->max);
    order = order != 0 ? order : compare(x->kind, y->kind);
    return order != 0 ? order : memcmp(&x->ends, &y->ends, sizeof(x->ends));
}

const struct census_pair **census_longest(const struct census *census) {
    const struct census_pair **list =
        memory((census->num_pairs + 1) * sizeof(*list));
    size_t count = 0;
    for (uint32_t i = 0; i < CENSUS_PAIRS; i++) {
        if (census->pairs[i].n != 0) {
            list[count++] = &census->pairs[i];
        }
    }
    qsort(list, count, sizeof(*list), longest_first);
    return list;
}

void census_free(struct census *census) {
    for (uint32_t i = 0; census != NULL && i < SECTION_KINDS; i++) {
        free(census->kinds[i]);
    }
    free(census);
}
