/* SPDX-License-Identifier: Apache-2.0 */
/* The state file: connections, cached statements and the writers' lock. */
#include "sandbox_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <sqlite3.h>

struct sbx_db_t {
    sqlite3 *lite;
    sqlite3_stmt *st[SBX_SQL_COUNT];
    sbx_dbs_t *dbs;
    sbx_db_t *next;
    int is_writing;
};

struct sbx_dbs_t {
    const char *path;
    sbx_db_t *idle;
    sbx_db_t *all[16];
    int count;
    int lock_fd;
    apr_thread_mutex_t *mutex;   /* of the list */
    apr_thread_cond_t *given;    /* a connection came back */
    apr_thread_mutex_t *writing; /* of the lock: fcntl knows processes only */
    apr_pool_t *pool;
};

static const char *const sql_text[] = {
#define X(name, text) text,
#include "sandbox_sql.def"
#undef X
};

static const char *const schema_text[] = {
#define X(text) text,
#include "sandbox_schema.def"
#undef X
};

static void connection_close(sbx_db_t *db)
{
    int i;

    for (i = 0; i < SBX_SQL_COUNT; i++) {
        sqlite3_finalize(db->st[i]);
    }
    sqlite3_close(db->lite);
    free(db);
}

static sbx_db_t *connection_open(sbx_dbs_t *dbs)
{
    sbx_db_t *db = calloc(1, sizeof(*db));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_NOMUTEX;

    if (!db) {
        return NULL;
    }
    db->dbs = dbs;
    if (sqlite3_open_v2(dbs->path, &db->lite, flags, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db->lite, 10000) != SQLITE_OK ||
        sqlite3_exec(db->lite, "PRAGMA journal_mode=WAL", NULL, NULL,
                     NULL) != SQLITE_OK ||
        sqlite3_exec(db->lite, "PRAGMA synchronous=OFF", NULL, NULL, NULL) !=
            SQLITE_OK) {
        connection_close(db);
        return NULL;
    }
    return db;
}

/* POSIX record locks: gone with the process that held them, however it died. */
static apr_status_t file_lock(sbx_dbs_t *dbs, short type)
{
    struct flock l;

    memset(&l, 0, sizeof(l));
    l.l_type = type;
    l.l_whence = SEEK_SET;
    l.l_start = 0;
    l.l_len = 1;
    while (fcntl(dbs->lock_fd, F_SETLKW, &l) != 0) {
        if (errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t writers_enter(sbx_dbs_t *dbs)
{
    apr_status_t rv;

    apr_thread_mutex_lock(dbs->writing);
    rv = file_lock(dbs, F_WRLCK);
    if (rv != APR_SUCCESS) {
        apr_thread_mutex_unlock(dbs->writing);
    }
    return rv;
}

static void writers_leave(sbx_dbs_t *dbs)
{
    file_lock(dbs, F_UNLCK);
    apr_thread_mutex_unlock(dbs->writing);
}

static apr_status_t dbs_close(void *data)
{
    sbx_dbs_t *dbs = data;
    int i;

    for (i = 0; i < dbs->count; i++) {
        connection_close(dbs->all[i]);
    }
    dbs->count = 0;
    dbs->idle = NULL;
    if (dbs->lock_fd >= 0) {
        close(dbs->lock_fd);
        dbs->lock_fd = -1;
    }
    return APR_SUCCESS;
}

static apr_status_t schema_make(sbx_dbs_t *dbs, const char **why)
{
    sbx_db_t *db = NULL;
    apr_status_t rv;
    apr_size_t i;

    rv = writers_enter(dbs);
    if (rv != APR_SUCCESS) {
        *why = "cannot lock";
        return rv;
    }
    db = sbx_db_take(dbs);
    if (!db) {
        *why = "cannot open the file for writing";
        rv = APR_EGENERAL;
    }
    for (i = 0; db && i < sizeof(schema_text) / sizeof(*schema_text); i++) {
        if (sqlite3_exec(db->lite, schema_text[i], NULL, NULL, NULL) !=
            SQLITE_OK) {
            *why = apr_pstrdup(dbs->pool, sqlite3_errmsg(db->lite));
            rv = APR_EGENERAL;
            break;
        }
    }
    if (db) {
        sbx_db_give(dbs, db);
    }
    writers_leave(dbs);
    return rv;
}

apr_status_t sbx_dbs_open(sbx_dbs_t **out, const char *path,
                          const char **why, apr_pool_t *p)
{
    sbx_dbs_t *dbs = apr_pcalloc(p, sizeof(*dbs));
    const char *lock = apr_pstrcat(p, path, ".lock", NULL);
    apr_status_t rv;

    *out = NULL;
    *why = "";
    dbs->pool = p;
    dbs->path = apr_pstrdup(p, path);
    apr_thread_mutex_create(&dbs->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_thread_cond_create(&dbs->given, p);
    apr_thread_mutex_create(&dbs->writing, APR_THREAD_MUTEX_DEFAULT, p);
    dbs->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dbs->lock_fd < 0) {
        rv = APR_FROM_OS_ERROR(errno);
        *why = apr_psprintf(p, "cannot open %s", lock);
        return rv;
    }
    apr_pool_cleanup_register(p, dbs, dbs_close, apr_pool_cleanup_null);
    rv = schema_make(dbs, why);
    if (rv == APR_SUCCESS) {
        *out = dbs;
    }
    return rv;
}

sbx_db_t *sbx_db_take(sbx_dbs_t *dbs)
{
    const int room = (int)(sizeof(dbs->all) / sizeof(*dbs->all));
    sbx_db_t *db = NULL;

    apr_thread_mutex_lock(dbs->mutex);
    while (!dbs->idle && dbs->count == room) {
        apr_thread_cond_wait(dbs->given, dbs->mutex);
    }
    if (dbs->idle) {
        db = dbs->idle;
        dbs->idle = db->next;
    }
    else {
        db = connection_open(dbs);
        if (db) {
            dbs->all[dbs->count++] = db;
        }
    }
    apr_thread_mutex_unlock(dbs->mutex);
    return db;
}

void sbx_db_give(sbx_dbs_t *dbs, sbx_db_t *db)
{
    if (db->is_writing) {
        sbx_db_end(db, 0);
    }
    apr_thread_mutex_lock(dbs->mutex);
    db->next = dbs->idle;
    dbs->idle = db;
    apr_thread_cond_signal(dbs->given);
    apr_thread_mutex_unlock(dbs->mutex);
}

/* The statement with its binds; NULL when it does not prepare. */
static sqlite3_stmt *bound(sbx_db_t *db, sbx_sql_e sql, const char *fmt,
                           va_list args)
{
    sqlite3_stmt *st = db->st[sql];
    const char *s;
    int i;

    if (!st) {
        if (sqlite3_prepare_v3(db->lite, sql_text[sql], -1,
                               SQLITE_PREPARE_PERSISTENT, &st,
                               NULL) != SQLITE_OK) {
            return NULL;
        }
        db->st[sql] = st;
    }
    for (i = 1; fmt && *fmt; fmt++, i++) {
        if (*fmt == 'i') {
            sqlite3_bind_int64(st, i, va_arg(args, apr_int64_t));
        }
        else {
            s = va_arg(args, const char *);
            if (s) {
                sqlite3_bind_text(st, i, s, -1, SQLITE_STATIC);
            }
            else {
                sqlite3_bind_null(st, i);
            }
        }
    }
    return st;
}

static const char *column(sqlite3_stmt *st, int i, apr_pool_t *p)
{
    const unsigned char *s;
    int len;

    if (i >= sqlite3_column_count(st)) {
        return NULL;
    }
    s = sqlite3_column_text(st, i);
    len = sqlite3_column_bytes(st, i);
    return s ? apr_pstrmemdup(p, (const char *)s, (apr_size_t)len) : NULL;
}

static void row_read(sbx_row_t *row, sqlite3_stmt *st, apr_pool_t *p)
{
    int i;

    for (i = 0; i < SBX_COLS; i++) {
        row->col[i] = column(st, i, p);
    }
}

static void finish(sqlite3_stmt *st)
{
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
}

apr_status_t sbx_db_run(int *rows, sbx_db_t *db, sbx_sql_e sql,
                        const char *fmt, ...)
{
    sqlite3_stmt *st;
    va_list args;
    int rc;

    if (rows) {
        *rows = 0;
    }
    va_start(args, fmt);
    st = bound(db, sql, fmt, args);
    va_end(args);
    if (!st) {
        return APR_EGENERAL;
    }
    do {
        rc = sqlite3_step(st);
    } while (rc == SQLITE_ROW);
    finish(st);
    if (rc != SQLITE_DONE) {
        return APR_EGENERAL;
    }
    if (rows) {
        *rows = sqlite3_changes(db->lite);
    }
    return APR_SUCCESS;
}

apr_status_t sbx_db_all(apr_array_header_t **rows, sbx_db_t *db,
                        sbx_sql_e sql, apr_pool_t *p, const char *fmt, ...)
{
    sqlite3_stmt *st;
    va_list args;
    int rc;

    *rows = apr_array_make(p, 8, sizeof(sbx_row_t));
    va_start(args, fmt);
    st = bound(db, sql, fmt, args);
    va_end(args);
    if (!st) {
        return APR_EGENERAL;
    }
    rc = sqlite3_step(st);
    while (rc == SQLITE_ROW) {
        row_read(apr_array_push(*rows), st, p);
        rc = sqlite3_step(st);
    }
    finish(st);
    return rc == SQLITE_DONE ? APR_SUCCESS : APR_EGENERAL;
}

const sbx_row_t *sbx_db_one(sbx_db_t *db, sbx_sql_e sql, apr_pool_t *p,
                            const char *fmt, ...)
{
    sbx_row_t *row = NULL;
    sqlite3_stmt *st;
    va_list args;

    va_start(args, fmt);
    st = bound(db, sql, fmt, args);
    va_end(args);
    if (st) {
        if (sqlite3_step(st) == SQLITE_ROW) {
            row = apr_palloc(p, sizeof(*row));
            row_read(row, st, p);
        }
        finish(st);
    }
    return row;
}

apr_status_t sbx_db_begin(sbx_db_t *db)
{
    apr_status_t rv = writers_enter(db->dbs);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = sbx_db_run(NULL, db, SBX_SQL_BEGIN, NULL);
    if (rv != APR_SUCCESS) {
        writers_leave(db->dbs);
        return rv;
    }
    db->is_writing = 1;
    return APR_SUCCESS;
}

apr_status_t sbx_db_end(sbx_db_t *db, int keep)
{
    apr_status_t rv;

    if (!db->is_writing) {
        return APR_SUCCESS;
    }
    rv = sbx_db_run(NULL, db, keep ? SBX_SQL_COMMIT : SBX_SQL_ROLLBACK, NULL);
    if (rv != APR_SUCCESS && keep) {
        sbx_db_run(NULL, db, SBX_SQL_ROLLBACK, NULL);
    }
    db->is_writing = 0;
    writers_leave(db->dbs);
    return rv;
}

int sbx_db_is_writing(const sbx_db_t *db)
{
    return db->is_writing;
}
