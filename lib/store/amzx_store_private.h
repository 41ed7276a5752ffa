/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_store_private.h  What the files of lib/store share: sealing by
 * place, JSON lists for statements, and reading runs.
 */
#ifndef AMZX_STORE_PRIVATE_H
#define AMZX_STORE_PRIVATE_H

#include "amzx_store.h"
#include "amzx_str.h"

/** Number of values of a bind array. */
#define AMZX_BOUND(binds) ((int)(sizeof(binds) / sizeof((binds)[0])))

/** Where a sealed text lives; it opens nowhere else. */
typedef struct {
    const char *table;
    const char *column;
    const char *id;
} amzx_place_t;

/** Seal a text for its place; NULL stays NULL. */
apr_status_t amzx_store_seal(const char **sealed, const amzx_store_t *st,
                             const char *plain, amzx_place_t place,
                             amzx_fault_t *fault, apr_pool_t *p);
/** Open what amzx_store_seal() made; NULL stays NULL. */
apr_status_t amzx_store_open(const char **plain, const amzx_store_t *st,
                             const char *sealed, amzx_place_t place,
                             amzx_fault_t *fault, apr_pool_t *p);

/** Append a JSON string, or null for NULL. */
void amzx_store_json(amzx_buf_t *b, const char *s);

/** A run from columns 0.. of a row, without its input. */
void amzx_run_read(amzx_run_t *run, const amzx_rows_t *rows, int row);
#define AMZX_RUN_COLUMN_COUNT 26

/** Is a run in this state still to be dealt with? */
int amzx_run_state_is_open(amzx_run_state_e s);

/** Let the next of a partition come. */
apr_status_t amzx_run_promote(amzx_txn_t *txn, const char *tenant,
                              const char *partition, amzx_fault_t *fault,
                              apr_pool_t *p);

/** The state an event leads to from running; a bug when not allowed. */
apr_status_t amzx_run_after(amzx_run_state_e *next, amzx_run_event_e ev,
                            amzx_fault_t *fault);

/** The sealed data of a journal row. */
apr_status_t amzx_journal_seal(const char **data, const amzx_store_t *st,
                               const char *run_id, const amzx_entry_t *entry,
                               amzx_fault_t *fault, apr_pool_t *p);

/** What of an intent is sealed. */
typedef struct {
    const char *path;
    const char *body;
    const char *result;
    const char *body_sha; /**< set whenever there is a body */
} amzx_sealed_intent_t;
apr_status_t amzx_intent_seal(amzx_sealed_intent_t *sealed,
                              const amzx_store_t *st,
                              const amzx_intent_t *intent,
                              amzx_fault_t *fault, apr_pool_t *p);

#endif
