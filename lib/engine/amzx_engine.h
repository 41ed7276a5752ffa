/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_engine.h  The engine: one event loop that claims due runs,
 * advances each as far as it can, and commits what happened in a tick in one
 * transaction.
 *
 *     inbox -> runs -> claim -> machine -> intent --commit--> HTTP -> result
 *                                   ^                            |
 *                                   +------------ commit --------+
 */
#ifndef AMZX_ENGINE_H
#define AMZX_ENGINE_H

#include "amzx_defs.h"
#include "amzx_http.h"
#include "amzx_site.h"
#include "amzx_store.h"

typedef struct amzx_engine_t amzx_engine_t;

typedef struct {
    const amzx_env_t *env;
    const amzx_site_t *site;
    amzx_defs_t *defs;
    const amzx_keyring_t *ring; /**< NULL: stored bodies stay readable */
    int wake_fd;                /**< eventfd that web children write; -1 */
    amzx_http_t *http;          /**< NULL: a curl client of its own */
    amzx_loop_t *loop;          /**< NULL: a loop of its own */
} amzx_engine_options_t;

/**
 * Open the database, verify the schema, publish the definitions, take back
 * what dead engines of this host held.
 *
 * @pool{the engine's root; everything it allocates}
 */
apr_status_t amzx_engine_make(amzx_engine_t **engine,
                              const amzx_engine_options_t *options,
                              amzx_fault_t *fault, apr_pool_t *p);

/** Run until stopped and drained. A lost database is waited for. */
apr_status_t amzx_engine_run(amzx_engine_t *engine);

/** One tick, waiting at most max_wait_us for events: tests, simulator.
 *  @return 1 when something happened */
int amzx_engine_tick(amzx_engine_t *engine, apr_interval_time_t max_wait_us);

/** Stop claiming, finish or abandon what is in flight within the drain time,
 *  give leases back, return from run. Async-signal-safe. */
void amzx_engine_stop(amzx_engine_t *engine);

/** Its lease owner: host, process and a random part. */
const char *amzx_engine_owner(const amzx_engine_t *engine);
/** Runs held in memory now. */
int amzx_engine_live(const amzx_engine_t *engine);

#endif
