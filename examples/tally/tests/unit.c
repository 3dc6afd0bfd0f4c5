/* Unit tests. `unit` runs all, `unit --shard I/N` every N-th from the I-th on (from 0). */

#include <stdio.h>
#include <string.h>

#include "../src/table.h"
#include "../src/words.h"

#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition)) {                                                       \
            printf("    %s:%d: %s\n", __FILE__, __LINE__, #condition);            \
            return 0;                                                             \
        }                                                                         \
    } while (0)

static char seen[1024];

static void note(const char *word, size_t length, void *context) {
    (void)context;
    strncat(seen, word, length);
    strcat(seen, "|");
}

/* Splits `text` in pieces of `size` bytes. */
static const char *split(const char *text, size_t size) {
    struct splitter splitter;
    size_t length = strlen(text);
    seen[0] = '\0';
    splitter_init(&splitter);
    for (size_t at = 0; at < length; at += size) {
        splitter_feed(&splitter, text + at, length - at < size ? length - at : size, note, NULL);
    }
    splitter_end(&splitter, note, NULL);
    return seen;
}

static int splits_at_punctuation(void) {
    CHECK(strcmp(split("One, two; three.", 99), "one|two|three|") == 0);
    return 1;
}

static int keeps_apostrophes_inside_words(void) {
    CHECK(strcmp(split("don't 'quote' dogs'", 99), "don't|quote|dogs|") == 0);
    return 1;
}

static int keeps_other_characters_whole(void) {
    CHECK(strcmp(split("naïve Straße", 99), "naïve|straße|") == 0);
    return 1;
}

static int pieces_make_no_difference(void) {
    for (size_t size = 1; size < 12; size++) {
        CHECK(strcmp(split("Ein Wort, noch ein Wort", size), "ein|wort|noch|ein|wort|") == 0);
    }
    return 1;
}

static int cuts_endless_words(void) {
    char text[600];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    split(text, 99);
    CHECK(strlen(seen) == sizeof text - 1 + 3);
    return 1;
}

static int no_text_has_no_words(void) {
    CHECK(strcmp(split("", 1), "") == 0);
    CHECK(strcmp(split(" .,\n''", 1), "") == 0);
    return 1;
}

static int counts(void) {
    struct table table;
    table_init(&table);
    table_add(&table, "a", 1);
    table_add(&table, "b", 1);
    table_add(&table, "a", 1);
    CHECK(table_count(&table, "a", 1) == 2);
    CHECK(table_count(&table, "c", 1) == 0);
    table_free(&table);
    return 1;
}

static int grows(void) {
    struct table table;
    char word[16];
    table_init(&table);
    for (int i = 0; i < 10000; i++) {
        int length = snprintf(word, sizeof word, "w%d", i % 2500);
        table_add(&table, word, (size_t)length);
    }
    CHECK(table.used == 2500);
    CHECK(table_count(&table, "w0", 2) == 4);
    CHECK(table_count(&table, "w2499", 5) == 4);
    table_free(&table);
    return 1;
}

static int sorts_by_count_then_word(void) {
    struct table table;
    table_init(&table);
    table_add(&table, "b", 1);
    table_add(&table, "ab", 2);
    table_add(&table, "a", 1);
    table_add(&table, "z", 1);
    table_add(&table, "z", 1);
    struct entry *sorted = table_sorted(&table);
    CHECK(sorted[0].word[0] == 'z' && sorted[1].length == 1 && sorted[2].length == 2 && sorted[3].word[0] == 'b');
    table_free(&table);
    return 1;
}

#define TEST(name) {#name, name}
static const struct {
    const char *name;
    int (*run)(void);
} TESTS[] = {
    TEST(splits_at_punctuation), TEST(keeps_apostrophes_inside_words), TEST(keeps_other_characters_whole),
    TEST(pieces_make_no_difference), TEST(cuts_endless_words), TEST(no_text_has_no_words),
    TEST(counts), TEST(grows), TEST(sorts_by_count_then_word),
};

int main(int argc, char **argv) {
    unsigned shard = 0, shards = 1, failed = 0, ran = 0;
    if (argc == 3 && strcmp(argv[1], "--shard") == 0 && sscanf(argv[2], "%u/%u", &shard, &shards) != 2) {
        fputs("usage: unit [--shard I/N]\n", stderr);
        return 64;
    }
    for (size_t i = shard; i < sizeof TESTS / sizeof *TESTS; i += shards) {
        int passed = TESTS[i].run();
        printf("%s %s\n", passed ? "ok    " : "FAILED", TESTS[i].name);
        failed += !passed;
        ran++;
    }
    printf("%u passed, %u failed\n", ran - failed, failed);
    return failed > 0;
}
