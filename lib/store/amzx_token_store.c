/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of connections: one refreshes, all use what it got. */
#include <stddef.h>
#include <string.h>
#include <apr_strings.h>

#include "amzx_store_private.h"

static const char *row_id(const char *tenant, const char *connection,
                          apr_pool_t *p)
{
    return apr_pstrcat(p, tenant, "/", connection, NULL);
}

/* Sealed, or NULL for "" and NULL: an empty token is none. */
static apr_status_t seal(const char **out, const amzx_store_t *st,
                         const char *plain, amzx_place_t place,
                         amzx_fault_t *fault, apr_pool_t *p)
{
    return amzx_store_seal(out, st, plain && plain[0] ? plain : NULL, place,
                           fault, p);
}

apr_status_t amzx_token_get(amzx_token_row_t *row, amzx_db_t *db,
                            const amzx_store_t *st, const char *tenant,
                            const char *connection, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_S(connection) };
    amzx_place_t place = { "token", NULL, row_id(tenant, connection, p) };
    static const struct {
        const char *name;
        apr_size_t at;
        int column;
    } sealed[] = {
        { "access", offsetof(amzx_token_row_t, access), 0 },
        { "refresh", offsetof(amzx_token_row_t, refresh), 2 },
        { "refresh_prev", offsetof(amzx_token_row_t, refresh_prev), 3 },
    };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    apr_size_t i;

    memset(row, 0, sizeof(*row));
    row->tenant = tenant;
    row->connection = connection;
    row->access = row->refresh = row->refresh_prev = "";
    row->state = "ok";
    rv = amzx_db_query(&rows, db, AMZX_SQL_TOKEN_GET, binds, 2, fault, p);
    if (rv != APR_SUCCESS || amzx_rows_count(rows) == 0) {
        return rv;
    }
    row->access_until = amzx_rows_int(rows, 0, 1);
    row->refreshed_at = amzx_rows_int(rows, 0, 4);
    row->seed_sha = amzx_rows_text(rows, 0, 5);
    row->generation = amzx_rows_int(rows, 0, 6);
    row->state = amzx_rows_text(rows, 0, 7);
    row->detail = amzx_rows_text(rows, 0, 8);
    row->lock_owner = amzx_rows_text(rows, 0, 9);
    row->lock_until = amzx_rows_int(rows, 0, 10);
    for (i = 0; rv == APR_SUCCESS && i < 3; i++) {
        const char *plain = NULL;

        place.column = sealed[i].name;
        rv = amzx_store_open(&plain, st,
                             amzx_rows_text(rows, 0, sealed[i].column), place,
                             fault, p);
        if (plain) {
            *(const char **)(void *)((char *)row + sealed[i].at) = plain;
        }
    }
    return rv;
}

apr_status_t amzx_token_lock(int *is_mine, amzx_txn_t *txn,
                             const amzx_token_row_t *row, apr_time_t now,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(row->tenant), AMZX_S(row->connection),
                            AMZX_S(row->lock_owner), AMZX_I(now),
                            AMZX_I(row->lock_until) };
    apr_int64_t count = 0;
    apr_status_t rv;

    *is_mine = 0;
    rv = amzx_txn_exec(NULL, txn, AMZX_SQL_TOKEN_MAKE, binds, 2, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_exec(&count, txn, AMZX_SQL_TOKEN_LOCK, binds, 5, fault,
                           p);
    }
    *is_mine = (rv == APR_SUCCESS && count == 1);
    return rv;
}

apr_status_t amzx_token_save(int *is_mine, amzx_txn_t *txn,
                             const amzx_store_t *st,
                             const amzx_token_row_t *row, const char *owner,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    const char *id = row_id(row->tenant, row->connection, p);
    amzx_place_t access_at = { "token", "access", id };
    amzx_place_t refresh_at = { "token", "refresh", id };
    amzx_place_t prev_at = { "token", "refresh_prev", id };
    const char *access = NULL;
    const char *refresh = NULL;
    const char *prev = NULL;
    apr_int64_t count = 0;
    apr_status_t rv;

    *is_mine = 0;
    rv = seal(&access, st, row->access, access_at, fault, p);
    if (rv == APR_SUCCESS) {
        rv = seal(&refresh, st, row->refresh, refresh_at, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = seal(&prev, st, row->refresh_prev, prev_at, fault, p);
    }
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = {
            AMZX_S(row->tenant),       AMZX_S(row->connection),
            AMZX_S(access),            AMZX_I(row->access_until),
            AMZX_S(refresh),           AMZX_S(prev),
            AMZX_I(row->refreshed_at), AMZX_S(row->seed_sha),
            AMZX_S(row->state ? row->state : "ok"),
            AMZX_S(row->detail),       AMZX_S(owner)
        };

        rv = amzx_txn_exec(&count, txn, AMZX_SQL_TOKEN_SAVE, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    *is_mine = (rv == APR_SUCCESS && count == 1);
    return rv;
}
