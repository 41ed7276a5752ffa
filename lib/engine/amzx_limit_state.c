/* SPDX-License-Identifier: Apache-2.0 */
/* The limits' memory and rows: states by name, buckets locked and written. */
#include "amzx_limit_int.h"

#include <string.h>

#include <apr_strings.h>

#include "amzx_gcra.h"

#define SLOT_LEASE_US apr_time_from_sec(90)
#define SLOT_RENEW_US apr_time_from_sec(30)

const amzx_limit_problem_t amzx_limit_problems[AMZX_LIMIT_PROBLEMS] = {
    { "minute", "limit.blocked.minute", apr_time_from_sec(60) },
    { "day", "limit.blocked.day", apr_time_from_sec(3600) },
    { "concurrent", "limit.blocked.concurrent", 0 }, /* 1 to 5 s */
    { "appminute", "limit.blocked.appminute", apr_time_from_sec(10) },
    { "operation", "limit.blocked.operation", apr_time_from_sec(1) },
    { "other", "limit.blocked.other", apr_time_from_sec(5) },
};

amzx_limits_t *amzx_limits_make(const amzx_env_t *env, const char *owner,
                                apr_pool_t *p)
{
    amzx_limits_t *l = apr_pcalloc(p, sizeof(*l));

    l->env = env;
    l->owner = apr_pstrdup(p, owner);
    l->pool = p;
    l->states = apr_hash_make(p);
    if (apr_pool_create(&l->txn_pool, p) != APR_SUCCESS) {
        l->txn_pool = p;
    }
    apr_pool_tag(l->txn_pool, "amzxero_limits");
    return l;
}

amzx_limit_state_t *amzx_limit_state(amzx_limits_t *l,
                                     const amzx_conn_t *conn,
                                     const char *klass)
{
    char key[256];
    amzx_limit_state_t *s;

    apr_snprintf(key, sizeof(key), "%s/%s%s%s", conn->tenant, conn->name,
                 klass != NULL ? "/" : "", klass != NULL ? klass : "");
    s = apr_hash_get(l->states, key, APR_HASH_KEY_STRING);
    if (s == NULL) {
        s = apr_pcalloc(l->pool, sizeof(*s));
        s->cell.row.name = apr_pstrdup(l->pool, key);
        s->cell.row.remaining = -1;
        s->cell.remaining = -1;
        s->is_conn = klass == NULL;
        s->has_slots = klass == NULL && conn->concurrent > 0;
        apr_hash_set(l->states, s->cell.row.name, APR_HASH_KEY_STRING, s);
    }
    return s;
}

int amzx_limit_has_conn(const amzx_conn_t *conn)
{
    return conn->per_minute > 0 || conn->per_day > 0 || conn->concurrent > 0;
}

int amzx_limit_has_op(const amzx_conn_t *conn, const amzx_op_t *op)
{
    return conn->use_op_limits > 0 && op != NULL && op->interval_us > 0;
}

const char *amzx_limit_class(const amzx_op_t *op)
{
    return op->limit != NULL ? op->limit : op->name;
}

/* ---- rows --------------------------------------------------------------- */

int amzx_limit_problem(const char *problem)
{
    int i;

    for (i = 0; i < AMZX_LIMIT_PROBLEMS - 1; i++) {
        if (problem != NULL
            && strcmp(amzx_limit_problems[i].problem, problem) == 0) {
            break;
        }
    }
    return i;
}

void amzx_limit_busy(amzx_limits_t *l, amzx_limit_state_t *s)
{
    if (!s->is_busy) {
        s->is_busy = 1;
        s->next = l->busy;
        l->busy = s;
    }
}

/* Put what answers taught into the row, once. */
static void merge(amzx_limit_cell_t *cell, apr_time_t now)
{
    if (cell->is_merged) {
        return;
    }
    cell->is_merged = 1;
    if (cell->remaining >= 0) {
        cell->row.remaining = cell->remaining;
        if (cell->remaining > 0 && cell->row.reason != NULL
            && strcmp(cell->row.reason, "day") == 0) {
            cell->row.blocked_until = 0; /* a new day has begun there */
        }
    }
    if (cell->block_until > cell->row.blocked_until) {
        cell->row.blocked_until = cell->block_until;
        cell->row.reason = cell->block_reason;
    }
    if (cell->empty_us > 0) {
        cell->row.tat = amzx_gcra_empty(cell->row.tat, cell->empty_us,
                                        cell->empty_burst, now);
    }
}

apr_status_t amzx_limit_lock(amzx_limits_t *l, amzx_limit_state_t *s,
                             amzx_txn_t *txn, apr_time_t now,
                             amzx_fault_t *fault)
{
    amzx_limit_cell_t *cell = &s->cell;
    const char *name = cell->row.name;
    apr_int64_t today = now / AMZX_LIMIT_DAY_US;
    apr_status_t rv;
    int known;

    amzx_limit_busy(l, s);
    if (!cell->is_locked) {
        rv = amzx_bucket_lock(&cell->row, txn, name, fault, l->txn_pool);
        cell->row.name = name;
        cell->is_known = rv == APR_SUCCESS;
        if (rv != APR_SUCCESS) {
            cell->row.reason = NULL;
            return rv;
        }
        /* The text must outlive the transaction. */
        known = amzx_limit_problem(cell->row.reason);
        cell->row.reason = cell->row.blocked_until > 0
                               ? amzx_limit_problems[known].problem : NULL;
        cell->is_locked = 1;
        cell->is_merged = 0;
    }
    if (cell->row.day != today) {
        cell->row.day = today;
        cell->row.used = 0;
        cell->row.remaining = -1;
    }
    merge(cell, now);
    return APR_SUCCESS;
}

apr_status_t amzx_limit_save(amzx_limits_t *l, amzx_limit_state_t *s,
                             amzx_txn_t *txn, amzx_fault_t *fault)
{
    s->cell.is_flushed = 1;
    return amzx_bucket_save(txn, &s->cell.row, fault, l->txn_pool);
}

apr_status_t amzx_limit_save_slots(amzx_limits_t *l, amzx_limit_state_t *c,
                                   amzx_txn_t *txn, apr_time_t now,
                                   amzx_fault_t *fault)
{
    apr_time_t until = c->held > 0 ? now + SLOT_LEASE_US : 0;

    amzx_limit_busy(l, c);
    c->slots_flushed = 1;
    c->renew_at = c->held > 0 ? now + SLOT_RENEW_US : 0;
    if (c->renew_at != 0 && (l->renew_at == 0 || c->renew_at < l->renew_at)) {
        l->renew_at = c->renew_at;
    }
    return amzx_slot_set(txn, c->cell.row.name, l->owner, c->held, until,
                         fault, l->txn_pool);
}
