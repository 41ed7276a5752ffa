/* SPDX-License-Identifier: Apache-2.0 */
/* Reviews: questions to a person, decided once. */
#include <string.h>

#include "amzx_store_private.h"

apr_status_t amzx_review_put(amzx_txn_t *txn, const amzx_store_t *st,
                             const amzx_review_t *review, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    amzx_place_t shown_at = { "review", "shown", review->id };
    amzx_place_t editable_at = { "review", "editable", review->id };
    const char *shown = NULL;
    const char *editable = NULL;
    apr_status_t rv;

    rv = amzx_store_seal(&shown, st, review->shown, shown_at, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_store_seal(&editable, st, review->editable, editable_at,
                             fault, p);
    }
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = {
            AMZX_S(review->id),     AMZX_S(review->tenant),
            AMZX_S(review->run_id), AMZX_S(review->path),
            AMZX_S(review->queue),  AMZX_S(review->title),
            AMZX_S(shown),          AMZX_S(review->options),
            AMZX_S(editable),       AMZX_I(review->due_at),
            AMZX_S(review->on_timeout), AMZX_I(review->created_at)
        };

        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_REVIEW_PUT, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    return rv;
}

apr_status_t amzx_review_decide(int *is_done, amzx_txn_t *txn,
                                const amzx_store_t *st,
                                const amzx_review_t *decision,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_place_t edited_at = { "review", "edited", decision->id };
    amzx_place_t note_at = { "review", "note", decision->id };
    const char *sealed = NULL;
    const char *words = NULL;
    apr_int64_t count = 0;
    apr_status_t rv;

    *is_done = 0;
    if (!decision->choice) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "store.transition", "a decision needs a choice");
    }
    rv = amzx_store_seal(&sealed, st, decision->edited, edited_at, fault,
                         p);
    if (rv == APR_SUCCESS) {
        rv = amzx_store_seal(&words, st, decision->note, note_at, fault,
                             p);
    }
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = { AMZX_S(decision->tenant),
                                AMZX_S(decision->id),
                                AMZX_S(decision->choice),
                                AMZX_S(sealed),
                                AMZX_S(decision->by),
                                AMZX_S(words),
                                AMZX_I(decision->resolved_at) };

        rv = amzx_txn_exec(&count, txn, AMZX_SQL_REVIEW_DECIDE, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    *is_done = (rv == APR_SUCCESS && count == 1);
    return rv;
}

static apr_status_t read_review(amzx_review_t *r, const amzx_rows_t *rows,
                                int row, const amzx_store_t *st,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    const char *id = amzx_rows_text(rows, row, 0);
    amzx_place_t shown = { "review", "shown", id };
    amzx_place_t editable = { "review", "editable", id };
    amzx_place_t edited = { "review", "edited", id };
    amzx_place_t note = { "review", "note", id };
    apr_status_t rv;

    memset(r, 0, sizeof(*r));
    r->id = id;
    r->tenant = amzx_rows_text(rows, row, 1);
    r->run_id = amzx_rows_text(rows, row, 2);
    r->path = amzx_rows_text(rows, row, 3);
    r->queue = amzx_rows_text(rows, row, 4);
    r->title = amzx_rows_text(rows, row, 5);
    r->options = amzx_rows_text(rows, row, 7);
    r->due_at = amzx_rows_int(rows, row, 9);
    r->on_timeout = amzx_rows_text(rows, row, 10);
    r->choice = amzx_rows_text(rows, row, 11);
    r->by = amzx_rows_text(rows, row, 13);
    r->created_at = amzx_rows_int(rows, row, 15);
    r->resolved_at = amzx_rows_int(rows, row, 16);
    rv = amzx_store_open(&r->shown, st, amzx_rows_text(rows, row, 6), shown,
                         fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_store_open(&r->editable, st, amzx_rows_text(rows, row, 8),
                             editable, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_store_open(&r->edited, st, amzx_rows_text(rows, row, 12),
                             edited, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_store_open(&r->note, st, amzx_rows_text(rows, row, 14),
                             note, fault, p);
    }
    return rv;
}

static apr_status_t one(amzx_review_t **review, const amzx_rows_t *rows,
                        const amzx_store_t *st, amzx_fault_t *fault,
                        apr_pool_t *p)
{
    amzx_review_t *found;
    apr_status_t rv;

    if (amzx_rows_count(rows) == 0) {
        return APR_SUCCESS;
    }
    found = apr_palloc(p, sizeof(*found));
    rv = read_review(found, rows, 0, st, fault, p);
    if (rv == APR_SUCCESS) {
        *review = found;
    }
    return rv;
}

apr_status_t amzx_review_get(amzx_review_t **review, amzx_db_t *db,
                             const amzx_store_t *st, const char *tenant,
                             const char *id, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_S(id) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *review = NULL;
    rv = amzx_db_query(&rows, db, AMZX_SQL_REVIEW_GET, binds, 2, fault, p);
    return rv == APR_SUCCESS ? one(review, rows, st, fault, p) : rv;
}

apr_status_t amzx_review_of(amzx_review_t **review, amzx_db_t *db,
                            const amzx_store_t *st, const char *run_id,
                            const char *path, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(run_id), AMZX_S(path) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *review = NULL;
    rv = amzx_db_query(&rows, db, AMZX_SQL_REVIEW_OF, binds, 2, fault, p);
    return rv == APR_SUCCESS ? one(review, rows, st, fault, p) : rv;
}

apr_status_t amzx_review_list(apr_array_header_t **out, amzx_db_t *db,
                              const amzx_store_t *st, const char *tenant,
                              int max, amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_I(max) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    rv = amzx_db_query(&rows, db, AMZX_SQL_REVIEW_LIST, binds, 2, fault, p);
    *out = apr_array_make(p, amzx_rows_count(rows) + 1,
                          sizeof(amzx_review_t));
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        rv = read_review(apr_array_push(*out), rows, i, st, fault, p);
    }
    return rv;
}
