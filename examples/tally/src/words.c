#include "words.h"

#include <ctype.h>

/* Letters and digits of ASCII, apostrophes inside words, and every byte of other UTF-8 characters. */
static int is_word_byte(unsigned char byte, size_t length) {
    return isalnum(byte) || byte >= 0x80 || (byte == '\'' && length > 0);
}

static void flush(struct splitter *splitter, word_fn each, void *context) {
    size_t length = splitter->length;
    while (length > 0 && splitter->word[length - 1] == '\'') {
        length--;
    }
    if (length > 0) {
        each(splitter->word, length, context);
    }
    splitter->length = 0;
}

void splitter_init(struct splitter *splitter) { splitter->length = 0; }

void splitter_feed(struct splitter *splitter, const char *text, size_t length, word_fn each, void *context) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (!is_word_byte(byte, splitter->length)) {
            flush(splitter, each, context);
            continue;
        }
        /* Longer words are cut: nobody counts them. */
        if (splitter->length == sizeof splitter->word) {
            flush(splitter, each, context);
        }
        splitter->word[splitter->length++] = tolower(byte);
    }
}

void splitter_end(struct splitter *splitter, word_fn each, void *context) { flush(splitter, each, context); }
