/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzxero_proc.h  Between the files that run the engine. */
#ifndef AMZXERO_PROC_H
#define AMZXERO_PROC_H

#include "mod_amzxero.h"

/** An engine on its way: what signals and threads may look at. */
typedef struct {
    amzx_env_t env;
    amzx_defs_t *defs;
    amzx_engine_t *volatile engine; /**< NULL unless it runs */
    volatile int must_stop;
} amzxero_runner_t;

/** Make the engine, again and again until it can be, and run it to its end.
 *  @param root see amzxero_engine_root() */
void amzxero_engine_run(amzxero_runner_t *run, apr_pool_t *root);
/** Ask it to end. Async-signal-safe. */
void amzxero_engine_stop(amzxero_runner_t *run);
/** A pool without parent, with an allocator that gives memory back. */
apr_status_t amzxero_engine_root(apr_pool_t **root);
/** Count in the engine's slot of the shared block. */
void amzxero_engine_count(amzx_env_t *env, amzx_counters_t *counters);

#endif
