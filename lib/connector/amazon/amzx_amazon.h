/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_amazon.h  What the files of the Amazon connector share. */
#ifndef AMZX_AMAZON_H
#define AMZX_AMAZON_H

#include "amzx_call.h"

amzx_op_step_fn amzx_amazon_get_order;
amzx_op_step_fn amzx_amazon_search_orders;
amzx_op_step_fn amzx_amazon_participations;

/** All operations of Amazon; ends with a NULL op.name. */
extern const amzx_op_impl_t amzx_amazon_ops[];

/**
 * Fill the fault of an answer that is not 2xx.
 * @return always a failure
 */
apr_status_t amzx_amazon_fault(const amzx_op_call_t *call,
                               const amzx_http_response_t *rsp,
                               amzx_fault_t *fault);

#endif
