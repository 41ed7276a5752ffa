/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: runs that ended badly, until a person has dealt with them. */
#include "amzx_store_private.h"

apr_status_t amzx_dead_put(amzx_txn_t *txn, const amzx_dead_t *dead,
                           amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(dead->id),       AMZX_S(dead->tenant),
                            AMZX_S(dead->run_id),   AMZX_S(dead->workflow),
                            AMZX_I(dead->version),  AMZX_S(dead->step),
                            AMZX_S(dead->code),     AMZX_S(dead->detail),
                            AMZX_I(dead->created_at) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_DEAD_PUT, binds,
                         AMZX_BOUND(binds), fault, p);
}

apr_status_t amzx_dead_resolve(int *is_done, amzx_txn_t *txn,
                               const amzx_dead_t *dead, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(dead->tenant), AMZX_S(dead->run_id),
                            AMZX_S(dead->resolution), AMZX_S(dead->by),
                            AMZX_I(dead->resolved_at) };
    apr_int64_t count = 0;
    apr_status_t rv;

    rv = amzx_txn_exec(&count, txn, AMZX_SQL_DEAD_RESOLVE, binds,
                       AMZX_BOUND(binds), fault, p);
    *is_done = (rv == APR_SUCCESS && count > 0);
    return rv;
}

apr_status_t amzx_dead_list(apr_array_header_t **out, amzx_db_t *db,
                            const char *tenant, int max, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_I(max) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    rv = amzx_db_query(&rows, db, AMZX_SQL_DEAD_LIST, binds, 2, fault, p);
    *out = apr_array_make(p, amzx_rows_count(rows) + 1, sizeof(amzx_dead_t));
    for (i = 0; i < amzx_rows_count(rows); i++) {
        amzx_dead_t *d = apr_array_push(*out);

        d->id = amzx_rows_text(rows, i, 0);
        d->tenant = amzx_rows_text(rows, i, 1);
        d->run_id = amzx_rows_text(rows, i, 2);
        d->workflow = amzx_rows_text(rows, i, 3);
        d->version = (int)amzx_rows_int(rows, i, 4);
        d->step = amzx_rows_text(rows, i, 5);
        d->code = amzx_rows_text(rows, i, 6);
        d->detail = amzx_rows_text(rows, i, 7);
        d->created_at = amzx_rows_int(rows, i, 8);
        d->resolved_at = amzx_rows_int(rows, i, 9);
        d->resolution = amzx_rows_text(rows, i, 10);
        d->by = amzx_rows_text(rows, i, 11);
    }
    return rv;
}
