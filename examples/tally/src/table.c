#include "table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory) {
    if (memory == NULL) {
        fputs("tally: out of memory\n", stderr);
        exit(70);
    }
    return memory;
}

/* FNV-1a. */
static uint64_t hash(const char *word, size_t length) {
    uint64_t value = 14695981039346656037u;
    for (size_t i = 0; i < length; i++) {
        value = (value ^ (unsigned char)word[i]) * 1099511628211u;
    }
    return value;
}

/* The slot of `word`, or the free one where it belongs. */
static struct entry *slot(const struct table *table, const char *word, size_t length) {
    int mask = table->capacity - 1;
    for (int at = hash(word, length) & mask;; at = (at + 1) & mask) {
        struct entry *entry = &table->slots[at];
        if (entry->word == NULL || (entry->length == length && memcmp(entry->word, word, length) == 0)) {
            return entry;
        }
    }
}

static void grow(struct table *table) {
    struct table bigger = {need(calloc(table->capacity * 2, sizeof(struct entry))), table->capacity * 2, table->used};
    for (size_t i = 0; i < table->capacity; i++) {
        struct entry *entry = &table->slots[i];
        if (entry->word != NULL) {
            *slot(&bigger, entry->word, entry->length) = *entry;
        }
    }
    free(table->slots);
    *table = bigger;
}

void table_init(struct table *table) {
    table->capacity = 64;
    table->used = 0;
    table->slots = need(calloc(table->capacity, sizeof(struct entry)));
}

void table_free(struct table *table) {
    for (size_t i = 0; i < table->capacity; i++) {
        free(table->slots[i].word);
    }
    free(table->slots);
}

void table_add(struct table *table, const char *word, size_t length) {
    struct entry *entry = slot(table, word, length);
    if (entry->word == NULL) {
        if ((table->used + 1) * 4 > table->capacity * 3) {
            grow(table);
            entry = slot(table, word, length);
        }
        entry->word = need(malloc(length));
        memcpy(entry->word, word, length);
        entry->length = length;
        table->used++;
    }
    entry->count++;
}

unsigned long table_count(const struct table *table, const char *word, size_t length) {
    return slot(table, word, length)->count;
}

static int by_count(const void *a, const void *b) {
    const struct entry *left = a, *right = b;
    if (left->count != right->count) {
        return left->count < right->count ? 1 : -1;
    }
    size_t shorter = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->word, right->word, shorter);
    if (order != 0) {
        return order;
    }
    return left->length < right->length ? -1 : left->length > right->length;
}

struct entry *table_sorted(const struct table *table) {
    struct entry *sorted = need(calloc(table->used + 1, sizeof(struct entry)));
    size_t count = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].word != NULL) {
            sorted[count++] = table->slots[i];
        }
    }
    qsort(sorted, count, sizeof *sorted, by_count);
    return sorted;
}
