/* SPDX-License-Identifier: Apache-2.0 */
/* Small tables: outgoing events, polls, definitions, nodes. */
#include <string.h>
#include <apr_strings.h>

#include "amzx_store_private.h"

/* The peer may be at work that long on calls of an engine that has gone. */
#define SLOT_REST apr_time_from_sec(2)

apr_status_t amzx_event_put(amzx_txn_t *txn, const amzx_store_t *st,
                            const amzx_outgoing_t *event,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_place_t place = { "event", "body",
                           apr_pstrcat(p, event->run_id, "/", event->path,
                                       NULL) };
    const char *sealed = NULL;
    apr_status_t rv;

    rv = amzx_store_seal(&sealed, st, event->body, place, fault, p);
    if (rv == APR_SUCCESS) {
        amzx_bind_t binds[] = { AMZX_S(event->run_id), AMZX_S(event->path),
                                AMZX_S(event->tenant), AMZX_S(event->name),
                                AMZX_S(sealed), AMZX_I(event->created_at) };

        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_EVENT_PUT, binds,
                           AMZX_BOUND(binds), fault, p);
    }
    return rv;
}

apr_status_t amzx_cursor_take(int *is_mine, amzx_cursor_t *cursor,
                              amzx_txn_t *txn, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(cursor->tenant),  AMZX_S(cursor->workflow),
                            AMZX_S(cursor->trigger), AMZX_S(cursor->owner),
                            AMZX_I(now), AMZX_I(cursor->lease_until) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *is_mine = 0;
    cursor->value = NULL;
    cursor->due_at = 0;
    rv = amzx_txn_exec(NULL, txn, AMZX_SQL_POLL_MAKE, binds, 3, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_query(&rows, txn, AMZX_SQL_POLL_TAKE, binds,
                            AMZX_BOUND(binds), fault, p);
    }
    if (rv == APR_SUCCESS && amzx_rows_count(rows) == 1) {
        *is_mine = 1;
        cursor->value = amzx_rows_text(rows, 0, 0);
        cursor->due_at = amzx_rows_int(rows, 0, 1);
    }
    return rv;
}

apr_status_t amzx_cursor_save(int *is_mine, amzx_txn_t *txn,
                              const amzx_cursor_t *cursor, const char *owner,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(cursor->tenant), AMZX_S(cursor->workflow),
                            AMZX_S(cursor->trigger), AMZX_S(cursor->value),
                            AMZX_I(cursor->due_at), AMZX_S(owner) };
    apr_int64_t count = 0;
    apr_status_t rv;

    rv = amzx_txn_exec(&count, txn, AMZX_SQL_POLL_SAVE, binds,
                       AMZX_BOUND(binds), fault, p);
    *is_mine = (rv == APR_SUCCESS && count == 1);
    return rv;
}

apr_status_t amzx_definition_put(amzx_txn_t *txn, const char *name,
                                 int version, const char *sha,
                                 const char *text, apr_time_t now,
                                 amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(name), AMZX_I(version), AMZX_S(sha),
                            AMZX_S(text), AMZX_I(now) };
    amzx_rows_t *rows = NULL;
    apr_int64_t count = 0;
    const char *stored;
    apr_status_t rv;

    rv = amzx_txn_exec(&count, txn, AMZX_SQL_DEFINITION_PUT, binds,
                       AMZX_BOUND(binds), fault, p);
    if (rv != APR_SUCCESS || count == 1) {
        return rv;
    }
    rv = amzx_txn_query(&rows, txn, AMZX_SQL_DEFINITION_SHA, binds, 2, fault,
                        p);
    stored = amzx_rows_text(rows, 0, 0);
    if (rv == APR_SUCCESS && (!stored || strcmp(stored, sha) != 0)) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EEXIST,
                            "config.version_changed",
                            "workflow %s version %d is stored with another "
                            "content: give the new one a new version",
                            name, version);
    }
    return rv;
}

apr_status_t amzx_definition_get(const char **text, amzx_db_t *db,
                                 const char *name, const char *sha,
                                 amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(name), AMZX_S(sha) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    rv = amzx_db_query(&rows, db, AMZX_SQL_DEFINITION_GET, binds, 2, fault,
                       p);
    *text = amzx_rows_text(rows, 0, 0);
    return rv;
}

apr_status_t amzx_node_beat(amzx_txn_t *txn, const char *owner,
                            const char *host, apr_int64_t pid,
                            apr_time_t started_at, apr_time_t now,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(owner), AMZX_S(host), AMZX_I(pid),
                            AMZX_I(started_at), AMZX_I(now) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_NODE_BEAT, binds,
                         AMZX_BOUND(binds), fault, p);
}

apr_status_t amzx_node_latest(apr_time_t *beat_at, amzx_db_t *db,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    rv = amzx_db_query(&rows, db, AMZX_SQL_NODE_LATEST, NULL, 0, fault, p);
    *beat_at = amzx_rows_int(rows, 0, 0);
    return rv;
}

apr_status_t amzx_node_list(apr_array_header_t **nodes, amzx_txn_t *txn,
                            const char *host, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_S(host) };
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    *nodes = apr_array_make(p, 4, sizeof(amzx_node_t));
    rv = amzx_txn_query(&rows, txn, AMZX_SQL_NODE_LIST, binds, 1, fault, p);
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        amzx_node_t *node = apr_array_push(*nodes);

        node->owner = amzx_rows_text(rows, i, 0);
        node->host = amzx_rows_text(rows, i, 1);
        node->pid = amzx_rows_int(rows, i, 2);
    }
    return rv;
}

apr_status_t amzx_node_forget(amzx_txn_t *txn, const char *owner,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    static const amzx_sql_e frees[] = { AMZX_SQL_NODE_FREE_TOKENS,
                                        AMZX_SQL_NODE_FREE_POLLS,
                                        AMZX_SQL_NODE_FORGET };
    amzx_bind_t binds[] = { AMZX_S(owner), AMZX_I(now + SLOT_REST) };
    amzx_bind_t old[] = { AMZX_I(now) };
    apr_status_t rv;
    apr_size_t i;

    rv = amzx_txn_exec(NULL, txn, AMZX_SQL_NODE_FREE_SLOTS, binds, 2, fault,
                       p);
    for (i = 0; rv == APR_SUCCESS && i < sizeof(frees) / sizeof(frees[0]);
         i++) {
        rv = amzx_txn_exec(NULL, txn, frees[i], binds, 1, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_SLOT_PRUNE, old, 1, fault, p);
    }
    return rv;
}
