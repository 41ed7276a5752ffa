/* SPDX-License-Identifier: Apache-2.0 */
/* A batch for PostgreSQL: a few statements over JSON arrays of rows. */
#include <string.h>

#include "amzx_batch_private.h"

/* One row after the other: {"id":"...","token":1},... */
typedef struct {
    amzx_buf_t b;
    int count;
    int fields;
} json_rows_t;

static void rows_begin(json_rows_t *rows, apr_size_t room, apr_pool_t *p)
{
    amzx_buf_init(&rows->b, room, p);
    amzx_buf_putc(&rows->b, '[');
    rows->count = 0;
    rows->fields = 0;
}

static void row_begin(json_rows_t *rows)
{
    amzx_buf_puts(&rows->b, rows->count++ ? ",{" : "{");
    rows->fields = 0;
}

static void name(json_rows_t *rows, const char *column)
{
    if (rows->fields++) {
        amzx_buf_putc(&rows->b, ',');
    }
    amzx_store_json(&rows->b, column);
    amzx_buf_putc(&rows->b, ':');
}

static void text(json_rows_t *rows, const char *column, const char *s)
{
    name(rows, column);
    amzx_store_json(&rows->b, s);
}

static void number(json_rows_t *rows, const char *column, apr_int64_t n)
{
    name(rows, column);
    amzx_buf_printf(&rows->b, "%" APR_INT64_T_FMT, n);
}

static void row_end(json_rows_t *rows)
{
    amzx_buf_putc(&rows->b, '}');
}

static apr_status_t run_rows(amzx_rows_t **out, amzx_txn_t *txn,
                             amzx_sql_e id, json_rows_t *rows,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_buf_putc(&rows->b, ']');
    {
        amzx_bind_t binds[] = { AMZX_S(rows->b.s) };

        return amzx_txn_query(out, txn, id, binds, 1, fault, p);
    }
}

/* Save all runs; those that come back are held. */
static apr_status_t save_runs(amzx_batch_t *batch, amzx_txn_t *txn,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    amzx_rows_t *held = NULL;
    json_rows_t rows;
    apr_status_t rv = APR_SUCCESS;
    int i;

    rows_begin(&rows, (apr_size_t)batch->runs->nelts * 400 + 8, p);
    for (i = 0; rv == APR_SUCCESS && i < batch->runs->nelts; i++) {
        amzx_batch_run_t *r = amzx_batch_run(batch, i);
        amzx_run_state_e next = AMZX_RUN_RUNNING;

        rv = amzx_run_after(&next, r->ev, fault);
        row_begin(&rows);
        text(&rows, "id", r->run.id);
        text(&rows, "owner", r->run.owner);
        number(&rows, "token", r->run.token);
        text(&rows, "state", amzx_run_state_name(next));
        number(&rows, "due_at", r->run.due_at);
        number(&rows, "seq", r->run.seq);
        number(&rows, "crashes", r->run.crashes);
        text(&rows, "outcome", r->run.outcome);
        text(&rows, "code", r->run.code);
        text(&rows, "detail", r->run.detail);
        text(&rows, "step", r->run.step);
        number(&rows, "updated_at", now);
        number(&rows, "finished_at",
               amzx_run_state_is_open(next) ? 0 : now);
        row_end(&rows);
    }
    if (rv == APR_SUCCESS) {
        rv = run_rows(&held, txn, AMZX_SQL_RUN_SAVE_MANY, &rows, fault, p);
    }
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(held); i++) {
        const int *at = apr_hash_get(batch->by_id,
                                     amzx_rows_text(held, i, 0),
                                     APR_HASH_KEY_STRING);

        if (at) {
            amzx_batch_run(batch, *at)->is_held = 1;
        }
    }
    return rv;
}

static apr_status_t promote(amzx_batch_t *batch, amzx_txn_t *txn,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_rows_t *ignored = NULL;
    json_rows_t rows;
    int i;

    rows_begin(&rows, (apr_size_t)batch->runs->nelts * 100 + 8, p);
    for (i = 0; i < batch->runs->nelts; i++) {
        const amzx_batch_run_t *r = amzx_batch_run(batch, i);
        int next = r->ev == AMZX_EVENTS
                       ? AMZX_RUN_RUNNING
                       : amzx_run_next(AMZX_RUN_RUNNING, r->ev);

        if (r->is_held && !amzx_run_state_is_open((amzx_run_state_e)next)) {
            row_begin(&rows);
            text(&rows, "tenant", r->run.tenant);
            text(&rows, "part", r->run.partition);
            row_end(&rows);
        }
    }
    if (rows.count == 0) {
        return APR_SUCCESS;
    }
    return run_rows(&ignored, txn, AMZX_SQL_RUN_PROMOTE_MANY, &rows, fault,
                    p);
}

static apr_status_t append_entries(amzx_batch_t *batch, amzx_txn_t *txn,
                                   amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_rows_t *ignored = NULL;
    json_rows_t rows;
    apr_status_t rv = APR_SUCCESS;
    int i;

    rows_begin(&rows, (apr_size_t)batch->entries->nelts * 500 + 8, p);
    for (i = 0; rv == APR_SUCCESS && i < batch->entries->nelts; i++) {
        const amzx_batch_entry_t *e = &APR_ARRAY_IDX(batch->entries, i,
                                                     amzx_batch_entry_t);
        const amzx_batch_run_t *r = amzx_batch_run(batch, e->run);
        const char *data = NULL;

        if (!r->is_held) {
            continue;
        }
        rv = amzx_journal_seal(&data, batch->st, r->run.id, &e->entry, fault,
                               p);
        row_begin(&rows);
        text(&rows, "run_id", r->run.id);
        number(&rows, "seq", e->entry.seq);
        text(&rows, "path", e->entry.path);
        text(&rows, "kind", e->entry.kind);
        number(&rows, "token", r->run.token);
        number(&rows, "at", e->entry.at);
        text(&rows, "trail", e->entry.trail);
        text(&rows, "hash", e->entry.hash);
        text(&rows, "data", data);
        row_end(&rows);
    }
    if (rv != APR_SUCCESS || rows.count == 0) {
        return rv;
    }
    return run_rows(&ignored, txn, AMZX_SQL_JOURNAL_PUT_MANY, &rows, fault,
                    p);
}

static void intent_row(json_rows_t *rows, const amzx_intent_t *in,
                       const amzx_sealed_intent_t *sealed, apr_time_t now)
{
    row_begin(rows);
    text(rows, "id", in->key);
    text(rows, "tenant", in->tenant);
    text(rows, "run_id", in->run_id);
    text(rows, "connection", in->connection);
    text(rows, "op", in->op);
    text(rows, "natural_key", in->natural);
    text(rows, "state", amzx_intent_state_name(in->state));
    number(rows, "gen", in->gen);
    text(rows, "method", in->method);
    text(rows, "path", sealed->path);
    text(rows, "body_sha", sealed->body_sha);
    number(rows, "first_sent_at", in->first_sent_at);
    number(rows, "sent_at", in->sent_at);
    number(rows, "tries", in->tries);
    number(rows, "lookups", in->lookups);
    number(rows, "saw_5xx", in->saw_5xx ? 1 : 0);
    text(rows, "remote_id", in->remote_id);
    text(rows, "result", sealed->result);
    text(rows, "code", in->code);
    text(rows, "detail", in->detail);
    number(rows, "created_at", in->created_at ? in->created_at : now);
    number(rows, "updated_at", now);
    row_end(rows);
}

static apr_status_t save_intents(amzx_batch_t *batch, amzx_txn_t *txn,
                                 apr_time_t now, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    amzx_rows_t *ignored = NULL;
    json_rows_t rows;
    json_rows_t bodies;
    apr_status_t rv = APR_SUCCESS;
    int i;

    rows_begin(&rows, (apr_size_t)batch->intents->nelts * 800 + 8, p);
    rows_begin(&bodies, (apr_size_t)batch->intents->nelts * 2000 + 8, p);
    for (i = 0; rv == APR_SUCCESS && i < batch->intents->nelts; i++) {
        const amzx_batch_intent_t *in = &APR_ARRAY_IDX(batch->intents, i,
                                                       amzx_batch_intent_t);
        amzx_sealed_intent_t sealed;

        if (!amzx_batch_run(batch, in->run)->is_held) {
            continue;
        }
        rv = amzx_intent_seal(&sealed, batch->st, &in->intent, fault, p);
        if (rv != APR_SUCCESS) {
            break;
        }
        intent_row(&rows, &in->intent, &sealed, now);
        if (sealed.body) {
            row_begin(&bodies);
            text(&bodies, "id", in->intent.key);
            text(&bodies, "body_sha", sealed.body_sha);
            text(&bodies, "body", sealed.body);
            row_end(&bodies);
        }
    }
    if (rv == APR_SUCCESS && rows.count > 0) {
        rv = run_rows(&ignored, txn, AMZX_SQL_INTENT_SAVE_MANY, &rows, fault,
                      p);
    }
    if (rv == APR_SUCCESS && bodies.count > 0) {
        rv = run_rows(&ignored, txn, AMZX_SQL_INTENT_BODY_MANY, &bodies,
                      fault, p);
    }
    return rv;
}

apr_status_t amzx_batch_arrays(amzx_batch_t *batch, amzx_txn_t *txn,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    apr_status_t rv;

    if (batch->runs->nelts == 0) {
        return APR_SUCCESS;
    }
    rv = save_runs(batch, txn, now, fault, p);
    if (rv == APR_SUCCESS) {
        rv = promote(batch, txn, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = append_entries(batch, txn, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = save_intents(batch, txn, now, fault, p);
    }
    return rv;
}
