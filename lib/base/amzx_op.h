/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_op.h  What an operation is: the catalogue's row, without code.
 *
 * The linter, the engine and the reference docs read the same rows; the code
 * behind them is in lib/connector.
 */
#ifndef AMZX_OP_H
#define AMZX_OP_H

#include <apr_time.h>

typedef enum {
    AMZX_EFFECT_NONE = 0, /**< computed here, no request (fx table, ...) */
    AMZX_EFFECT_READ,     /**< reads the peer; may be repeated freely */
    AMZX_EFFECT_UNIQUE,   /**< the peer refuses a duplicate of its key */
    AMZX_EFFECT_FINDABLE, /**< a lookup tells whether it happened */
    AMZX_EFFECT_BLIND     /**< neither: an unknown fate goes to a person */
} amzx_effect_e;

/** One argument of an operation. */
typedef struct {
    const char *name; /**< NULL ends the table */
    const char *type; /**< a ValueType of the schema: "string", "list"... */
    int is_required;
    const char *doc; /**< one sentence */
} amzx_op_arg_t;

typedef struct {
    const char *name;       /**< "xero.invoices.create" */
    const char *connection; /**< connection type it needs, NULL for none */
    amzx_effect_e effect;
    const amzx_op_arg_t *args; /**< ends with a NULL name */
    const char *body;          /**< schema name of <body>, NULL: takes none */
    const char *result;        /**< schema name of the canonical result */
    /** Members of the result, space separated, "a.b" for nested and "[]" for
     *  lists, '?' after what may be absent: "InvoiceID Total Payments[]?". */
    const char *members;
    /** An operation that finds what this one made, used when the workflow
     *  gives no <confirm>; NULL when the natural key cannot tell. */
    const char *confirm;
    const char *limit;               /**< limit class, e.g. "getOrder" */
    apr_interval_time_t interval_us; /**< sustained: one per this; 0: the
                                          connection's common limit only */
    int burst;
    const char *doc; /**< one sentence, with the peer's own name for it */
} amzx_op_t;

/** "none", "read", "unique", "findable", "blind". */
const char *amzx_effect_name(amzx_effect_e e);

#endif
