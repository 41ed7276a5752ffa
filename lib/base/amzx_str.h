/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_str.h  Text building, checking and encoding. */
#ifndef AMZX_STR_H
#define AMZX_STR_H

#include <apr_pools.h>

/** A growing text; always NUL-terminated. */
typedef struct {
    char *s;
    apr_size_t len;
    apr_size_t room;
    apr_pool_t *pool;
} amzx_buf_t;

void amzx_buf_init(amzx_buf_t *b, apr_size_t room, apr_pool_t *p);
void amzx_buf_add(amzx_buf_t *b, const char *s, apr_size_t len);
void amzx_buf_puts(amzx_buf_t *b, const char *s);
void amzx_buf_putc(amzx_buf_t *b, char c);
void amzx_buf_printf(amzx_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Is it UTF-8 (no overlong, no surrogate, <= U+10FFFF)? */
int amzx_utf8_is_valid(const char *s, apr_size_t len);

/** Write a code point, 1 to U+10FFFF, as 1 to 4 bytes. @return behind it */
char *amzx_utf8_put(char *out, long point);

/** Number of code points of valid UTF-8. */
apr_size_t amzx_utf8_count(const char *s, apr_size_t len);

/** Bytes taken by the first `points` code points of valid UTF-8. */
apr_size_t amzx_utf8_prefix(const char *s, apr_size_t len, apr_size_t points);

/**
 * Copy to `out` (room for len + 1; may be `s` itself) with control characters
 * replaced by `mark`, bytes that are not UTF-8 by '?', and a character that
 * was cut off at the end dropped. @return the length written
 */
apr_size_t amzx_str_clean(char *out, const char *s, apr_size_t len,
                          char mark);

/** A copy fit for a log line: control characters to '?', cut at max. */
const char *amzx_str_printable(const char *s, apr_size_t max, apr_pool_t *p);

/** Percent-encode all but RFC 3986 unreserved characters. */
const char *amzx_url_encode(const char *s, apr_pool_t *p);

/** Standard base64 with padding. */
const char *amzx_base64(const void *bytes, apr_size_t len, apr_pool_t *p);

/** Decode standard base64, strict; NULL when it is not. */
unsigned char *amzx_base64_decode(apr_size_t *len, const char *text,
                                  apr_pool_t *p);

/** Lower-case hex. */
const char *amzx_hex(const void *bytes, apr_size_t len, apr_pool_t *p);

/** Split on any of the separators, dropping empties; NULL-terminated. */
char **amzx_split(const char *s, const char *separators, apr_pool_t *p);

/**
 * Read a whole regular file of at most max bytes; bytes get a final NUL.
 * @return APR_ENOSPC when it is longer, APR_EINVAL when not a regular file
 */
apr_status_t amzx_file_read(char **bytes, apr_size_t *len, const char *path,
                            apr_size_t max, apr_pool_t *p);

/** A signed decimal integer, the whole text; APR_EINVAL else. */
apr_status_t amzx_int_parse(apr_int64_t *out, const char *s);

#endif
