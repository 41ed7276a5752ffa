/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that hold for all engines together. */
#include <string.h>

#include "amzx_store_private.h"

apr_status_t amzx_bucket_lock(amzx_bucket_t *b, amzx_txn_t *txn,
                              const char *name, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(name) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int tries;

    memset(b, 0, sizeof(*b));
    b->name = name;
    b->remaining = -1;
    if (amzx_txn_dialect(txn) == AMZX_DIALECT_PGSQL) {
        rv = amzx_txn_query(&rows, txn, AMZX_SQL_BUCKET_GATE, NULL, 0, fault,
                            p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    for (tries = 0; tries < 2; tries++) { /* nearly always it is there */
        rv = amzx_txn_query(&rows, txn, AMZX_SQL_BUCKET_LOCK, binds, 1, fault,
                            p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (amzx_rows_count(rows) == 1) {
            b->tat = amzx_rows_int(rows, 0, 0);
            b->blocked_until = amzx_rows_int(rows, 0, 1);
            b->reason = amzx_rows_text(rows, 0, 2);
            b->day = amzx_rows_int(rows, 0, 3);
            b->used = amzx_rows_int(rows, 0, 4);
            b->remaining = amzx_rows_int(rows, 0, 5);
            return APR_SUCCESS;
        }
        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_BUCKET_MAKE, binds, 1, fault,
                           p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                          "database.error", "no row for bucket %s", name);
}

apr_status_t amzx_bucket_save(amzx_txn_t *txn, const amzx_bucket_t *b,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(b->name),   AMZX_I(b->tat),
                            AMZX_I(b->blocked_until), AMZX_S(b->reason),
                            AMZX_I(b->day),    AMZX_I(b->used),
                            AMZX_I(b->remaining) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_BUCKET_SAVE, binds,
                         AMZX_BOUND(binds), fault, p);
}

apr_status_t amzx_slot_others(apr_int64_t *held, amzx_txn_t *txn,
                              const char *bucket, const char *owner,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(bucket), AMZX_S(owner), AMZX_I(now) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    rv = amzx_txn_query(&rows, txn, AMZX_SQL_SLOT_OTHERS, binds, 3, fault, p);
    *held = amzx_rows_int(rows, 0, 0);
    return rv;
}

apr_status_t amzx_slot_set(amzx_txn_t *txn, const char *bucket,
                           const char *owner, int held, apr_time_t until,
                           amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(bucket), AMZX_S(owner), AMZX_I(held),
                            AMZX_I(until) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_SLOT_SET, binds, 4, fault, p);
}
