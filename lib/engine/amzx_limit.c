/* SPDX-License-Identifier: Apache-2.0 */
/* May a call go now? The question, and the reservation when it may. */
#include "amzx_limit_int.h"

#include "amzx_gcra.h"

#define SLOT_RETRY_US apr_time_from_msec(500)
#define DAY_PROBE_US apr_time_from_sec(900)

/* A call that asks. */
typedef struct {
    const amzx_conn_t *conn;
    const amzx_op_t *op;
    amzx_limit_state_t *c;
    amzx_limit_state_t *o; /* NULL: no limit of its own */
    int priority;
    int is_probe;   /* for the breaker */
    int is_day_try; /* the budget is spent as far as we know: look */
    apr_time_t now;
    const char *why;
} asking_t;

static apr_time_t blocked(asking_t *a, const amzx_limit_cell_t *cell)
{
    apr_time_t until = cell->block_until;
    const char *reason = cell->block_reason;

    if (cell->is_known && cell->row.blocked_until > until) {
        until = cell->row.blocked_until;
        reason = cell->row.reason;
    }
    if (until <= a->now) {
        return 0;
    }
    a->why = amzx_limit_problems[amzx_limit_problem(reason)].why;
    return until;
}

static apr_time_t rate(asking_t *a, const amzx_limit_cell_t *cell,
                       const char *why, apr_interval_time_t interval_us,
                       int burst)
{
    apr_time_t at = 0;

    if (cell->is_known) {
        at = amzx_gcra_next(cell->row.tat, interval_us, burst, a->now);
    }
    if (at != 0) {
        a->why = why;
    }
    return at;
}

static apr_interval_time_t interval_of(const asking_t *a)
{
    return a->o->interval_us > 0 ? a->o->interval_us : a->op->interval_us;
}

/* What can be said with the rows as known: at first from memory, then with
 * the rows locked. */
static apr_time_t ask_rows(asking_t *a)
{
    const amzx_conn_t *conn = a->conn;
    apr_time_t at = blocked(a, &a->c->cell);

    if (at == 0 && conn->concurrent > 0
        && a->c->held + (a->c->has_others ? a->c->others : 0)
               >= conn->concurrent) {
        a->why = "limit.concurrent";
        at = a->now + SLOT_RETRY_US;
    }
    if (at == 0 && conn->per_minute > 0) {
        at = rate(a, &a->c->cell, "limit.minute",
                  apr_time_from_sec(60) / conn->per_minute, conn->burst);
    }
    if (at == 0 && a->o != NULL) {
        at = blocked(a, &a->o->cell);
        if (at == 0) {
            at = rate(a, &a->o->cell, "", interval_of(a), a->op->burst);
        }
        if (at != 0) {
            a->why = "limit.operation"; /* others of the connection may go */
        }
    }
    return at;
}

/* The day's budget, with the row locked. When the peer said that it is spent
 * one call a quarter of an hour finds out whether that is still so: its
 * answer carries the new budget, or the time when there will be one. */
static apr_time_t ask_day(asking_t *a)
{
    const amzx_bucket_t *row = &a->c->cell.row;
    apr_int64_t spare = a->priority < 0 ? a->conn->per_day / 10 : 0;
    apr_int64_t left = row->remaining >= 0 ? row->remaining
                                           : a->conn->per_day - row->used;
    apr_time_t midnight = (row->day + 1) * AMZX_LIMIT_DAY_US;

    if (a->conn->per_day <= 0 || left > spare) {
        return 0;
    }
    if (a->priority >= 0 && row->remaining >= 0) {
        a->is_day_try = 1;
        return 0;
    }
    a->why = "limit.day";
    if (row->remaining >= 0 || left > 0) {
        return a->now + DAY_PROBE_US < midnight ? a->now + DAY_PROBE_US
                                                : midnight;
    }
    return midnight;
}

/* Lock what the call needs. */
static apr_status_t lock_rows(amzx_limits_t *l, asking_t *a, amzx_txn_t *txn,
                              amzx_fault_t *fault)
{
    apr_int64_t held = 0;
    apr_status_t rv = APR_SUCCESS;

    if (amzx_limit_has_conn(a->conn)) {
        rv = amzx_limit_lock(l, a->c, txn, a->now, fault);
    }
    if (rv == APR_SUCCESS && a->conn->concurrent > 0
        && !a->c->has_others) {
        rv = amzx_slot_others(&held, txn, a->c->cell.row.name, l->owner,
                              a->now, fault, l->txn_pool);
        a->c->others = (int)held;
        a->c->has_others = rv == APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && a->o != NULL) {
        rv = amzx_limit_lock(l, a->o, txn, a->now, fault);
    }
    return rv;
}

static apr_status_t reserve(amzx_limits_t *l, asking_t *a, amzx_txn_t *txn,
                            amzx_fault_t *fault)
{
    amzx_bucket_t *row = &a->c->cell.row;
    apr_status_t rv = APR_SUCCESS;

    amzx_limit_busy(l, a->c);
    a->c->held++;
    a->c->pending++;
    if (a->is_probe) {
        amzx_breaker_probe(&a->c->breaker, a->now);
        a->c->is_probing = 1;
    }
    if (a->conn->per_minute > 0) {
        row->tat = amzx_gcra_take(row->tat, apr_time_from_sec(60)
                                                / a->conn->per_minute,
                                  a->now);
    }
    row->used++;
    if (row->remaining > 0) {
        row->remaining--;
    }
    if (a->is_day_try) {
        row->blocked_until = a->now + DAY_PROBE_US;
        row->reason = "day";
    }
    if (amzx_limit_has_conn(a->conn)) {
        rv = amzx_limit_save(l, a->c, txn, fault);
    }
    if (rv == APR_SUCCESS && a->conn->concurrent > 0) {
        rv = amzx_limit_save_slots(l, a->c, txn, a->now, fault);
    }
    if (rv == APR_SUCCESS && a->o != NULL) {
        a->o->cell.row.tat = amzx_gcra_take(a->o->cell.row.tat,
                                            interval_of(a), a->now);
        rv = amzx_limit_save(l, a->o, txn, fault);
    }
    return rv;
}

apr_status_t amzx_limits_take(apr_time_t *at, const char **why,
                              amzx_limits_t *l, amzx_txn_t *txn,
                              const amzx_limit_ask_t *ask,
                              amzx_fault_t *fault)
{
    const amzx_conn_t *conn = ask->conn;
    asking_t a = { .conn = conn, .op = ask->op, .priority = ask->priority,
                   .now = ask->now };
    apr_status_t rv = APR_SUCCESS;

    *at = 0;
    *why = NULL;
    if (conn == NULL) {
        return APR_SUCCESS;
    }
    a.c = amzx_limit_state(l, conn, NULL);
    if (amzx_limit_has_op(conn, ask->op)) {
        a.o = amzx_limit_state(l, conn, amzx_limit_class(ask->op));
    }
    *at = amzx_breaker_next(&a.is_probe, &a.c->breaker, a.now);
    if (*at != 0) {
        *why = "limit.breaker";
        return APR_SUCCESS;
    }
    *at = ask_rows(&a);
    if (*at == 0 && (amzx_limit_has_conn(conn) || a.o != NULL)) {
        if (txn == NULL) {
            return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                                  "internal.limit", "the limits of %s need a "
                                  "transaction", conn->name);
        }
        rv = lock_rows(l, &a, txn, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        *at = ask_rows(&a);
        if (*at == 0) {
            *at = ask_day(&a);
        }
    }
    *why = a.why;
    return *at == 0 ? reserve(l, &a, txn, fault) : APR_SUCCESS;
}
