/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of names for comparison; ranges after the Unicode charts. */
#include "amzx_fold.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "amzx_str.h"

/** Code points from..to become the letters of `to_text`. */
typedef struct {
    unsigned first;
    unsigned last;
    const char *text;
} range_t;

static const range_t ranges[] = {
    {0xC0, 0xC5, "a"},     {0xC6, 0xC6, "ae"},    {0xC7, 0xC7, "c"},
    {0xC8, 0xCB, "e"},     {0xCC, 0xCF, "i"},     {0xD0, 0xD0, "d"},
    {0xD1, 0xD1, "n"},     {0xD2, 0xD6, "o"},     {0xD8, 0xD8, "o"},
    {0xD9, 0xDC, "u"},     {0xDD, 0xDD, "y"},     {0xDE, 0xDE, "th"},
    {0xDF, 0xDF, "ss"},    {0xE0, 0xE5, "a"},     {0xE6, 0xE6, "ae"},
    {0xE7, 0xE7, "c"},     {0xE8, 0xEB, "e"},     {0xEC, 0xEF, "i"},
    {0xF0, 0xF0, "d"},     {0xF1, 0xF1, "n"},     {0xF2, 0xF6, "o"},
    {0xF8, 0xF8, "o"},     {0xF9, 0xFC, "u"},     {0xFD, 0xFD, "y"},
    {0xFE, 0xFE, "th"},    {0xFF, 0xFF, "y"},     {0x100, 0x105, "a"},
    {0x106, 0x10D, "c"},   {0x10E, 0x111, "d"},   {0x112, 0x11B, "e"},
    {0x11C, 0x123, "g"},   {0x124, 0x127, "h"},   {0x128, 0x131, "i"},
    {0x132, 0x133, "ij"},  {0x134, 0x135, "j"},   {0x136, 0x138, "k"},
    {0x139, 0x142, "l"},   {0x143, 0x14B, "n"},   {0x14C, 0x151, "o"},
    {0x152, 0x153, "oe"},  {0x154, 0x159, "r"},   {0x15A, 0x161, "s"},
    {0x162, 0x167, "t"},   {0x168, 0x173, "u"},   {0x174, 0x175, "w"},
    {0x176, 0x178, "y"},   {0x179, 0x17E, "z"},   {0x17F, 0x17F, "s"},
    {0x1A0, 0x1A1, "o"},   {0x1AF, 0x1B0, "u"},   {0x218, 0x219, "s"},
    {0x21A, 0x21B, "t"},   {0x1E9E, 0x1E9E, "ss"}, {0x1EA0, 0x1EB7, "a"},
    {0x1EB8, 0x1EC7, "e"}, {0x1EC8, 0x1ECB, "i"}, {0x1ECC, 0x1EE3, "o"},
    {0x1EE4, 0x1EF1, "u"}, {0x1EF2, 0x1EF9, "y"},
};

/* One code point of UTF-8; 0 when the bytes are not. */
static unsigned next_point(const unsigned char **at)
{
    const unsigned char *s = *at;
    unsigned c = s[0];
    int more = c < 0x80 ? 0 : c < 0xC2 ? -1 : c < 0xE0 ? 1 : c < 0xF0 ? 2
        : c < 0xF5 ? 3 : -1;
    int i;

    if (more < 0) {
        return 0;
    }
    c = more == 0 ? c : c & (0x3Fu >> more);
    for (i = 1; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (s[i] & 0x3Fu);
    }
    *at = s + more + 1;
    return c;
}

static int is_dropped(unsigned c)
{
    return (c >= 0x300 && c <= 0x36F) /* combining accents */
        || c == 0xAD || (c >= 0x200B && c <= 0x200F) || c == 0xFEFF
        || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x27 || c == 0x2019;
}

static int is_separator(unsigned c)
{
    return (c < 0x80 && !apr_isalnum((int)c)) || (c >= 0x80 && c <= 0xBF
        && c != 0xAA && c != 0xBA) || c == 0xD7 || c == 0xF7
        || (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x3003);
}

static unsigned lower_of(unsigned c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x391 && c <= 0x3A9)
        || (c >= 0x410 && c <= 0x42F)) {
        return c + 32;
    }
    if (c >= 0x400 && c <= 0x40F) {
        return c + 80;
    }
    return c;
}

static const char *letters_of(unsigned c)
{
    apr_size_t i;

    for (i = 0; c >= 0xC0 && i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return ranges[i].text;
        }
    }
    return NULL;
}

const char *amzx_fold(const char *text, apr_pool_t *p)
{
    const unsigned char *at = (const unsigned char *)text;
    int is_gap = 0;
    amzx_buf_t out;

    amzx_buf_init(&out, strlen(text) + 8, p);
    while (*at) {
        const unsigned char *start = at;
        unsigned c = next_point(&at);
        const char *letters;

        if (c == 0) {
            break;
        }
        if (is_dropped(c)) {
            continue;
        }
        if (c >= 0xFF01 && c <= 0xFF5E) { /* full-width ASCII */
            c = c - 0xFF01 + 0x21;
        }
        if (is_separator(c)) {
            is_gap = out.len > 0;
            continue;
        }
        if (is_gap) {
            amzx_buf_putc(&out, ' ');
            is_gap = 0;
        }
        letters = letters_of(c);
        if (letters) {
            amzx_buf_puts(&out, letters);
        }
        else if (c < 0x80) {
            amzx_buf_putc(&out, (char)lower_of(c));
        }
        else if (lower_of(c) != c) {
            c = lower_of(c); /* Greek and Cyrillic: two bytes */
            amzx_buf_putc(&out, (char)(0xC0 | (c >> 6)));
            amzx_buf_putc(&out, (char)(0x80 | (c & 0x3F)));
        }
        else {
            amzx_buf_add(&out, (const char *)start, (apr_size_t)(at - start));
        }
    }
    return out.s;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *amzx_fold_words(const char *folded, apr_pool_t *p)
{
    char **word = amzx_split(folded, " ", p);
    amzx_buf_t out;
    apr_size_t count = 0;
    apr_size_t i;

    while (word[count]) {
        count++;
    }
    qsort(word, count, sizeof(*word), by_text);
    amzx_buf_init(&out, strlen(folded) + 1, p);
    for (i = 0; i < count; i++) {
        if (i > 0) {
            amzx_buf_putc(&out, ' ');
        }
        amzx_buf_puts(&out, word[i]);
    }
    return out.s;
}

const char *amzx_fold_code(const char *text, apr_pool_t *p)
{
    char *out = apr_pstrdup(p, amzx_fold(text, p));
    char *to = out;
    const char *from;

    for (from = out; *from; from++) {
        if (*from != ' ') {
            *to++ = *from;
        }
    }
    *to = '\0';
    return out;
}
