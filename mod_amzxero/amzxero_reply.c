/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: JSON, and problem documents (RFC 9457). */
#include "mod_amzxero.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

static int send_bytes(request_rec *r, int status, const char *type,
                      const char *bytes, apr_size_t len)
{
    r->status = status;
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)len);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    if (!r->header_only) {
        ap_rwrite(bytes, (int)len, r);
    }
    return OK;
}

int amzxero_reply_json(request_rec *r, int status, const amzx_val_t *v)
{
    apr_size_t len = 0;
    const char *text = amzx_json_write_pretty(v, &len, r->pool);

    return send_bytes(r, status, "application/json",
                      apr_pstrcat(r->pool, text, "\n", NULL), len + 1);
}

int amzxero_reply_text(request_rec *r, const char *type, const char *text,
                       apr_size_t len)
{
    return send_bytes(r, HTTP_OK, type, text, len);
}

int amzxero_reply_problem(request_rec *r, int status, const char *code,
                          const char *detail, const char *place)
{
    amzx_val_t *v = amzx_val_obj(6, r->pool);
    const char *line = ap_get_status_line(status);
    apr_size_t len = 0;
    const char *text;

    amzx_val_put_str(v, "type",
                     apr_pstrcat(r->pool, "urn:amzxero:problem:", code, NULL),
                     r->pool);
    amzx_val_put_str(v, "title", line && strlen(line) > 4 ? line + 4 : "Error",
                     r->pool);
    amzx_val_put(v, "status", amzx_val_int(status, r->pool), r->pool);
    amzx_val_put_str(v, "detail", detail, r->pool);
    amzx_val_put_str(v, "code", code, r->pool);
    if (place != NULL && place[0] != '\0') {
        amzx_val_put_str(v, "place", place, r->pool);
    }
    text = amzx_json_write_pretty(v, &len, r->pool);
    return send_bytes(r, status, "application/problem+json",
                      apr_pstrcat(r->pool, text, "\n", NULL), len + 1);
}

int amzxero_reply_fault(request_rec *r, const amzx_fault_t *fault)
{
    static const int status_of[] = {
        [AMZX_FAULT_NONE] = HTTP_INTERNAL_SERVER_ERROR,
        [AMZX_FAULT_TRANSIENT] = HTTP_SERVICE_UNAVAILABLE,
        [AMZX_FAULT_THROTTLED] = HTTP_TOO_MANY_REQUESTS,
        [AMZX_FAULT_AUTH] = HTTP_BAD_GATEWAY,
        [AMZX_FAULT_REJECTED] = HTTP_UNPROCESSABLE_ENTITY,
        [AMZX_FAULT_UNKNOWN] = HTTP_GATEWAY_TIME_OUT,
        [AMZX_FAULT_CONFIG] = HTTP_INTERNAL_SERVER_ERROR,
        [AMZX_FAULT_BUG] = HTTP_INTERNAL_SERVER_ERROR,
    };
    int status = status_of[fault->klass];

    if (status == HTTP_SERVICE_UNAVAILABLE
        || status == HTTP_TOO_MANY_REQUESTS) {
        apr_table_setn(r->err_headers_out, "Retry-After",
                       fault->retry_after_us > 0
                           ? apr_psprintf(r->pool, "%" APR_TIME_T_FMT,
                                          apr_time_sec(fault->retry_after_us)
                                              + 1)
                           : (status == HTTP_SERVICE_UNAVAILABLE ? "5" : "1"));
    }
    return amzxero_reply_problem(r, status, fault->code, fault->detail,
                                 fault->place);
}
