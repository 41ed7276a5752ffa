/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file sandbox_where.h  The part of Xero's filter language that is honoured:
 * `Field == literal` (also `!= null`) joined by AND. Everything else is
 * refused, so that no client comes to rely on what real servers do slowly.
 */
#ifndef AMZX_SANDBOX_WHERE_H
#define AMZX_SANDBOX_WHERE_H

#include "amzx_val.h"

#define SBX_WHERE_TERMS 12

typedef enum {
    SBX_LIT_NULL = 0,
    SBX_LIT_TEXT,
    SBX_LIT_GUID,
    SBX_LIT_NUMBER,
    SBX_LIT_BOOL,
    SBX_LIT_DATE /**< milliseconds since 1970 of a midnight, UTC */
} sbx_lit_e;

/** `field == literal`, or `!=` when is_not. */
typedef struct {
    const char *field; /**< "Contact.Name" */
    int is_not;
    sbx_lit_e kind;
    const char *text;
    amzx_dec_t number;
    int boolean;
    apr_int64_t millis;
} sbx_term_t;

typedef struct {
    sbx_term_t term[SBX_WHERE_TERMS];
    int count;
} sbx_where_t;

/**
 * Parse a filter.
 *
 * @param why a reason in p when the result is not APR_SUCCESS
 */
apr_status_t sbx_where_parse(sbx_where_t *where, const char **why,
                             const char *text, apr_pool_t *p);

/** Does a document satisfy all terms? Text compares without case. */
int sbx_where_holds(const sbx_where_t *where, const amzx_val_t *doc);

/** The text a field must equal; NULL when no term says so. */
const char *sbx_where_text(const sbx_where_t *where, const char *field);

/** Milliseconds of "/Date(123+0000)/"; 0 and APR_EINVAL when it is not. */
apr_status_t sbx_date_millis(apr_int64_t *millis, const char *text);

#endif
