/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_expr_regex.h  Regular expressions with bounded work. */
#ifndef AMZX_EXPR_REGEX_H
#define AMZX_EXPR_REGEX_H

#include <apr_pools.h>

/** A compiled pattern; immutable, shared by threads, as old as its pool. */
typedef struct amzx_regex_t amzx_regex_t;

/** Longest pattern in bytes. */
#define AMZX_REGEX_PATTERN 1024

/**
 * Compile a Perl-like pattern that must fit the whole text.
 *
 * @param why filled with a short reason (never the pattern) on failure
 * @return APR_EINVAL for a pattern that cannot be read
 */
apr_status_t amzx_regex_compile(const amzx_regex_t **out, const char *pattern,
                                apr_size_t len, const char **why,
                                apr_pool_t *p);

/**
 * Does the whole text fit? Work is counted in steps of the matcher and taken
 * off *steps.
 *
 * @param text  valid UTF-8
 * @param steps what the match may use; what is left afterwards
 * @return APR_SUCCESS, APR_ENOSPC when the steps are used up or the match
 *         would take too much memory
 */
apr_status_t amzx_regex_match(int *fits, const amzx_regex_t *re,
                              const char *text, apr_size_t len,
                              apr_int64_t *steps);

#endif
