/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has done: rows are appended and never changed. */
#include <string.h>
#include <apr_strings.h>

#include "amzx_store_private.h"

apr_status_t amzx_journal_seal(const char **data, const amzx_store_t *st,
                               const char *run_id, const amzx_entry_t *entry,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_place_t place = { "journal", "data", NULL };

    place.id = apr_psprintf(p, "%s/%" APR_INT64_T_FMT, run_id, entry->seq);
    return amzx_store_seal(data, st, entry->data, place, fault, p);
}

apr_status_t amzx_journal_append(amzx_txn_t *txn, const amzx_store_t *st,
                                 const amzx_run_t *run,
                                 const amzx_entry_t *entries, int count,
                                 amzx_fault_t *fault, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < count; i++) {
        const amzx_entry_t *e = &entries[i];
        const char *data = NULL;
        apr_int64_t done = 0;

        rv = amzx_journal_seal(&data, st, run->id, e, fault, p);
        if (rv == APR_SUCCESS) {
            amzx_bind_t binds[] = { AMZX_S(run->id),    AMZX_I(e->seq),
                                    AMZX_S(e->path),    AMZX_S(e->kind),
                                    AMZX_I(run->token), AMZX_I(e->at),
                                    AMZX_S(e->trail),   AMZX_S(e->hash),
                                    AMZX_S(data) };

            rv = amzx_txn_exec(&done, txn, AMZX_SQL_JOURNAL_PUT, binds,
                               AMZX_BOUND(binds), fault, p);
        }
        if (rv == APR_SUCCESS && done != 1) {
            rv = amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                                "store.fenced",
                                "run %s is held under another token now",
                                run->id);
        }
    }
    return rv;
}

apr_status_t amzx_journal_read(apr_array_header_t **entries, amzx_db_t *db,
                               const amzx_store_t *st, const char *run_id,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(run_id) };
    amzx_place_t place = { "journal", "data", NULL };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    rv = amzx_db_query(&rows, db, AMZX_SQL_JOURNAL_READ, binds, 1, fault, p);
    *entries = apr_array_make(p, amzx_rows_count(rows) + 1,
                              sizeof(amzx_entry_t));
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        amzx_entry_t *e = apr_array_push(*entries);

        e->seq = amzx_rows_int(rows, i, 0);
        e->path = amzx_rows_text(rows, i, 1);
        e->kind = amzx_rows_text(rows, i, 2);
        e->at = amzx_rows_int(rows, i, 3);
        e->trail = amzx_rows_text(rows, i, 4);
        e->hash = amzx_rows_text(rows, i, 5);
        place.id = apr_psprintf(p, "%s/%" APR_INT64_T_FMT, run_id, e->seq);
        rv = amzx_store_open(&e->data, st, amzx_rows_text(rows, i, 6), place,
                             fault, p);
    }
    return rv;
}
