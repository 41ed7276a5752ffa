/* SPDX-License-Identifier: Apache-2.0 */
/* Exact request bodies: to the end, within a cap, in any framing. */
#include "mod_amzxero.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

/* Append what a brigade holds; *seen_eos when it ends the body. */
static int take(amzx_buf_t *buf, apr_bucket_brigade *bb, apr_off_t max,
                int *seen_eos)
{
    apr_bucket *b;
    const char *data;
    apr_size_t len;
    apr_status_t rv;

    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (APR_BUCKET_IS_EOS(b)) {
            *seen_eos = 1;
            break;
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        if ((apr_off_t)(buf->len + len) > max) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
        amzx_buf_add(buf, data, len);
    }
    return OK;
}

int amzxero_body_read(const char **body, apr_size_t *len, request_rec *r,
                      apr_off_t max)
{
    apr_bucket_brigade *bb;
    const char *announced = apr_table_get(r->headers_in, "Content-Length");
    amzx_buf_t buf;
    apr_off_t length = 0;
    apr_status_t rv;
    int seen_eos = 0;
    int status = OK;

    *body = "";
    *len = 0;
    if (announced != NULL
        && (apr_strtoff(&length, announced, NULL, 10) != APR_SUCCESS
            || length > max)) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    amzx_buf_init(&buf, length > 0 ? (apr_size_t)length + 1 : 2048, r->pool);
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!seen_eos && status == OK) {
        rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        status = take(&buf, bb, max, &seen_eos);
        apr_brigade_cleanup(bb);
    }
    *body = buf.s;
    *len = buf.len;
    return status;
}
