/* SPDX-License-Identifier: Apache-2.0 */
/* What answers teach the limits, and how the fleet hears of it. */
#include "amzx_limit_int.h"

#include <string.h>

#include "amzx_gcra.h"

#define BLOCK_MIN_US apr_time_from_sec(1)
#define BLOCK_MAX_US AMZX_LIMIT_DAY_US
#define INTERVAL_MIN_US apr_time_from_msec(1)
#define INTERVAL_MAX_US apr_time_from_sec(3600)
/* Calls in flight blur the peer's count: so far off is not worth a write. */
#define BUDGET_SLACK 5
#define BUDGET_LOW 50

/* ---- a call ended ------------------------------------------------------- */

static void mark(amzx_limits_t *l, amzx_limit_state_t *s)
{
    amzx_limit_busy(l, s);
    s->cell.is_dirty = 1;
    s->cell.is_merged = 0;
    s->cell.is_flushed = 0;
    l->is_dirty = 1;
}

static void block(amzx_limits_t *l, amzx_limit_state_t *s, int is_shared,
                  const amzx_limit_hint_t *hint, apr_time_t now)
{
    const amzx_limit_problem_t *p;
    apr_interval_time_t wait_us = hint->retry_after_us;

    p = &amzx_limit_problems[amzx_limit_problem(hint->problem)];
    if (wait_us < 0) {
        wait_us = p->default_us;
    }
    if (wait_us == 0) {
        wait_us = BLOCK_MIN_US
                  + (apr_interval_time_t)amzx_random_below(
                      l->env, (apr_uint64_t)apr_time_from_sec(4));
    }
    if (wait_us < BLOCK_MIN_US) {
        wait_us = BLOCK_MIN_US;
    }
    if (wait_us > BLOCK_MAX_US) {
        wait_us = BLOCK_MAX_US;
    }
    if (now + wait_us > s->cell.block_until) {
        s->cell.block_until = now + wait_us;
        s->cell.block_reason = p->problem;
        if (is_shared) {
            mark(l, s);
        }
    }
}

static void empty(amzx_limits_t *l, amzx_limit_state_t *s,
                  apr_interval_time_t interval_us, int burst)
{
    s->cell.empty_us = interval_us;
    s->cell.empty_burst = burst;
    mark(l, s);
}

static void correct_day(amzx_limits_t *l, amzx_limit_state_t *c,
                        apr_int64_t remaining)
{
    apr_int64_t ours = c->cell.is_known ? c->cell.row.remaining : -1;
    apr_int64_t off;

    /* What is in flight has not been counted there yet. */
    remaining = remaining > c->held ? remaining - c->held : 0;
    off = ours > remaining ? ours - remaining : remaining - ours;
    if (ours >= 0 && (off == 0 || (off <= BUDGET_SLACK
                                   && remaining > BUDGET_LOW))) {
        return;
    }
    c->cell.remaining = remaining;
    c->cell.row.remaining = remaining;
    mark(l, c);
}

static void learn_op(amzx_limits_t *l, const amzx_conn_t *conn,
                     const amzx_op_t *op, const amzx_limit_hint_t *hint,
                     apr_time_t now)
{
    amzx_limit_state_t *o = amzx_limit_state(l, conn, amzx_limit_class(op));

    if (hint->op_interval_us > 0) {
        o->interval_us = hint->op_interval_us;
        if (o->interval_us < INTERVAL_MIN_US) {
            o->interval_us = INTERVAL_MIN_US;
        }
        if (o->interval_us > INTERVAL_MAX_US) {
            o->interval_us = INTERVAL_MAX_US;
        }
    }
    if (hint->problem != NULL && strcmp(hint->problem, "operation") == 0) {
        block(l, o, 1, hint, now);
        empty(l, o, o->interval_us > 0 ? o->interval_us
                                              : op->interval_us, op->burst);
    }
}

static void learn(amzx_limits_t *l, amzx_limit_state_t *c,
                  const amzx_conn_t *conn, const amzx_op_t *op,
                  const amzx_limit_hint_t *hint, apr_time_t now)
{
    int has_op = amzx_limit_has_op(conn, op);
    int is_shared = amzx_limit_has_conn(conn);

    if (has_op) {
        learn_op(l, conn, op, hint, now);
    }
    if (hint->problem != NULL
        && (!has_op || strcmp(hint->problem, "operation") != 0)) {
        block(l, c, is_shared, hint, now);
        if (conn->per_day > 0 && strcmp(hint->problem, "day") == 0) {
            correct_day(l, c, 0);
        }
    }
    else if (conn->per_day > 0 && hint->day_remaining >= 0) {
        correct_day(l, c, hint->day_remaining);
    }
    if (conn->per_minute > 0 && hint->minute_remaining == 0) {
        empty(l, c, apr_time_from_sec(60) / conn->per_minute,
              conn->burst);
    }
}

void amzx_limits_done(amzx_limits_t *l, const amzx_conn_t *conn,
                      const amzx_op_t *op, const amzx_limit_hint_t *hint,
                      int is_failure, apr_time_t now)
{
    amzx_limit_state_t *c;

    if (conn == NULL) {
        return;
    }
    c = amzx_limit_state(l, conn, NULL);
    if (c->held > 0) {
        c->held--;
    }
    if (c->has_slots) {
        amzx_limit_busy(l, c);
        c->slots_dirty = 1;
        c->slots_flushed = 0;
        l->is_dirty = 1;
    }
    if (hint != NULL) {
        learn(l, c, conn, op, hint, now);
    }
    if (hint == NULL && !is_failure) {
        amzx_breaker_unprobe(&c->breaker); /* given up: it says nothing */
    }
    else if (amzx_breaker_note(&c->breaker, is_failure, now)) {
        amzx_log(l->env, AMZX_LOG_WARNING, 1100, 0,
                 "connection %s of %s keeps failing: calls pause for %d s",
                 conn->name, conn->tenant,
                 (int)apr_time_sec(c->breaker.pause_us));
    }
}

/* ---- the fleet ---------------------------------------------------------- */

int amzx_limits_is_dirty(const amzx_limits_t *l, apr_time_t now)
{
    return l->is_dirty || (l->renew_at != 0 && l->renew_at <= now);
}

static apr_status_t flush_state(amzx_limits_t *l, amzx_limit_state_t *s,
                                amzx_txn_t *txn, apr_time_t now,
                                amzx_fault_t *fault)
{
    apr_status_t rv = APR_SUCCESS;

    if (s->cell.is_dirty && !s->cell.is_flushed) {
        rv = amzx_limit_lock(l, s, txn, now, fault);
        if (rv == APR_SUCCESS) {
            rv = amzx_limit_save(l, s, txn, fault);
        }
    }
    if (rv == APR_SUCCESS && s->has_slots
        && ((s->slots_dirty && !s->slots_flushed)
            || (s->renew_at != 0 && s->renew_at <= now))) {
        rv = amzx_limit_save_slots(l, s, txn, now, fault);
    }
    return rv;
}

apr_status_t amzx_limits_flush(amzx_limits_t *l, amzx_txn_t *txn,
                               apr_time_t now, amzx_fault_t *fault)
{
    amzx_limit_state_t *s;
    apr_status_t rv;

    if (!amzx_limits_is_dirty(l, now)) {
        return APR_SUCCESS;
    }
    for (s = l->busy; s != NULL; s = s->next) {
        rv = flush_state(l, s, txn, now, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static void settle(amzx_limit_state_t *s, int is_committed)
{
    amzx_limit_cell_t *cell = &s->cell;

    if (is_committed) {
        if (cell->is_flushed) {
            cell->is_dirty = 0;
            cell->empty_us = 0;
            cell->remaining = -1;
        }
        if (s->slots_flushed) {
            s->slots_dirty = 0;
        }
    }
    else {
        s->held -= s->pending < s->held ? s->pending : s->held;
        if (s->is_probing) {
            amzx_breaker_unprobe(&s->breaker);
        }
        if (cell->is_locked) {
            cell->is_known = 0;
        }
        if (s->slots_flushed) {
            s->slots_dirty = 1; /* the row is older than we thought */
        }
    }
    s->has_others = 0;
    s->pending = 0;
    s->is_probing = 0;
    s->slots_flushed = 0;
    cell->is_merged = 0;
    cell->is_flushed = 0;
    cell->is_locked = 0;
}

/* Keep in the list what the next transaction must look at. */
void amzx_limits_txn_end(amzx_limits_t *l, int is_committed)
{
    amzx_limit_state_t *s = l->busy;
    amzx_limit_state_t *next;

    l->busy = NULL;
    l->is_dirty = 0;
    l->renew_at = 0;
    for (; s != NULL; s = next) {
        next = s->next;
        s->is_busy = 0;
        settle(s, is_committed);
        if (s->cell.is_dirty || s->slots_dirty) {
            l->is_dirty = 1;
            amzx_limit_busy(l, s);
        }
        if (s->renew_at != 0) {
            amzx_limit_busy(l, s);
            if (l->renew_at == 0 || s->renew_at < l->renew_at) {
                l->renew_at = s->renew_at;
            }
        }
    }
    apr_pool_clear(l->txn_pool);
}
