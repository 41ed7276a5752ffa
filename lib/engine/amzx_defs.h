/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_defs.h  The workflow definitions an engine knows: those of the
 * workflow folder, and older versions that parked runs still need.
 */
#ifndef AMZX_DEFS_H
#define AMZX_DEFS_H

#include "amzx_flow.h"
#include "amzx_store.h"

typedef struct amzx_defs_t amzx_defs_t;

/**
 * Load every *.xml of a folder whose root is <workflow>, in name order.
 *
 * The schema is amzxero-workflow-1.xsd of that folder, else of the installed
 * data folder. All problems of all files are collected.
 *
 * @param text receives the problems as lines "file:line:column: error: ...";
 *             "" when there are none. May be NULL.
 * @return APR_SUCCESS only when every file is without errors and no two files
 *         carry the same name
 */
apr_status_t amzx_defs_load(amzx_defs_t **defs, const char **text,
                            const char *dir, amzx_fault_t *fault,
                            apr_pool_t *p);

/** Write all definitions to the database (immutable by name and version). */
apr_status_t amzx_defs_publish(const amzx_defs_t *defs, amzx_txn_t *txn,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p);

int amzx_defs_count(const amzx_defs_t *defs);
const amzx_flow_t *amzx_defs_at(const amzx_defs_t *defs, int i);
/** The current version of a name; NULL when unknown. */
const amzx_flow_t *amzx_defs_find(const amzx_defs_t *defs, const char *name);

/**
 * The exact definition a run was started with; read from the database and
 * compiled when it is no longer in the folder.
 * @return CONFIG `config.definition` when it is nowhere
 */
apr_status_t amzx_defs_pinned(const amzx_flow_t **flow, amzx_defs_t *defs,
                              amzx_db_t *db, const char *name,
                              const char *sha, amzx_fault_t *fault);

#endif
