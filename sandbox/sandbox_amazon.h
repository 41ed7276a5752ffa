/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_amazon.h  Parts of the Selling Partner API. */
#ifndef AMZX_SANDBOX_AMAZON_H
#define AMZX_SANDBOX_AMAZON_H

#include "sandbox.h"

/**
 * An order with only the data sets asked for.
 *
 * @param included "BUYER,PROCEEDS" or NULL
 * @param with_pii may buyers' data be shown?
 */
const amzx_val_t *sbx_order_shown(const amzx_val_t *order,
                                  const char *included, int with_pii,
                                  apr_pool_t *p);

/** Is every name of the list a data set? */
int sbx_included_is_known(const char *included, apr_pool_t *p);

/** GET /orders/2026-01-01/orders after the token check. */
void sbx_search_orders(sbx_res_t *res, sbx_req_t *req, const char *seller);

/** 400 InvalidInput. */
void sbx_amazon_invalid(sbx_res_t *res, sbx_req_t *req, const char *details);

#endif
