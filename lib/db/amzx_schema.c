/* SPDX-License-Identifier: Apache-2.0 */
/* The schema: brought up to date step by step, verified, probed. */
#include "amzx_db_private.h"

/* Under the lock of a transaction: the version the database has. */
static apr_status_t version_in(apr_int64_t *version, amzx_txn_t *txn,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;

    *version = 0;
    rv = txn->db->driver->text(
        txn->db, amzx_sql_text(AMZX_SQL_SCHEMA_MAKE, txn->db->dialect),
        fault);
    if (rv != APR_SUCCESS) {
        txn->failed = rv;
        return rv;
    }
    rv = amzx_txn_query(&rows, txn, AMZX_SQL_SCHEMA_GET, NULL, 0, fault, p);
    if (rv == APR_SUCCESS) {
        *version = amzx_rows_int(rows, 0, 0);
    }
    return rv;
}

static apr_status_t apply(amzx_txn_t *txn, apr_int64_t version,
                          amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_step_t *step = amzx_schema_steps(txn->db->dialect);
    amzx_bind_t binds[] = { AMZX_I(version), AMZX_I(amzx_now(txn->db->env)) };
    apr_status_t rv;

    for (; step->text; step++) {
        if (step->version != version) {
            continue;
        }
        rv = txn->db->driver->text(txn->db, step->text, fault);
        if (rv != APR_SUCCESS) {
            txn->failed = rv;
            return rv;
        }
    }
    return amzx_txn_exec(NULL, txn, AMZX_SQL_SCHEMA_PUT, binds, 2, fault, p);
}

/* One step in one transaction. *is_done 1 when there was nothing to do. */
static apr_status_t advance(int *is_done, amzx_db_t *db, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_txn_t *txn = NULL;
    apr_int64_t version = 0;
    apr_status_t rv;

    *is_done = 0;
    rv = amzx_txn_begin(&txn, db, fault, p);
    if (rv != APR_SUCCESS) {
        goto leave;
    }
    if (db->dialect == AMZX_DIALECT_PGSQL) {
        amzx_rows_t *rows = NULL;

        rv = amzx_txn_query(&rows, txn, AMZX_SQL_SCHEMA_LOCK, NULL, 0, fault,
                            p);
        if (rv != APR_SUCCESS) {
            goto leave;
        }
    }
    rv = version_in(&version, txn, fault, p);
    if (rv != APR_SUCCESS) {
        goto leave;
    }
    if (version > amzx_schema_version()) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                            "config.schema",
                            "the database has schema %d, this build knows %d",
                            (int)version, amzx_schema_version());
    }
    else if (version == amzx_schema_version()) {
        *is_done = 1;
    }
    else {
        rv = apply(txn, version + 1, fault, p);
    }
leave:
    return amzx_txn_end(txn, rv, fault);
}

apr_status_t amzx_db_migrate(amzx_db_t *db, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    apr_status_t rv;
    int is_done = 0;
    int steps = 0;

    db->may_create = 1;
    rv = amzx_db_connect(db, fault);
    db->may_create = 0;
    if (rv == APR_SUCCESS && db->driver->found) {
        rv = db->driver->found(db, fault);
    }
    while (rv == APR_SUCCESS && !is_done) {
        rv = advance(&is_done, db, fault, p);
        steps += (rv == APR_SUCCESS && !is_done);
    }
    if (rv == APR_SUCCESS && steps > 0) {
        amzx_log(db->env, AMZX_LOG_NOTICE, 200, APR_SUCCESS,
                 "database: schema brought to version %d",
                 amzx_schema_version());
    }
    return rv;
}

apr_status_t amzx_db_verify(amzx_db_t *db, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_rows_t *rows = NULL;
    apr_int64_t version;
    apr_status_t rv;

    rv = amzx_db_query(&rows, db, AMZX_SQL_SCHEMA_GET, NULL, 0, fault, p);
    if (rv != APR_SUCCESS) {
        return rv; /* a missing table is config.schema already */
    }
    version = amzx_rows_int(rows, 0, 0);
    if (version != amzx_schema_version()) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.schema",
                              "the database has schema %d, this build needs "
                              "%d: run amzxeroctl migrate",
                              (int)version, amzx_schema_version());
    }
    return APR_SUCCESS;
}

apr_status_t amzx_db_probe(amzx_db_t *db, amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_bind_t binds[] = { AMZX_I(amzx_now(db->env)) };
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    rv = amzx_txn_begin(&txn, db, fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_PROBE, binds, 1, fault, p);
    }
    amzx_txn_end(txn, APR_EGENERAL, NULL); /* rolls back either way */
    return rv;
}
