/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file engine_node.h  Engines of a test and the world they live in: their
 * start, their turns, and their deaths at any moment they look at the clock
 * or draw a random number.
 */
#ifndef ENGINE_NODE_H
#define ENGINE_NODE_H

#include "store_fixture.h"

#include "engine_peer.h"

#include "amzx_connector.h"
#include "amzx_engine_int.h"
#include "amzx_time.h"
#include "amzx_xml.h"

#define NODES 3
#define HOST_START "2026-02-01T10:30:00Z"
#define ORDER "026-1520163-6049104"
#define ORDER_2 "026-1520163-6049105"

typedef struct host_t host_t;

/** One engine process. */
typedef struct {
    host_t *h;
    int i;
    amzx_env_t env;
    amzx_engine_t *engine; /**< NULL: not running */
    apr_pool_t *pool;
    apr_uint64_t draws;
    long looks;    /**< at the clock, so far */
    long crash_at; /**< dies at that look; 0: never */
    int has_crashed;
    jmp_buf out;
} node_t;

struct host_t {
    fixture_t *f;
    apr_pool_t *p;
    peer_t *peer;
    amzx_site_t *site;
    amzx_tenant_t *tenant;
    amzx_conn_t *xero;
    amzx_conn_t *amazon;
    node_t node[NODES];
    int count; /**< things made, for ids */
};

static apr_time_t host_clock;
static apr_time_t host_mono_off; /* mono is ahead of the clock by that */

/* ---- an engine's environment --------------------------------------------- */

static inline void host_look(node_t *n)
{
    n->looks++;
    if (n->crash_at > 0 && n->looks == n->crash_at) {
        n->has_crashed = 1;
        longjmp(n->out, 1);
    }
}

static inline apr_time_t host_now(void *ctx)
{
    if (ctx != NULL) {
        host_look(ctx);
    }
    return host_clock;
}

static inline apr_time_t host_mono(void *ctx)
{
    if (ctx != NULL) {
        host_look(ctx);
    }
    return host_clock + host_mono_off;
}

static inline apr_status_t host_random(void *ctx, unsigned char *out,
                                       apr_size_t len)
{
    node_t *n = ctx;
    apr_uint64_t x;
    apr_size_t i;

    host_look(n);
    x = ++n->draws * 7919 + (apr_uint64_t)n->i * 104729 + 12345;
    for (i = 0; i < len; i++) {
        x = x * APR_UINT64_C(6364136223846793005)
            + APR_UINT64_C(1442695040888963407);
        out[i] = (unsigned char)(x >> 56);
    }
    return APR_SUCCESS;
}

/* ---- worlds -------------------------------------------------------------- */

static inline const char *host_path(const char *name, apr_pool_t *p)
{
    const char *top = getenv("AMZX_SRCDIR");

    return apr_pstrcat(p, top && *top ? top : ".", "/", name, NULL);
}

static inline void host_write(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/** Put a definition into the world's own folder. */
static inline void host_flow(host_t *h, const char *name, const char *xml)
{
    host_write(apr_pstrcat(h->p, h->site->workflow_dir, "/", name, ".xml",
                           NULL), xml);
}

static inline amzx_conn_t *host_conn(host_t *h, const char *name,
                                     const char *type)
{
    amzx_conn_t *c = apr_pcalloc(h->p, sizeof(*c));
    amzx_fault_t fault;

    c->tenant = h->tenant->id;
    c->name = name;
    c->type = type;
    c->base_url = apr_pstrcat(h->p, "https://api.", name, ".example", NULL);
    c->token_url = "https://token.example/token";
    c->account = "acc";
    c->region = strcmp(name, "amazon") == 0 ? "eu" : "";
    c->credential_file = apr_pstrcat(h->p, h->f->dir, "/", name, ".json",
                                     NULL);
    c->per_minute = c->burst = c->per_day = c->concurrent = -1;
    c->use_op_limits = -1;
    host_write(c->credential_file, "{\"client_id\":\"id\",\"client_secret\":"
               "\"secret\",\"refresh_token\":\"seed\"}");
    assert_int_equal(amzx_connector_find(type)->defaults(c, &fault, h->p),
                     APR_SUCCESS);
    APR_ARRAY_PUSH(h->tenant->conns, amzx_conn_t *) = c;
    return c;
}

static inline void host_set(host_t *h, const char *flow, const char *name,
                            const char *value)
{
    amzx_setting_t *s = apr_array_push(h->tenant->settings);

    s->workflow = flow;
    s->name = name;
    s->value = value;
}

static inline host_t *host_make(fixture_t *f)
{
    host_t *h = apr_pcalloc(f->p, sizeof(*h));
    const char *dir = apr_pstrcat(f->p, f->dir, "/flows", NULL);
    int i;

    amzx_xml_init();
    amzx_time_parse(&host_clock, HOST_START);
    host_mono_off = SEC(100);
    h->f = f;
    h->p = f->p;
    f->env.ctx = NULL;
    f->env.now = host_now;
    f->env.mono = host_mono;
    h->peer = peer_make(&host_clock, f->p);
    h->site = amzx_site_make(f->p);
    h->site->dsn = f->dsn;
    h->site->lease_us = SEC(10);
    h->site->settle_us = SEC(2);
    h->site->relook_us = SEC(3);
    h->site->workflow_dir = dir;
    apr_dir_make(dir, APR_OS_DEFAULT, f->p);
    assert_int_equal(symlink(
        host_path("workflows/amzxero-workflow-1.xsd", f->p),
        apr_pstrcat(f->p, dir, "/amzxero-workflow-1.xsd", NULL)), 0);
    h->tenant = amzx_site_tenant(h->site, "acme", f->p);
    h->tenant->base_currency = "GBP";
    h->tenant->timezone = "Europe/London";
    h->amazon = host_conn(h, "amazon", "amazon.spapi");
    h->xero = host_conn(h, "xero", "xero.accounting");
    for (i = 0; i < NODES; i++) {
        h->node[i].h = h;
        h->node[i].i = i;
    }
    return h;
}

/** With the shipped workflow, its items made when they are missing. */
static inline host_t *host_shipped(fixture_t *f)
{
    host_t *h = host_make(f);

    h->site->workflow_dir = host_path("workflows", f->p);
    host_set(h, "order-to-invoice", "bank_account", "090");
    host_set(h, "order-to-invoice", "sku_missing", "auto_create");
    return h;
}

/* ---- life of engines ----------------------------------------------------- */

/** kill -9: nothing is said, nothing is saved. */
static inline void host_kill(host_t *h, int i)
{
    node_t *n = &h->node[i];

    peer_forget_calls(h->peer, i);
    n->crash_at = 0;
    n->engine = NULL;
    if (n->pool != NULL) {
        apr_pool_destroy(n->pool);
        n->pool = NULL;
    }
}

/* Set up and make; also where a death while it is made comes out. */
static inline apr_status_t host_try(host_t *h, int i, amzx_fault_t *fault)
{
    amzx_engine_options_t o = { 0 };
    node_t *n = &h->node[i];
    apr_status_t rv;

    if (setjmp(n->out) != 0) {
        host_kill(h, i);
        return APR_EGENERAL;
    }
    assert_null(n->engine);
    apr_pool_create(&n->pool, h->p);
    amzx_env_init(&n->env, "engine");
    n->env.ctx = n;
    n->env.now = host_now;
    n->env.mono = host_mono;
    n->env.random = host_random;
    n->env.log_level = getenv("AMZX_TEST_LOG") ? AMZX_LOG_DEBUG
                                               : AMZX_LOG_CRIT;
    h->peer->node = i;
    o.env = &n->env;
    o.site = h->site;
    o.wake_fd = -1;
    o.http = &h->peer->http;
    rv = amzx_defs_load(&o.defs, NULL, h->site->workflow_dir, fault, n->pool);
    if (rv == APR_SUCCESS) {
        rv = amzx_engine_make(&n->engine, &o, fault, n->pool);
    }
    return rv;
}

static inline void host_start(host_t *h, int i)
{
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = host_try(h, i, &fault);
    if (rv != APR_SUCCESS && !h->node[i].has_crashed) {
        fail_msg("engine %d: %s: %s", i, fault.code, fault.detail);
    }
}

/** Deliver answers and turn once. @return 1 when something happened */
static inline int host_turn(host_t *h, int i)
{
    node_t *n = &h->node[i];
    volatile int busy = 0;

    if (n->engine == NULL) {
        return 0;
    }
    if (setjmp(n->out) != 0) {
        host_kill(h, i);
        return 1;
    }
    h->peer->node = i;
    busy = peer_deliver(h->peer, i);
    busy = amzx_engine_tick(n->engine, 0) || busy;
    return busy;
}

#endif
