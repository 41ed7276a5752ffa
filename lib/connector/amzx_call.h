/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_call.h  What connectors share: arguments, URLs, answers. */
#ifndef AMZX_CALL_H
#define AMZX_CALL_H

#include "amzx_connector.h"
#include "amzx_str.h"

/** The connectors built in, one per folder. */
extern const amzx_connector_t amzx_amazon_connector;
extern const amzx_connector_t amzx_xero_connector;
/** Operations that need no connection; ends with a NULL op.name. */
extern const amzx_op_impl_t amzx_local_ops[];

/** Does a failed call of it need a look-up before it is repeated? */
int amzx_call_is_effect(const amzx_op_call_t *call);

/** An argument; null when absent. */
const amzx_val_t *amzx_call_arg(const amzx_op_call_t *call, const char *name);

/**
 * A required text argument (a number is written as text).
 * @return APR_SUCCESS, or REJECTED `data.argument` when empty or absent
 */
apr_status_t amzx_call_text(const char **out, const amzx_op_call_t *call,
                            const char *name, amzx_fault_t *fault);

/** An optional text argument: "" when absent. */
const char *amzx_call_text_or(const amzx_op_call_t *call, const char *name);

/** A text of a value: texts as they are, numbers, dates and booleans as JSON
 *  writes them; NULL for null, lists and objects. */
const char *amzx_val_as_text(const amzx_val_t *v, apr_pool_t *p);

/** Start a request of this call: method and an empty URL buffer. */
void amzx_call_begin(amzx_http_request_t *req, amzx_buf_t *url,
                     const amzx_op_call_t *call, const char *method);
/** Add "/" and a percent-encoded segment. */
void amzx_url_segment(amzx_buf_t *url, const char *segment);
/** Add "?name=value" or "&name=value", percent-encoded. */
void amzx_url_param(amzx_buf_t *url, const char *name, const char *value);
/** A body with its Content-Type; the bytes must live as long as req. */
void amzx_call_json_body(amzx_http_request_t *req, const amzx_val_t *v,
                         apr_pool_t *p);

/** Add "&name=value" of a form, percent-encoded. */
void amzx_form_add(amzx_buf_t *form, const char *name, const char *value);

/** Is the answer's Content-Type one of JSON? An absent one counts. */
int amzx_answer_is_json(const amzx_http_response_t *rsp);
/** Retry-After in seconds or as a date, at most a day; -1 when absent. */
apr_interval_time_t amzx_answer_retry_after(const amzx_http_response_t *rsp);
/** A header holding a whole number; -1 when absent or not one. */
apr_int64_t amzx_answer_count(const amzx_http_response_t *rsp,
                              const char *name);

/**
 * The JSON of a 2xx. A wrong content type, truncation or bad JSON is UNKNOWN
 * for an effect and TRANSIENT for a read, code `network.garbled`.
 */
apr_status_t amzx_answer_json(const amzx_val_t **out,
                              const amzx_op_call_t *call,
                              const amzx_http_response_t *rsp,
                              amzx_fault_t *fault);

/**
 * Fill the fault of a status that every peer means alike: 5xx, 408, 3xx and
 * the rest of 4xx. UNKNOWN for effects where the request may have worked.
 * @return always a failure
 */
apr_status_t amzx_answer_fault(const amzx_op_call_t *call,
                               const amzx_http_response_t *rsp,
                               const char *peer, amzx_fault_t *fault);

/** A token answer of OAuth 2.0: see token_reply of the connector. */
apr_status_t amzx_oauth_reply(amzx_token_reply_t *out,
                              const amzx_http_response_t *rsp,
                              const char *peer, amzx_fault_t *fault,
                              apr_pool_t *p);

/** Give an unset (NULL or empty) text of a connection its default. */
void amzx_conn_text(const char **member, const char *text);
/** Give an unset (0) number its default; a negative one means "none". */
void amzx_conn_number(int *member, int n);

#endif
