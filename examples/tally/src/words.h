/* Splits a text into words. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* Called for each word: `length` bytes, lower case in ASCII, not terminated. */
typedef void (*word_fn)(const char *word, size_t length, void *context);

/* A text that comes in pieces of any size. */
struct splitter {
    char word[256];
    size_t length;
};

void splitter_init(struct splitter *splitter);
void splitter_feed(struct splitter *splitter, const char *text, size_t length, word_fn each, void *context);
/* The text has ended: the last word is complete. */
void splitter_end(struct splitter *splitter, word_fn each, void *context);

#endif
