/* SPDX-License-Identifier: Apache-2.0 */
/* Reading bodies, sending replies, and the rude ways to end a connection. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_connection.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <util_filter.h>

#include <sys/socket.h>

#include "sandbox_http.h"

/* Xero takes 10 MB at most. */
#define MOST_BODY (10 * 1024 * 1024)

/* @return OK or an HTTP status; the body ends with a NUL */
static int body_read(const char **body, apr_size_t *len, request_rec *r)
{
    apr_bucket_brigade *bb =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_bucket *b;
    const char *data;
    apr_size_t n;
    apr_status_t rv;
    amzx_buf_t buf;
    int done = 0;

    amzx_buf_init(&buf, 4096, r->pool);
    while (!done) {
        rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
             b = APR_BUCKET_NEXT(b)) {
            if (APR_BUCKET_IS_EOS(b)) {
                done = 1;
                break;
            }
            if (APR_BUCKET_IS_METADATA(b)) {
                continue;
            }
            rv = apr_bucket_read(b, &data, &n, APR_BLOCK_READ);
            if (rv != APR_SUCCESS) {
                return HTTP_BAD_REQUEST;
            }
            if (buf.len + n > MOST_BODY) {
                return HTTP_REQUEST_ENTITY_TOO_LARGE;
            }
            amzx_buf_add(&buf, data, n);
        }
        apr_brigade_cleanup(bb);
    }
    *body = buf.s;
    *len = buf.len;
    return OK;
}

/* 127.0.0.0/8, ::1, and the first of them seen through IPv6. */
static int is_loopback(const apr_sockaddr_t *sa)
{
    const unsigned char *a = sa->ipaddr_ptr;
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0,    0,
                                             0, 0, 0, 0, 0xff, 0xff};
    static const unsigned char one[16] = {0, 0, 0, 0, 0, 0, 0, 0,
                                          0, 0, 0, 0, 0, 0, 0, 1};

    if (sa->ipaddr_len == 4) {
        return a[0] == 127;
    }
    return sa->ipaddr_len == 16 &&
           (!memcmp(a, one, 16) || (!memcmp(a, mapped, 12) && a[12] == 127));
}

/* Close without a word; with_reset sends RST in place of FIN. */
static int drop(request_rec *r, int with_reset)
{
    apr_socket_t *s = ap_get_conn_socket(r->connection);
    struct linger no_wait = {1, 0};
    apr_os_sock_t fd;

    r->connection->keepalive = AP_CONN_CLOSE;
    if (s && apr_os_sock_get(&fd, s) == APR_SUCCESS) {
        if (with_reset) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_wait, sizeof(no_wait));
        }
        else {
            shutdown(fd, SHUT_RDWR);
        }
    }
    r->connection->aborted = 1;
    return DONE;
}

static int add_header(void *data, const char *name, const char *value)
{
    request_rec *r = data;

    apr_table_setn(r->err_headers_out, name, value);
    return 1;
}

/* Our own statuses must not be dressed up by ErrorDocument. */
static int send_reply(request_rec *r, const sbx_res_t *res)
{
    apr_size_t len = res->len;

    r->status = res->status;
    r->status_line = NULL;
    apr_table_do(add_header, r, res->headers, NULL);
    if (res->type) {
        ap_set_content_type(r, res->type);
    }
    else {
        ap_set_content_type(r, NULL);
    }
    if (res->fate == SBX_TRUNCATE) {
        len /= 2;
    }
    if (res->status != 204) {
        ap_set_content_length(r, (apr_off_t)len);
    }
    if (res->fate == SBX_CUT) {
        ap_rwrite(res->body, (int)(len / 2), r);
        ap_rflush(r);
        return drop(r, 1);
    }
    if (!r->header_only && len > 0) {
        ap_rwrite(res->body, (int)len, r);
    }
    return OK;
}

static int reply_finish(request_rec *r, const sbx_res_t *res)
{
    if (res->delay_ms > 0) {
        apr_sleep(res->delay_ms * 1000);
    }
    return res->fate == SBX_DROP ? drop(r, 0) : send_reply(r, res);
}

int sbx_http_handle(request_rec *r, sbx_t *box, const char *base)
{
    sbx_req_t *req = apr_pcalloc(r->pool, sizeof(*req));
    apr_size_t base_len = strlen(base);
    sbx_res_t res;
    int status;

    if (strncmp(r->uri, base, base_len)) {
        return DECLINED;
    }
    status = body_read(&req->body, &req->body_len, r);
    if (status != OK) {
        return status;
    }
    req->box = box;
    req->method = r->header_only ? "GET" : r->method;
    req->base = base;
    req->path = r->uri[base_len] ? r->uri + base_len : "/";
    req->query = r->args ? r->args : "";
    req->args = sbx_form(r->args, r->pool);
    req->headers = r->headers_in;
    req->is_loopback = is_loopback(r->connection->client_addr);
    req->now = apr_time_now() + sbx_live_get(box->live, SBX_SET_CLOCK_US);
    req->pool = r->pool;
    sbx_answer(&res, req);
    status = reply_finish(r, &res);
    sbx_finish(req);
    return status;
}
