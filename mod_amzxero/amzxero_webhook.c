/* SPDX-License-Identifier: Apache-2.0 */
/* The webhook endpoint: exact bytes, verify, store durably, answer. */
#include "mod_amzxero.h"

#include <apr_strings.h>
#include <http_request.h>

#include <string.h>

#include "amzx_envelope.h"
#include "amzx_id.h"
#include "amzx_str.h"

#define TYPE_MAX 100

static const char *get_header(void *ctx, const char *name)
{
    return apr_table_get(((request_rec *)ctx)->headers_in, name);
}

/* JSON, or the text/plain that SNS and some relays say. */
static int is_type_accepted(const request_rec *r)
{
    static const char *const types[] = {
        "application/json", "application/cloudevents+json",
        "application/cloudevents-batch+json", "application/x-amz-json-1.0",
        "application/x-amz-json-1.1", "text/plain"
    };
    const char *coding = apr_table_get(r->headers_in, "Content-Encoding");
    apr_size_t i;

    if (coding != NULL && strcasecmp(coding, "identity") != 0) {
        return 0;
    }
    if (apr_table_get(r->headers_in, "Content-Type") == NULL) {
        return 1;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (amzxero_is_type(r, types[i])) {
            return 1;
        }
    }
    return 0;
}

static int refuse(request_rec *r, int status, const char *code,
                  const char *detail)
{
    amzx_counter_add(&amzxero_child->env, AMZX_COUNTER_INBOX_REJECTED, 1);
    return amzxero_reply_problem(r, status, code, detail, NULL);
}

static int refuse_body(request_rec *r, int status)
{
    switch (status) {
    case HTTP_REQUEST_ENTITY_TOO_LARGE:
        return refuse(r, status, "limit.size",
                      "the body is larger than this endpoint takes");
    case HTTP_REQUEST_TIME_OUT:
        return refuse(r, status, "network.timeout",
                      "the body did not arrive in time");
    case HTTP_NOT_IMPLEMENTED: /* an unknown transfer coding */
        return refuse(r, status, "media_type",
                      "this transfer coding is not known");
    default:
        if (status == DONE || status == AP_FILTER_ERROR) {
            return status; /* the input filter has answered already */
        }
        return refuse(r, HTTP_BAD_REQUEST, "data.body",
                      "the body could not be read");
    }
}

static void count_unverified(const char *reason)
{
    amzx_counter_e id = AMZX_COUNTER_VERIFY_SIGNATURE;

    if (strcmp(reason, "missing_header") == 0) {
        id = AMZX_COUNTER_VERIFY_MISSING;
    }
    else if (strcmp(reason, "stale") == 0 || strcmp(reason, "future") == 0) {
        id = AMZX_COUNTER_VERIFY_STALE;
    }
    else if (strcmp(reason, "no_secret") == 0) {
        id = AMZX_COUNTER_VERIFY_SECRET;
    }
    amzx_counter_add(&amzxero_child->env, id, 1);
}

static int is_inbox_full(request_rec *r)
{
    amzxero_backlog_t b;

    amzxero_backlog_get(&b, r); /* without a database the writer will tell */
    return b.waiting > amzxero_main->inbox_max;
}

/* Kept for people who look at a delivery; only if it is plain text, since a
 * database takes nothing else. */
static const char *content_type(const request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    const char *at;

    if (type == NULL || strlen(type) > TYPE_MAX) {
        return NULL;
    }
    for (at = type; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7e) {
            return NULL;
        }
    }
    return type;
}

typedef struct {
    amzx_delivery_t delivery;
    int is_new;
} put_t;

static apr_status_t put(void *data, amzx_txn_t *txn, const amzx_store_t *st,
                        amzx_fault_t *fault, apr_pool_t *p)
{
    put_t *job = data;

    return amzx_inbox_put(&job->is_new, txn, st, &job->delivery, fault, p);
}

static int store(request_rec *r, const amzxero_dir_t *dir, const char *body,
                 apr_size_t len, const char *delivery_id)
{
    amzxero_child_t *c = amzxero_child;
    amzx_val_t *answer;
    amzx_fault_t fault;
    put_t job = { 0 };
    apr_status_t rv;

    job.delivery.id = amzx_id_new(&c->env, "in", r->pool);
    job.delivery.tenant = dir->tenant;
    job.delivery.source = dir->source;
    job.delivery.delivery = delivery_id;
    job.delivery.content_type = content_type(r);
    job.delivery.body = body;
    job.delivery.body_len = len;
    job.delivery.trace = amzxero_traceparent(r);
    job.delivery.received_at = amzx_now(&c->env);
    job.delivery.state = "new";
    amzx_fault_clear(&fault);
    rv = amzx_writer_run(c->writer, put, &job, &fault, r->pool);
    if (rv != APR_SUCCESS) {
        amzx_counter_add(&c->env, AMZX_COUNTER_INBOX_REJECTED, 1);
        if (strcmp(fault.code, "limit.queue") == 0) {
            fault.klass = AMZX_FAULT_THROTTLED;
        }
        else if (fault.klass != AMZX_FAULT_THROTTLED) {
            fault.klass = AMZX_FAULT_TRANSIENT; /* the sender comes back */
        }
        return amzxero_reply_fault(r, &fault);
    }
    amzx_counter_add(&c->env,
                     job.is_new ? AMZX_COUNTER_INBOX_NEW
                                : AMZX_COUNTER_INBOX_DUPLICATE,
                     1);
    answer = amzx_val_obj(1, r->pool);
    amzx_val_put_str(answer, "status", "stored", r->pool);
    return amzxero_reply_json(r, HTTP_ACCEPTED, answer);
}

int amzxero_webhook_handler(request_rec *r, const amzxero_dir_t *dir)
{
    amzx_verified_t verified;
    const char *body;
    apr_size_t len;
    int status;

    if (r->method_number != M_POST) {
        apr_table_setn(r->err_headers_out, "Allow", "POST");
        amzxero_body_skip(r);
        return refuse(r, HTTP_METHOD_NOT_ALLOWED, "method",
                      "deliveries come by POST");
    }
    if (dir->tenant == NULL || dir->verify == NULL) {
        return refuse(r, HTTP_SERVICE_UNAVAILABLE, "config.endpoint",
                      "this location needs AmzXeroTenant and AmzXeroWebhook");
    }
    if (!is_type_accepted(r)) {
        amzxero_body_skip(r);
        return refuse(r, HTTP_UNSUPPORTED_MEDIA_TYPE, "media_type",
                      "send application/json without content coding");
    }
    status = amzxero_body_read(&body, &len, r, dir);
    if (status != OK) {
        return refuse_body(r, status);
    }
    amzx_verify(&verified, dir->verify, body, len, get_header, r,
                amzx_now(&amzxero_child->env), r->pool);
    if (!verified.is_ok) {
        count_unverified(verified.reason);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AMZX1310: a delivery for tenant %s was not proved: %s",
                      dir->tenant, verified.reason);
        return refuse(r, HTTP_UNAUTHORIZED, "auth.signature",
                      "the sender of this delivery is not proved");
    }
    if (len == 0 || memchr(body, '\0', len) != NULL
        || !amzx_utf8_is_valid(body, len)) {
        return refuse(r, HTTP_BAD_REQUEST, "data.body",
                      "the body must be UTF-8 text and not empty");
    }
    if (is_inbox_full(r)) {
        apr_table_setn(r->err_headers_out, "Retry-After", "10");
        return refuse(r, HTTP_TOO_MANY_REQUESTS, "limit.inbox",
                      "too many deliveries are waiting; try again later");
    }
    return store(r, dir, body, len,
                 verified.delivery_id
                     ? verified.delivery_id
                     : amzx_envelope_delivery_id(body, len, r->pool));
}
