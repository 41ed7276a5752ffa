/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_id.h  Sortable unique identifiers. */
#ifndef AMZX_ID_H
#define AMZX_ID_H

#include "amzx_env.h"

/**
 * prefix + '_' + 26 lower-case Crockford base-32 characters: 48 bits of
 * milliseconds, 80 random bits. Sorts by time. For example `run_01jd...`.
 */
const char *amzx_id_new(const amzx_env_t *env, const char *prefix,
                        apr_pool_t *p);

/** Does it look like an id of that prefix? */
int amzx_id_is(const char *id, const char *prefix);

#endif
