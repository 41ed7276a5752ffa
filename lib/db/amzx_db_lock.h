/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_db_lock.h  The writers' lock of a SQLite database.
 *
 * One flock() on "<database>.lock" goes round every write transaction, so
 * that writers of all threads, processes and httpd instances of a host queue
 * up fairly instead of meeting SQLITE_BUSY. The kernel frees it when its
 * holder dies.
 */
#ifndef AMZX_DB_LOCK_H
#define AMZX_DB_LOCK_H

#include <apr_pools.h>
#include <apr_time.h>

#include "amzx_fault.h"

typedef struct amzx_db_lock_t amzx_db_lock_t;

/** A lock of one connection; its descriptor is opened at first use. */
amzx_db_lock_t *amzx_db_lock_make(const char *database, apr_pool_t *p);
/** How long amzx_db_lock_take() waits; ten seconds unless told. */
void amzx_db_lock_patience(amzx_db_lock_t *lock, apr_interval_time_t us);
/** @return APR_EAGAIN (`database.busy`) when its patience is over */
apr_status_t amzx_db_lock_take(amzx_db_lock_t *lock, amzx_fault_t *fault);
void amzx_db_lock_give(amzx_db_lock_t *lock);
/** Close the descriptor, and with it give the lock. */
void amzx_db_lock_drop(amzx_db_lock_t *lock);

#endif
