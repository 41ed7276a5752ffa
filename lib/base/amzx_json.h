/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_json.h  JSON bytes to values and back. */
#ifndef AMZX_JSON_H
#define AMZX_JSON_H

#include "amzx_fault.h"
#include "amzx_val.h"

/** Limits of a document. Zero members take the default. */
typedef struct {
    apr_size_t max_bytes; /**< 8 MiB */
    int max_depth;        /**< 64 */
    apr_size_t max_nodes; /**< 500,000 */
} amzx_json_limits_t;

/**
 * Parse one JSON document of any type, the whole text.
 *
 * Numbers are exact and keep their scale: 1.10 stays 1.10. Duplicate names,
 * invalid UTF-8, NUL characters, trailing text and numbers of more than 38
 * digits are refused: codes `data.bad_json` (with line and column in the
 * place) and `limit.size`.
 *
 * @param limits may be NULL
 */
apr_status_t amzx_json_parse(const amzx_val_t **out, const char *bytes,
                             apr_size_t len, const amzx_json_limits_t *limits,
                             amzx_fault_t *fault, apr_pool_t *p);

/**
 * Write compact JSON, members in their order. Numbers keep their scale;
 * dates are "YYYY-MM-DD", datetimes ISO 8601 with Z, durations ISO 8601.
 *
 * @param len may be NULL
 */
const char *amzx_json_write(const amzx_val_t *v, apr_size_t *len,
                            apr_pool_t *p);

/** As amzx_json_write with members sorted by name: for digests. */
const char *amzx_json_write_sorted(const amzx_val_t *v, apr_size_t *len,
                                   apr_pool_t *p);

/** As amzx_json_write, indented by two spaces: for people. */
const char *amzx_json_write_pretty(const amzx_val_t *v, apr_size_t *len,
                                   apr_pool_t *p);

#endif
