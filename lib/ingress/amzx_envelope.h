/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_envelope.h  From delivered bytes to canonical events.
 *
 * Amazon's notifications arrive bare, in an EventBridge event, in a Pipe or
 * SQS record (body as text or object), in an SNS envelope, single or in an
 * array. @fact{amazon-sp-api: notifications use cases and schemas}
 */
#ifndef AMZX_ENVELOPE_H
#define AMZX_ENVELOPE_H

#include <apr_tables.h>

#include "amzx_fault.h"
#include "amzx_val.h"

/** One event out of a delivery. */
typedef struct {
    const char *type;        /**< "ORDER_CHANGE", ... as Amazon says it */
    const char *id;          /**< NotificationId, or "" when absent */
    const amzx_val_t *event; /**< canonical: see docs/events.md; for
                                  ORDER_CHANGE {type, id, time, sellerId,
                                  marketplaceId, order: {orderId, status
                                  (2026-01-01 words), ...}, raw} */
} amzx_event_t;

/**
 * Take a delivery of source "amazon.notifications" apart.
 *
 * @param events array of amzx_event_t; unknown types are kept with
 *               event {type, id, raw}
 * @return REJECTED `data.bad_json`, `data.envelope` (with the place) when
 *         nothing in it is a notification
 */
apr_status_t amzx_envelope_amazon(apr_array_header_t **events,
                                  const char *body, apr_size_t len,
                                  amzx_fault_t *fault, apr_pool_t *p);

/**
 * A delivery id without parsing JSON: a byte scan for NotificationId values
 * in any nesting or escaping; several are digested together; none gives the
 * digest of the body. Two deliveries of the same notification in different
 * records get the same id.
 */
const char *amzx_envelope_delivery_id(const char *body, apr_size_t len,
                                      apr_pool_t *p);

#endif
