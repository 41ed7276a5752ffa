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

/* 0 to 63, or -1. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

unsigned char *amzx_base64_decode(apr_size_t *len, const char *text,
                                  apr_pool_t *p)
{
    apr_size_t n = text != NULL ? strlen(text) : 1;
    apr_size_t pad = 0;
    apr_size_t done = 0;
    apr_size_t i;
    unsigned char *out;
    unsigned acc = 0;
    int bits = 0;

    *len = 0;
    if (n % 4 != 0) {
        return NULL;
    }
    while (pad < 2 && pad < n && text[n - 1 - pad] == '=') {
        pad++;
    }
    out = apr_palloc(p, n / 4 * 3 + 1);
    for (i = 0; i < n - pad; i++) {
        int v = base64_value(text[i]);

        if (v < 0) {
            return NULL;
        }
        acc = acc << 6 | (unsigned)v;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[done++] = (unsigned char)(acc >> bits & 0xff);
        }
        acc &= (1u << bits) - 1;
    }
    if (acc != 0) {
        return NULL; /* bits behind the last byte: two texts, one value */
    }
    out[done] = '\0';
    *len = done;
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
