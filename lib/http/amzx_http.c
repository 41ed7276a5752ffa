/* SPDX-License-Identifier: Apache-2.0 */
/* What every HTTP client shares: headers and the checks of a request. */
#include "amzx_http.h"
#include "amzx_guard.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#define SLOW_MIN_S 5
#define SLOW_MAX_S 60

/* Written by the client: a second one would let a request be read twice. */
static const char *const framing[] = {
    "Connection",       "Content-Length", "Expect", "Host", "TE", "Trailer",
    "Transfer-Encoding", "Upgrade",       NULL,
};

const char *amzx_http_get(const amzx_http_response_t *rsp, const char *name)
{
    int i;

    for (i = 0; i < rsp->headers; i++) {
        if (strcasecmp(rsp->header[i].name, name) == 0) {
            return rsp->header[i].value;
        }
    }
    return NULL;
}

static int is_token(const char *s)
{
    const char *c;

    for (c = s; *c != '\0'; c++) {
        if (!apr_isalnum(*c) && strchr("!#$%&'*+-.^_`|~", *c) == NULL) {
            return 0;
        }
    }
    return c != s;
}

static int is_method(const char *s)
{
    apr_size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return len > 0 && len <= 16 && s[len] == '\0'
           && strcmp(s, "CONNECT") != 0 && strcmp(s, "TRACE") != 0;
}

static int is_clean_value(const char *s)
{
    const unsigned char *c;

    for (c = (const unsigned char *)s; *c != '\0'; c++) {
        if ((*c < 0x20 && *c != '\t') || *c == 0x7f) {
            return 0;
        }
    }
    return 1;
}

int amzx_http_header(amzx_http_request_t *req, const char *name,
                     const char *value)
{
    if (req->headers >= AMZX_HTTP_HEADERS || name == NULL || value == NULL
        || !is_token(name) || !is_clean_value(value)) {
        return 0;
    }
    req->header[req->headers].name = name;
    req->header[req->headers].value = value;
    req->headers++;
    return 1;
}

apr_status_t amzx_guard_request(const amzx_http_request_t *req,
                                amzx_fault_t *fault)
{
    const amzx_header_t *h;
    int i;
    int k;

    if (req->method == NULL || !is_method(req->method)) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "config.http", "not an HTTP method to use");
    }
    if (req->url == NULL || req->headers < 0
        || req->headers > AMZX_HTTP_HEADERS
        || (req->body == NULL && req->body_len > 0)) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "config.http", "an incomplete request");
    }
    for (i = 0; i < req->headers; i++) {
        h = &req->header[i];
        if (h->name == NULL || !is_token(h->name)) {
            return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                                  "config.http",
                                  "header %d has a name that is no token",
                                  i + 1);
        }
        if (h->value == NULL || !is_clean_value(h->value)) {
            return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                                  "config.http",
                                  "the value of header %s has control "
                                  "characters", h->name);
        }
        for (k = 0; framing[k] != NULL; k++) {
            if (strcasecmp(h->name, framing[k]) == 0) {
                return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                                      "config.http",
                                      "header %s is not the caller's to set",
                                      h->name);
            }
        }
    }
    return APR_SUCCESS;
}

apr_status_t amzx_guard_url(int *may_be_private, const char *scheme,
                            const char *host, const char *allow_private,
                            amzx_fault_t *fault)
{
    *may_be_private = 0;
    if (scheme == NULL || host == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.url", "not an absolute URL, or one "
                              "with a user name");
    }
    *may_be_private = amzx_guard_is_listed(host, allow_private);
    if (strcmp(scheme, "https") != 0
        && (strcmp(scheme, "http") != 0 || !*may_be_private)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                              "network.blocked", "%s: only https is allowed",
                              host);
    }
    if (!*may_be_private && amzx_guard_is_literal(host)
        && !amzx_guard_text_is_public(host)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                              "network.blocked", "%s is not a public address",
                              host);
    }
    return APR_SUCCESS;
}

int amzx_guard_slow_s(apr_interval_time_t total_timeout_us)
{
    apr_int64_t slow = apr_time_sec(total_timeout_us) * 3 / 4;

    if (slow < SLOW_MIN_S) {
        return SLOW_MIN_S;
    }
    return slow > SLOW_MAX_S ? SLOW_MAX_S : (int)slow;
}
