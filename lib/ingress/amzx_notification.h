/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_notification.h  One notification of Amazon, canonical. */
#ifndef AMZX_NOTIFICATION_H
#define AMZX_NOTIFICATION_H

#include "amzx_val.h"

/**
 * The canonical event of docs/events.md: {type, id, time, sellerId,
 * marketplaceId, raw}, with `order` for ORDER_CHANGE, `report` and `feed` for
 * *_PROCESSING_FINISHED. Member names of both of Amazon's spellings are read.
 */
const amzx_val_t *amzx_notification_canon(const amzx_val_t *n, apr_pool_t *p);

/** "PartiallyShipped" or "Canceled" as Orders 2026-01-01 says it:
 *  "PARTIALLY_SHIPPED", "CANCELLED". Capitals are kept. */
const char *amzx_order_status(const char *word, apr_pool_t *p);

#endif
