/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_keep.h  The values of a run in little memory. Private to
 * lib/flow.
 *
 * A thousand runs wait at a time, each with its order, its invoice and what
 * came between. Values are kept in chunks of our own, so that a value made of
 * kept parts (`merge(invoice, {...})`) shares them instead of copying them
 * again, and each member name is kept once.
 */
#ifndef AMZX_KEEP_H
#define AMZX_KEEP_H

#include "amzx_val.h"

typedef struct amzx_keep_t amzx_keep_t;

amzx_keep_t *amzx_keep_make(apr_pool_t *p);

/** Keep a value: parts that are kept already are shared. */
const amzx_val_t *amzx_keep(amzx_keep_t *k, const amzx_val_t *v);

/**
 * Keep a value as JSON would bring it back (see amzx_settle).
 *
 * @param only members of the object that are needed, space separated; NULL:
 *             all
 */
const amzx_val_t *amzx_keep_settled(amzx_keep_t *k, const amzx_val_t *v,
                                    const char *only);

#endif
