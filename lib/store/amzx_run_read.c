/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at runs: one, lists, counts. */
#include <string.h>

#include "amzx_store_private.h"

void amzx_run_read(amzx_run_t *run, const amzx_rows_t *rows, int row)
{
    int state = amzx_run_state_of(amzx_rows_text(rows, row, 8));

    memset(run, 0, sizeof(*run));
    run->id = amzx_rows_text(rows, row, 0);
    run->tenant = amzx_rows_text(rows, row, 1);
    run->workflow = amzx_rows_text(rows, row, 2);
    run->version = (int)amzx_rows_int(rows, row, 3);
    run->sha = amzx_rows_text(rows, row, 4);
    run->run_key = amzx_rows_text(rows, row, 5);
    run->partition = amzx_rows_text(rows, row, 6);
    run->priority = (int)amzx_rows_int(rows, row, 7);
    /* a name of a later version: nothing this build may touch */
    run->state = state < 0 ? AMZX_RUN_PARKED : (amzx_run_state_e)state;
    run->due_at = amzx_rows_int(rows, row, 9);
    run->owner = amzx_rows_text(rows, row, 10);
    run->lease_until = amzx_rows_int(rows, row, 11);
    run->token = amzx_rows_int(rows, row, 12);
    run->crashes = (int)amzx_rows_int(rows, row, 13);
    run->seq = amzx_rows_int(rows, row, 14);
    run->trigger = amzx_rows_text(rows, row, 15);
    run->origin = amzx_rows_text(rows, row, 16);
    run->trace = amzx_rows_text(rows, row, 17);
    run->outcome = amzx_rows_text(rows, row, 18);
    run->code = amzx_rows_text(rows, row, 19);
    run->detail = amzx_rows_text(rows, row, 20);
    run->step = amzx_rows_text(rows, row, 21);
    run->created_at = amzx_rows_int(rows, row, 22);
    run->started_at = amzx_rows_int(rows, row, 23);
    run->updated_at = amzx_rows_int(rows, row, 24);
    run->finished_at = amzx_rows_int(rows, row, 25);
}

static apr_status_t one(amzx_run_t **run, const amzx_rows_t *rows,
                        const amzx_store_t *st, amzx_fault_t *fault,
                        apr_pool_t *p)
{
    amzx_place_t place = { "run", "input", NULL };
    amzx_run_t *found;
    apr_status_t rv;

    if (amzx_rows_count(rows) == 0) {
        return APR_SUCCESS;
    }
    found = apr_pcalloc(p, sizeof(*found));
    amzx_run_read(found, rows, 0);
    place.id = found->id;
    rv = amzx_store_open(&found->input, st,
                         amzx_rows_text(rows, 0, AMZX_RUN_COLUMN_COUNT),
                         place, fault, p);
    if (rv == APR_SUCCESS) {
        *run = found;
    }
    return rv;
}

apr_status_t amzx_run_get(amzx_run_t **run, amzx_db_t *db,
                          const amzx_store_t *st, const char *tenant,
                          const char *id, amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_S(id) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *run = NULL;
    rv = amzx_db_query(&rows, db, AMZX_SQL_RUN_GET, binds, 2, fault, p);
    return rv == APR_SUCCESS ? one(run, rows, st, fault, p) : rv;
}

apr_status_t amzx_run_by_key(amzx_run_t **run, amzx_db_t *db,
                             const amzx_store_t *st, const char *tenant,
                             const char *workflow, const char *run_key,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant), AMZX_S(workflow),
                            AMZX_S(run_key) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *run = NULL;
    rv = amzx_db_query(&rows, db, AMZX_SQL_RUN_BY_KEY, binds, 3, fault, p);
    return rv == APR_SUCCESS ? one(run, rows, st, fault, p) : rv;
}

apr_status_t amzx_run_list(apr_array_header_t **runs, amzx_db_t *db,
                           const amzx_run_filter_t *filter,
                           amzx_fault_t *fault, apr_pool_t *p)
{
    /* "~" sorts behind every id */
    amzx_bind_t binds[] = { AMZX_S(filter->tenant),
                            AMZX_S(filter->workflow ? filter->workflow : ""),
                            AMZX_S(filter->before ? filter->before : "~"),
                            AMZX_I(filter->max), AMZX_S(filter->state) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    rv = amzx_db_query(&rows, db,
                       filter->state ? AMZX_SQL_RUN_LIST_STATE
                                     : AMZX_SQL_RUN_LIST,
                       binds, filter->state ? 5 : 4, fault, p);
    *runs = apr_array_make(p, amzx_rows_count(rows) + 1, sizeof(amzx_run_t));
    for (i = 0; i < amzx_rows_count(rows); i++) {
        amzx_run_read(apr_array_push(*runs), rows, i);
    }
    return rv;
}

apr_status_t amzx_run_counts(apr_int64_t counts[AMZX_RUN_STATES],
                             amzx_db_t *db, const char *tenant,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(tenant) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    memset(counts, 0, AMZX_RUN_STATES * sizeof(*counts));
    rv = amzx_db_query(&rows, db,
                       tenant ? AMZX_SQL_RUN_COUNTS : AMZX_SQL_RUN_COUNTS_ALL,
                       binds, tenant ? 1 : 0, fault, p);
    for (i = 0; i < amzx_rows_count(rows); i++) {
        int state = amzx_run_state_of(amzx_rows_text(rows, i, 0));

        if (state >= 0) {
            counts[state] = amzx_rows_int(rows, i, 1);
        }
    }
    return rv;
}

apr_status_t amzx_run_next_due(apr_time_t *due, amzx_db_t *db,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    rv = amzx_db_query(&rows, db, AMZX_SQL_RUN_NEXT_DUE, NULL, 0, fault, p);
    *due = amzx_rows_int(rows, 0, 0);
    if (*due <= 0 && amzx_rows_count(rows) > 0) {
        *due = 1; /* "at once", told apart from "none" */
    }
    return rv;
}
