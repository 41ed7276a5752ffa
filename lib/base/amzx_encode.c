/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, strict in both directions, and reading whole files. */
#include "amzx_str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const char *amzx_base64(const void *bytes, apr_size_t len, apr_pool_t *p)
{
    const unsigned char *b = bytes;
    char *out = apr_palloc(p, (len + 2) / 3 * 4 + 1);
    char *o = out;
    apr_size_t i;

    for (i = 0; i + 2 < len; i += 3) {
        unsigned v = (unsigned)b[i] << 16 | (unsigned)b[i + 1] << 8
                     | (unsigned)b[i + 2];

        *o++ = alphabet[v >> 18];
        *o++ = alphabet[v >> 12 & 63];
        *o++ = alphabet[v >> 6 & 63];
        *o++ = alphabet[v & 63];
    }
    if (i < len) {
        unsigned v = (unsigned)b[i] << 16;

        if (i + 1 < len) {
            v |= (unsigned)b[i + 1] << 8;
        }
        *o++ = alphabet[v >> 18];
        *o++ = alphabet[v >> 12 & 63];
        *o++ = i + 1 < len ? alphabet[v >> 6 & 63] : '=';
        *o++ = '=';
    }
    *o = '\0';
    return out;
}

/* 0 to 63 by character; 64 for what is no digit of base64. */
#define NO 64
static const unsigned char values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};

/* The last group: one, two or three bytes. 0 when it is no base64. */
static apr_size_t decode_last(unsigned char *out, const unsigned char *t,
                              apr_size_t pad)
{
    unsigned c = pad > 1 ? 0 : values[t[2]];
    unsigned d = pad > 0 ? 0 : values[t[3]];
    unsigned v;

    if (((values[t[0]] | values[t[1]] | c | d) & NO) != 0) {
        return 0;
    }
    v = (unsigned)values[t[0]] << 18 | (unsigned)values[t[1]] << 12 | c << 6
        | d;
    if ((v & ((1u << (8 * pad)) - 1)) != 0) {
        return 0; /* bits behind the last byte: two texts, one value */
    }
    out[0] = (unsigned char)(v >> 16);
    out[1] = (unsigned char)(v >> 8);
    out[2] = (unsigned char)v;
    return 3 - pad;
}

unsigned char *amzx_base64_decode(apr_size_t *len, const char *text,
                                  apr_pool_t *p)
{
    const unsigned char *t = (const unsigned char *)text;
    apr_size_t n = text != NULL ? strlen(text) : 1;
    apr_size_t pad = 0;
    apr_size_t last;
    apr_size_t i;
    unsigned char *out;
    unsigned char *o;

    *len = 0;
    if (n % 4 != 0) {
        return NULL;
    }
    while (pad < 2 && pad < n && text[n - 1 - pad] == '=') {
        pad++;
    }
    out = o = apr_palloc(p, n / 4 * 3 + 1);
    for (i = 0; i + 4 < n; i += 4, t += 4, o += 3) {
        unsigned a = values[t[0]];
        unsigned b = values[t[1]];
        unsigned c = values[t[2]];
        unsigned d = values[t[3]];
        unsigned v = a << 18 | b << 12 | c << 6 | d;

        if (((a | b | c | d) & NO) != 0) {
            return NULL;
        }
        o[0] = (unsigned char)(v >> 16);
        o[1] = (unsigned char)(v >> 8);
        o[2] = (unsigned char)v;
    }
    if (n > 0) {
        last = decode_last(o, t, pad);
        if (last == 0) {
            return NULL;
        }
        o += last;
    }
    *o = '\0';
    *len = (apr_size_t)(o - out);
    return out;
}

/* Read to the end; APR_ENOSPC when there is more than max. */
static apr_status_t read_all(amzx_buf_t *b, int fd, apr_size_t max)
{
    apr_pool_t *p = b->pool;

    for (;;) {
        apr_size_t room;
        ssize_t n;

        if (b->room - b->len < 2) {
            amzx_buf_t more;

            amzx_buf_init(&more, b->room * 2, p);
            amzx_buf_add(&more, b->s, b->len);
            *b = more;
        }
        room = b->room - b->len - 1;
        n = read(fd, b->s + b->len, room);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        b->len += (apr_size_t)n;
        b->s[b->len] = '\0';
        if (b->len > max) {
            return APR_ENOSPC;
        }
        if (n == 0) {
            return APR_SUCCESS;
        }
    }
}

apr_status_t amzx_file_read(char **bytes, apr_size_t *len, const char *path,
                            apr_size_t max, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    struct stat st;
    amzx_buf_t b;
    int fd;

    *bytes = NULL;
    *len = 0;
    /* Not blocking: opening a pipe nobody writes to would hang. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno;
    }
    if (fstat(fd, &st) != 0) {
        rv = errno;
        goto leave;
    }
    if (!S_ISREG(st.st_mode)) {
        rv = APR_EINVAL;
        goto leave;
    }
    if (st.st_size > 0 && (apr_uint64_t)st.st_size > max) {
        rv = APR_ENOSPC;
        goto leave;
    }
    amzx_buf_init(&b, st.st_size > 0 ? (apr_size_t)st.st_size + 2 : READ_STEP,
                  p);
    rv = read_all(&b, fd, max);
    if (rv == APR_SUCCESS) {
        *bytes = b.s;
        *len = b.len;
    }
leave:
    close(fd);
    return rv;
}
