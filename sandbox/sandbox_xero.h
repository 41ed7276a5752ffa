/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_xero.h  What the resources of the Accounting API share. */
#ifndef AMZX_SANDBOX_XERO_H
#define AMZX_SANDBOX_XERO_H

#include <apr_hash.h>

#include "sandbox.h"
#include "sandbox_tokens.h"
#include "sandbox_where.h"

#define SBX_ZERO_ID "00000000-0000-0000-0000-000000000000"

/** One call of the Accounting API. */
typedef struct {
    sbx_res_t *res;
    sbx_req_t *req;
    apr_pool_t *p;
    sbx_grant_t grant;
    const char *tenant;
    const amzx_val_t *org; /**< the organisation */
    const char *id;        /**< path after the resource, "" for the list */
    int summarize;         /**< any error fails the whole call */
    int unit_scale;        /**< 2, or 4 with unitdp=4 */
    int is_put;
    amzx_val_t *errors;    /**< ValidationErrors of the present element */
    const char *bad_json;  /**< wrong type somewhere: the call is void */
    int is_missing;        /**< nothing has the id of the path: 404 */
    apr_hash_t *seen;      /**< documents looked up, by kind and key */
} sbx_xcall_t;

/**
 * Check and save one element of a write.
 *
 * @return what the reply shows; with errors in c->errors nothing is saved
 */
typedef const amzx_val_t *(*sbx_element_f)(sbx_xcall_t *c,
                                           const amzx_val_t *in);

/** How a resource lists itself. */
typedef struct {
    const char *kind; /**< in the state file */
    const char *name; /**< "Invoices" */
    const char *id;   /**< "InvoiceID" */
    int is_paged;
    sbx_sql_e by;   /**< finds by what may stand for the id in a path */
    const char *k1; /**< fields with an index; NULL for none */
    const char *k2;
    const char *k3;
} sbx_list_t;

/* Resources: each fills the reply. */
void sbx_xero_invoices(sbx_xcall_t *c);
void sbx_xero_contacts(sbx_xcall_t *c);
void sbx_xero_items(sbx_xcall_t *c);
void sbx_xero_payments(sbx_xcall_t *c);
void sbx_xero_accounts(sbx_xcall_t *c);
void sbx_xero_tax_rates(sbx_xcall_t *c);
void sbx_xero_tracking(sbx_xcall_t *c);
void sbx_xero_currencies(sbx_xcall_t *c);
void sbx_xero_organisation(sbx_xcall_t *c);

/* Replies (sandbox_xero_reply.c). */

/** The envelope round elements; pagination may be NULL. */
void sbx_xero_ok(sbx_xcall_t *c, const char *name, const amzx_val_t *list,
                 const amzx_val_t *pagination);
/** As sbx_xero_ok for one stored document as text. */
void sbx_xero_ok_text(sbx_xcall_t *c, const char *name, const char *json);
/** {"ErrorNumber","Type","Message"}. */
void sbx_xero_error(sbx_xcall_t *c, int status, int number, const char *type,
                    const char *message);
/** 404 as text/html. */
void sbx_xero_404(sbx_xcall_t *c);
/** 401 and 403 of the gateway. */
void sbx_xero_denied(sbx_res_t *res, const sbx_req_t *req, int status,
                     const char *detail);
/** 501: the resource or method is not there. */
void sbx_xero_501(sbx_xcall_t *c);
/** Turn a JSON reply into the XML that clients get who ask for no JSON. */
void sbx_xero_to_xml(sbx_res_t *res, apr_pool_t *p);

/** Write every element of the body through `f`. */
void sbx_xero_write(sbx_xcall_t *c, const sbx_list_t *l, sbx_element_f f);
/** Add a validation error to the present element. */
void sbx_fail(sbx_xcall_t *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** Does the present element have errors? */
int sbx_failed(const sbx_xcall_t *c);

/* Lists (sandbox_xero_list.c). */

/** GET of a resource: the list with its filters, or one by id. */
void sbx_xero_get(sbx_xcall_t *c, const sbx_list_t *l);

/* Documents. */

/** A document by id; NULL when there is none. */
const amzx_val_t *sbx_doc(sbx_xcall_t *c, const char *kind, const char *id);
/** The first document whose k1 is `key`; NULL when there is none. */
const amzx_val_t *sbx_doc_by(sbx_xcall_t *c, const char *kind, sbx_sql_e sql,
                             const char *key);
/** As sbx_doc_by k1, remembered for the rest of the call. */
const amzx_val_t *sbx_doc_cached(sbx_xcall_t *c, const char *kind,
                                 const char *key);
/** Save a document under its keys; keys compare without case. */
void sbx_doc_put(sbx_xcall_t *c, const char *kind, const char *id,
                 const char *const key[3], const amzx_val_t *doc);

/* Fields. */

/** Text of a field; c->bad_json when it is another type. */
const char *sbx_in_text(sbx_xcall_t *c, const amzx_val_t *in,
                        const char *name);
/** A number or numeric text. @return 1 when present */
int sbx_in_dec(amzx_dec_t *out, sbx_xcall_t *c, const amzx_val_t *in,
               const char *name);
/** A date in any of the forms Xero reads. @return 1 when present */
int sbx_in_date(apr_int64_t *days, sbx_xcall_t *c, const amzx_val_t *in,
                const char *name);
/** Is the field there and not null? */
int sbx_has(const amzx_val_t *in, const char *name);
/** Put Date and DateString twins. */
void sbx_put_date(amzx_val_t *out, const char *name, apr_int64_t days,
                  apr_pool_t *p);
/** Put UpdatedDateUTC; with_text adds its ISO twin. */
void sbx_put_updated(amzx_val_t *out, const sbx_xcall_t *c, int with_text);
/** Days of a stored "/Date(..)/" field. */
apr_int64_t sbx_days_of(const amzx_val_t *doc, const char *name);
/** Today in the organisation's time zone. */
apr_int64_t sbx_today(const sbx_xcall_t *c);
/** Refuse dates on or before a lock date. */
void sbx_check_lock(sbx_xcall_t *c, apr_int64_t days);
/** Is it an e-mail address? */
int sbx_is_email(const char *s);

/** Create or update a contact from an element; shared with invoices. */
const amzx_val_t *sbx_contact_save(sbx_xcall_t *c, const amzx_val_t *in);
/** The contact an element points at; NULL when it names none. */
const amzx_val_t *sbx_contact_find(sbx_xcall_t *c, const amzx_val_t *in);

#endif
