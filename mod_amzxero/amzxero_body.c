/* SPDX-License-Identifier: Apache-2.0 */
/* Exact request bodies: to the end, within a cap, in any framing. */
#include "mod_amzxero.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

#define DEFAULT_MAX_BODY (256 * 1024)
#define SKIP_MAX (64 * 1024)

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

static int read_to_end(amzx_buf_t *buf, request_rec *r, apr_off_t max)
{
    apr_bucket_brigade *bb =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_status_t rv;
    int seen_eos = 0;
    int status = OK;

    while (!seen_eos && status == OK) {
        rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        status = take(buf, bb, max, &seen_eos);
        apr_brigade_cleanup(bb);
    }
    return status;
}

/* The announced length; -1 when there is none or it is chunked. httpd has
 * refused anything that is not a number. */
static apr_off_t announced(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length = -1;
    char *end = NULL;

    if (text == NULL
        || apr_table_get(r->headers_in, "Transfer-Encoding") != NULL) {
        return -1;
    }
    if (apr_strtoff(&length, text, &end, 10) != APR_SUCCESS) {
        return AMZXERO_BODY_LIMIT + 1;
    }
    return length;
}

int amzxero_body_read(const char **body, apr_size_t *len, request_rec *r,
                      const amzxero_dir_t *dir)
{
    apr_off_t max =
        dir->max_body != AMZXERO_UNSET ? dir->max_body : DEFAULT_MAX_BODY;
    apr_off_t length = announced(r);
    amzx_buf_t buf;
    int status;

    *body = "";
    *len = 0;
    if (length > max) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    amzx_buf_init(&buf, length >= 0 ? (apr_size_t)length + 1 : 2048, r->pool);
    status = read_to_end(&buf, r, max);
    if (status == OK) {
        *body = buf.s;
        *len = buf.len;
    }
    return status;
}

void amzxero_body_skip(request_rec *r)
{
    apr_off_t length = announced(r);
    amzx_buf_t buf;

    /* Whoever waits for "100 Continue" has sent nothing, and shall not. */
    if (!r->expecting_100 && length <= SKIP_MAX) {
        amzx_buf_init(&buf, 512, r->pool);
        if (read_to_end(&buf, r, SKIP_MAX) == OK) {
            return;
        }
    }
    r->connection->keepalive = AP_CONN_CLOSE;
}

int amzxero_is_type(const request_rec *r, const char *type)
{
    const char *sent = apr_table_get(r->headers_in, "Content-Type");
    apr_size_t len = strlen(type);

    return sent != NULL && strncasecmp(sent, type, len) == 0
           && (sent[len] == '\0' || sent[len] == ';' || sent[len] == ' '
               || sent[len] == '\t');
}

const char *amzxero_traceparent(const request_rec *r)
{
    static const char form[] =
        "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    const char *text = apr_table_get(r->headers_in, "traceparent");
    apr_size_t i;

    if (text == NULL || strlen(text) != sizeof(form) - 1) {
        return NULL;
    }
    for (i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == '-' ? text[i] != '-'
                           : strchr("0123456789abcdef", text[i]) == NULL) {
            return NULL;
        }
    }
    return text;
}
