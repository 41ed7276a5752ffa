/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client on a loop: calls, their pools, and their ends. */
#include "amzx_curl.h"
#include "amzx_guard.h"
#include "amzx_http.h"

#include <signal.h>
#include <string.h>

#include <apr_strings.h>

#define CONNECT_TIMEOUT_US apr_time_from_sec(10)
#define TOTAL_TIMEOUT_US apr_time_from_sec(60)
#define BODY_MAX ((apr_size_t)16 * 1024 * 1024)
#define CONNECTIONS_MAX 256
#define STEP 64 /* curl hears of our load in steps */

typedef struct client_t client_t;

/* In the caller's pool; a call never outlives it. */
struct amzx_http_call_t {
    client_t *client;
    amzx_easy_t *easy; /* NULL: over */
    amzx_http_done_fn *done;
    void *ctx;
    apr_pool_t *pool;
    apr_time_t started;
    amzx_http_call_t *next; /* in flight */
    amzx_http_call_t *prev;
};

struct client_t {
    amzx_http_t http;
    amzx_http_options_t opt;
    const amzx_env_t *env;
    amzx_loop_t *loop;
    amzx_timer_t *timer;
    amzx_multi_t *multi;
    amzx_http_call_t *calls;
    int in_flight;
    int kept; /* connections curl was told to keep */
};

apr_status_t amzx_http_init(void)
{
    struct sigaction sa;

    /* A TLS library may write to a socket that the peer has closed. */
    if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL) {
        sa.sa_handler = SIG_IGN;
        (void)sigaction(SIGPIPE, &sa, NULL);
    }
    return amzx_curl_init() ? APR_SUCCESS : APR_EGENERAL;
}

/* curl's bound counts connections in use too, ours the kept ones only. */
static void fit_connections(client_t *c)
{
    int want = c->opt.max_connections + (c->in_flight + STEP - 1) / STEP * STEP;

    if (want != c->kept) {
        c->kept = want;
        amzx_multi_keep(c->multi, want);
    }
}

static void call_link(client_t *c, amzx_http_call_t *call)
{
    call->next = c->calls;
    if (call->next != NULL) {
        call->next->prev = call;
    }
    c->calls = call;
    c->in_flight++;
    fit_connections(c);
}

/* The call is over for the client; its handle is the caller's again. */
static amzx_easy_t *call_unlink(amzx_http_call_t *call)
{
    client_t *c = call->client;
    amzx_easy_t *easy = call->easy;

    if (call->prev != NULL) {
        call->prev->next = call->next;
    }
    else {
        c->calls = call->next;
    }
    if (call->next != NULL) {
        call->next->prev = call->prev;
    }
    call->easy = NULL;
    c->in_flight--;
    return easy;
}

static apr_status_t call_gone(void *data)
{
    amzx_http_call_t *call = data;

    if (call->easy != NULL) {
        amzx_easy_free(call_unlink(call));
    }
    return APR_SUCCESS;
}

static void cancel(amzx_http_call_t *call)
{
    if (call->easy != NULL) {
        apr_pool_cleanup_kill(call->pool, call, call_gone);
        (void)call_gone(call);
    }
}

static apr_status_t start(amzx_http_call_t **out, amzx_http_t *http,
                          const amzx_http_request_t *req,
                          amzx_http_done_fn *done, void *ctx,
                          amzx_fault_t *fault, apr_pool_t *p)
{
    client_t *c = http->impl;
    amzx_http_request_t full = *req;
    amzx_http_call_t *call;
    amzx_easy_t *easy;
    apr_status_t rv;

    *out = NULL;
    if (full.connect_timeout_us <= 0) {
        full.connect_timeout_us = c->opt.connect_timeout_us;
    }
    if (full.total_timeout_us <= 0) {
        full.total_timeout_us = c->opt.total_timeout_us;
    }
    if (full.max_body == 0) {
        full.max_body = c->opt.max_body;
    }
    easy = amzx_easy_make(c->multi);
    if (easy == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_ENOMEM,
                              "internal.memory", "no memory for a call");
    }
    call = apr_pcalloc(p, sizeof(*call));
    rv = amzx_easy_start(easy, &full, call, fault);
    if (rv != APR_SUCCESS) {
        amzx_easy_free(easy);
        return rv;
    }
    call->client = c;
    call->easy = easy;
    call->done = done;
    call->ctx = ctx;
    call->pool = p;
    call->started = amzx_mono(c->env);
    call_link(c, call);
    apr_pool_pre_cleanup_register(p, call, call_gone);
    *out = call;
    return APR_SUCCESS;
}

static void set_fault(amzx_fault_t *fault, const amzx_outcome_t *out)
{
    amzx_fault_class_e klass = AMZX_FAULT_TRANSIENT;

    if (out->maybe_sent && !out->is_safe) {
        klass = AMZX_FAULT_UNKNOWN;
    }
    else if (strcmp(out->code, "network.blocked") == 0) {
        klass = AMZX_FAULT_CONFIG;
    }
    else if (strcmp(out->code, "limit.size") == 0) {
        klass = AMZX_FAULT_REJECTED;
    }
    (void)amzx_fault_set(fault, klass, APR_EGENERAL, out->code, "%s",
                         out->why);
}

/* Tell the caller; its pool, and so the call, may be gone afterwards. */
static void finish(client_t *c, amzx_easy_t *easy, amzx_outcome_t *out)
{
    amzx_http_call_t *call = out->owner;
    amzx_http_done_fn *done = call->done;
    amzx_http_response_t *rsp = NULL;
    void *ctx = call->ctx;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    apr_pool_cleanup_kill(call->pool, call, call_gone);
    (void)call_unlink(call);
    if (out->status > 0) {
        rsp = amzx_reply_take(out->reply, out->status, call->pool);
        rsp->duration_us = amzx_mono(c->env) - call->started;
    }
    else {
        set_fault(&fault, out);
    }
    amzx_easy_free(easy);
    if (rsp != NULL) {
        done(ctx, rsp, NULL, 1);
    }
    else {
        done(ctx, NULL, &fault, out->maybe_sent);
    }
}

static void reap(client_t *c)
{
    amzx_outcome_t out;
    amzx_easy_t *easy;

    for (;;) {
        easy = amzx_multi_ended(&out, c->multi);
        if (easy == NULL) {
            break;
        }
        finish(c, easy, &out);
    }
    fit_connections(c);
}

static void on_ready(void *ctx, int fd, int events)
{
    client_t *c = ctx;

    amzx_multi_ready(c->multi, fd, events);
    reap(c);
}

static void on_timer(void *ctx)
{
    client_t *c = ctx;

    amzx_multi_timeout(c->multi);
    reap(c);
}

static void watch(void *ctx, int fd, int events)
{
    client_t *c = ctx;
    apr_status_t rv;

    rv = amzx_loop_fd(c->loop, fd, events, on_ready, c);
    if (rv != APR_SUCCESS) {
        amzx_log(c->env, AMZX_LOG_ERR, 100, rv,
                 "cannot watch a connection: its call will time out");
    }
}

static void set_timer(void *ctx, apr_interval_time_t after_us)
{
    client_t *c = ctx;

    if (after_us < 0) {
        amzx_timer_stop(c->timer);
    }
    else {
        amzx_timer_at(c->timer, amzx_mono(c->env) + after_us);
    }
}

static int in_flight(amzx_http_t *http)
{
    client_t *c = http->impl;

    return c->in_flight;
}

static apr_status_t client_gone(void *data)
{
    client_t *c = data;

    while (c->calls != NULL) {
        amzx_easy_free(call_unlink(c->calls));
    }
    amzx_multi_free(c->multi);
    return APR_SUCCESS;
}

static apr_status_t set_options(client_t *c, const amzx_http_options_t *opt,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_http_options_t *o = &c->opt;
    apr_status_t rv;

    if (opt != NULL) {
        *o = *opt;
    }
    rv = amzx_guard_ca_file(&o->ca_file, o->ca_file, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (o->ca_file == NULL) {
        amzx_log(c->env, AMZX_LOG_WARNING, 101, 0,
                 "no file of certificate authorities found: no https peer "
                 "will be trusted");
    }
    if (o->connect_timeout_us <= 0) {
        o->connect_timeout_us = CONNECT_TIMEOUT_US;
    }
    if (o->total_timeout_us <= 0) {
        o->total_timeout_us = TOTAL_TIMEOUT_US;
    }
    o->max_body = o->max_body > 0 ? o->max_body : BODY_MAX;
    o->max_connections = o->max_connections > 0 ? o->max_connections
                                                : CONNECTIONS_MAX;
    o->max_per_host = o->max_per_host > 0 ? o->max_per_host : 0;
    o->ca_file = apr_pstrdup(p, o->ca_file);
    o->proxy = o->proxy != NULL && *o->proxy != '\0'
                   ? apr_pstrdup(p, o->proxy) : NULL;
    o->user_agent = apr_pstrdup(p, o->user_agent != NULL ? o->user_agent
                                                         : "mod_amzxero");
    o->allow_private = apr_pstrdup(p, o->allow_private);
    return APR_SUCCESS;
}

apr_status_t amzx_http_create(amzx_http_t **http, amzx_loop_t *loop,
                              const amzx_env_t *env,
                              const amzx_http_options_t *options,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    client_t *c = apr_pcalloc(p, sizeof(*c));
    amzx_multi_host_t host = { c, watch, set_timer };
    apr_status_t rv;

    *http = NULL;
    c->env = env;
    c->loop = loop;
    rv = set_options(c, options, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    c->timer = amzx_timer_make(loop, on_timer, c, p);
    c->multi = amzx_multi_make(&c->opt, &host);
    if (c->timer == NULL || c->multi == NULL) {
        if (c->multi != NULL) {
            amzx_multi_free(c->multi);
        }
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_ENOMEM,
                              "internal.memory", "no memory for a client");
    }
    apr_pool_pre_cleanup_register(p, c, client_gone);
    fit_connections(c);
    c->http.impl = c;
    c->http.start = start;
    c->http.cancel = cancel;
    c->http.in_flight = in_flight;
    *http = &c->http;
    return APR_SUCCESS;
}
