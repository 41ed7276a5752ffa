/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_shape.h  Which members a request body may have.
 *
 * A peer that ignores unknown members turns a misspelt InvoiceNumber into an
 * invoice with a number of its own: so nothing unknown is sent, and it is
 * refused, not dropped. Members go out in the order of the shape, so that
 * equal bodies are equal bytes.
 */
#ifndef AMZX_SHAPE_H
#define AMZX_SHAPE_H

#include "amzx_fault.h"
#include "amzx_val.h"

typedef enum {
    AMZX_SHAPE_TEXT,   /**< limit: most code points, 0 for none */
    AMZX_SHAPE_NUMBER, /**< limit: most fraction digits */
    AMZX_SHAPE_BOOL,
    AMZX_SHAPE_DATE,   /**< a date, or text "YYYY-MM-DD" */
    AMZX_SHAPE_OBJECT, /**< of the sub shape */
    AMZX_SHAPE_LIST    /**< of objects of the sub shape */
} amzx_shape_e;

typedef struct amzx_shape_t amzx_shape_t;
struct amzx_shape_t {
    const char *name; /**< NULL ends the table */
    amzx_shape_e kind;
    int limit;
    const amzx_shape_t *sub;
    int is_required;
};

/**
 * Build the body to send.
 *
 * Nulls, and objects and lists that are empty, are left out. Numbers may be
 * given as texts.
 *
 * @param where the path of `in` for messages, "" at the top
 * @return REJECTED `data.schema` with the place: unknown or missing member,
 *         wrong type, too long a text, more digits than the peer takes
 */
apr_status_t amzx_shape_apply(amzx_val_t **out, const amzx_shape_t *shape,
                              const amzx_val_t *in, const char *where,
                              amzx_fault_t *fault, apr_pool_t *p);

#endif
