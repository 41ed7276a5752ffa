/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_db.h  SQLite and PostgreSQL through APR DBD: one connection,
 * typed statements, transactions that cannot lie.
 *
 * All SQL text is in amzx_sql.def. One connection belongs to one thread at a
 * time; none is held across an outbound call.
 */
#ifndef AMZX_DB_H
#define AMZX_DB_H

#include <apr_pools.h>
#include <apr_user.h>

#include "amzx_env.h"
#include "amzx_fault.h"

typedef enum { AMZX_DIALECT_SQLITE = 0, AMZX_DIALECT_PGSQL } amzx_dialect_e;

/** Statement ids, from amzx_sql.def: AMZX_SQL_RUN_PUT, ... */
typedef enum {
#define X(name, ...) AMZX_SQL_##name,
#include "amzx_sql.def"
#undef X
    AMZX_SQL_COUNT
} amzx_sql_e;

/**
 * "sqlite:/var/lib/amzxero/amzxero.db" or
 * "pgsql:host=... dbname=... user=..." (libpq keywords; a password comes
 * from a file by passfile=). Opened lazily, reconnected when broken. The
 * first amzx_db_open() of a process loads the driver: do it, or create a
 * pool, or start a writer, before there are several threads.
 */
typedef struct amzx_db_t amzx_db_t;

apr_status_t amzx_db_open(amzx_db_t **db, const char *dsn,
                          const amzx_env_t *env, amzx_fault_t *fault,
                          apr_pool_t *p);
void amzx_db_close(amzx_db_t *db);
amzx_dialect_e amzx_db_dialect(const amzx_db_t *db);

/**
 * Bring the schema up to date (one node does it, others wait), in order, each
 * step in a transaction. For SQLite also: WAL, owner and mode of file and
 * folder; network file systems are refused.
 */
apr_status_t amzx_db_migrate(amzx_db_t *db, amzx_fault_t *fault,
                             apr_pool_t *p);
/**
 * Make what a SQLite database needs so that a process of another user can
 * write it: folder (0700), file, .lock and, where they are, -wal and -shm,
 * given to uid and gid. For the httpd parent, which is root, before and after
 * amzx_db_migrate(), while this process has no connection to it open (closing
 * a file drops the locks of the process on it). Nothing is done for
 * PostgreSQL. Links are not followed.
 */
apr_status_t amzx_db_prepare_files(const char *dsn, apr_uid_t uid,
                                   apr_gid_t gid, amzx_fault_t *fault,
                                   apr_pool_t *p);
/** Is the schema the one this build needs? Else `config.schema`. */
apr_status_t amzx_db_verify(amzx_db_t *db, amzx_fault_t *fault,
                            apr_pool_t *p);
/** Can we write? A probe row in a rolled-back transaction. */
apr_status_t amzx_db_probe(amzx_db_t *db, amzx_fault_t *fault, apr_pool_t *p);

/** A write transaction: BEGIN IMMEDIATE under the writers' lock (SQLite),
 *  BEGIN (PostgreSQL). At most one per connection. */
typedef struct amzx_txn_t amzx_txn_t;

apr_status_t amzx_txn_begin(amzx_txn_t **txn, amzx_db_t *db,
                            amzx_fault_t *fault, apr_pool_t *p);
/**
 * Commit when rv is APR_SUCCESS and no statement failed; roll back else.
 * A NULL txn is fine. @return rv, or why the commit failed
 */
apr_status_t amzx_txn_end(amzx_txn_t *txn, apr_status_t rv,
                          amzx_fault_t *fault);

/** The dialect of its connection. */
amzx_dialect_e amzx_txn_dialect(const amzx_txn_t *txn);

/** Bound values: 'i' apr_int64_t, 's' text (NULL = SQL NULL). */
typedef struct {
    char type;
    apr_int64_t i;
    const char *s;
} amzx_bind_t;

#define AMZX_I(n) { 'i', (apr_int64_t)(n), NULL }
#define AMZX_S(t) { 's', 0, (t) }

/** A result: rows in memory, columns by index. */
typedef struct amzx_rows_t amzx_rows_t;

/**
 * Run a statement that changes rows.
 * @param count rows changed; may be NULL
 */
apr_status_t amzx_txn_exec(apr_int64_t *count, amzx_txn_t *txn, amzx_sql_e id,
                           const amzx_bind_t *binds, int bound,
                           amzx_fault_t *fault, apr_pool_t *p);
/** Run a statement that returns rows (SELECT, or ... RETURNING). */
apr_status_t amzx_txn_query(amzx_rows_t **rows, amzx_txn_t *txn,
                            amzx_sql_e id, const amzx_bind_t *binds,
                            int bound, amzx_fault_t *fault, apr_pool_t *p);
/** A read outside a transaction. */
apr_status_t amzx_db_query(amzx_rows_t **rows, amzx_db_t *db, amzx_sql_e id,
                           const amzx_bind_t *binds, int bound,
                           amzx_fault_t *fault, apr_pool_t *p);

int amzx_rows_count(const amzx_rows_t *rows);
/** NULL for SQL NULL. Lives as long as the rows. */
const char *amzx_rows_text(const amzx_rows_t *rows, int row, int column);
/** 0 for SQL NULL. */
apr_int64_t amzx_rows_int(const amzx_rows_t *rows, int row, int column);
int amzx_rows_is_null(const amzx_rows_t *rows, int row, int column);

/** The database's clock, UTC microseconds (SQLite: the host's). */
apr_status_t amzx_db_now(apr_time_t *now, amzx_db_t *db, amzx_fault_t *fault,
                         apr_pool_t *p);

/** A small pool of connections for web children: one per thread at a time. */
typedef struct amzx_db_pool_t amzx_db_pool_t;
apr_status_t amzx_db_pool_create(amzx_db_pool_t **pool, const char *dsn,
                                 int max, const amzx_env_t *env,
                                 apr_pool_t *p);
/** @return APR_TIMEUP (fault `limit.connections`) after 2 s without one */
apr_status_t amzx_db_pool_get(amzx_db_t **db, amzx_db_pool_t *pool,
                              amzx_fault_t *fault);
void amzx_db_pool_put(amzx_db_pool_t *pool, amzx_db_t *db);

#endif
