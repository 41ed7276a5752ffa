/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a run once it is claimed, and what others may do to it. */
#include <string.h>

#include "amzx_store_private.h"

apr_status_t amzx_run_put(int *is_new, amzx_txn_t *txn,
                          const amzx_store_t *st, const amzx_run_t *run,
                          amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_place_t place = { "run", "input", run->id };
    apr_int64_t count = 0;
    const char *input = NULL;
    apr_status_t rv;

    *is_new = 0;
    rv = amzx_store_seal(&input, st, run->input, place, fault, p);
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = {
            AMZX_S(run->id),        AMZX_S(run->tenant),
            AMZX_S(run->workflow),  AMZX_I(run->version),
            AMZX_S(run->sha),       AMZX_S(run->run_key),
            AMZX_S(run->partition), AMZX_S(run->trigger),
            AMZX_I(run->priority),  AMZX_I(run->due_at),
            AMZX_S(run->origin),    AMZX_S(run->trace),
            AMZX_I(run->created_at), AMZX_S(run->step),
            AMZX_S(input)
        };

        rv = amzx_txn_exec(&count, txn, AMZX_SQL_RUN_PUT, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    if (rv != APR_SUCCESS || count == 0) {
        return rv;
    }
    *is_new = 1;
    if (amzx_txn_dialect(txn) == AMZX_DIALECT_SQLITE) {
        amzx_bind_t binds[] = { AMZX_S(run->id), AMZX_S(input) };

        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_RUN_PUT_INPUT, binds, 2,
                           fault, p);
    }
    return rv;
}

apr_status_t amzx_run_promote(amzx_txn_t *txn, const char *tenant,
                              const char *partition, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_S(partition) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_RUN_PROMOTE, binds, 2, fault, p);
}

apr_status_t amzx_run_save(int *is_held, amzx_txn_t *txn,
                           const amzx_run_t *run, amzx_run_event_e ev,
                           apr_time_t now, amzx_fault_t *fault,
                           apr_pool_t *p)
{
    amzx_run_state_e next = AMZX_RUN_RUNNING;
    apr_int64_t count = 0;
    apr_status_t rv;

    *is_held = 0;
    rv = amzx_run_after(&next, ev, fault);
    if (rv == APR_SUCCESS) {
        int is_over = !amzx_run_state_is_open(next);
        amzx_bind_t binds[] = {
            AMZX_S(run->id),      AMZX_S(run->owner),
            AMZX_I(run->token),   AMZX_S(amzx_run_state_name(next)),
            AMZX_I(run->due_at),  AMZX_I(run->seq),
            AMZX_I(run->crashes), AMZX_S(run->outcome),
            AMZX_S(run->code),    AMZX_S(run->detail),
            AMZX_S(run->step),    AMZX_I(now),
            AMZX_I(is_over ? now : 0)
        };

        rv = amzx_txn_exec(&count, txn, AMZX_SQL_RUN_SAVE, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    if (rv == APR_SUCCESS && count == 1) {
        *is_held = 1;
        if (!amzx_run_state_is_open(next)) {
            rv = amzx_run_promote(txn, run->tenant, run->partition, fault, p);
        }
    }
    return rv;
}

apr_status_t amzx_run_extend(amzx_txn_t *txn, const char *owner,
                             apr_time_t until, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(owner), AMZX_I(until) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_RUN_EXTEND, binds, 2, fault, p);
}

apr_status_t amzx_run_sweep(apr_int64_t *count, amzx_txn_t *txn,
                            apr_time_t now, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_I(now) };
    apr_status_t rv;

    rv = amzx_txn_exec(count, txn, AMZX_SQL_RUN_SWEEP, binds, 1, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_RUN_WAKE_REVIEWS, binds, 1,
                           fault, p);
    }
    if (rv == APR_SUCCESS && amzx_txn_dialect(txn) == AMZX_DIALECT_PGSQL) {
        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_RUN_UNBLOCK, NULL, 0, fault,
                           p);
    }
    return rv;
}

apr_status_t amzx_run_release_all(apr_int64_t *count, amzx_txn_t *txn,
                                  const char *owner, apr_time_t now,
                                  amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(owner), AMZX_I(now) };

    return amzx_txn_exec(count, txn, AMZX_SQL_RUN_RELEASE, binds, 2, fault,
                         p);
}

apr_status_t amzx_run_move(int *is_done, amzx_txn_t *txn, const char *tenant,
                           const char *id, amzx_run_event_e ev,
                           apr_time_t now, amzx_fault_t *fault,
                           apr_pool_t *p)
{
    amzx_bind_t key[] = { AMZX_S(tenant), AMZX_S(id) };
    amzx_rows_t *rows = NULL;
    apr_int64_t count = 0;
    apr_status_t rv;
    const char *from;
    int state;
    int next = -1;

    *is_done = 0;
    if (ev != AMZX_EV_WAKE && ev != AMZX_EV_REPLAY && ev != AMZX_EV_CANCEL) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "store.transition",
                              "event %d is not for others", (int)ev);
    }
    rv = amzx_txn_query(&rows, txn, AMZX_SQL_RUN_STATE, key, 2, fault, p);
    from = amzx_rows_text(rows, 0, 0);
    state = amzx_run_state_of(from);
    if (state >= 0 && state != AMZX_RUN_RUNNING) { /* that one is held */
        next = amzx_run_next((amzx_run_state_e)state, ev);
    }
    if (rv == APR_SUCCESS && next >= 0) {
        int is_open = amzx_run_state_is_open((amzx_run_state_e)next);
        amzx_bind_t binds[] = {
            AMZX_S(id), AMZX_S(from),
            AMZX_S(amzx_run_state_name((amzx_run_state_e)next)), AMZX_I(now),
            AMZX_I(is_open ? 0 : now)
        };

        rv = amzx_txn_exec(&count, txn, AMZX_SQL_RUN_MOVE, binds,
                           AMZX_BOUND(binds), fault, p);
        if (rv == APR_SUCCESS && count == 1) {
            *is_done = 1;
            if (!is_open) {
                rv = amzx_run_promote(txn, tenant, amzx_rows_text(rows, 0, 1),
                                      fault, p);
            }
        }
    }
    return rv;
}

apr_status_t amzx_run_wake_parked(apr_int64_t *count, amzx_txn_t *txn,
                                  const char *tenant, const char *code,
                                  apr_time_t now, amzx_fault_t *fault,
                                  apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_S(code ? code : ""),
                            AMZX_I(now) };

    return amzx_txn_exec(count, txn, AMZX_SQL_RUN_WAKE_PARKED, binds, 3,
                         fault, p);
}
