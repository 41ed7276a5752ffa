/* SPDX-License-Identifier: Apache-2.0 */
/* Outbound effects: written before the first byte leaves. */
#include <string.h>

#include "amzx_store_private.h"

apr_status_t amzx_intent_seal(amzx_sealed_intent_t *sealed,
                              const amzx_store_t *st,
                              const amzx_intent_t *intent,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_place_t path = { "intent", "path", intent->key };
    amzx_place_t body = { "intent", "body", intent->key };
    amzx_place_t result = { "intent", "result", intent->key };
    apr_status_t rv;

    rv = amzx_store_seal(&sealed->path, st, intent->path, path, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_store_seal(&sealed->body, st, intent->body, body, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_store_seal(&sealed->result, st, intent->result, result,
                             fault, p);
    }
    sealed->body_sha = intent->body_sha;
    if (intent->body && !intent->body_sha) {
        sealed->body_sha = amzx_sha256_hex(intent->body,
                                           strlen(intent->body), p);
    }
    return rv;
}

apr_status_t amzx_intent_save(amzx_txn_t *txn, const amzx_store_t *st,
                              const amzx_intent_t *intent, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_sealed_intent_t sealed;
    apr_status_t rv;

    rv = amzx_intent_seal(&sealed, st, intent, fault, p);
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = {
            AMZX_S(intent->key),
            AMZX_S(intent->tenant),
            AMZX_S(intent->run_id),
            AMZX_S(intent->connection),
            AMZX_S(intent->op),
            AMZX_S(intent->natural),
            AMZX_S(amzx_intent_state_name(intent->state)),
            AMZX_I(intent->gen),
            AMZX_S(intent->method),
            AMZX_S(sealed.path),
            AMZX_S(sealed.body_sha),
            AMZX_I(intent->first_sent_at),
            AMZX_I(intent->sent_at),
            AMZX_I(intent->tries),
            AMZX_I(intent->lookups),
            AMZX_I(intent->saw_5xx ? 1 : 0),
            AMZX_S(intent->remote_id),
            AMZX_S(sealed.result),
            AMZX_S(intent->code),
            AMZX_S(intent->detail),
            AMZX_I(intent->created_at ? intent->created_at : now),
            AMZX_I(now)
        };

        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_INTENT_SAVE, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    if (rv == APR_SUCCESS && sealed.body) {
        amzx_bind_t binds[] = { AMZX_S(intent->key), AMZX_S(sealed.body_sha),
                                AMZX_S(sealed.body) };

        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_INTENT_BODY, binds, 3, fault,
                           p);
    }
    return rv;
}

static int state_of(const char *name)
{
    int i;

    for (i = 0; name && i < AMZX_INTENT_STATES; i++) {
        if (strcmp(amzx_intent_state_name((amzx_intent_state_e)i), name)
            == 0) {
            return i;
        }
    }
    return AMZX_INTENT_REVIEW; /* of a later version: a person must look */
}

static apr_status_t read_intent(amzx_intent_t *in, const amzx_rows_t *rows,
                                int row, const amzx_store_t *st,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_place_t place = { "intent", "path", NULL };
    apr_status_t rv;

    memset(in, 0, sizeof(*in));
    in->key = place.id = amzx_rows_text(rows, row, 0);
    in->tenant = amzx_rows_text(rows, row, 1);
    in->run_id = amzx_rows_text(rows, row, 2);
    in->connection = amzx_rows_text(rows, row, 3);
    in->op = amzx_rows_text(rows, row, 4);
    in->natural = amzx_rows_text(rows, row, 5);
    in->state = (amzx_intent_state_e)state_of(amzx_rows_text(rows, row, 6));
    in->gen = (int)amzx_rows_int(rows, row, 7);
    in->method = amzx_rows_text(rows, row, 8);
    in->body_sha = amzx_rows_text(rows, row, 11);
    in->first_sent_at = amzx_rows_int(rows, row, 12);
    in->sent_at = amzx_rows_int(rows, row, 13);
    in->tries = (int)amzx_rows_int(rows, row, 14);
    in->lookups = (int)amzx_rows_int(rows, row, 15);
    in->saw_5xx = (int)amzx_rows_int(rows, row, 16);
    in->remote_id = amzx_rows_text(rows, row, 17);
    in->code = amzx_rows_text(rows, row, 19);
    in->detail = amzx_rows_text(rows, row, 20);
    in->created_at = amzx_rows_int(rows, row, 21);
    in->updated_at = amzx_rows_int(rows, row, 22);
    rv = amzx_store_open(&in->path, st, amzx_rows_text(rows, row, 9), place,
                         fault, p);
    if (rv == APR_SUCCESS) {
        place.column = "body";
        rv = amzx_store_open(&in->body, st, amzx_rows_text(rows, row, 10),
                             place, fault, p);
    }
    if (rv == APR_SUCCESS) {
        place.column = "result";
        rv = amzx_store_open(&in->result, st, amzx_rows_text(rows, row, 18),
                             place, fault, p);
    }
    return rv;
}

apr_status_t amzx_intent_hold(int *is_mine, amzx_txn_t *txn, const char *key,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(key) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv = APR_SUCCESS;

    *is_mine = 1;
    if (amzx_txn_dialect(txn) == AMZX_DIALECT_PGSQL) {
        rv = amzx_txn_query(&rows, txn, AMZX_SQL_INTENT_HOLD, binds, 1, fault,
                            p);
        *is_mine = rv == APR_SUCCESS && amzx_rows_int(rows, 0, 0) == 1;
    }
    return rv;
}

apr_status_t amzx_intent_get(amzx_intent_t **intent, amzx_db_t *db,
                             const amzx_store_t *st, const char *key,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(key) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *intent = NULL;
    rv = amzx_db_query(&rows, db, AMZX_SQL_INTENT_GET, binds, 1, fault, p);
    if (rv == APR_SUCCESS && amzx_rows_count(rows) == 1) {
        amzx_intent_t *found = apr_pcalloc(p, sizeof(*found));

        rv = read_intent(found, rows, 0, st, fault, p);
        *intent = rv == APR_SUCCESS ? found : NULL;
    }
    return rv;
}

apr_status_t amzx_intent_of_run(apr_array_header_t **intents, amzx_db_t *db,
                                const amzx_store_t *st, const char *run_id,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(run_id) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    rv = amzx_db_query(&rows, db, AMZX_SQL_INTENT_OF_RUN, binds, 1, fault,
                       p);
    *intents = apr_array_make(p, amzx_rows_count(rows) + 1,
                              sizeof(amzx_intent_t));
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        rv = read_intent(apr_array_push(*intents), rows, i, st, fault, p);
    }
    return rv;
}
