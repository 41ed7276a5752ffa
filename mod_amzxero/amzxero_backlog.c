/* SPDX-License-Identifier: Apache-2.0 */
/* What waits and who works, as the database says it; one look a second. */
#include "mod_amzxero.h"

#define LOOK_EVERY apr_time_from_sec(1)

static apr_status_t look(amzxero_backlog_t *b, request_rec *r)
{
    amzxero_child_t *c = amzxero_child;
    amzx_db_t *db = NULL;
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = amzx_db_pool_get(&db, c->pool, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_inbox_backlog(&b->waiting, &b->oldest, db, &fault, r->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_node_latest(&b->beat_at, db, &fault, r->pool);
    }
    amzx_db_pool_put(c->pool, db);
    return rv;
}

apr_status_t amzxero_backlog_get(amzxero_backlog_t *b, request_rec *r)
{
    amzxero_child_t *c = amzxero_child;
    amzxero_backlog_t seen = { 0 };
    apr_time_t now = amzx_mono(&c->env);
    int is_due;

    apr_thread_mutex_lock(c->mutex);
    *b = c->backlog;
    is_due = b->looked_at == 0 || now - b->looked_at >= LOOK_EVERY;
    if (is_due) {
        c->backlog.looked_at = now; /* the others go on with what is known */
    }
    apr_thread_mutex_unlock(c->mutex);
    if (!is_due) {
        return b->rv;
    }
    seen.looked_at = now;
    seen.rv = look(&seen, r);
    apr_thread_mutex_lock(c->mutex);
    if (seen.rv == APR_SUCCESS) {
        c->backlog = seen;
    }
    else {
        c->backlog.rv = seen.rv;
    }
    *b = c->backlog;
    apr_thread_mutex_unlock(c->mutex);
    return b->rv;
}
