/* tally: how often each word occurs in its input, most frequent first. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "words.h"

#define VERSION "1.2.0"

static void count(const char *word, size_t length, void *table) { table_add(table, word, length); }

static int read_all(FILE *input, struct table *table) {
    char buffer[65536];
    struct splitter splitter;
    size_t length;
    splitter_init(&splitter);
    while ((length = fread(buffer, 1, sizeof buffer, input)) > 0) {
        splitter_feed(&splitter, buffer, length, count, table);
    }
    splitter_end(&splitter, count, table);
    return ferror(input) ? -1 : 0;
}

static int usage(void) {
    fputs("usage: tally [--top N] [FILE…]\n       tally --version\n", stderr);
    return 64;
}

int main(int argc, char **argv) {
    struct table table;
    unsigned long top = 0;
    int at = 1, status = 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("tally " VERSION);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "--top") == 0) {
        char *end;
        top = strtoul(argv[2], &end, 10);
        if (*end != '\0' || top == 0) {
            return usage();
        }
        at = 3;
    } else if (argc > 1 && argv[1][0] == '-') {
        return usage();
    }
    table_init(&table);
    if (at == argc && read_all(stdin, &table) != 0) {
        perror("tally: standard input");
        status = 66;
    }
    for (; at < argc; at++) {
        FILE *file = fopen(argv[at], "rb");
        if (file == NULL || read_all(file, &table) != 0) {
            fprintf(stderr, "tally: ");
            perror(argv[at]);
            status = 66;
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    struct entry *sorted = table_sorted(&table);
    for (size_t i = 0; i < table.used && (top == 0 || i < top); i++) {
        printf("%7lu %.*s\n", sorted[i].count, (int)sorted[i].length, sorted[i].word);
    }
    free(sorted);
    table_free(&table);
    return status;
}
