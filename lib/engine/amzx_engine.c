/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life: make, run, drain, stop. */
#include "amzx_engine_int.h"

#include <apr_allocator.h>
#include <apr_strings.h>

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "amzx_id.h"

#define IDLE_WAIT apr_time_from_sec(1)
#define TICK_KEPT (4 * 1024 * 1024) /* memory a tick leaves to the next */
#define CACHE_BYTES (8 * 1024 * 1024)

static void on_wake(void *ctx, int fd, int events)
{
    amzx_engine_t *e = ctx;
    apr_uint64_t n;

    (void)events;
    while (read(fd, &n, sizeof(n)) > 0) {
        e->look_now = 1;
    }
    e->look_now = 1;
}

static void on_token(void *ctx, const amzx_conn_t *conn)
{
    amzx_engine_t *e = ctx;

    (void)conn;
    amzx_loop_wake(e->loop);
}

/* ---- make --------------------------------------------------------------- */

/* Host, boot and pid namespace: two containers of one name are two hosts. */
static const char *host_id(apr_pool_t *p)
{
    char name[128] = "localhost";
    char ns[64];
    ssize_t len;

    gethostname(name, sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    len = readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1);
    ns[len > 0 ? len : 0] = '\0';
    return apr_pstrcat(p, name, "/", ns, NULL);
}

static apr_status_t open_database(amzx_engine_t *e, amzx_fault_t *fault)
{
    amzx_txn_t *txn = NULL;
    apr_int64_t back = 0;
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv;

    rv = amzx_db_open(&e->db, e->site->dsn, e->env, fault, e->pool);
    if (rv == APR_SUCCESS) {
        rv = amzx_db_verify(e->db, fault, e->tick_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_begin(&txn, e->db, fault, e->tick_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_defs_publish(e->defs, txn, now, fault, e->tick_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_take_back(&back, e, txn, fault);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_node_beat(txn, e->owner, e->host, (apr_int64_t)getpid(),
                            e->started_at, now, fault, e->tick_pool);
    }
    rv = amzx_txn_end(txn, rv, fault);
    if (rv == APR_SUCCESS && back > 0) {
        amzx_log(e->env, AMZX_LOG_NOTICE, 908, APR_SUCCESS,
                 "%" APR_INT64_T_FMT " runs of engines that ended were taken "
                 "back",
                 back);
    }
    return rv;
}

static apr_status_t open_network(amzx_engine_t *e,
                                 const amzx_engine_options_t *o,
                                 amzx_fault_t *fault)
{
    amzx_http_options_t http = { 0 };
    apr_status_t rv = APR_SUCCESS;

    e->loop = o->loop;
    e->http = o->http;
    if (e->loop == NULL) {
        rv = amzx_loop_create(&e->loop, e->env, e->pool);
    }
    if (rv == APR_SUCCESS && e->http == NULL) {
        http.ca_file = e->site->ca_file;
        http.proxy = e->site->proxy;
        http.allow_private = e->site->allow_private;
        http.user_agent = "mod_amzxero/1.0 (Language=C; Platform=httpd)";
        rv = amzx_http_create(&e->http, e->loop, e->env, &http, fault,
                              e->pool);
    }
    if (rv == APR_SUCCESS && e->wake_fd >= 0) {
        rv = amzx_loop_fd(e->loop, e->wake_fd, AMZX_LOOP_READ, on_wake, e);
    }
    return rv;
}

/* It has an allocator of its own: the large blocks of a tick would otherwise
 * be handed to runs, which need small ones. */
static apr_pool_t *tick_pool(apr_pool_t *parent)
{
    apr_allocator_t *allocator = NULL;
    apr_pool_t *p = NULL;

    if (apr_allocator_create(&allocator) == APR_SUCCESS) {
        apr_allocator_max_free_set(allocator, TICK_KEPT);
    }
    apr_pool_create_ex(&p, parent, NULL, allocator);
    if (allocator != NULL) {
        apr_allocator_owner_set(allocator, p);
    }
    apr_pool_tag(p, "amzxero_tick");
    return p;
}

apr_status_t amzx_engine_make(amzx_engine_t **out,
                              const amzx_engine_options_t *o,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_engine_t *e = apr_pcalloc(p, sizeof(*e));
    apr_status_t rv;

    *out = NULL;
    e->env = o->env;
    e->site = o->site;
    e->defs = o->defs;
    e->store.env = o->env;
    e->store.ring = o->ring;
    e->wake_fd = o->wake_fd;
    e->pool = p;
    APR_RING_INIT(&e->lives, amzx_live_t, link);
    APR_RING_INIT(&e->hot, amzx_live_t, hot_link);
    APR_RING_INIT(&e->want, amzx_job_t, link);
    APR_RING_INIT(&e->start, amzx_job_t, link);
    e->tick_pool = tick_pool(p);
    e->started_at = amzx_now(e->env);
    e->keys = apr_hash_make(p);
    e->host = host_id(p);
    e->owner = amzx_id_new(e->env, "engine", p);
    e->look_now = 1;
    e->cache = amzx_cache_make(CACHE_BYTES, p);
    e->limits = amzx_limits_make(e->env, e->owner, p);
    rv = open_network(e, o, fault);
    if (rv == APR_SUCCESS) {
        rv = open_database(e, fault);
    }
    if (rv == APR_SUCCESS) {
        e->tokens = amzx_tokens_make(e->owner, e->db, &e->store, e->http,
                                     e->loop, on_token, e, p);
        rv = amzx_polls_make(e, fault);
    }
    if (rv == APR_SUCCESS) {
        *out = e;
    }
    return rv;
}

/* ---- run and stop ------------------------------------------------------- */

static void last_words(amzx_engine_t *e)
{
    amzx_txn_t *txn = NULL;
    amzx_fault_t fault;
    apr_int64_t count = 0;
    apr_status_t rv;
    int left = e->live_count;

    amzx_polls_stop(e);
    amzx_engine_drop_all(e);
    amzx_tokens_stop(e->tokens);
    apr_pool_clear(e->tick_pool);
    amzx_fault_clear(&fault);
    rv = amzx_txn_begin(&txn, e->db, &fault, e->tick_pool);
    if (rv == APR_SUCCESS) {
        rv = amzx_run_release_all(&count, txn, e->owner, amzx_now(e->env),
                                  &fault, e->tick_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_node_forget(txn, e->owner, amzx_now(e->env), &fault,
                              e->tick_pool);
    }
    rv = amzx_txn_end(txn, rv, &fault);
    amzx_log(e->env, AMZX_LOG_NOTICE, 909, rv,
             "the engine stops; %d calls were abandoned", left);
}

apr_status_t amzx_engine_run(amzx_engine_t *e)
{
    amzx_log(e->env, AMZX_LOG_NOTICE, 910, APR_SUCCESS,
             "engine %s runs with %d workflows", e->owner,
             amzx_defs_count(e->defs));
    while (!e->is_stopping) {
        amzx_engine_tick(e, IDLE_WAIT);
    }
    e->drain_until = amzx_mono(e->env) + e->site->drain_us;
    while (e->live_count > 0 && amzx_mono(e->env) < e->drain_until) {
        amzx_engine_tick(e, APR_USEC_PER_SEC / 20);
    }
    last_words(e);
    return APR_SUCCESS;
}

void amzx_engine_stop(amzx_engine_t *e)
{
    e->is_stopping = 1;
    amzx_loop_wake(e->loop);
}

const char *amzx_engine_owner(const amzx_engine_t *e)
{
    return e->owner;
}

int amzx_engine_live(const amzx_engine_t *e)
{
    return e->live_count;
}
