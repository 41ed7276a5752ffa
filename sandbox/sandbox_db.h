/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_db.h  The state file: SQLite, in sandbox_db.c alone. */
#ifndef AMZX_SANDBOX_DB_H
#define AMZX_SANDBOX_DB_H

#include <apr_pools.h>
#include <apr_tables.h>

/** The connections of one process. */
typedef struct sbx_dbs_t sbx_dbs_t;
/** One connection; used by one thread at a time. */
typedef struct sbx_db_t sbx_db_t;

/** The statements of sandbox_sql.def. */
typedef enum {
#define X(name, text) SBX_SQL_##name,
#include "sandbox_sql.def"
#undef X
    SBX_SQL_COUNT
} sbx_sql_e;

#define SBX_COLS 8

/** A row as text; a NULL column is NULL. */
typedef struct {
    const char *col[SBX_COLS];
} sbx_row_t;

/**
 * Open the state file, creating tables when missing.
 *
 * @param path the file; its directory must be writable by this process
 * @param why  what went wrong, in p
 */
apr_status_t sbx_dbs_open(sbx_dbs_t **dbs, const char *path,
                          const char **why, apr_pool_t *p);

/** Take a connection; NULL when none can be opened. */
sbx_db_t *sbx_db_take(sbx_dbs_t *dbs);
/** Give it back. A transaction that is still open is rolled back. */
void sbx_db_give(sbx_dbs_t *dbs, sbx_db_t *db);

/**
 * Run a statement that returns nothing of interest.
 *
 * @param rows changed rows; may be NULL
 * @param fmt  one letter per bind: 's' const char *, 'i' apr_int64_t
 */
apr_status_t sbx_db_run(int *rows, sbx_db_t *db, sbx_sql_e sql,
                        const char *fmt, ...);

/** Run a query; `rows` is an array of sbx_row_t in p. */
apr_status_t sbx_db_all(apr_array_header_t **rows, sbx_db_t *db,
                        sbx_sql_e sql, apr_pool_t *p, const char *fmt, ...);

/** The first row of a query; NULL when there is none. */
const sbx_row_t *sbx_db_one(sbx_db_t *db, sbx_sql_e sql, apr_pool_t *p,
                            const char *fmt, ...);

/**
 * Begin to write: waits for the other writers of this and all processes,
 * then for SQLite. Not nestable.
 */
apr_status_t sbx_db_begin(sbx_db_t *db);
/** Commit, or roll back when `keep` is 0, and let the next writer in. */
apr_status_t sbx_db_end(sbx_db_t *db, int keep);
/** Is a transaction of sbx_db_begin open? */
int sbx_db_is_writing(const sbx_db_t *db);

#endif
