/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz the gathering of an answer. The input is a byte that sets the body's
 * cap, header lines, an empty line, and the body; the byte after each '|' of
 * the body ends a piece. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "amzx_guard.h"
#include "amzx_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int is_true)
{
    if (!is_true) {
        abort();
    }
}

static const char *feed_head(amzx_reply_t *r, const char *at, const char *end,
                             int *is_refused)
{
    const char *eol;
    size_t len;

    while (at < end && !*is_refused) {
        eol = memchr(at, '\n', (size_t)(end - at));
        len = eol != NULL ? (size_t)(eol - at) + 1 : (size_t)(end - at);
        *is_refused = !amzx_reply_line(r, at, len);
        at += len;
        if (len <= 2 && eol != NULL) {
            break;
        }
    }
    return at;
}

static void feed_body(amzx_reply_t *r, const char *at, const char *end,
                      int *is_refused)
{
    const char *bar;
    size_t len;

    while (at < end && !*is_refused) {
        bar = memchr(at, '|', (size_t)(end - at));
        len = bar != NULL ? (size_t)(bar - at) + 1 : (size_t)(end - at);
        *is_refused = !amzx_reply_data(r, at, len, (apr_size_t)(*at & 0x7f));
        at += len;
    }
}

static void check(const amzx_http_response_t *rsp, apr_size_t max_body)
{
    int i;

    need(rsp->body_len <= max_body && rsp->body[rsp->body_len] == '\0');
    need(rsp->headers <= AMZX_REPLY_HEADERS_MAX);
    for (i = 0; i < rsp->headers; i++) {
        need(rsp->header[i].name[0] != '\0');
        need(strchr(rsp->header[i].name, ':') == NULL);
        need(amzx_http_get(rsp, rsp->header[i].name) != NULL);
    }
}

/* The checks of URLs and requests must only not crash. */
static void try_guard(const char *text)
{
    amzx_http_request_t req = { .method = text, .url = text };
    int may_be_private;

    (void)amzx_http_header(&req, text, text);
    (void)amzx_guard_request(&req, NULL);
    (void)amzx_guard_is_literal(text);
    (void)amzx_guard_text_is_public(text);
    need(!amzx_guard_is_listed("a.example", "b.example c.example"));
    (void)amzx_guard_url(&may_be_private, "https", text, text, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    amzx_reply_t r = { 0 };
    apr_size_t max_body;
    const char *end;
    const char *at;
    char *copy;
    int is_refused = 0;

    if (size == 0) {
        return 0;
    }
    if (pool == NULL) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    copy = malloc(size);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    end = copy + size - 1;
    max_body = (apr_size_t)data[0] * 16;
    amzx_reply_reset(&r, max_body);
    at = feed_head(&r, copy, end, &is_refused);
    feed_body(&r, at, end, &is_refused);
    check(amzx_reply_take(&r, 200, pool), max_body);
    try_guard(copy);
    free(copy);
    apr_pool_clear(pool);
    return 0;
}
