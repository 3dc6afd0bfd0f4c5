/* Counts words. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

struct entry {
    char *word;
    size_t length;
    unsigned long count;
};

struct table {
    struct entry *slots;
    size_t capacity;
    size_t used;
};

void table_init(struct table *table);
void table_free(struct table *table);
/* Counts `word` once more; exits when there is no memory. */
void table_add(struct table *table, const char *word, size_t length);
unsigned long table_count(const struct table *table, const char *word, size_t length);
/* The entries, most frequent first, equal counts by word. The caller frees the array, not the words. */
struct entry *table_sorted(const struct table *table);

#endif
