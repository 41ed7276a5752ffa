/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of the Accounting API: envelope, errors, per-element results. */
#include "sandbox_xero.h"

#include <stdarg.h>
#include <string.h>

/* Xero escapes the slashes of its dates. */
static void body_set(sbx_xcall_t *c, int status, const char *text,
                     apr_size_t len)
{
    const char *end = text + len;
    const char *from = text;
    const char *at;
    amzx_buf_t b;

    amzx_buf_init(&b, len + len / 8 + 64, c->p);
    for (at = text; at < end; at++) {
        if (*at == '/' && ((at > text && at[-1] == '"' && end - at > 6 &&
                            !strncmp(at, "/Date(", 6)) ||
                           (at > text && at[-1] == ')' && end - at > 1 &&
                            at[1] == '"'))) {
            amzx_buf_add(&b, from, (apr_size_t)(at - from));
            amzx_buf_putc(&b, '\\');
            from = at;
        }
    }
    amzx_buf_add(&b, from, (apr_size_t)(end - from));
    c->res->status = status;
    c->res->type = "application/json; charset=utf-8";
    c->res->body = b.s;
    c->res->len = b.len;
}

static amzx_val_t *envelope(const sbx_xcall_t *c)
{
    amzx_val_t *v = amzx_val_obj(8, c->p);

    sbx_put(v, "Id", sbx_uuid(c->p), c->p);
    sbx_put(v, "Status", "OK", c->p);
    sbx_put(v, "ProviderName", "mod_amzxero sandbox", c->p);
    sbx_put(v, "DateTimeUTC",
            apr_psprintf(c->p, "/Date(%" APR_INT64_T_FMT ")/",
                         (apr_int64_t)(c->req->now / 1000)),
            c->p);
    return v;
}

void sbx_xero_ok(sbx_xcall_t *c, const char *name, const amzx_val_t *list,
                 const amzx_val_t *pagination)
{
    amzx_val_t *v = envelope(c);
    const char *text;
    apr_size_t len;

    if (pagination) {
        amzx_val_put_ref(v, "pagination", pagination, c->p);
    }
    amzx_val_put_ref(v, name, list, c->p);
    text = amzx_json_write(v, &len, c->p);
    body_set(c, 200, text, len);
}

void sbx_xero_ok_text(sbx_xcall_t *c, const char *name, const char *json)
{
    apr_size_t len;
    const char *head = amzx_json_write(envelope(c), &len, c->p);
    const char *text;

    text = apr_pstrcat(c->p, apr_pstrmemdup(c->p, head, len - 1), ",\"", name,
                       "\":[", json, "]}", NULL);
    body_set(c, 200, text, strlen(text));
}

void sbx_xero_error(sbx_xcall_t *c, int status, int number, const char *type,
                    const char *message)
{
    amzx_val_t *v = amzx_val_obj(4, c->p);
    const char *text;
    apr_size_t len;

    sbx_put_int(v, "ErrorNumber", number, c->p);
    sbx_put(v, "Type", type, c->p);
    sbx_put(v, "Message", message, c->p);
    text = amzx_json_write(v, &len, c->p);
    body_set(c, status, text, len);
}

void sbx_xero_404(sbx_xcall_t *c)
{
    sbx_reply(c->res, 404, "text/html",
              "The resource you're looking for cannot be found");
}

void sbx_xero_501(sbx_xcall_t *c)
{
    sbx_xero_error(c, 501, 20, "ApiMethodNotImplementedException",
                   "The Api Method called is not implemented");
}

void sbx_xero_denied(sbx_res_t *res, const sbx_req_t *req, int status,
                     const char *detail)
{
    amzx_val_t *v = amzx_val_obj(6, req->pool);

    amzx_val_put_ref(v, "Type", &amzx_val_null, req->pool);
    sbx_put(v, "Title", status == 401 ? "Unauthorized" : "Forbidden",
            req->pool);
    sbx_put_int(v, "Status", status, req->pool);
    sbx_put(v, "Detail", detail, req->pool);
    sbx_put(v, "Instance", sbx_uuid(req->pool), req->pool);
    amzx_val_put_ref(v, "Extensions", amzx_val_obj(1, req->pool), req->pool);
    sbx_reply_json(res, status, v, req->pool);
}

void sbx_fail(sbx_xcall_t *c, const char *fmt, ...)
{
    amzx_val_t *e = amzx_val_obj(1, c->p);
    va_list args;

    va_start(args, fmt);
    sbx_put(e, "Message", apr_pvsprintf(c->p, fmt, args), c->p);
    va_end(args);
    amzx_val_push(c->errors, e, c->p);
}

int sbx_failed(const sbx_xcall_t *c)
{
    return amzx_val_count(c->errors) > 0;
}

/* The element as it was sent, with what is wrong with it. */
static const amzx_val_t *refused(sbx_xcall_t *c, const sbx_list_t *l,
                                 const amzx_val_t *in)
{
    amzx_val_t *out = sbx_clone(in, c->p);
    int is_invoice = !strcmp(l->kind, "invoice");

    if (!sbx_has(in, l->id)) {
        sbx_put(out, l->id, SBX_ZERO_ID, c->p);
    }
    amzx_val_put_ref(out, is_invoice ? "HasErrors" : "HasValidationErrors",
                     &amzx_val_true, c->p);
    if (!c->summarize) {
        sbx_put(out, "StatusAttributeString", "ERROR", c->p);
    }
    amzx_val_put_ref(out, "ValidationErrors", c->errors, c->p);
    return out;
}

static const amzx_val_t *accepted(sbx_xcall_t *c, const amzx_val_t *out)
{
    amzx_val_t *copy;

    if (c->summarize) {
        return out;
    }
    copy = sbx_clone(out, c->p);
    sbx_put(copy, "StatusAttributeString", "OK", c->p);
    return copy;
}

/* {"Invoices":[..]} or one bare object. */
static const amzx_val_t *elements_of(sbx_xcall_t *c, const sbx_list_t *l)
{
    const amzx_val_t *body = sbx_body_json(c->req);
    const amzx_val_t *list;
    amzx_val_t *one;

    if (!body) {
        return NULL;
    }
    list = amzx_val_get(body, l->name);
    if (amzx_val_type(list) == AMZX_LIST) {
        return list;
    }
    if (!amzx_val_is_null(list)) {
        return NULL;
    }
    one = amzx_val_list(1, c->p);
    amzx_val_push(one, body, c->p);
    return one;
}

static void post_data_invalid(sbx_xcall_t *c)
{
    sbx_xero_error(c, 400, 14, "PostDataInvalidException",
                   c->bad_json ? apr_pstrcat(c->p,
                                             "JSON for post data was "
                                             "invalid, ",
                                             c->bad_json, NULL)
                               : "JSON for post data was invalid");
}

/* With summarizeErrors one bad element undoes the whole call. */
static void write_fails(sbx_xcall_t *c, const amzx_val_t *bad)
{
    amzx_val_t *v = amzx_val_obj(4, c->p);
    const char *text;
    apr_size_t len;

    sbx_put_int(v, "ErrorNumber", 10, c->p);
    sbx_put(v, "Type", "ValidationException", c->p);
    sbx_put(v, "Message", "A validation exception occurred", c->p);
    amzx_val_put_ref(v, "Elements", bad, c->p);
    text = amzx_json_write(v, &len, c->p);
    body_set(c, 400, text, len);
}

static int element_run(amzx_val_t *all, amzx_val_t *bad, sbx_xcall_t *c,
                       const sbx_list_t *l, sbx_element_f f,
                       const amzx_val_t *in)
{
    const amzx_val_t *out;

    c->errors = amzx_val_list(4, c->p);
    if (amzx_val_type(in) != AMZX_OBJ) {
        c->bad_json = "an object is expected";
        return 0;
    }
    out = f(c, in);
    if (c->bad_json || c->is_missing) {
        return 0;
    }
    if (sbx_failed(c) || !out) {
        out = refused(c, l, in);
        amzx_val_push(bad, out, c->p);
        amzx_val_push(all, out, c->p);
    }
    else {
        amzx_val_push(all, accepted(c, out), c->p);
    }
    return 1;
}

void sbx_xero_write(sbx_xcall_t *c, const sbx_list_t *l, sbx_element_f f)
{
    const amzx_val_t *list = elements_of(c, l);
    amzx_val_t *all = amzx_val_list(4, c->p);
    amzx_val_t *bad = amzx_val_list(1, c->p);
    int is_sound = 1;
    int keep;
    apr_size_t i;

    if (!list) {
        post_data_invalid(c);
        return;
    }
    if (amzx_val_count(list) == 0) {
        sbx_xero_error(c, 400, 17, "NoDataProcessedException",
                       "No data has been processed for this endpoint. This "
                       "endpoint is expecting data to be specified.");
        return;
    }
    sbx_db_run(NULL, c->req->db, SBX_SQL_SAVE, NULL);
    for (i = 0; is_sound && i < amzx_val_count(list); i++) {
        is_sound = element_run(all, bad, c, l, f, amzx_val_at(list, i));
    }
    keep = is_sound && (!c->summarize || amzx_val_count(bad) == 0);
    if (!keep) {
        sbx_db_run(NULL, c->req->db, SBX_SQL_UNDO, NULL);
    }
    sbx_db_run(NULL, c->req->db, SBX_SQL_KEEP, NULL);
    if (c->is_missing) {
        sbx_xero_404(c);
    }
    else if (c->bad_json) {
        post_data_invalid(c);
    }
    else if (!keep) {
        write_fails(c, bad);
    }
    else {
        sbx_xero_ok(c, l->name, all, NULL);
    }
}
