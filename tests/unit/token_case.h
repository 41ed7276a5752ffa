/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that share a token row: a clock of the test's own, a scripted
 * token endpoint, a database. */
#ifndef TOKEN_CASE_H
#define TOKEN_CASE_H

#include "store_fixture.h"

#include "amzx_connector.h"
#include "amzx_token.h"

#define SEC(n) apr_time_from_sec(n)
#define START SEC(1768212000)

/* One engine with its own HTTP client. */
typedef struct {
    fixture_t *f;
    amzx_http_t http;
    amzx_loop_t *loop;
    amzx_tokens_t *tokens;
    int ready;   /* times told */
    int sent;    /* calls begun */
    int cancelled;
    const char *url;  /* of the last call */
    const char *body;
    amzx_http_done_fn *done; /* NULL: none in flight */
    void *ctx;
    apr_pool_t *pool; /* of the call */
    amzx_fault_t fault; /* of the last get */
} node_t;

static apr_time_t clock_us = START;

static inline apr_time_t case_clock(void *ctx)
{
    (void)ctx;
    return clock_us;
}

/* ---- the script ---------------------------------------------------------- */

static inline apr_status_t case_start(amzx_http_call_t **call,
                                      amzx_http_t *http,
                                      const amzx_http_request_t *req,
                                      amzx_http_done_fn *done, void *ctx,
                                      amzx_fault_t *fault, apr_pool_t *p)
{
    node_t *n = http->impl;

    (void)fault;
    assert_null(n->done); /* one refresh at a time */
    n->sent++;
    n->url = apr_pstrdup(n->f->p, req->url);
    n->body = apr_pstrmemdup(n->f->p, req->body, req->body_len);
    n->done = done;
    n->ctx = ctx;
    n->pool = p;
    *call = (amzx_http_call_t *)n;
    return APR_SUCCESS;
}

static inline void case_cancel(amzx_http_call_t *call)
{
    node_t *n = (node_t *)call;

    n->done = NULL;
    n->cancelled++;
}

static inline void answer(node_t *n, int status, const char *retry_after,
                          const char *body)
{
    amzx_header_t header = { "Retry-After", retry_after };
    amzx_http_response_t rsp = { .status = status, .header = &header,
                                 .headers = retry_after != NULL };
    amzx_http_done_fn *done = n->done;

    assert_non_null(done);
    rsp.body = apr_pstrdup(n->pool, body);
    rsp.body_len = strlen(body);
    n->done = NULL;
    done(n->ctx, &rsp, NULL, 1);
}

/* A pair as the peers send it; no refresh token when it is NULL. */
static inline void grant(node_t *n, const char *access, const char *refresh,
                         int life_s)
{
    answer(n, 200, NULL, apr_psprintf(
        n->f->p, "{\"access_token\":\"%s\",\"expires_in\":%d,"
        "\"token_type\":\"Bearer\"%s%s%s}", access, life_s,
        refresh != NULL ? ",\"refresh_token\":\"" : "",
        refresh != NULL ? refresh : "", refresh != NULL ? "\"" : ""));
}

static inline void refuse(node_t *n, const char *error)
{
    answer(n, 400, NULL, apr_psprintf(n->f->p, "{\"error\":\"%s\"}", error));
}

static inline void lose(node_t *n, const char *code)
{
    amzx_http_done_fn *done = n->done;
    amzx_fault_t fault;

    assert_non_null(done);
    amzx_fault_clear(&fault);
    (void)amzx_fault_set(&fault, AMZX_FAULT_UNKNOWN, APR_EGENERAL, code,
                         "lost");
    n->done = NULL;
    done(n->ctx, NULL, &fault, 1);
}

/* ---- engines ------------------------------------------------------------- */

static inline void case_ready(void *ctx, const amzx_conn_t *conn)
{
    node_t *n = ctx;

    (void)conn;
    n->ready++;
}

static inline node_t *node(fixture_t *f, const char *owner)
{
    node_t *n = apr_pcalloc(f->p, sizeof(*n));

    f->env.now = case_clock;
    f->env.mono = case_clock;
    f->env.log_level = AMZX_LOG_CRIT;
    n->f = f;
    n->http.impl = n;
    n->http.start = case_start;
    n->http.cancel = case_cancel;
    assert_int_equal(amzx_loop_create(&n->loop, &f->env, f->p), APR_SUCCESS);
    n->tokens = amzx_tokens_make(owner, f->db, &f->st, &n->http, n->loop,
                                 case_ready, n, f->p);
    return n;
}

/* Let so much time go by, in small steps, for these engines. */
static inline void pass(apr_interval_time_t us, node_t *a, node_t *b)
{
    apr_time_t end = clock_us + us;
    apr_interval_time_t step = us > SEC(30) ? SEC(1) : 100000;

    do {
        amzx_loop_once(a->loop, 0);
        if (b != NULL) {
            amzx_loop_once(b->loop, 0);
        }
        clock_us = clock_us + step < end ? clock_us + step : end;
    } while (clock_us < end);
    amzx_loop_once(a->loop, 0);
    if (b != NULL) {
        amzx_loop_once(b->loop, 0);
    }
}

/* The token, or NULL: not yet (fault empty) or not at all. */
static inline const char *get(node_t *n, const amzx_conn_t *conn)
{
    const char *access = "unset";
    apr_status_t rv;

    amzx_fault_clear(&n->fault);
    rv = amzx_tokens_get(&access, n->tokens, conn, &n->fault);
    assert_true((rv == APR_SUCCESS)
                == (n->fault.klass == AMZX_FAULT_NONE));
    assert_true(rv == APR_SUCCESS || access == NULL);
    return access;
}

/* Ask and let the loop turn: the call, if any, is out afterwards. */
static inline const char *ask(node_t *n, const amzx_conn_t *conn)
{
    const char *access = get(n, conn);

    amzx_loop_once(n->loop, 0);
    return access;
}

static inline amzx_token_row_t row_of(fixture_t *f, const amzx_conn_t *conn)
{
    amzx_token_row_t row;

    assert_ok(f, amzx_token_get(&row, f->db, &f->st, conn->tenant, conn->name,
                                &f->fault, f->p));
    return row;
}

/* ---- connections --------------------------------------------------------- */

static inline void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static inline void write_credential(const amzx_conn_t *c, const char *refresh)
{
    char text[512];

    apr_snprintf(text, sizeof(text), "{\"client_id\":\"id\","
                 "\"client_secret\":\"secret\"%s%s%s}",
                 refresh != NULL ? ",\"refresh_token\":\"" : "",
                 refresh != NULL ? refresh : "", refresh != NULL ? "\"" : "");
    write_file(c->credential_file, text);
}

static inline amzx_conn_t *connection(fixture_t *f, const char *type,
                                      const char *grant_type)
{
    amzx_conn_t *c = apr_pcalloc(f->p, sizeof(*c));

    c->tenant = "acme";
    c->name = strncmp(type, "xero", 4) == 0 ? "xero" : "amazon";
    c->type = type;
    c->base_url = "https://api.example";
    c->token_url = "https://token.example/token";
    c->grant = grant_type;
    c->scope = "one two";
    c->account = c->region = c->marketplaces = "";
    c->credential_file = apr_pstrcat(f->p, f->dir, "/", c->name, ".json",
                                     NULL);
    return c;
}

/* A Xero connection by refresh token, its file in place. */
static inline amzx_conn_t *xero(fixture_t *f)
{
    amzx_conn_t *c = connection(f, "xero.accounting", "refresh_token");

    write_credential(c, "seed");
    return c;
}

#endif
