/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_db_private.h  What the files of lib/db share: the catalogue as a
 * table, rows in memory and the two drivers. Nobody else includes this.
 */
#ifndef AMZX_DB_PRIVATE_H
#define AMZX_DB_PRIVATE_H

#include "amzx_db.h"

/** One statement of amzx_sql.def. */
typedef struct {
    const char *name;    /**< as in AMZX_SQL_<name> */
    const char *binds;   /**< types by position: 'i' or 's' */
    const char *text[2]; /**< by amzx_dialect_e; ?1, ?2 ... in both */
} amzx_sql_t;

extern const amzx_sql_t amzx_sql_table[AMZX_SQL_COUNT];

/** The text of a statement in a dialect. */
const char *amzx_sql_text(amzx_sql_e id, amzx_dialect_e dialect);

/** One statement of one schema step, from amzx_migrations.def. */
typedef struct {
    int version;
    const char *text;
} amzx_step_t;

/** The steps of a dialect in order, ended by a NULL text. */
const amzx_step_t *amzx_schema_steps(amzx_dialect_e dialect);
/** The version this build needs. */
int amzx_schema_version(void);

typedef struct {
    char type; /**< 'n' NULL, 'i' or 's' */
    apr_int64_t i;
    const char *s;
} amzx_cell_t;

struct amzx_rows_t {
    apr_pool_t *pool;
    amzx_cell_t *cells;
    int count;
    int columns;
    int room;
};

amzx_rows_t *amzx_rows_make(int columns, apr_pool_t *p);
/** Room for one more row: its cells, all NULL. */
amzx_cell_t *amzx_rows_add(amzx_rows_t *rows);

/** One run of a statement, as a driver sees it. */
typedef struct {
    amzx_sql_e id;
    const amzx_bind_t *binds;
    int bound;
    amzx_rows_t **rows; /**< NULL: only the count is wanted */
    apr_int64_t count;  /**< out: rows changed */
} amzx_call_t;

/**
 * A driver. Every function fills the fault and says in db->is_lost whether
 * the connection is of no more use.
 */
typedef struct {
    const char *name; /**< as APR calls it */
    apr_status_t (*connect)(amzx_db_t *db, amzx_fault_t *fault);
    void (*disconnect)(amzx_db_t *db);
    apr_status_t (*run)(amzx_db_t *db, amzx_call_t *call, amzx_fault_t *fault,
                        apr_pool_t *p);
    apr_status_t (*text)(amzx_db_t *db, const char *sql, amzx_fault_t *fault);
    apr_status_t (*begin)(amzx_db_t *db, amzx_fault_t *fault);
    apr_status_t (*commit)(amzx_db_t *db, amzx_fault_t *fault);
    void (*rollback)(amzx_db_t *db);
    /** Before the first migration: WAL, modes. May be NULL. */
    apr_status_t (*found)(amzx_db_t *db, amzx_fault_t *fault);
} amzx_driver_t;

extern const amzx_driver_t amzx_driver_sqlite;
extern const amzx_driver_t amzx_driver_pgsql;

struct amzx_txn_t {
    amzx_db_t *db; /**< NULL once over */
    amzx_dialect_e dialect;
    apr_pool_t *pool;
    apr_status_t failed; /**< of the first statement that failed */
    amzx_fault_t fault;  /**< of the same */
};

struct amzx_db_t {
    apr_pool_t *pool; /**< of the object */
    apr_pool_t *live; /**< of the connection; NULL when there is none */
    const amzx_env_t *env;
    const amzx_driver_t *driver;
    amzx_dialect_e dialect;
    const char *target; /**< path or libpq keywords */
    void *conn;         /**< the driver's own; NULL when there is none */
    amzx_txn_t *txn;    /**< the open one */
    int is_lost;
    int may_create; /**< migrations may make a SQLite file */
};

/** Open the connection when there is none. */
apr_status_t amzx_db_connect(amzx_db_t *db, amzx_fault_t *fault);
/** Close it; the object stays and reconnects at its next use. */
void amzx_db_disconnect(amzx_db_t *db);

/** Are the bound values those of the catalogue? A bug when not. */
apr_status_t amzx_call_check(const amzx_call_t *call, amzx_fault_t *fault);

/** Load a driver of APR; the first time this is not for several threads. */
apr_status_t amzx_dbd_load(const char *name, amzx_fault_t *fault,
                           apr_pool_t *p);
/** apr_dbd_open() by driver name. */
apr_status_t amzx_dbd_open(const void **driver, void **handle,
                           const char *name, const char *params,
                           const char **error, apr_pool_t *p);
void amzx_dbd_close(const void *driver, void *handle);
void *amzx_dbd_native(const void *driver, void *handle);

/** Refuse file systems on which SQLite's locks or shared memory fail. */
apr_status_t amzx_file_system_check(const char *path, amzx_fault_t *fault,
                                    apr_pool_t *p);
/** Folder 0700, file and lock file 0600, made when missing. */
apr_status_t amzx_db_files_make(const char *path, amzx_fault_t *fault,
                                apr_pool_t *p);

#endif
