/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the HTTP client share: the server's script and calls. */
#ifndef HTTP_CASE_H
#define HTTP_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_http.h"
#include "http_peer.h"

#define LOCAL "127.0.0.1 localhost"

static apr_pool_t *pool;
static amzx_env_t env;
static amzx_loop_t *loop;
static amzx_http_t *http;
static peer_t *peer;

/* What one call came to. */
typedef struct {
    int calls; /* of done */
    int status;
    const amzx_http_response_t *rsp;
    amzx_fault_t fault;
    int maybe_sent;
} end_t;

/* ---- the server's script ------------------------------------------------- */

/* One fixed-Huffman block of a megabyte of zeros: a literal, then matches of
 * 258 at distance 1. */
static size_t make_bomb(unsigned char *out)
{
    static const unsigned char head[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0,
                                            3 };
    size_t bits = 8 * sizeof(head);
    unsigned long long code;
    int i;
    int k;

    memset(out, 0, 8192);
    memcpy(out, head, sizeof(head));
#define BITS(value, count) \
    for (code = (value), k = (count) - 1; k >= 0; k--, bits++) \
    out[bits / 8] |= (unsigned char)(((code >> k) & 1u) << (bits % 8))
    BITS(0x6, 3);  /* last block, fixed codes */
    BITS(0x30, 8); /* literal 0 */
    for (i = 0; i < 4064; i++) {
        BITS(0xc5, 8); /* length 258 */
        BITS(0x00, 5); /* distance 1 */
    }
    BITS(0x00, 7);
    return bits / 8 + 9;
}

static void answer_gzip(peer_conn_t *c, const char *path)
{
    static const unsigned char hello[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
        0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0x48, 0xaf, 0xca, 0x2c,
        0x00, 0x00, 0x19, 0x6a, 0xd2, 0xdf, 0x0a, 0x00, 0x00, 0x00,
    };
    unsigned char bomb[8192];
    const unsigned char *bytes = hello;
    size_t len = sizeof(hello);
    char line[96];

    if (strcmp(path, "/gzip-bomb") == 0) {
        len = make_bomb(bomb);
        bytes = bomb;
    }
    if (strcmp(path, "/gzip-broken") == 0) {
        bytes = (const unsigned char *)"this is not compressed at all!";
    }
    snprintf(line, sizeof(line), "HTTP/1.1 200 OK\r\nContent-Encoding: gzip"
             "\r\nContent-Length: %zu\r\n\r\n", len);
    peer_puts(c, line);
    peer_put(c, bytes, len);
}

static void answer_big(peer_conn_t *c, const char *path)
{
    char line[80];
    int i;

    peer_puts(c, "HTTP/1.1 200 OK\r\n");
    if (strcmp(path, "/big-announced") == 0) {
        peer_puts(c, "Content-Length: 200000000\r\n\r\nx");
        return;
    }
    if (strcmp(path, "/big-head") == 0) {
        for (i = 0; i < 1200; i++) {
            snprintf(line, sizeof(line), "X-Filler-%d: %.50s\r\n", i,
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
            peer_puts(c, line);
        }
        peer_puts(c, "Content-Length: 0\r\n\r\n");
        return;
    }
    peer_puts(c, "Transfer-Encoding: chunked\r\n\r\n");
    for (i = 0; i < 1000; i++) {
        peer_puts(c, "40\r\n0123456789abcdef0123456789abcdef"
                     "0123456789abcdef0123456789abcdef\r\n");
    }
    peer_puts(c, "0\r\n\r\n");
}

static void answer_broken(peer_conn_t *c, const char *path)
{
    c->after = PEER_CLOSE;
    if (strcmp(path, "/silent") == 0) {
        return;
    }
    if (strcmp(path, "/noise") == 0) {
        peer_puts(c, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
        return;
    }
    peer_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    if (strcmp(path, "/reset") == 0) {
        c->after = PEER_RESET;
    }
}

/* An answer with a few bytes changed, dropped or doubled. */
static void answer_mangled(peer_conn_t *c, unsigned seed)
{
    static const char *const good[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
        "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nX-T: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Content-Length: 12\r\nContent-Encoding: identity\r\n"
        "Connection: keep-alive\r\n\r\nhello, world",
        "HTTP/1.0 503 Busy\r\nRetry-After: 5\r\nLocation: http://x/\r\n"
        "Content-Type: text/plain\r\n\r\nbusy",
    };
    const char *from = good[seed % 3];
    unsigned state = seed * 2654435761u + 1;

    for (; *from != '\0'; from++) {
        state = state * 1103515245u + 12345u;
        switch ((state >> 16) % 60) {
        case 0:
            peer_put(c, &"\0\r\n:;f "[(state >> 24) % 7], 1);
            break;
        case 1:
            break;
        case 2:
            peer_put(c, from, 1);
            peer_put(c, from, 1);
            break;
        default:
            peer_put(c, from, 1);
            break;
        }
    }
    c->after = PEER_CLOSE;
}

/* The method and the body it came with, in chunks of a byte. */
static void answer_body(peer_conn_t *c, const char *method, const char *body,
                        size_t body_len)
{
    peer_puts(c, "HTTP/1.1 201 Created\r\nX-Method: ");
    peer_puts(c, method);
    peer_puts(c, "\r\nX-Empty:\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n");
    while (body_len > 0) {
        peer_puts(c, "1\r\n");
        peer_put(c, body++, 1);
        peer_puts(c, "\r\n");
        body_len--;
    }
    peer_puts(c, "0\r\n\r\n");
}

static void peer_answer(peer_t *self, peer_conn_t *c, const char *method,
                        const char *path, const char *body, size_t body_len)
{
    (void)self;
    if (strncmp(path, "http://books.example/", 21) == 0) {
        path += 20; /* as a proxy is asked */
    }
    if (strncmp(path, "/gzip", 5) == 0) {
        answer_gzip(c, path);
    }
    else if (strncmp(path, "/big", 4) == 0) {
        answer_big(c, path);
    }
    else if (strncmp(path, "/mangled", 8) == 0) {
        answer_mangled(c, (unsigned)strtoul(path + 8, NULL, 10));
    }
    else if (strncmp(path, "/wait", 5) == 0) {
        c->answer_at += strtol(path + 5, NULL, 10);
        peer_reply(c, "HTTP/1.1 200 OK\r\n", "waited");
    }
    else if (strcmp(path, "/chunked") == 0) {
        peer_puts(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n"
                     "X-Trailer: ignored\r\n\r\n");
    }
    else if (strcmp(path, "/redirect") == 0) {
        peer_reply(c, "HTTP/1.1 302 Found\r\nLocation: /echo\r\n", "");
    }
    else if (strcmp(path, "/interim") == 0) {
        peer_puts(c, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
        peer_reply(c, "HTTP/1.1 200 OK\r\nX-Final: 1\r\n", "final");
    }
    else if (strcmp(path, "/stale") == 0 && c->served > 0) {
        c->after = PEER_CLOSE; /* an idle connection that has just died */
    }
    else if (strcmp(path, "/echo") == 0) {
        *strstr(c->in, "\r\n\r\n") = '\0';
        peer_reply(c, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n", c->in);
    }
    else if (strcmp(path, "/body") == 0) {
        answer_body(c, method, body, body_len);
    }
    else if (strcmp(path, "/no-content") == 0) {
        peer_puts(c, "HTTP/1.1 204 No Content\r\n\r\n");
    }
    else if (strcmp(path, "/ok") == 0 || strcmp(path, "/stale") == 0) {
        peer_reply(c, "HTTP/1.1 200 OK\r\n",
                   strcmp(method, "HEAD") == 0 ? "" : "hello");
    }
    else {
        answer_broken(c, path);
    }
}

/* ---- calls --------------------------------------------------------------- */

static void on_done(void *ctx, const amzx_http_response_t *rsp,
                    const amzx_fault_t *fault, int maybe_sent)
{
    end_t *end = ctx;

    end->calls++;
    end->rsp = rsp;
    end->status = rsp != NULL ? rsp->status : 0;
    end->maybe_sent = maybe_sent;
    if (fault != NULL) {
        end->fault = *fault;
    }
    assert_true((rsp == NULL) != (fault == NULL));
}

static void run_while_in_flight(void)
{
    while (http->in_flight(http) > 0) {
        assert_int_equal(amzx_loop_once(loop, apr_time_from_sec(5)),
                         APR_SUCCESS);
    }
}

static amzx_http_request_t request(const char *method, const char *path)
{
    amzx_http_request_t req = { .method = method };

    req.url = apr_psprintf(pool, "http://127.0.0.1:%d%s", peer->port, path);
    req.total_timeout_us = apr_time_from_sec(20);
    return req;
}

static end_t run(const amzx_http_request_t *req)
{
    amzx_http_call_t *call = NULL;
    amzx_fault_t fault;
    end_t end = { 0 };

    amzx_fault_clear(&fault);
    assert_int_equal(http->start(&call, http, req, on_done, &end, &fault,
                                 pool), APR_SUCCESS);
    assert_int_equal(end.calls, 0); /* never inside start */
    run_while_in_flight();
    assert_int_equal(end.calls, 1);
    return end;
}

static end_t get(const char *path)
{
    amzx_http_request_t req = request("GET", path);

    return run(&req);
}

static end_t put(const char *path, const char *body)
{
    amzx_http_request_t req = request("PUT", path);

    req.body = body;
    req.body_len = strlen(body);
    return run(&req);
}

static amzx_http_t *client(const char *allow_private)
{
    amzx_http_options_t opt = { .allow_private = allow_private };
    amzx_http_t *made = NULL;

    assert_int_equal(amzx_http_create(&made, loop, &env, &opt, NULL, pool),
                     APR_SUCCESS);
    return made;
}

static int setup(void **state)
{
    (void)state;
    apr_pool_create(&pool, NULL);
    amzx_env_init(&env, "test");
    peer = malloc(sizeof(*peer));
    if (!peer_start(peer)
        || amzx_loop_create(&loop, &env, pool) != APR_SUCCESS) {
        return 1;
    }
    http = client(LOCAL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    peer_stop(peer);
    free(peer);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
