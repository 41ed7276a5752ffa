/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite. APR DBD opens the database; statements run on its native handle,
 * because the driver holds one mutex of the process through every step and
 * cannot re-prepare what a change of the schema made stale.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sqlite3.h>
#include <apr_strings.h>

#include "amzx_db_private.h"
#include "amzx_db_lock.h"

/* How often a busy statement is tried; the sleeps add up to two seconds. */
#define TRIES 24
#define SLEEP_MAX_US (100 * 1000)

typedef struct {
    const void *driver;
    void *handle;
    sqlite3 *db;
    amzx_db_lock_t *lock;
    sqlite3_stmt *stmt[AMZX_SQL_COUNT];
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
} sqlite_conn_t;

typedef struct {
    int rc; /* primary result code */
    amzx_fault_class_e klass;
    apr_status_t status;
    const char *code;
    int is_lost; /* better begin with a new connection */
} sqlite_error_t;

static const sqlite_error_t errors[] = {
    { SQLITE_BUSY, AMZX_FAULT_TRANSIENT, APR_EAGAIN, "database.busy", 0 },
    { SQLITE_LOCKED, AMZX_FAULT_TRANSIENT, APR_EAGAIN, "database.busy", 0 },
    { SQLITE_FULL, AMZX_FAULT_TRANSIENT, APR_ENOSPC, "database.full", 0 },
    { SQLITE_NOMEM, AMZX_FAULT_TRANSIENT, APR_ENOMEM, "database.io", 0 },
    { SQLITE_IOERR, AMZX_FAULT_TRANSIENT, APR_EGENERAL, "database.io", 1 },
    { SQLITE_PROTOCOL, AMZX_FAULT_TRANSIENT, APR_EAGAIN, "database.busy", 1 },
    { SQLITE_READONLY, AMZX_FAULT_CONFIG, APR_EACCES, "database.readonly",
      1 },
    { SQLITE_PERM, AMZX_FAULT_CONFIG, APR_EACCES, "database.readonly", 1 },
    { SQLITE_AUTH, AMZX_FAULT_CONFIG, APR_EACCES, "database.readonly", 1 },
    { SQLITE_CANTOPEN, AMZX_FAULT_CONFIG, APR_EACCES, "database.readonly",
      1 },
    { SQLITE_CORRUPT, AMZX_FAULT_CONFIG, APR_EGENERAL, "database.corrupt",
      1 },
    { SQLITE_NOTADB, AMZX_FAULT_CONFIG, APR_EGENERAL, "database.corrupt", 1 },
};

/* A write that failed for want of room, whatever the system called it. */
static int is_full(sqlite3 *db, int rc)
{
    int e = db ? sqlite3_system_errno(db) : 0;

    return (rc & 0xff) == SQLITE_FULL
           || ((rc & 0xff) == SQLITE_IOERR
               && (e == ENOSPC || e == EDQUOT || e == EFBIG));
}

/*
 * The fault of a result code. SQLite's own message is passed on only for
 * texts of ours that do not compile: others may quote data.
 */
static apr_status_t sqlite_fault(amzx_db_t *db, int rc, const char *what,
                                 amzx_fault_t *fault)
{
    sqlite_conn_t *conn = db->conn;
    sqlite3 *native = conn ? conn->db : NULL;
    int extended = native ? sqlite3_extended_errcode(native) : rc;
    const char *text = native ? sqlite3_errmsg(native) : "";
    apr_size_t i;

    if ((extended & 0xff) != (rc & 0xff)) {
        extended = rc;
    }
    if (is_full(native, extended)) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_ENOSPC,
                              "database.full",
                              "no room left for the database (%s)", what);
    }
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].rc == (rc & 0xff)) {
            db->is_lost |= errors[i].is_lost;
            return amzx_fault_set(fault, errors[i].klass, errors[i].status,
                                  errors[i].code, "%s: %s (SQLite %d)", what,
                                  sqlite3_errstr(rc & 0xff), extended);
        }
    }
    if ((rc & 0xff) == SQLITE_ERROR && strncmp(text, "no such ", 8) == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EGENERAL,
                              "config.schema", "%s: %s", what, text);
    }
    return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                          "database.error", "%s: %s (SQLite %d)", what,
                          sqlite3_errstr(rc & 0xff), extended);
}

static apr_interval_time_t sleep_us(int attempt)
{
    return attempt > 6 ? SLEEP_MAX_US : (apr_interval_time_t)1000 << attempt;
}

/*
 * The first step of a statement. Under the writers' lock nobody else writes,
 * so busy is rare: a recovery, a checkpoint at another's close, a backup.
 */
static int first_step(sqlite3_stmt *stmt)
{
    int rc = SQLITE_BUSY;
    int i;

    for (i = 0; i < TRIES; i++) {
        rc = sqlite3_step(stmt);
        if ((rc & 0xff) != SQLITE_BUSY) {
            break;
        }
        sqlite3_reset(stmt);
        apr_sleep(sleep_us(i));
    }
    return rc;
}

/* Compiling reads the schema, so it meets the same few busy moments. */
static int compile(sqlite3_stmt **stmt, sqlite3 *db, const char *sql,
                   unsigned flags)
{
    int rc = SQLITE_BUSY;
    int i;

    for (i = 0; i < TRIES; i++) {
        rc = sqlite3_prepare_v3(db, sql, -1, flags, stmt, NULL);
        if ((rc & 0xff) != SQLITE_BUSY) {
            break;
        }
        apr_sleep(sleep_us(i));
    }
    return rc;
}

static apr_status_t sqlite_text(amzx_db_t *db, const char *sql,
                                amzx_fault_t *fault)
{
    sqlite_conn_t *conn = db->conn;
    sqlite3_stmt *stmt = NULL;
    apr_status_t rv = APR_SUCCESS;
    int rc;

    rc = compile(&stmt, conn->db, sql, 0);
    if (rc == SQLITE_OK) {
        rc = first_step(stmt);
        while (rc == SQLITE_ROW) {
            rc = sqlite3_step(stmt);
        }
    }
    if (rc != SQLITE_DONE) {
        rv = sqlite_fault(db, rc, "statement", fault);
    }
    sqlite3_finalize(stmt);
    return rv;
}

static apr_status_t prepare(sqlite3_stmt **stmt, amzx_db_t *db,
                            const char *sql, const char *what,
                            amzx_fault_t *fault)
{
    sqlite_conn_t *conn = db->conn;
    int rc;

    if (*stmt) {
        return APR_SUCCESS;
    }
    rc = compile(stmt, conn->db, sql, SQLITE_PREPARE_PERSISTENT);
    if (rc != SQLITE_OK) {
        *stmt = NULL;
        return sqlite_fault(db, rc, what, fault);
    }
    return APR_SUCCESS;
}

static void sqlite_disconnect(amzx_db_t *db)
{
    sqlite_conn_t *conn = db->conn;
    int i;

    if (!conn) {
        return;
    }
    for (i = 0; i < AMZX_SQL_COUNT; i++) {
        sqlite3_finalize(conn->stmt[i]);
    }
    sqlite3_finalize(conn->begin);
    sqlite3_finalize(conn->commit);
    amzx_dbd_close(conn->driver, conn->handle);
    amzx_db_lock_drop(conn->lock);
    db->conn = NULL;
}

static apr_status_t sqlite_connect(amzx_db_t *db, amzx_fault_t *fault)
{
    static const char *const pragmas[] = {
        "PRAGMA synchronous = FULL",       "PRAGMA wal_autocheckpoint = 250",
        "PRAGMA foreign_keys = OFF",       "PRAGMA temp_store = MEMORY",
        "PRAGMA mmap_size = 0",            "PRAGMA trusted_schema = OFF",
        "PRAGMA cell_size_check = ON",     "PRAGMA cache_size = -4096",
    };
    sqlite_conn_t *conn = apr_pcalloc(db->live, sizeof(*conn));
    const char *error = NULL;
    apr_status_t rv;
    apr_size_t i;

    rv = amzx_file_system_check(db->target, fault, db->live);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (access(db->target, F_OK) != 0 && errno == ENOENT) {
        rv = db->may_create
                 ? amzx_db_files_make(db->target, fault, db->live)
                 : amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                                  "config.schema",
                                  "there is no database %s yet", db->target);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = amzx_dbd_open(&conn->driver, &conn->handle, db->driver->name,
                       db->target, &error, db->live);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "database.readonly", "cannot open %s: %s",
                              db->target, error ? error : "no reason given");
    }
    conn->db = amzx_dbd_native(conn->driver, conn->handle);
    conn->lock = amzx_db_lock_make(db->target, db->live);
    db->conn = conn;
    sqlite3_extended_result_codes(conn->db, 1);
    for (i = 0; rv == APR_SUCCESS && i < sizeof(pragmas) / sizeof(*pragmas);
         i++) {
        rv = sqlite_text(db, pragmas[i], fault);
    }
    if (rv != APR_SUCCESS) {
        sqlite_disconnect(db);
    }
    return rv;
}

static int bind_all(sqlite3_stmt *stmt, const amzx_call_t *call)
{
    int wanted = sqlite3_bind_parameter_count(stmt);
    int rc = wanted > call->bound ? SQLITE_RANGE : SQLITE_OK;
    int i;

    for (i = 0; rc == SQLITE_OK && i < call->bound && i < wanted; i++) {
        const amzx_bind_t *b = &call->binds[i];

        if (b->type == 'i') {
            rc = sqlite3_bind_int64(stmt, i + 1, b->i);
        }
        else if (b->s) {
            rc = sqlite3_bind_text(stmt, i + 1, b->s, -1, SQLITE_STATIC);
        }
        else {
            rc = sqlite3_bind_null(stmt, i + 1);
        }
    }
    return rc;
}

static void read_row(amzx_rows_t *rows, sqlite3_stmt *stmt)
{
    amzx_cell_t *cells = amzx_rows_add(rows);
    int i;

    for (i = 0; i < rows->columns; i++) {
        int type = sqlite3_column_type(stmt, i);

        if (type == SQLITE_INTEGER) {
            cells[i].type = 'i';
            cells[i].i = sqlite3_column_int64(stmt, i);
        }
        else if (type != SQLITE_NULL) {
            const unsigned char *s = sqlite3_column_text(stmt, i);
            int len = sqlite3_column_bytes(stmt, i);

            cells[i].type = 's';
            cells[i].s = apr_pstrmemdup(rows->pool,
                                        s ? (const char *)s : "",
                                        s ? (apr_size_t)len : 0);
        }
    }
}

static apr_status_t sqlite_run(amzx_db_t *db, amzx_call_t *call,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    const char *name = amzx_sql_table[call->id].name;
    sqlite_conn_t *conn = db->conn;
    amzx_rows_t *rows = NULL;
    sqlite3_stmt *stmt;
    apr_status_t rv;
    int rc;

    rv = prepare(&conn->stmt[call->id], db,
                 amzx_sql_text(call->id, AMZX_DIALECT_SQLITE), name, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    stmt = conn->stmt[call->id];
    rc = bind_all(stmt, call);
    if (rc == SQLITE_OK) {
        rc = first_step(stmt);
    }
    if (call->rows && (rc == SQLITE_ROW || rc == SQLITE_DONE)) {
        rows = amzx_rows_make(sqlite3_column_count(stmt), p);
    }
    while (rc == SQLITE_ROW) {
        if (rows) {
            read_row(rows, stmt);
        }
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_DONE) {
        call->count = sqlite3_stmt_readonly(stmt)
                          ? 0
                          : sqlite3_changes(conn->db);
        if (call->rows) {
            *call->rows = rows;
        }
    }
    else {
        rv = sqlite_fault(db, rc, name, fault);
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return rv;
}

static apr_status_t step_text(sqlite3_stmt **stmt, amzx_db_t *db,
                              const char *sql, amzx_fault_t *fault)
{
    apr_status_t rv = prepare(stmt, db, sql, sql, fault);
    int rc;

    if (rv == APR_SUCCESS) {
        rc = first_step(*stmt);
        if (rc != SQLITE_DONE) {
            rv = sqlite_fault(db, rc, sql, fault);
        }
        sqlite3_reset(*stmt);
    }
    return rv;
}

static apr_status_t sqlite_begin(amzx_db_t *db, amzx_fault_t *fault)
{
    sqlite_conn_t *conn = db->conn;
    apr_status_t rv;

    rv = amzx_db_lock_take(conn->lock, fault);
    if (rv == APR_SUCCESS) {
        rv = step_text(&conn->begin, db, "BEGIN IMMEDIATE", fault);
        if (rv != APR_SUCCESS) {
            amzx_db_lock_give(conn->lock);
        }
    }
    return rv;
}

static void sqlite_rollback(amzx_db_t *db)
{
    sqlite_conn_t *conn = db->conn;

    if (!sqlite3_get_autocommit(conn->db)
        && sqlite_text(db, "ROLLBACK", NULL) != APR_SUCCESS) {
        db->is_lost = 1; /* closing the connection rolls back for sure */
    }
    amzx_db_lock_give(conn->lock);
}

static apr_status_t sqlite_commit(amzx_db_t *db, amzx_fault_t *fault)
{
    sqlite_conn_t *conn = db->conn;
    apr_status_t rv;

    if (sqlite3_get_autocommit(conn->db)) {
        /* an error inside made SQLite roll back by itself */
        amzx_db_lock_give(conn->lock);
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                              "database.io",
                              "the transaction was already rolled back");
    }
    rv = step_text(&conn->commit, db, "COMMIT", fault);
    if (rv != APR_SUCCESS) {
        sqlite_rollback(db);
        return rv;
    }
    amzx_db_lock_give(conn->lock);
    return APR_SUCCESS;
}

static apr_status_t sqlite_found(amzx_db_t *db, amzx_fault_t *fault)
{
    sqlite_conn_t *conn = db->conn;
    sqlite3_stmt *stmt = NULL;
    const char *mode = NULL;
    apr_status_t rv;
    int rc;

    rv = amzx_db_lock_take(conn->lock, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rc = compile(&stmt, conn->db, "PRAGMA journal_mode = WAL", 0);
    if (rc == SQLITE_OK) {
        rc = first_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        mode = (const char *)sqlite3_column_text(stmt, 0);
        if (!mode || strcmp(mode, "wal") != 0) {
            rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOTIMPL,
                                "database.readonly",
                                "%s cannot be put into WAL mode", db->target);
        }
    }
    else {
        rv = sqlite_fault(db, rc, "journal_mode", fault);
    }
    sqlite3_finalize(stmt);
    amzx_db_lock_give(conn->lock);
    return rv;
}

const amzx_driver_t amzx_driver_sqlite = {
    "sqlite3",   sqlite_connect, sqlite_disconnect, sqlite_run,  sqlite_text,
    sqlite_begin, sqlite_commit, sqlite_rollback,   sqlite_found
};
