/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_seed.h  Filling the sandbox: named worlds and orders. */
#ifndef AMZX_SANDBOX_SEED_H
#define AMZX_SANDBOX_SEED_H

#include "sandbox.h"

/** The JSON text (with ' for ") of a named seed; NULL when unknown. */
const char *sbx_seed_text(const char *name);

/**
 * Forget everything and build a world.
 *
 * @param seed an object as described in docs/sandbox.md
 * @param why  what is wrong with it
 */
apr_status_t sbx_seed_load(sbx_req_t *req, const amzx_val_t *seed,
                           const char **why);

/** The named seed as a value; NULL when unknown. */
const amzx_val_t *sbx_seed_named(const char *name, apr_pool_t *p);

/** Save an order; NULL or what is wrong with it. */
const char *sbx_order_save(sbx_req_t *req, const amzx_val_t *order,
                           const char *seller);

/** Orders of a generator's description; the ids made go to `ids`. */
const char *sbx_orders_generate(sbx_req_t *req, const amzx_val_t *what,
                                const char *seller, amzx_val_t *ids);

/** The seller of the named seeds. */
#define SBX_SELLER "A2SANDBOXSELLER"

#endif
