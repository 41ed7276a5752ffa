/* SPDX-License-Identifier: Apache-2.0 */
/* Growing texts, UTF-8 checks, encodings and small text tools. */
#include "amzx_str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#define BUF_LEAST 64

void amzx_buf_init(amzx_buf_t *b, apr_size_t room, apr_pool_t *p)
{
    b->room = room < BUF_LEAST ? BUF_LEAST : room;
    b->s = apr_palloc(p, b->room);
    b->s[0] = '\0';
    b->len = 0;
    b->pool = p;
}

/* Make room for len more bytes and the NUL. */
static void buf_grow(amzx_buf_t *b, apr_size_t len)
{
    apr_size_t need = b->len + len + 1;
    apr_size_t room = b->room;
    char *s;

    if (need <= b->room) {
        return;
    }
    while (room < need) {
        room *= 2;
    }
    s = apr_palloc(b->pool, room);
    memcpy(s, b->s, b->len + 1);
    b->s = s;
    b->room = room;
}

void amzx_buf_add(amzx_buf_t *b, const char *s, apr_size_t len)
{
    if (len == 0) {
        return;
    }
    buf_grow(b, len);
    memcpy(b->s + b->len, s, len);
    b->len += len;
    b->s[b->len] = '\0';
}

void amzx_buf_puts(amzx_buf_t *b, const char *s)
{
    if (s != NULL) {
        amzx_buf_add(b, s, strlen(s));
    }
}

void amzx_buf_putc(amzx_buf_t *b, char c)
{
    buf_grow(b, 1);
    b->s[b->len++] = c;
    b->s[b->len] = '\0';
}

void amzx_buf_printf(amzx_buf_t *b, const char *fmt, ...)
{
    va_list ap;
    va_list again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(b->s + b->len, b->room - b->len, fmt, ap);
    va_end(ap);
    if (n > 0 && (apr_size_t)n >= b->room - b->len) {
        buf_grow(b, (apr_size_t)n);
        n = vsnprintf(b->s + b->len, b->room - b->len, fmt, again);
    }
    va_end(again);
    if (n > 0) {
        b->len += (apr_size_t)n;
    }
    b->s[b->len] = '\0';
}

/* Length of the well-formed UTF-8 character at s, 0 when there is none;
 * -1 when the bytes end inside one that began well.
 * @fact{RFC 3629 section 4} */
static int utf8_step(const unsigned char *s, apr_size_t len)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    int n;
    int i;

    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] < 0xc2 || s[0] > 0xf4) {
        return 0;
    }
    n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0) {
        low = 0xa0; /* overlong */
    }
    else if (s[0] == 0xed) {
        high = 0x9f; /* surrogates */
    }
    else if (s[0] == 0xf0) {
        low = 0x90; /* overlong */
    }
    else if (s[0] == 0xf4) {
        high = 0x8f; /* above U+10FFFF */
    }
    for (i = 1; i < n; i++) {
        if ((apr_size_t)i >= len) {
            return -1;
        }
        if (s[i] < low || s[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return n;
}

int amzx_utf8_is_valid(const char *s, apr_size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t i = 0;

    while (i < len) {
        int n;

        if (u[i] < 0x80) {
            apr_uint64_t word = 0;

            /* Eight ASCII bytes at a time: nearly all text is that. */
            while (i + sizeof(word) <= len) {
                memcpy(&word, u + i, sizeof(word));
                if ((word & 0x8080808080808080ULL) != 0) {
                    break;
                }
                i += sizeof(word);
            }
            while (i < len && u[i] < 0x80) {
                i++;
            }
            continue;
        }
        n = utf8_step(u + i, len - i);
        if (n <= 0) {
            return 0;
        }
        i += (apr_size_t)n;
    }
    return 1;
}

char *amzx_utf8_put(char *out, long point)
{
    if (point < 0x80) {
        *out++ = (char)point;
        return out;
    }
    if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
    }
    else {
        if (point < 0x10000) {
            *out++ = (char)(0xe0 | point >> 12);
        }
        else {
            *out++ = (char)(0xf0 | point >> 18);
            *out++ = (char)(0x80 | (point >> 12 & 63));
        }
        *out++ = (char)(0x80 | (point >> 6 & 63));
    }
    *out++ = (char)(0x80 | (point & 63));
    return out;
}

apr_size_t amzx_utf8_count(const char *s, apr_size_t len)
{
    apr_size_t count = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    }
    return count;
}

apr_size_t amzx_utf8_prefix(const char *s, apr_size_t len, apr_size_t points)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80) {
            if (points == 0) {
                return i;
            }
            points--;
        }
    }
    return len;
}

apr_size_t amzx_str_clean(char *out, const char *s, apr_size_t len, char mark)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t done = 0;
    apr_size_t i = 0;

    while (i < len) {
        int n = utf8_step(u + i, len - i);

        if (n < 0) {
            break;
        }
        if (n == 0) {
            out[done++] = '?';
            i++;
        }
        else if (u[i] < 0x20 || u[i] == 0x7f
                 || (n == 2 && u[i] == 0xc2 && u[i + 1] < 0xa0)) {
            out[done++] = mark;
            i += (apr_size_t)n;
        }
        else {
            memmove(out + done, s + i, (apr_size_t)n);
            done += (apr_size_t)n;
            i += (apr_size_t)n;
        }
    }
    out[done] = '\0';
    return done;
}

const char *amzx_str_printable(const char *s, apr_size_t max, apr_pool_t *p)
{
    apr_size_t len;
    char *out;

    if (s == NULL) {
        return "";
    }
    len = strnlen(s, max);
    out = apr_palloc(p, len + 1);
    amzx_str_clean(out, s, len, '?');
    return out;
}

const char *amzx_url_encode(const char *s, apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    apr_size_t len = strlen(s);
    char *out = apr_palloc(p, 3 * len + 1);
    char *o = out;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
            || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
            || c == '~') {
            *o++ = (char)c;
        }
        else {
            *o++ = '%';
            *o++ = digits[c >> 4];
            *o++ = digits[c & 15];
        }
    }
    *o = '\0';
    return out;
}

const char *amzx_hex(const void *bytes, apr_size_t len, apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *b = bytes;
    char *out = apr_palloc(p, 2 * len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    out[2 * len] = '\0';
    return out;
}

char **amzx_split(const char *s, const char *separators, apr_pool_t *p)
{
    apr_size_t room = 8;
    apr_size_t count = 0;
    char **list = apr_palloc(p, room * sizeof(*list));

    while (s != NULL && *s != '\0') {
        apr_size_t n;

        s += strspn(s, separators);
        n = strcspn(s, separators);
        if (n == 0) {
            break;
        }
        if (count + 1 == room) {
            char **more = apr_palloc(p, 2 * room * sizeof(*list));

            memcpy(more, list, count * sizeof(*list));
            list = more;
            room *= 2;
        }
        list[count++] = apr_pstrmemdup(p, s, n);
        s += n;
    }
    list[count] = NULL;
    return list;
}

apr_status_t amzx_int_parse(apr_int64_t *out, const char *s)
{
    apr_uint64_t limit = (apr_uint64_t)INT64_MAX;
    apr_uint64_t n = 0;
    int is_negative = 0;

    *out = 0;
    if (s == NULL) {
        return APR_EINVAL;
    }
    if (*s == '-' || *s == '+') {
        is_negative = *s == '-';
        limit += (apr_uint64_t)is_negative;
        s++;
    }
    if (*s == '\0') {
        return APR_EINVAL;
    }
    for (; *s != '\0'; s++) {
        apr_uint64_t digit = (apr_uint64_t)(unsigned char)*s - '0';

        if (digit > 9 || n > (limit - digit) / 10) {
            return APR_EINVAL;
        }
        n = n * 10 + digit;
    }
    *out = is_negative ? (apr_int64_t)(0 - n) : (apr_int64_t)n;
    return APR_SUCCESS;
}
