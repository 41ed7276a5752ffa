/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_fold.h  Names without case, accents, punctuation, spacing. */
#ifndef AMZX_FOLD_H
#define AMZX_FOLD_H

#include <apr_pools.h>

/**
 * The folded form of a name: lower case, accents taken off (composed and
 * decomposed spellings become one), punctuation and white space as single
 * spaces between words. Scripts without case are kept as they are. Bytes
 * that are not UTF-8 end it.
 */
const char *amzx_fold(const char *text, apr_pool_t *p);

/** The words of a folded name in alphabetical order. */
const char *amzx_fold_words(const char *folded, apr_pool_t *p);

/** Fold and drop the spaces: for post codes and the like. */
const char *amzx_fold_code(const char *text, apr_pool_t *p);

#endif
