/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_xero.h  What the files of the Xero connector share. */
#ifndef AMZX_XERO_H
#define AMZX_XERO_H

#include "amzx_call.h"
#include "amzx_shape.h"

#define AMZX_XERO_NO_ID "00000000-0000-0000-0000-000000000000"

/** Most items of one page that we ask for. */
#define AMZX_XERO_PAGE "100"
#define AMZX_XERO_PAGE_SIZE 100

amzx_op_step_fn amzx_xero_contact_match;
amzx_op_step_fn amzx_xero_contact_create;
amzx_op_step_fn amzx_xero_contact_by_number;
amzx_op_step_fn amzx_xero_item_by_code;
amzx_op_step_fn amzx_xero_item_get;
amzx_op_step_fn amzx_xero_item_list;
amzx_op_step_fn amzx_xero_item_create;
amzx_op_step_fn amzx_xero_invoice_create;
amzx_op_step_fn amzx_xero_invoice_by_number;
amzx_op_step_fn amzx_xero_invoice_get;
amzx_op_step_fn amzx_xero_invoice_find;
amzx_op_step_fn amzx_xero_invoice_void;
amzx_op_step_fn amzx_xero_invoice_renumber;
amzx_op_step_fn amzx_xero_payment_create;
amzx_op_step_fn amzx_xero_payment_of_invoice;
amzx_op_step_fn amzx_xero_payment_get;
amzx_op_step_fn amzx_xero_payment_delete;
amzx_op_step_fn amzx_xero_setting_list;

/** All operations of Xero; ends with a NULL op.name. */
extern const amzx_op_impl_t amzx_xero_ops[];

/**
 * Fill the fault of an answer that is not 2xx.
 * @return always a failure
 */
apr_status_t amzx_xero_fault(const amzx_op_call_t *call,
                             const amzx_http_response_t *rsp,
                             amzx_fault_t *fault);

/**
 * Does an element (or the whole answer) carry errors?
 *
 * Looks at ValidationErrors at any depth, at StatusAttributeString and at
 * HasErrors. The fault is that of the worst known message.
 *
 * @return APR_SUCCESS when it is free of errors
 */
apr_status_t amzx_xero_element_check(const amzx_op_call_t *call,
                                     const amzx_val_t *element,
                                     amzx_fault_t *fault);

/**
 * The canonical form of an answer: Xero's own names, "/Date(ms)/" as ISO
 * text (a date where the member is a calendar date, from its String twin),
 * the twins left out.
 */
const amzx_val_t *amzx_xero_canon(const amzx_val_t *v, apr_pool_t *p);

/** Text fit for a where clause: letters, digits, " ._:@+-" only. */
int amzx_xero_where_is_safe(const char *text);

/** The list `name` of a 2xx answer, canonical; a fault for anything else. */
apr_status_t amzx_xero_list(const amzx_val_t **out,
                            const amzx_op_call_t *call,
                            const amzx_http_response_t *rsp, const char *name,
                            amzx_fault_t *fault);

/** As amzx_xero_list, its first element; null for 404 and an empty list. */
apr_status_t amzx_xero_first(const amzx_val_t **out,
                             const amzx_op_call_t *call,
                             const amzx_http_response_t *rsp,
                             const char *name, amzx_fault_t *fault);

/**
 * The one element a write made: free of errors, with a real id; else the
 * fault says whether it was refused or its fate is unknown.
 */
apr_status_t amzx_xero_made(const amzx_val_t **out,
                            const amzx_op_call_t *call,
                            const amzx_http_response_t *rsp, const char *name,
                            const char *id, amzx_fault_t *fault);

/** A body {"<list>": [element]}, on its way. */
void amzx_xero_put(amzx_http_request_t *req, const char *list,
                   const amzx_val_t *element, apr_pool_t *p);

#endif
