/* SPDX-License-Identifier: Apache-2.0 */
/* All that touches libcurl: what a transfer may do, what it asks, its end. */
#include "amzx_curl.h"
#include "amzx_guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <apr_strings.h>
#include <curl/curl.h>

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or later is needed: it reads the authorities once"
#endif

/* A receive buffer exists per call in flight: thousands of them count. */
#define RECEIVE_BUFFER 2048L
#define SEND_BUFFER 16384L
/* Peers close idle connections after a minute or less; a request on one that
 * is just being closed would have an unknown fate. */
#define IDLE_CONNECTION_S 30L
#define SLOW_BYTES_PER_S 8L

struct amzx_multi_t {
    CURLM *multi;
    const amzx_http_options_t *opt;
    amzx_multi_host_t host;
};

struct amzx_easy_t {
    amzx_multi_t *m;
    CURL *easy;
    CURLU *url;
    struct curl_slist *headers;
    void *owner; /* NULL: not in flight */
    amzx_reply_t reply;
    apr_size_t body_len;
    int may_be_private; /* the operator named this host */
    int is_safe;        /* GET or HEAD: may be repeated silently */
    int is_handed;      /* connected and checked: bytes may have left */
    int is_blocked;
    int is_repeat; /* curl wanted to send it a second time */
    char error[CURL_ERROR_SIZE];
};

int amzx_curl_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* ---- what curl asks while a call is in flight ---------------------------- */

static curl_socket_t open_socket(void *ctx, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    amzx_easy_t *e = ctx;

    (void)purpose;
    /* With a proxy this is the operator's proxy, not the peer. */
    if (!e->may_be_private && e->m->opt->proxy == NULL
        && !amzx_guard_is_public(&address->addr,
                                 (socklen_t)address->addrlen)) {
        e->is_blocked = 1;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

/* Connected, TLS done, nothing of the request sent; called for a connection
 * that is used again, too, and once more when curl would send the request a
 * second time because such a connection had just died. */
static int before_request(void *ctx, char *peer_ip, char *local_ip,
                          int peer_port, int local_port)
{
    amzx_easy_t *e = ctx;

    (void)local_ip;
    (void)peer_port;
    (void)local_port;
    if (e->is_handed && !e->is_safe) {
        e->is_repeat = 1;
        return CURL_PREREQFUNC_ABORT;
    }
    if (!e->may_be_private && e->m->opt->proxy == NULL
        && !amzx_guard_text_is_public(peer_ip)) {
        e->is_blocked = 1;
        return CURL_PREREQFUNC_ABORT;
    }
    e->is_handed = 1;
    return CURL_PREREQFUNC_OK;
}

static size_t on_line(char *line, size_t size, size_t count, void *ctx)
{
    amzx_easy_t *e = ctx;
    size_t len = size * count;

    return amzx_reply_line(&e->reply, line, len) ? len : 0;
}

static size_t on_data(char *bytes, size_t size, size_t count, void *ctx)
{
    amzx_easy_t *e = ctx;
    size_t len = size * count;
    curl_off_t hint = 0;

    if (e->reply.body_len == 0) {
        (void)curl_easy_getinfo(e->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                                &hint);
    }
    return amzx_reply_data(&e->reply, bytes, len,
                           hint > 0 ? (apr_size_t)hint : 0) ? len : 0;
}

/* ---- options of one transfer --------------------------------------------- */

static const struct {
    CURLoption option;
    long value;
} policy[] = {
    { CURLOPT_NOSIGNAL, 1L },
    { CURLOPT_FOLLOWLOCATION, 0L },
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_HTTP09_ALLOWED, 0L },
    /* One connection, one call: a lost connection leaves one fate unknown. */
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
    { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_SSL_VERIFYPEER, 1L },
    { CURLOPT_SSL_VERIFYHOST, 2L },
    { CURLOPT_BUFFERSIZE, RECEIVE_BUFFER },
    { CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER },
    { CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S },
    { CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_S },
    /* Giving up on a slow name server must not wait for its thread. */
    { CURLOPT_QUICK_EXIT, 1L },
};

#define SET(option, value) \
    (bad |= curl_easy_setopt(e->easy, (option), (value)) != CURLE_OK)

static int set_policy(amzx_easy_t *e)
{
    const amzx_http_options_t *opt = e->m->opt;
    size_t i;
    int bad = 0;

    for (i = 0; i < sizeof(policy) / sizeof(policy[0]); i++) {
        SET(policy[i].option, policy[i].value);
    }
    SET(CURLOPT_PROTOCOLS_STR, e->may_be_private ? "https,http" : "https");
    /* Set, even to nothing, so that the environment has no say. */
    SET(CURLOPT_PROXY, opt->proxy != NULL ? opt->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_CAINFO, opt->ca_file);
    /* With a folder of authorities curl parses the whole bundle for every
     * connection instead of once. */
    SET(CURLOPT_CAPATH, (char *)NULL);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    SET(CURLOPT_USERAGENT, opt->user_agent);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, e);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, e);
    SET(CURLOPT_HEADERFUNCTION, on_line);
    SET(CURLOPT_HEADERDATA, e);
    SET(CURLOPT_WRITEFUNCTION, on_data);
    SET(CURLOPT_WRITEDATA, e);
    SET(CURLOPT_ERRORBUFFER, e->error);
    SET(CURLOPT_PRIVATE, e);
    return !bad;
}

static int add_header(amzx_easy_t *e, const char *name, const char *value)
{
    /* "Name;" tells curl of an empty value, "Name:" of no header at all. */
    const char *mark = value == NULL ? ":"
                       : value[strspn(value, " \t")] == '\0' ? ";" : ": ";
    apr_size_t room = strlen(name) + (value != NULL ? strlen(value) : 0) + 3;
    struct curl_slist *list = NULL;
    char *line = malloc(room);

    if (line != NULL) {
        (void)apr_snprintf(line, room, "%s%s%s", name, mark,
                           *mark == ':' && value != NULL ? value : "");
        list = curl_slist_append(e->headers, line);
        free(line);
    }
    if (list == NULL) {
        return 0;
    }
    e->headers = list;
    return 1;
}

static int set_message(amzx_easy_t *e, const amzx_http_request_t *req)
{
    int has_type = 0;
    int is_head = strcmp(req->method, "HEAD") == 0;
    int bad = 0;
    int i;

    for (i = 0; i < req->headers; i++) {
        has_type |= strcasecmp(req->header[i].name, "Content-Type") == 0;
        bad |= !add_header(e, req->header[i].name, req->header[i].value);
    }
    e->is_safe = is_head || strcmp(req->method, "GET") == 0;
    e->body_len = req->body_len;
    if (req->body != NULL || strcmp(req->method, "POST") == 0
        || strcmp(req->method, "PUT") == 0
        || strcmp(req->method, "PATCH") == 0) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, req->body != NULL ? req->body : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
        bad |= !add_header(e, "Expect", NULL);
        bad |= !has_type && !add_header(e, "Content-Type", NULL);
    }
    else if (is_head) {
        SET(CURLOPT_NOBODY, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, req->method);
    SET(CURLOPT_HTTPHEADER, e->headers);
    SET(CURLOPT_CURLU, e->url);
    SET(CURLOPT_TIMEOUT_MS, (long)((req->total_timeout_us + 999) / 1000));
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)((req->connect_timeout_us + 999) / 1000));
    SET(CURLOPT_LOW_SPEED_TIME,
        (long)amzx_guard_slow_s(req->total_timeout_us));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)req->max_body);
    amzx_reply_reset(&e->reply, req->max_body);
    return !bad;
}

/* curl's own reading of the URL is judged, and the same object is used for
 * the call: nothing is parsed twice in different ways. */
static apr_status_t set_url(amzx_easy_t *e, const char *url,
                            amzx_fault_t *fault)
{
    apr_status_t rv;
    char *scheme = NULL;
    char *host = NULL;

    if (curl_url_set(e->url, CURLUPART_URL, url, CURLU_DISALLOW_USER)
            == CURLUE_OK) {
        (void)curl_url_get(e->url, CURLUPART_SCHEME, &scheme, 0);
        (void)curl_url_get(e->url, CURLUPART_HOST, &host, 0);
    }
    rv = amzx_guard_url(&e->may_be_private, scheme, host,
                        e->m->opt->allow_private, fault);
    curl_free(scheme);
    curl_free(host);
    return rv;
}

/* A handle of its own for each call. curl_easy_reset does not forget the last
 * header of the call before in libcurl 7.88 (Debian 12): an answer that begins
 * with a folded header line would write into freed memory. Connections, names
 * and TLS sessions are the multi's and are used again all the same. */
amzx_easy_t *amzx_easy_make(amzx_multi_t *m)
{
    amzx_easy_t *e = calloc(1, sizeof(*e));

    if (e == NULL) {
        return NULL;
    }
    e->m = m;
    e->easy = curl_easy_init();
    e->url = curl_url();
    if (e->easy == NULL || e->url == NULL) {
        amzx_easy_free(e);
        return NULL;
    }
    return e;
}

void amzx_easy_free(amzx_easy_t *e)
{
    amzx_easy_stop(e);
    curl_easy_cleanup(e->easy);
    curl_url_cleanup(e->url);
    curl_slist_free_all(e->headers);
    amzx_reply_reset(&e->reply, 0);
    free(e);
}

apr_status_t amzx_easy_start(amzx_easy_t *e, const amzx_http_request_t *req,
                             void *owner, amzx_fault_t *fault)
{
    apr_status_t rv;

    rv = amzx_guard_request(req, fault);
    if (rv == APR_SUCCESS) {
        rv = set_url(e, req->url, fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!set_policy(e) || !set_message(e, req)
        || curl_multi_add_handle(e->m->multi, e->easy) != CURLM_OK) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                              "internal.http", "the call cannot be set up");
    }
    e->owner = owner;
    return APR_SUCCESS;
}

void amzx_easy_stop(amzx_easy_t *e)
{
    if (e->owner != NULL) {
        e->owner = NULL;
        (void)curl_multi_remove_handle(e->m->multi, e->easy);
    }
}

/* ---- the end of a transfer ----------------------------------------------- */

static const char *code_of(const amzx_easy_t *e, CURLcode result)
{
    if (e->is_blocked) {
        return "network.blocked";
    }
    if (e->reply.is_too_large) {
        return "limit.size";
    }
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "network.dns";
    case CURLE_COULDNT_CONNECT:
        return "network.refused";
    case CURLE_OPERATION_TIMEDOUT:
        return "network.timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
        return "network.tls";
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY: /* also one endless header line */
        return "limit.size";
    default:
        return "network.reset";
    }
}

/* Could the peer have the whole request? Certainly not before it was handed
 * over, nor while some of its body was still here. */
static int maybe_sent(const amzx_easy_t *e)
{
    curl_off_t sent = 0;

    if (!e->is_handed) {
        return 0;
    }
    if (e->is_repeat || e->body_len == 0
        || curl_easy_getinfo(e->easy, CURLINFO_SIZE_UPLOAD_T, &sent)
               != CURLE_OK) {
        return 1;
    }
    return sent >= (curl_off_t)e->body_len;
}

static const char *why(const amzx_easy_t *e, CURLcode result)
{
    if (e->is_blocked) {
        return "not a public address";
    }
    if (e->reply.is_too_large) {
        return "the answer is larger than allowed";
    }
    if (e->is_repeat) {
        return "the connection closed before an answer came";
    }
    return e->error[0] != '\0' ? e->error : curl_easy_strerror(result);
}

amzx_easy_t *amzx_multi_ended(amzx_outcome_t *out, amzx_multi_t *m)
{
    amzx_easy_t *e = NULL;
    CURLMsg *msg;
    CURLcode result;
    long status = 0;
    int left;

    msg = curl_multi_info_read(m->multi, &left);
    if (msg == NULL) {
        return NULL;
    }
    result = msg->data.result;
    (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&e);
    (void)curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK && (status < 200 || status > 999)) {
        result = CURLE_WEIRD_SERVER_REPLY;
    }
    out->owner = e->owner;
    out->reply = &e->reply;
    out->status = result == CURLE_OK ? (int)status : 0;
    out->code = code_of(e, result);
    out->why = why(e, result);
    out->maybe_sent = maybe_sent(e);
    out->is_safe = e->is_safe;
    amzx_easy_stop(e);
    return e;
}

/* ---- the multi ----------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                     void *unused)
{
    static const int events[] = {
        [CURL_POLL_IN] = AMZX_LOOP_READ,
        [CURL_POLL_OUT] = AMZX_LOOP_WRITE,
        [CURL_POLL_INOUT] = AMZX_LOOP_READ | AMZX_LOOP_WRITE,
        [CURL_POLL_REMOVE] = 0,
    };
    amzx_multi_t *m = ctx;

    (void)easy;
    (void)unused;
    m->host.watch(m->host.ctx, fd, events[what]);
    return 0;
}

static int on_timeout(CURLM *multi, long after_ms, void *ctx)
{
    amzx_multi_t *m = ctx;

    (void)multi;
    m->host.timeout(m->host.ctx, after_ms < 0 ? -1 : after_ms * 1000);
    return 0;
}

amzx_multi_t *amzx_multi_make(const amzx_http_options_t *opt,
                              const amzx_multi_host_t *host)
{
    amzx_multi_t *m = calloc(1, sizeof(*m));
    CURLM *multi = curl_multi_init();

    if (m == NULL || multi == NULL) {
        (void)curl_multi_cleanup(multi);
        free(m);
        return NULL;
    }
    m->multi = multi;
    m->opt = opt;
    m->host = *host;
    /* None of these can fail on a fresh multi. */
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, m);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, m);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                            (long)opt->max_per_host);
    return m;
}

void amzx_multi_free(amzx_multi_t *m)
{
    (void)curl_multi_cleanup(m->multi);
    free(m);
}

void amzx_multi_keep(amzx_multi_t *m, int connections)
{
    (void)curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS,
                            (long)connections);
}

void amzx_multi_ready(amzx_multi_t *m, int fd, int events)
{
    int mask = ((events & AMZX_LOOP_READ) != 0 ? CURL_CSELECT_IN : 0)
               | ((events & AMZX_LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0)
               | ((events & AMZX_LOOP_ERROR) != 0 ? CURL_CSELECT_ERR : 0);
    int running;

    (void)curl_multi_socket_action(m->multi, fd, mask, &running);
}

void amzx_multi_timeout(amzx_multi_t *m)
{
    int running;

    (void)curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0,
                                   &running);
}
