/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the engine: inside its own process, or, for `httpd -X` where nobody
 * supervises a second process, on a thread of the only one.
 */
#include "amzxero_proc.h"

#include <apr_allocator.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>

#include <pthread.h>
#include <signal.h>

#define RETRY_MAKE apr_time_from_sec(2)
#define RETRY_SLICE 50000

/* ---- run ----------------------------------------------------------------- */

/* Another node, or a database that was away at the start, may have left the
 * schema behind. */
static apr_status_t migrate(const amzx_env_t *env, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_db_t *db = NULL;
    apr_status_t rv;

    if (!amzxero_main->must_migrate) {
        return APR_SUCCESS;
    }
    rv = amzx_db_open(&db, amzxero_main->site->dsn, env, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_db_verify(db, fault, p);
    }
    if (rv != APR_SUCCESS && db != NULL) {
        amzx_fault_clear(fault);
        rv = amzx_db_migrate(db, fault, p);
    }
    if (db != NULL) {
        amzx_db_close(db);
    }
    return rv;
}

static void pause_unless(const volatile int *must_stop)
{
    apr_interval_time_t left;

    for (left = RETRY_MAKE; left > 0 && !*must_stop; left -= RETRY_SLICE) {
        apr_sleep(RETRY_SLICE);
    }
}

static amzx_engine_t *make_engine(amzxero_runner_t *run, apr_pool_t **pool,
                                  apr_pool_t *root)
{
    amzx_engine_options_t o = { 0 };
    amzx_engine_t *engine = NULL;
    amzx_fault_t fault;
    apr_status_t rv;
    int failures = 0;

    o.env = &run->env;
    o.site = amzxero_main->site;
    o.defs = run->defs;
    o.ring = amzxero_main->ring;
    o.wake_fd = amzxero_main->wake_fd;
    while (!run->must_stop) {
        apr_pool_create(pool, root);
        amzx_fault_clear(&fault);
        rv = migrate(&run->env, &fault, *pool);
        if (rv == APR_SUCCESS) {
            rv = amzx_engine_make(&engine, &o, &fault, *pool);
        }
        if (rv == APR_SUCCESS) {
            return engine;
        }
        failures++;
        if ((failures & (failures - 1)) == 0) {
            amzx_log(&run->env, AMZX_LOG_ERR, 1320, fault.status,
                     "the engine cannot start yet (time %d): %s: %s",
                     failures, fault.code, fault.detail);
        }
        apr_pool_destroy(*pool);
        pause_unless(&run->must_stop);
    }
    return NULL;
}

void amzxero_engine_run(amzxero_runner_t *run, apr_pool_t *root)
{
    apr_pool_t *p = NULL;
    amzx_engine_t *engine = make_engine(run, &p, root);

    if (engine != NULL) {
        run->engine = engine;
        if (run->must_stop) { /* between making it and telling of it */
            amzx_engine_stop(engine);
        }
        amzx_engine_run(engine);
        run->engine = NULL;
        apr_pool_destroy(p);
    }
}

void amzxero_engine_stop(amzxero_runner_t *run)
{
    amzx_engine_t *engine;

    run->must_stop = 1;
    engine = run->engine;
    if (engine != NULL) {
        amzx_engine_stop(engine);
    }
}

apr_status_t amzxero_engine_root(apr_pool_t **root)
{
    apr_allocator_t *allocator = NULL;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_max_free_set(allocator, 1024 * 1024);
    rv = apr_pool_create_unmanaged_ex(root, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, *root);
    apr_pool_tag(*root, "amzxero_engine");
    return APR_SUCCESS;
}

/* ---- httpd -X ------------------------------------------------------------ */

typedef struct {
    amzxero_runner_t run;
    amzx_counters_t counters;
    apr_thread_t *thread;
    apr_pool_t *root;
    volatile int is_over;
} inside_t;

static void *APR_THREAD_FUNC engine_thread(apr_thread_t *thread, void *data)
{
    inside_t *in = data;
    sigset_t all;

    (void)thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    amzxero_engine_run(&in->run, in->root);
    in->is_over = 1;
    return NULL;
}

/* Bounded: the engine ends by itself within its drain time. On prefork this
 * runs in a signal handler, so the thread is not joined, only waited for. */
static apr_status_t stop_thread(void *data)
{
    inside_t *in = data;
    apr_interval_time_t left =
        amzxero_main->site->drain_us + apr_time_from_sec(2);

    amzxero_engine_stop(&in->run);
    for (; left > 0 && !in->is_over; left -= 10000) {
        apr_sleep(10000);
    }
    return APR_SUCCESS;
}

void amzxero_engine_in_process(apr_pool_t *pchild, server_rec *s)
{
    amzx_fault_t fault;
    apr_pool_t *root = NULL;
    inside_t *in;
    apr_status_t rv;

    rv = amzxero_engine_root(&root);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "AMZX1324: no memory for the engine");
        return;
    }
    in = apr_pcalloc(root, sizeof(*in));
    in->root = root;
    amzxero_env_init(&in->run.env, s, "engine");
    amzxero_engine_count(&in->run.env, &in->counters);
    amzx_fault_clear(&fault);
    /* definitions of its own: those of the configuration serve requests */
    rv = amzx_defs_load(&in->run.defs, NULL,
                        amzxero_main->site->workflow_dir, &fault, root);
    if (rv == APR_SUCCESS) {
        rv = apr_thread_create(&in->thread, NULL, engine_thread, in, root);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "AMZX1325: the engine thread does not start: %s",
                     fault.detail);
        return;
    }
    apr_pool_pre_cleanup_register(pchild, in, stop_thread);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 "AMZX1326: the engine runs inside this only process");
}

void amzxero_engine_count(amzx_env_t *env, amzx_counters_t *counters)
{
    if (amzxero_main->counters != NULL
        && amzx_counter_attach(counters, amzxero_main->counters, 0)
               == APR_SUCCESS) {
        amzx_counter_reset_gauges(counters); /* of the one before */
        env->counters = counters;
    }
}
