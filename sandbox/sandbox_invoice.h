/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_invoice.h  Parts of an invoice under construction. */
#ifndef AMZX_SANDBOX_INVOICE_H
#define AMZX_SANDBOX_INVOICE_H

#include "sandbox_totals.h"
#include "sandbox_xero.h"

/** An invoice as the checks see it. */
typedef struct {
    const char *type;   /**< ACCREC or ACCPAY */
    const char *status; /**< the status asked for */
    sbx_mode_e mode;
    amzx_val_t *lines;
    sbx_sums_t sums;
    amzx_dec_t subtotal;
    amzx_dec_t tax;
    amzx_dec_t total;
} sbx_invoice_t;

/** Does the status need complete data? */
int sbx_is_approved(const char *status);

/**
 * Check LineItems and compute lines and totals; errors go to the call.
 *
 * @param inv type, status and mode are set; the rest is filled
 */
void sbx_lines_read(sbx_invoice_t *inv, sbx_xcall_t *c,
                    const amzx_val_t *in);

/** Put lines and totals. */
void sbx_lines_put(amzx_val_t *out, const sbx_invoice_t *inv, sbx_xcall_t *c);

/** AmountDue, AmountPaid and Status after payments changed. */
amzx_val_t *sbx_invoice_settle(amzx_val_t *invoice, sbx_xcall_t *c,
                               apr_int64_t paid_on);

/** Save an invoice. */
void sbx_invoice_store(sbx_xcall_t *c, const amzx_val_t *invoice);

#endif
