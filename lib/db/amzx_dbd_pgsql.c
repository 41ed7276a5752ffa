/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL through APR DBD: statements without a label, which go out by
 * PQexecParams and so survive a reconnect and poolers; random access, because
 * the driver sleeps 100 ms on an empty sequential result; BEGIN and COMMIT as
 * plain SQL, because the driver's own transactions crash on a dead connection
 * and report success after a failure.
 */
#include <dlfcn.h>
#include <string.h>
#include <apr_dbd.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "amzx_db_private.h"
#include "amzx_str.h"

#define MAX_BINDS 32
/* of libpq: PQERRORS_VERBOSE of PGVerbosity, CONNECTION_OK */
#define PQ_VERBOSE 2
#define PQ_CONNECTION_OK 0

typedef struct {
    apr_dbd_prepared_t *prepared;
    int place[MAX_BINDS]; /* bind of each placeholder, in order */
    int places;
} pgsql_stmt_t;

typedef struct {
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    int (*pq_status)(const void *conn); /* may be NULL */
    pgsql_stmt_t stmt[AMZX_SQL_COUNT];
} pgsql_conn_t;

typedef struct {
    const char *state; /* a prefix of the SQLSTATE */
    amzx_fault_class_e klass;
    apr_status_t status;
    const char *code;
    int is_lost;
} pgsql_error_t;

static const pgsql_error_t errors[] = {
    { "08", AMZX_FAULT_TRANSIENT, APR_ECONNRESET, "database.lost", 1 },
    { "57P", AMZX_FAULT_TRANSIENT, APR_ECONNRESET, "database.lost", 1 },
    { "25P03", AMZX_FAULT_TRANSIENT, APR_ECONNRESET, "database.lost", 1 },
    { "57014", AMZX_FAULT_TRANSIENT, APR_TIMEUP, "database.busy", 0 },
    { "40", AMZX_FAULT_TRANSIENT, APR_EAGAIN, "database.busy", 0 },
    { "55P03", AMZX_FAULT_TRANSIENT, APR_EAGAIN, "database.busy", 0 },
    { "53100", AMZX_FAULT_TRANSIENT, APR_ENOSPC, "database.full", 0 },
    { "53", AMZX_FAULT_TRANSIENT, APR_EAGAIN, "database.busy", 0 },
    { "58", AMZX_FAULT_TRANSIENT, APR_EGENERAL, "database.io", 0 },
    { "25006", AMZX_FAULT_CONFIG, APR_EACCES, "database.readonly", 1 },
    { "42501", AMZX_FAULT_CONFIG, APR_EACCES, "database.readonly", 0 },
    { "XX001", AMZX_FAULT_CONFIG, APR_EGENERAL, "database.corrupt", 0 },
    { "XX002", AMZX_FAULT_CONFIG, APR_EGENERAL, "database.corrupt", 0 },
    { "42P01", AMZX_FAULT_CONFIG, APR_EGENERAL, "config.schema", 0 },
    { "42703", AMZX_FAULT_CONFIG, APR_EGENERAL, "config.schema", 0 },
};

/*
 * The SQLSTATE of a verbose message, "ERROR:  23505: text": the severity may
 * be translated, so look for the shape. "" when there is none.
 */
static void sqlstate_of(char out[6], const char *message)
{
    const char *s = message;
    int i;

    out[0] = '\0';
    while (s && (s = strstr(s, ":  ")) != NULL) {
        s += 3;
        for (i = 0; i < 5 && (apr_isdigit(s[i]) || apr_isupper(s[i])); i++) {
            out[i] = s[i];
        }
        out[i] = '\0';
        if (i == 5 && s[5] == ':') {
            return;
        }
        out[0] = '\0';
    }
}

/*
 * The fault of the last failure. Never the server's own words: they quote
 * keys and values.
 */
static apr_status_t pgsql_fault(amzx_db_t *db, const char *what,
                                amzx_fault_t *fault)
{
    pgsql_conn_t *conn = db->conn;
    char state[6];
    apr_size_t i;

    sqlstate_of(state, apr_dbd_error(conn->driver, conn->handle, 0));
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        const pgsql_error_t *e = &errors[i];

        if (state[0] && strncmp(state, e->state, strlen(e->state)) == 0) {
            db->is_lost |= e->is_lost;
            return amzx_fault_set(fault, e->klass, e->status, e->code,
                                  "%s: SQLSTATE %s", what, state);
        }
    }
    if ((conn->pq_status
         && conn->pq_status(apr_dbd_native_handle(conn->driver, conn->handle))
                != PQ_CONNECTION_OK)
        || !state[0]) {
        /* without a SQLSTATE the server did not answer at all */
        db->is_lost = 1;
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_ECONNRESET,
                              "database.lost",
                              "%s: the connection to the database is lost",
                              what);
    }
    return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                          "database.error", "%s: SQLSTATE %s", what, state);
}

static apr_status_t pgsql_text(amzx_db_t *db, const char *sql,
                               amzx_fault_t *fault)
{
    pgsql_conn_t *conn = db->conn;
    int ignored = 0;

    if (apr_dbd_query(conn->driver, conn->handle, &ignored, sql) != 0) {
        return pgsql_fault(db, "statement", fault);
    }
    return APR_SUCCESS;
}

static void pgsql_disconnect(amzx_db_t *db)
{
    pgsql_conn_t *conn = db->conn;

    if (conn) {
        amzx_dbd_close(conn->driver, conn->handle);
        db->conn = NULL;
    }
}

/*
 * libpq is there once the driver is loaded, which APR does globally. We are
 * not linked against it, so that SQLite alone needs no PostgreSQL.
 */
static void use_libpq(pgsql_conn_t *conn)
{
    union {
        void *object;
        int (*verbosity)(void *conn, int level);
        int (*status)(const void *conn);
    } symbol;

    symbol.object = dlsym(RTLD_DEFAULT, "PQsetErrorVerbosity");
    if (symbol.object) {
        symbol.verbosity(apr_dbd_native_handle(conn->driver, conn->handle),
                         PQ_VERBOSE);
    }
    symbol.object = dlsym(RTLD_DEFAULT, "PQstatus");
    conn->pq_status = symbol.object ? symbol.status : NULL;
}

static apr_status_t pgsql_connect(amzx_db_t *db, amzx_fault_t *fault)
{
    /* Every statement is made for its index. A plan that reads a table or
     * an index as a whole, or is compiled first, is a plan gone wrong: the
     * statistics of a queue are always behind. */
    static const char *const settings =
        "SET client_encoding = 'UTF8'; SET jit = off;"
        " SET enable_seqscan = off; SET enable_bitmapscan = off;"
        " SET enable_hashjoin = off; SET enable_mergejoin = off;"
        " SET standard_conforming_strings = on;"
        " SET statement_timeout = '30s'; SET lock_timeout = '10s';"
        " SET idle_in_transaction_session_timeout = '60s';"
        " SET default_transaction_isolation = 'read committed';"
        " SET client_min_messages = error;"
        " DO 'BEGIN IF current_setting(''synchronous_commit'') = ''off'' THEN"
        " SET synchronous_commit = on; END IF; END'";
    pgsql_conn_t *conn = apr_pcalloc(db->live, sizeof(*conn));
    const void *driver = NULL;
    void *handle = NULL;
    const char *params = db->target;
    const char *error = NULL;
    apr_status_t rv;

    if (!strstr(params, "connect_timeout")) {
        params = apr_pstrcat(db->live, params, " connect_timeout=5", NULL);
    }
    if (!strstr(params, "application_name")) {
        params = apr_pstrcat(db->live, params, " application_name=amzxero",
                             NULL);
    }
    rv = amzx_dbd_open(&driver, &handle, db->driver->name, params, &error,
                       db->live);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_ECONNREFUSED,
                              "database.lost", "cannot connect: %s",
                              error ? error : "no reason given");
    }
    conn->driver = driver;
    conn->handle = handle;
    db->conn = conn;
    use_libpq(conn);
    rv = pgsql_text(db, settings, fault);
    if (rv != APR_SUCCESS) {
        pgsql_disconnect(db);
    }
    return rv;
}

/*
 * The text of a statement for apr_dbd: "?1" becomes "%lld::int8" or
 * "%s::text" by the type of the first bind, and so on. The cast is needed:
 * PostgreSQL does not guess the type of a bare parameter everywhere.
 */
static const char *translate(pgsql_stmt_t *stmt, const amzx_sql_t *sql,
                             const char *text, apr_pool_t *p)
{
    apr_size_t binds = strlen(sql->binds);
    amzx_buf_t b;
    const char *s;

    amzx_buf_init(&b, strlen(text) + 64, p);
    for (s = text; *s; s++) {
        apr_size_t n = 0;

        if (*s == '%') {
            amzx_buf_puts(&b, "%%");
            continue;
        }
        if (*s != '?' || !apr_isdigit(s[1])) {
            amzx_buf_putc(&b, *s);
            continue;
        }
        while (apr_isdigit(s[1])) {
            n = n * 10 + (apr_size_t)(s[1] - '0');
            s++;
        }
        if (n == 0 || n > binds || stmt->places == MAX_BINDS) {
            return NULL;
        }
        stmt->place[stmt->places++] = (int)n - 1;
        amzx_buf_puts(&b, sql->binds[n - 1] == 'i' ? "%lld::int8"
                                                   : "%s::text");
    }
    return b.s;
}

static apr_status_t prepare(pgsql_stmt_t **out, amzx_db_t *db, amzx_sql_e id,
                            amzx_fault_t *fault)
{
    pgsql_conn_t *conn = db->conn;
    pgsql_stmt_t *stmt = &conn->stmt[id];
    const amzx_sql_t *sql = &amzx_sql_table[id];
    const char *text;

    *out = stmt;
    if (stmt->prepared) {
        return APR_SUCCESS;
    }
    stmt->places = 0;
    text = translate(stmt, sql, amzx_sql_text(id, AMZX_DIALECT_PGSQL),
                     db->live);
    if (!text
        || apr_dbd_prepare(conn->driver, db->live, conn->handle, text, NULL,
                           &stmt->prepared) != 0) {
        stmt->prepared = NULL;
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                              "database.error", "%s: not a statement",
                              sql->name);
    }
    return APR_SUCCESS;
}

static amzx_rows_t *read_rows(pgsql_conn_t *conn, apr_dbd_results_t *res,
                              apr_pool_t *ptemp, apr_pool_t *p)
{
    amzx_rows_t *rows = amzx_rows_make(apr_dbd_num_cols(conn->driver, res),
                                       p);
    int count = apr_dbd_num_tuples(conn->driver, res);
    apr_dbd_row_t *row = NULL;
    int i;
    int k;

    for (i = 1; i <= count; i++) {
        amzx_cell_t *cells = amzx_rows_add(rows);

        if (apr_dbd_get_row(conn->driver, ptemp, res, &row, i) != 0) {
            return NULL;
        }
        for (k = 0; k < rows->columns; k++) {
            const char *s = NULL;

            /* get_entry would make "" of NULL */
            if (apr_dbd_datum_get(conn->driver, row, k, APR_DBD_TYPE_STRING,
                                  &s) == APR_SUCCESS
                && s) {
                cells[k].type = 's';
                cells[k].s = apr_pstrdup(p, s);
            }
        }
    }
    return rows;
}

static apr_status_t pgsql_run(amzx_db_t *db, amzx_call_t *call,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    const char *name = amzx_sql_table[call->id].name;
    pgsql_conn_t *conn = db->conn;
    apr_dbd_results_t *res = NULL;
    apr_pool_t *ptemp = NULL;
    const void *args[MAX_BINDS];
    pgsql_stmt_t *stmt;
    apr_status_t rv;
    int changed = 0;
    int failed;
    int i;

    rv = prepare(&stmt, db, call->id, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < stmt->places; i++) {
        const amzx_bind_t *b = &call->binds[stmt->place[i]];

        args[i] = b->type == 'i' ? (const void *)&b->i : (const void *)b->s;
    }
    apr_pool_create(&ptemp, p);
    if (!call->rows) {
        failed = apr_dbd_pbquery(conn->driver, ptemp, conn->handle, &changed,
                                 stmt->prepared, args);
    }
    else {
        failed = apr_dbd_pbselect(conn->driver, ptemp, conn->handle, &res,
                                  stmt->prepared, 1, args);
        if (!failed) {
            *call->rows = read_rows(conn, res, ptemp, p);
            failed = *call->rows == NULL;
        }
    }
    call->count = changed;
    if (failed) {
        rv = pgsql_fault(db, name, fault);
    }
    apr_pool_destroy(ptemp);
    return rv;
}

static apr_status_t pgsql_begin(amzx_db_t *db, amzx_fault_t *fault)
{
    return pgsql_text(db, "BEGIN", fault);
}

/* When the connection breaks here, nobody knows whether the server has
 * committed. That is "lost" too: writes must bear being repeated. */
static apr_status_t pgsql_commit(amzx_db_t *db, amzx_fault_t *fault)
{
    return pgsql_text(db, "COMMIT", fault);
}

static void pgsql_rollback(amzx_db_t *db)
{
    if (!db->is_lost && pgsql_text(db, "ROLLBACK", NULL) != APR_SUCCESS) {
        db->is_lost = 1;
    }
}

const amzx_driver_t amzx_driver_pgsql = {
    "pgsql",     pgsql_connect, pgsql_disconnect, pgsql_run, pgsql_text,
    pgsql_begin, pgsql_commit,  pgsql_rollback,   NULL
};
