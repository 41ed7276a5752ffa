/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file engine_peer.h  A small Amazon and Xero in memory, behind the HTTP
 * client's vtable: answers after a delay on the test's own clock, honours
 * Idempotency-Keys for six minutes, and fails as a test says.
 */
#ifndef ENGINE_PEER_H
#define ENGINE_PEER_H

#include "engine_books.h"

/* ---- the client's vtable ------------------------------------------------- */

static inline const char *peer_header(const amzx_http_request_t *req,
                                      const char *name)
{
    int i;

    for (i = 0; i < req->headers; i++) {
        if (strcasecmp(req->header[i].name, name) == 0) {
            return req->header[i].value;
        }
    }
    return NULL;
}

/* Execute it; what a key has been answered stays so. */
static inline const char *peer_execute(peer_t *peer, int *status,
                                       const amzx_http_request_t *req,
                                       const char *path, const char *key)
{
    const char *sha = req->body
                          ? amzx_sha256_hex(req->body, req->body_len, peer->p)
                          : "";
    peer_kept_t *kept = key ? apr_hash_get(peer->kept, key,
                                           APR_HASH_KEY_STRING) : NULL;

    *status = 200;
    if (strstr(req->url, "api.amazon") != NULL) {
        return peer_amazon(peer, path);
    }
    if (key == NULL) {
        return peer_xero_get(peer, path, status);
    }
    if (kept != NULL && kept->until > *peer->clock) {
        if (strcmp(kept->sha, sha) != 0) {
            *status = 400;
            return apr_psprintf(peer->p, "{\"Message\":\"Idempotency Key: %s "
                                "is used with a different request.\"}", key);
        }
        *status = kept->status;
        return kept->body;
    }
    kept = apr_pcalloc(peer->p, sizeof(*kept));
    kept->sha = sha;
    kept->body = peer_xero_put(peer, path, req);
    kept->status = 200;
    kept->until = *peer->clock + PEER_KEY_LIFE;
    apr_hash_set(peer->kept, apr_pstrdup(peer->p, key), APR_HASH_KEY_STRING,
                 kept);
    return kept->body;
}

static inline peer_rule_t *peer_rule_of(peer_t *peer, const char *line)
{
    int i;

    for (i = 0; i < peer->rules; i++) {
        peer_rule_t *r = &peer->rule[i];

        if (r->count == 0 || strstr(line, r->fits) == NULL) {
            continue;
        }
        if (r->skip > 0) {
            r->skip--;
            continue;
        }
        if (r->count > 0) {
            r->count--;
        }
        return r;
    }
    return NULL;
}

static inline void peer_by_rule(peer_call_t *c, const peer_rule_t *r,
                                const char *key)
{
    peer_kept_t *kept;
    int i;

    switch (r->what) {
    case PEER_OK:
        break;
    case PEER_LOSE_BEFORE:
    case PEER_LOSE_AFTER:
        c->status = 0;
        c->code = "network.timeout";
        c->maybe_sent = 1;
        break;
    case PEER_REFUSE:
        c->status = 0;
        c->code = "network.refused";
        c->maybe_sent = 0;
        break;
    case PEER_HANG:
        c->status = -1;
        break;
    case PEER_SAY:
    case PEER_SAY_AFTER:
        c->status = r->status;
        c->body = r->body ? r->body : "{}";
        for (i = 0; i < 4 && r->header[i] != NULL; i += 2) {
            c->header[c->headers].name = r->header[i];
            c->header[c->headers++].value = r->header[i + 1];
        }
        kept = key ? apr_hash_get(c->peer->kept, key, APR_HASH_KEY_STRING)
                   : NULL;
        if (r->what == PEER_SAY_AFTER && kept != NULL) {
            kept->status = c->status;
            kept->body = c->body;
        }
        break;
    }
}

static inline int peer_is_executed(const peer_rule_t *r)
{
    return r == NULL || r->what == PEER_OK || r->what == PEER_LOSE_AFTER
           || r->what == PEER_SAY_AFTER;
}

static inline int peer_is_out(const peer_t *peer, const char *key)
{
    const peer_call_t *c;

    APR_RING_FOREACH(c, &peer->calls, peer_call_t, link) {
        if (c->key != NULL && strcmp(c->key, key) == 0) {
            return 1;
        }
    }
    return 0;
}

static inline void peer_token(peer_call_t *c)
{
    peer_t *peer = c->peer;

    c->status = 200;
    c->body = apr_psprintf(peer->p, "{\"access_token\":\"token-%d\","
                           "\"expires_in\":1800,\"token_type\":\"Bearer\"}",
                           ++peer->tokens);
}

static inline int peer_is_stale(const peer_t *peer,
                                const amzx_http_request_t *req)
{
    const char *token = peer_header(req, "Authorization");

    if (token == NULL) {
        token = peer_header(req, "x-amz-access-token");
    }
    assert_non_null(token);
    token = strstr(token, "token-");
    assert_non_null(token);
    return apr_strtoi64(token + 6, NULL, 10) <= peer->bad_tokens;
}

static inline void peer_expired(peer_call_t *c,
                                const amzx_http_request_t *req)
{
    c->status = 401;
    c->body = "{\"Title\":\"Unauthorized\",\"Status\":401,"
              "\"Detail\":\"TokenExpired: token expired\"}";
    if (strstr(req->url, "api.amazon") != NULL) {
        c->status = 403;
        c->body = "{\"errors\":[{\"code\":\"Unauthorized\",\"message\":"
                  "\"Access denied\",\"details\":\"The access token you "
                  "provided has expired.\"}]}";
    }
}

static inline apr_status_t peer_start(amzx_http_call_t **call,
                                      amzx_http_t *http,
                                      const amzx_http_request_t *req,
                                      amzx_http_done_fn *done, void *ctx,
                                      amzx_fault_t *fault, apr_pool_t *p)
{
    peer_t *peer = http->impl;
    const char *key = peer_header(req, "Idempotency-Key");
    const char *path = strstr(req->url, ".example");
    const char *line = apr_pstrcat(peer->p, req->method, " ", req->url, NULL);
    const peer_rule_t *r;
    peer_call_t *c;

    (void)fault;
    (void)p;
    assert_non_null(path);
    path += strlen(".example");
    if (peer->on_start != NULL) {
        peer->on_start(peer, req, peer->on_start_ctx);
    }
    c = apr_pcalloc(peer->p, sizeof(*c));
    APR_RING_ELEM_INIT(c, link);
    c->peer = peer;
    c->done = done;
    c->ctx = ctx;
    c->due = *peer->clock + peer->delay_us;
    c->node = peer->node;
    c->key = key ? apr_pstrdup(peer->p, key) : NULL;
    peer->starts++;
    peer->parallel += key != NULL && peer_is_out(peer, key);
    if (strstr(req->url, "token.example") != NULL) {
        r = peer_rule_of(peer, line);
        peer_token(c);
    }
    else if (peer_is_stale(peer, req)) {
        r = NULL;
        peer_expired(c, req);
    }
    else {
        APR_ARRAY_PUSH(peer->log, const char *) = line;
        if (key != NULL) {
            APR_ARRAY_PUSH(peer->keys, const char *) =
                apr_pstrdup(peer->p, key);
        }
        r = peer_rule_of(peer, line);
        if (peer_is_executed(r)) {
            c->body = peer_execute(peer, &c->status, req, path, key);
        }
    }
    if (r != NULL) {
        peer_by_rule(c, r, key);
    }
    APR_RING_INSERT_TAIL(&peer->calls, c, peer_call_t, link);
    if (++peer->in_flight > peer->most_in_flight) {
        peer->most_in_flight = peer->in_flight;
    }
    *call = (amzx_http_call_t *)c;
    return APR_SUCCESS;
}

static inline void peer_leave(peer_call_t *c)
{
    APR_RING_REMOVE(c, link);
    c->peer->in_flight--;
}

static inline void peer_cancel(amzx_http_call_t *call)
{
    peer_leave((peer_call_t *)call);
}

static inline int peer_in_flight(amzx_http_t *http)
{
    return ((peer_t *)http->impl)->in_flight;
}

/** Deliver what is due to an engine. @return how many */
static inline int peer_deliver(peer_t *peer, int node)
{
    peer_call_t *c = APR_RING_FIRST(&peer->calls);
    int n = 0;

    while (c != APR_RING_SENTINEL(&peer->calls, peer_call_t, link)) {
        peer_call_t *next = APR_RING_NEXT(c, link);
        amzx_http_response_t rsp = { 0 };
        amzx_fault_t fault;

        if (c->due > *peer->clock || c->status < 0 || c->node != node) {
            c = next;
            continue;
        }
        peer_leave(c);
        n++;
        amzx_fault_clear(&fault);
        if (c->status == 0) {
            (void)amzx_fault_set(&fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                                 c->code, "no answer");
            c->done(c->ctx, NULL, &fault, c->maybe_sent);
        }
        else {
            rsp.status = c->status;
            c->header[c->headers].name = "Content-Type";
            c->header[c->headers++].value = "application/json";
            rsp.header = c->header;
            rsp.headers = c->headers;
            rsp.body = c->body;
            rsp.body_len = strlen(c->body);
            c->done(c->ctx, &rsp, NULL, 1);
        }
        c = next;
    }
    return n;
}

/** The calls of a dead engine: nobody hears their answers. */
static inline void peer_forget_calls(peer_t *peer, int node)
{
    peer_call_t *c = APR_RING_FIRST(&peer->calls);

    while (c != APR_RING_SENTINEL(&peer->calls, peer_call_t, link)) {
        peer_call_t *next = APR_RING_NEXT(c, link);

        if (c->node == node) {
            peer_leave(c);
        }
        c = next;
    }
}

static inline peer_t *peer_make(const apr_time_t *clock, apr_pool_t *p)
{
    peer_t *peer = apr_pcalloc(p, sizeof(*peer));

    peer->p = p;
    peer->clock = clock;
    peer->http.impl = peer;
    peer->http.start = peer_start;
    peer->http.cancel = peer_cancel;
    peer->http.in_flight = peer_in_flight;
    peer->delay_us = 20000;
    peer->kept = apr_hash_make(p);
    peer->things = apr_array_make(p, 16, sizeof(peer_thing_t));
    peer->log = apr_array_make(p, 64, sizeof(char *));
    peer->keys = apr_array_make(p, 16, sizeof(char *));
    APR_RING_INIT(&peer->calls, peer_call_t, link);
    return peer;
}

static inline int peer_by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Everything the peer holds, as sorted text. */
static inline const char *peer_books(const peer_t *peer, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 16, sizeof(char *));
    int i;

    for (i = 0; i < peer->things->nelts; i++) {
        const peer_thing_t *t = &APR_ARRAY_IDX(peer->things, i, peer_thing_t);

        APR_ARRAY_PUSH(lines, const char *) = apr_pstrcat(
            p, t->kind, " ", amzx_json_write_sorted(t->v, NULL, p), "\n",
            NULL);
    }
    qsort(lines->elts, (size_t)lines->nelts, sizeof(char *), peer_by_text);
    return apr_array_pstrcat(p, lines, 0);
}

#endif
