/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that come back by themselves, transactions that cannot lie. */
#include <string.h>
#include <apr_strings.h>

#include "amzx_db_private.h"

static apr_status_t db_cleanup(void *data)
{
    amzx_db_t *db = data;

    amzx_db_disconnect(db);
    return APR_SUCCESS;
}

apr_status_t amzx_db_open(amzx_db_t **db, const char *dsn,
                          const amzx_env_t *env, amzx_fault_t *fault,
                          apr_pool_t *p)
{
    amzx_db_t *made;
    apr_status_t rv;

    *db = NULL;
    made = apr_pcalloc(p, sizeof(*made));
    made->pool = p;
    made->env = env;
    if (strncmp(dsn, "sqlite:/", 8) == 0 && dsn[8]) {
        made->dialect = AMZX_DIALECT_SQLITE;
        made->driver = &amzx_driver_sqlite;
    }
    else if (strncmp(dsn, "pgsql:", 6) == 0 && dsn[6]) {
        made->dialect = AMZX_DIALECT_PGSQL;
        made->driver = &amzx_driver_pgsql;
    }
    else {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.database",
                              "a database is sqlite:/absolute/path or "
                              "pgsql:host=... dbname=... user=...");
    }
    rv = amzx_dbd_load(made->driver->name, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->target = apr_pstrdup(p, strchr(dsn, ':') + 1);
    /* before the child pools go: the connection lives in one of them */
    apr_pool_pre_cleanup_register(p, made, db_cleanup);
    *db = made;
    return APR_SUCCESS;
}

void amzx_db_close(amzx_db_t *db)
{
    if (db) {
        apr_pool_cleanup_run(db->pool, db, db_cleanup);
    }
}

amzx_dialect_e amzx_db_dialect(const amzx_db_t *db)
{
    return db->dialect;
}

apr_status_t amzx_db_connect(amzx_db_t *db, amzx_fault_t *fault)
{
    apr_status_t rv;

    if (db->conn) {
        return APR_SUCCESS;
    }
    db->is_lost = 0;
    apr_pool_create(&db->live, db->pool);
    apr_pool_tag(db->live, "amzx_db");
    rv = db->driver->connect(db, fault);
    if (rv != APR_SUCCESS) {
        amzx_db_disconnect(db);
    }
    return rv;
}

void amzx_db_disconnect(amzx_db_t *db)
{
    if (db->txn) {
        /* the server, or closing the file, rolls back */
        db->txn->failed = APR_ECONNRESET;
        db->txn->db = NULL;
        db->txn = NULL;
    }
    if (db->conn) {
        db->driver->disconnect(db);
    }
    if (db->live) {
        apr_pool_destroy(db->live);
        db->live = NULL;
    }
    db->is_lost = 0;
}

apr_status_t amzx_call_check(const amzx_call_t *call, amzx_fault_t *fault)
{
    const amzx_sql_t *sql = &amzx_sql_table[call->id];
    int i;

    for (i = 0; i < call->bound && sql->binds[i]; i++) {
        if (call->binds[i].type != sql->binds[i]) {
            break;
        }
    }
    if (i < call->bound || sql->binds[i]) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "database.error",
                              "%s takes \"%s\", value %d does not fit",
                              sql->name, sql->binds, i + 1);
    }
    return APR_SUCCESS;
}

/* ---- transactions -------------------------------------------------------- */

static apr_status_t txn_cleanup(void *data)
{
    amzx_txn_end(data, APR_EGENERAL, NULL);
    return APR_SUCCESS;
}

apr_status_t amzx_txn_begin(amzx_txn_t **txn, amzx_db_t *db,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_txn_t *made;
    apr_status_t rv = APR_SUCCESS;
    int tries;

    *txn = NULL;
    if (db->txn) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "database.error",
                              "a transaction is open on this connection");
    }
    for (tries = 0; tries < 2; tries++) { /* a connection may be stale */
        rv = amzx_db_connect(db, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = db->driver->begin(db, fault);
        if (rv == APR_SUCCESS || !db->is_lost) {
            break;
        }
        amzx_db_disconnect(db);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made = apr_pcalloc(p, sizeof(*made));
    made->db = db;
    made->dialect = db->dialect;
    made->pool = p;
    db->txn = made;
    apr_pool_cleanup_register(p, made, txn_cleanup, apr_pool_cleanup_null);
    *txn = made;
    return APR_SUCCESS;
}

apr_status_t amzx_txn_end(amzx_txn_t *txn, apr_status_t rv,
                          amzx_fault_t *fault)
{
    amzx_db_t *db;

    if (!txn) {
        return rv;
    }
    apr_pool_cleanup_kill(txn->pool, txn, txn_cleanup);
    db = txn->db;
    if (!db) {
        if (rv == APR_SUCCESS) {
            rv = amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_ECONNRESET,
                                "database.lost",
                                "the connection was closed");
        }
        return rv;
    }
    if (rv == APR_SUCCESS && txn->failed != APR_SUCCESS) {
        rv = txn->failed; /* a COMMIT would report success here */
        if (fault) {
            *fault = txn->fault;
        }
    }
    if (rv == APR_SUCCESS) {
        rv = db->driver->commit(db, fault);
    }
    else {
        db->driver->rollback(db);
    }
    db->txn = NULL;
    txn->db = NULL;
    if (db->is_lost) {
        amzx_db_disconnect(db);
    }
    return rv;
}

static apr_status_t txn_run(amzx_txn_t *txn, amzx_call_t *call,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_fault_t why;
    apr_status_t rv;

    if (txn->failed != APR_SUCCESS || !txn->db) {
        if (fault && txn->failed != APR_SUCCESS) {
            *fault = txn->fault;
        }
        return txn->failed != APR_SUCCESS ? txn->failed : APR_EINVAL;
    }
    amzx_fault_clear(&why);
    rv = amzx_call_check(call, &why);
    if (rv == APR_SUCCESS) {
        rv = txn->db->driver->run(txn->db, call, &why, p);
    }
    if (rv != APR_SUCCESS) {
        txn->failed = rv;
        txn->fault = why;
        if (fault) {
            *fault = why;
        }
    }
    return rv;
}

amzx_dialect_e amzx_txn_dialect(const amzx_txn_t *txn)
{
    return txn->dialect;
}

apr_status_t amzx_txn_exec(apr_int64_t *count, amzx_txn_t *txn, amzx_sql_e id,
                           const amzx_bind_t *binds, int bound,
                           amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_call_t call = { id, binds, bound, NULL, 0 };
    apr_status_t rv = txn_run(txn, &call, fault, p);

    if (count) {
        *count = rv == APR_SUCCESS ? call.count : 0;
    }
    return rv;
}

apr_status_t amzx_txn_query(amzx_rows_t **rows, amzx_txn_t *txn,
                            amzx_sql_e id, const amzx_bind_t *binds,
                            int bound, amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_call_t call = { id, binds, bound, rows, 0 };

    *rows = NULL;
    return txn_run(txn, &call, fault, p);
}

apr_status_t amzx_db_query(amzx_rows_t **rows, amzx_db_t *db, amzx_sql_e id,
                           const amzx_bind_t *binds, int bound,
                           amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_call_t call = { id, binds, bound, rows, 0 };
    apr_status_t rv;
    int tries;

    *rows = NULL;
    if (db->txn) { /* it would run inside, so its failure counts there */
        return txn_run(db->txn, &call, fault, p);
    }
    rv = amzx_call_check(&call, fault);
    for (tries = 0; rv == APR_SUCCESS && tries < 2; tries++) {
        rv = amzx_db_connect(db, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = db->driver->run(db, &call, fault, p);
        if (rv == APR_SUCCESS || !db->is_lost) {
            return rv;
        }
        amzx_db_disconnect(db);
        if (tries == 0) {
            rv = APR_SUCCESS; /* once more on a new connection */
        }
    }
    return rv;
}

apr_status_t amzx_db_now(apr_time_t *now, amzx_db_t *db, amzx_fault_t *fault,
                         apr_pool_t *p)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *now = amzx_now(db->env);
    if (db->dialect == AMZX_DIALECT_SQLITE) {
        return APR_SUCCESS;
    }
    rv = amzx_db_query(&rows, db, AMZX_SQL_NOW, NULL, 0, fault, p);
    if (rv == APR_SUCCESS) {
        *now = amzx_rows_int(rows, 0, 0);
    }
    return rv;
}
