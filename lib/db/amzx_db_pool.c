/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that threads borrow; each has a pool of memory of its own. */
#include <apr_allocator.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "amzx_db_private.h"

#define WAIT_US (2 * APR_USEC_PER_SEC)

struct amzx_db_pool_t {
    apr_pool_t *pool;
    const char *dsn;
    const amzx_env_t *env;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *freed;
    amzx_db_t **idle; /* a stack: the last used is the warmest */
    apr_pool_t **made_in;
    int max;
    int made;
    int count; /* idle now */
};

static apr_status_t pool_cleanup(void *data)
{
    amzx_db_pool_t *pool = data;
    int i;

    for (i = 0; i < pool->made; i++) {
        apr_pool_destroy(pool->made_in[i]);
    }
    pool->made = 0;
    pool->count = 0;
    return APR_SUCCESS;
}

apr_status_t amzx_db_pool_create(amzx_db_pool_t **pool, const char *dsn,
                                 int max, const amzx_env_t *env,
                                 apr_pool_t *p)
{
    amzx_db_pool_t *made = apr_pcalloc(p, sizeof(*made));
    amzx_db_t *first = NULL;
    apr_status_t rv;

    *pool = NULL;
    made->pool = p;
    made->dsn = apr_pstrdup(p, dsn);
    made->env = env;
    made->max = max > 0 ? max : 4;
    made->idle = apr_pcalloc(p, (apr_size_t)made->max * sizeof(*made->idle));
    made->made_in = apr_pcalloc(p, (apr_size_t)made->max
                                       * sizeof(*made->made_in));
    rv = amzx_db_open(&first, dsn, env, NULL, p); /* loads the driver */
    if (rv == APR_SUCCESS) {
        rv = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT,
                                     p);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_thread_cond_create(&made->freed, p);
    }
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(p, made, pool_cleanup);
        *pool = made;
    }
    return rv;
}

/* Under the mutex. The connection itself is opened at its first use. */
static apr_status_t make_one(amzx_db_t **db, amzx_db_pool_t *pool,
                             amzx_fault_t *fault)
{
    apr_allocator_t *allocator = NULL;
    apr_pool_t *own = NULL;
    apr_status_t rv;

    rv = apr_allocator_create(&allocator);
    if (rv == APR_SUCCESS) {
        /* not a child of APR's root pool, which outlives a module's code */
        rv = apr_pool_create_unmanaged_ex(&own, NULL, allocator);
    }
    if (rv != APR_SUCCESS) {
        if (allocator) {
            apr_allocator_destroy(allocator);
        }
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, rv, "limit.memory",
                              "no memory for a connection");
    }
    apr_allocator_owner_set(allocator, own);
    apr_pool_tag(own, "amzx_db_pool");
    rv = amzx_db_open(db, pool->dsn, pool->env, fault, own);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(own);
        return rv;
    }
    pool->made_in[pool->made++] = own;
    return APR_SUCCESS;
}

apr_status_t amzx_db_pool_get(amzx_db_t **db, amzx_db_pool_t *pool,
                              amzx_fault_t *fault)
{
    apr_time_t until = amzx_mono(pool->env) + WAIT_US;
    apr_status_t rv = APR_SUCCESS;

    *db = NULL;
    apr_thread_mutex_lock(pool->mutex);
    while (pool->count == 0 && pool->made == pool->max) {
        apr_interval_time_t left = until - amzx_mono(pool->env);

        if (left <= 0) {
            rv = amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_TIMEUP,
                                "limit.connections",
                                "all %d connections are in use", pool->max);
            break;
        }
        apr_thread_cond_timedwait(pool->freed, pool->mutex, left);
    }
    if (rv == APR_SUCCESS) {
        if (pool->count > 0) {
            *db = pool->idle[--pool->count];
        }
        else {
            rv = make_one(db, pool, fault);
        }
    }
    apr_thread_mutex_unlock(pool->mutex);
    return rv;
}

void amzx_db_pool_put(amzx_db_pool_t *pool, amzx_db_t *db)
{
    if (!db) {
        return;
    }
    if (db->txn) { /* a caller's bug must not become the next one's */
        amzx_txn_end(db->txn, APR_EGENERAL, NULL);
    }
    apr_thread_mutex_lock(pool->mutex);
    pool->idle[pool->count++] = db;
    apr_thread_cond_signal(pool->freed);
    apr_thread_mutex_unlock(pool->mutex);
}
