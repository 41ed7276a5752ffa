/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers an answer while it arrives and hands it over in one piece. */
#include "amzx_reply.h"

#include <stdlib.h>
#include <string.h>

#include <apr_date.h>
#include <apr_strings.h>

#define KEEP_WHOLE 16384 /* larger bodies are handed over, not copied */
#define FIRST_BODY 2048
#define HINT_MAX 1048576 /* an announced length is believed up to here */

void amzx_reply_reset(amzx_reply_t *r, apr_size_t max_body)
{
    free(r->head);
    free(r->body);
    memset(r, 0, sizeof(*r));
    r->max_body = max_body;
}

/* Room for `more` bytes in a buffer that doubles. */
static int make_room(char **bytes, apr_size_t *room, apr_size_t used,
                     apr_size_t more, apr_size_t first)
{
    apr_size_t want = used + more;
    apr_size_t size = *room > 0 ? *room : first;
    char *bigger;

    if (want <= *room) {
        return 1;
    }
    while (size < want) {
        size *= 2;
    }
    bigger = realloc(*bytes, size);
    if (bigger == NULL) {
        return 0;
    }
    *bytes = bigger;
    *room = size;
    return 1;
}

static int add_header(amzx_reply_t *r, const char *line, apr_size_t len)
{
    const char *colon = memchr(line, ':', len);
    const char *value;
    apr_size_t name_len;
    apr_size_t value_len;
    char *to;

    if (colon == NULL || colon == line || *line == ' ' || *line == '\t'
        || memchr(line, '\0', len) != NULL) {
        return 1; /* no header: a folded line or noise */
    }
    if (r->headers >= AMZX_REPLY_HEADERS_MAX) {
        r->is_too_large = 1;
        return 0;
    }
    name_len = (apr_size_t)(colon - line);
    value = colon + 1;
    value_len = len - name_len - 1;
    while (value_len > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        value_len--;
    }
    while (value_len > 0 && strchr(" \t\r\n", value[value_len - 1]) != NULL) {
        value_len--;
    }
    if (!make_room(&r->head, &r->head_room, r->head_len,
                   name_len + value_len + 2, 512)) {
        return 0;
    }
    to = r->head + r->head_len;
    memcpy(to, line, name_len);
    to[name_len] = '\0';
    memcpy(to + name_len + 1, value, value_len);
    to[name_len + 1 + value_len] = '\0';
    r->head_len += name_len + value_len + 2;
    r->headers++;
    return 1;
}

int amzx_reply_line(amzx_reply_t *r, const char *line, apr_size_t len)
{
    if (r->is_final) {
        return 1;
    }
    if (len > AMZX_REPLY_HEAD_MAX - r->head_seen) {
        r->is_too_large = 1;
        return 0;
    }
    r->head_seen += len;
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
        r->head_len = 0;
        r->headers = 0;
        return 1;
    }
    if (len <= 2 && (line[0] == '\r' || line[0] == '\n')) {
        return 1; /* the caller knows whether the head was an interim one */
    }
    return add_header(r, line, len);
}

int amzx_reply_data(amzx_reply_t *r, const char *bytes, apr_size_t len,
                    apr_size_t hint)
{
    apr_size_t first = FIRST_BODY;

    r->is_final = 1;
    if (len > r->max_body - r->body_len) {
        r->is_too_large = 1;
        return 0;
    }
    if (hint > 0 && hint <= HINT_MAX && hint <= r->max_body) {
        first = hint + 1;
    }
    if (!make_room(&r->body, &r->body_room, r->body_len, len + 1, first)) {
        return 0;
    }
    memcpy(r->body + r->body_len, bytes, len);
    r->body_len += len;
    return 1;
}

static apr_status_t free_body(void *body)
{
    free(body);
    return APR_SUCCESS;
}

static const char *take_body(amzx_reply_t *r, apr_pool_t *p)
{
    char *body;
    char *fit;

    if (r->body_len == 0) {
        return "";
    }
    r->body[r->body_len] = '\0';
    if (r->body_len < KEEP_WHOLE) {
        return apr_pmemdup(p, r->body, r->body_len + 1);
    }
    body = r->body;
    r->body = NULL;
    fit = realloc(body, r->body_len + 1);
    if (fit != NULL) {
        body = fit;
    }
    apr_pool_cleanup_register(p, body, free_body, apr_pool_cleanup_null);
    return body;
}

amzx_http_response_t *amzx_reply_take(amzx_reply_t *r, int status,
                                      apr_pool_t *p)
{
    amzx_http_response_t *rsp = apr_pcalloc(p, sizeof(*rsp));
    const char *at;
    const char *date;
    int i;

    rsp->status = status;
    rsp->headers = r->headers;
    if (r->headers > 0) {
        rsp->header = apr_palloc(p, (apr_size_t)r->headers
                                        * sizeof(*rsp->header));
        at = apr_pmemdup(p, r->head, r->head_len);
        for (i = 0; i < r->headers; i++) {
            rsp->header[i].name = at;
            at += strlen(at) + 1;
            rsp->header[i].value = at;
            at += strlen(at) + 1;
        }
    }
    date = amzx_http_get(rsp, "Date");
    rsp->date = date != NULL ? apr_date_parse_http(date) : 0;
    rsp->body_len = r->body_len;
    rsp->body = take_body(r, p);
    amzx_reply_reset(r, 0);
    return rsp;
}
