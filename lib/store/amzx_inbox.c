/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries as they came: kept once, handed on in order. */
#include <string.h>

#include "amzx_store_private.h"

static amzx_place_t body_place(const char *id)
{
    amzx_place_t place = { "inbox", "body", id };

    return place;
}

apr_status_t amzx_inbox_put(int *is_new, amzx_txn_t *txn,
                            const amzx_store_t *st, const amzx_delivery_t *d,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t key[] = { AMZX_S(d->tenant), AMZX_S(d->source),
                          AMZX_S(d->delivery) };
    apr_int64_t count = 0;
    const char *body = NULL;
    apr_status_t rv;

    *is_new = 0;
    rv = amzx_store_seal(&body, st, d->body ? d->body : "",
                         body_place(d->id), fault, p);
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = { AMZX_S(d->id),           AMZX_S(d->tenant),
                                AMZX_S(d->source),       AMZX_S(d->delivery),
                                AMZX_S(d->content_type), AMZX_S(d->trace),
                                AMZX_I(d->received_at),  AMZX_S(body) };

        rv = amzx_txn_exec(&count, txn, AMZX_SQL_INBOX_PUT, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (count == 0) {
        return amzx_txn_exec(NULL, txn, AMZX_SQL_INBOX_COPY, key, 3, fault,
                             p);
    }
    *is_new = 1;
    if (amzx_txn_dialect(txn) == AMZX_DIALECT_SQLITE) {
        amzx_bind_t binds[] = { AMZX_S(d->id), AMZX_S(body) };

        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_INBOX_BODY, binds, 2, fault,
                           p);
    }
    return rv;
}

static apr_status_t read_delivery(amzx_delivery_t *d, const amzx_rows_t *rows,
                                  int row, const amzx_store_t *st,
                                  amzx_fault_t *fault, apr_pool_t *p)
{
    apr_status_t rv;

    d->id = amzx_rows_text(rows, row, 0);
    d->tenant = amzx_rows_text(rows, row, 1);
    d->source = amzx_rows_text(rows, row, 2);
    d->delivery = amzx_rows_text(rows, row, 3);
    d->content_type = amzx_rows_text(rows, row, 4);
    d->trace = amzx_rows_text(rows, row, 6);
    d->received_at = amzx_rows_int(rows, row, 7);
    d->state = amzx_rows_text(rows, row, 8);
    d->detail = amzx_rows_text(rows, row, 9);
    d->copies = (int)amzx_rows_int(rows, row, 10);
    rv = amzx_store_open(&d->body, st, amzx_rows_text(rows, row, 5),
                         body_place(d->id), fault, p);
    d->body_len = d->body ? strlen(d->body) : 0;
    return rv;
}

apr_status_t amzx_inbox_take(apr_array_header_t **out, amzx_txn_t *txn,
                             const amzx_store_t *st, int max,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_I(max) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    *out = apr_array_make(p, max > 0 ? max : 1, sizeof(amzx_delivery_t));
    rv = amzx_txn_query(&rows, txn, AMZX_SQL_INBOX_TAKE, binds, 1, fault, p);
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        amzx_delivery_t d;
        amzx_fault_t why;

        memset(&d, 0, sizeof(d));
        if (read_delivery(&d, rows, i, st, &why, p) == APR_SUCCESS) {
            APR_ARRAY_PUSH(*out, amzx_delivery_t) = d;
            continue;
        }
        /* it stays new: with the right keys it will open */
        amzx_log(st->env, AMZX_LOG_ERR, 301, why.status,
                 "delivery %s: its body cannot be opened (%s)", d.id,
                 why.code);
    }
    return rv;
}

apr_status_t amzx_inbox_close(amzx_txn_t *txn, const char *id,
                              const char *state, const char *detail,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(id), AMZX_S(state), AMZX_S(detail),
                            AMZX_I(now) };
    apr_int64_t count = 0;
    apr_status_t rv;

    if (strcmp(state, "done") != 0 && strcmp(state, "refused") != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "store.transition",
                              "a delivery cannot become %s", state);
    }
    rv = amzx_txn_exec(&count, txn, AMZX_SQL_INBOX_CLOSE, binds,
                       AMZX_BOUND(binds), fault, p);
    if (rv == APR_SUCCESS && count != 1) {
        rv = amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                            "store.transition",
                            "delivery %s is not new any more", id);
    }
    return rv;
}

apr_status_t amzx_inbox_backlog(apr_int64_t *count, apr_time_t *oldest,
                                amzx_db_t *db, amzx_fault_t *fault,
                                apr_pool_t *p)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    rv = amzx_db_query(&rows, db, AMZX_SQL_INBOX_BACKLOG, NULL, 0, fault, p);
    *count = amzx_rows_int(rows, 0, 0);
    *oldest = amzx_rows_int(rows, 0, 1);
    return rv;
}

apr_status_t amzx_inbox_list(apr_array_header_t **out, amzx_db_t *db,
                             const char *tenant, const char *state, int max,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_I(max), AMZX_S(state) };
    amzx_store_t none = { NULL, NULL };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    *out = apr_array_make(p, 16, sizeof(amzx_delivery_t));
    rv = amzx_db_query(&rows, db,
                       state ? AMZX_SQL_INBOX_LIST_STATE : AMZX_SQL_INBOX_LIST,
                       binds, state ? 3 : 2, fault, p);
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        amzx_delivery_t *d = apr_array_push(*out);

        memset(d, 0, sizeof(*d));
        rv = read_delivery(d, rows, i, &none, fault, p);
    }
    return rv;
}
