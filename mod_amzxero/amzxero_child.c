/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a web child runs with: a writer thread and a few connections.
 *
 * On a threaded MPM they end before the pool of the child does. On prefork
 * that pool is destroyed inside the handler of SIGTERM, where no lock may be
 * taken and no thread be joined: there they live in a pool of their own that
 * the end of the process frees. A write that is cut this way was not answered
 * yet, so its sender repeats it.
 */
#include "mod_amzxero.h"

#include <ap_mpm.h>
#include <apr_strings.h>

#include <unistd.h>

#define CONNECTIONS_MAX 8

amzxero_child_t *amzxero_child;

int amzxero_is_threaded(void)
{
    int how = AP_MPMQ_NOT_SUPPORTED;

    return ap_mpm_query(AP_MPMQ_IS_THREADED, &how) == APR_SUCCESS
           && how != AP_MPMQ_NOT_SUPPORTED;
}

int amzxero_is_one_process(void)
{
    return ap_exists_config_define("DEBUG")
           || ap_exists_config_define("ONE_PROCESS");
}

/* The engine sleeps on this descriptor. */
static void wake_engine(void *ctx)
{
    apr_uint64_t one = 1;

    (void)ctx;
    if (amzxero_main->wake_fd >= 0
        && write(amzxero_main->wake_fd, &one, sizeof(one)) < 0) {
        return; /* full: it will wake anyway */
    }
}

static void attach_counters(amzxero_child_t *c)
{
    /* Slot 0 is the engine's. Two children in one slot still add up. */
    if (amzxero_main->counters != NULL
        && amzx_counter_attach(&c->counters, amzxero_main->counters,
                               1 + (unsigned)getpid()
                                       % (AMZXERO_COUNTER_SLOTS - 1))
               == APR_SUCCESS) {
        c->env.counters = &c->counters;
    }
}

static apr_status_t start_writer(amzxero_child_t *c, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    amzx_writer_options_t options = { 0 };
    const char *dsn = amzxero_main->site->dsn;
    apr_status_t rv;
    int threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (threads < 1 || threads > CONNECTIONS_MAX) {
        threads = threads < 1 ? 1 : CONNECTIONS_MAX;
    }
    options.committed = wake_engine;
    options.max_queue = (int)amzxero_main->write_queue;
    rv = amzx_db_pool_create(&c->pool, dsn, threads, &c->env, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_writer_start(&c->writer, dsn, &c->store, &options, fault,
                               p);
    }
    return rv;
}

void amzxero_child_init(apr_pool_t *pchild, server_rec *s)
{
    amzxero_child_t *c;
    amzx_fault_t fault;
    apr_pool_t *p = pchild;
    apr_status_t rv;

    amzxero_child = NULL;
    if (amzxero_main->defs == NULL) {
        return;
    }
    if (!amzxero_is_threaded()) {
        apr_pool_create_unmanaged_ex(&p, NULL, NULL);
        apr_pool_tag(p, "amzxero_child");
    }
    c = apr_pcalloc(p, sizeof(*c));
    c->server = s;
    amzxero_env_init(&c->env, s, "web");
    attach_counters(c);
    c->store.env = &c->env;
    c->store.ring = amzxero_main->ring;
    amzx_fault_clear(&fault);
    rv = apr_thread_mutex_create(&c->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS) {
        rv = start_writer(c, &fault, p);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "AMZX1300: this process cannot take in deliveries: %s",
                     fault.detail);
        return;
    }
    amzxero_child = c;
    if (amzxero_main->engine_on != 0 && amzxero_is_one_process()) {
        amzxero_engine_in_process(pchild, s);
    }
}
