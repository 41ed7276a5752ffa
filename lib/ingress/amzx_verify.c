/* SPDX-License-Identifier: Apache-2.0 */
/* Verifiers of deliveries: raw bytes, constant time, two secrets. */
#include "amzx_verify.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

#define SECRET_MIN 16
#define STANDARD_MIN 16
#define STANDARD_PREFIX "whsec_"
#define SIGNATURES_MAX 16
#define VALUE_MAX 4096

/* In the order of amzx_verify_e. */
static const char *const names[] = {"none", "api-key", "hmac-sha256",
                                    "standard-webhooks", "xero"};

amzx_verify_e amzx_verify_of(const char *name)
{
    int i;

    for (i = 1; i <= AMZX_VERIFY_XERO; i++) {
        if (strcmp(names[i], name) == 0) {
            return (amzx_verify_e)i;
        }
    }
    return AMZX_VERIFY_NONE;
}

const char *amzx_verify_name(amzx_verify_e scheme)
{
    return scheme > AMZX_VERIFY_NONE && scheme <= AMZX_VERIFY_XERO
        ? names[scheme] : names[0];
}

/* The key of a standard-webhooks secret; NULL when it is not one. */
static const unsigned char *standard_key(apr_size_t *len,
                                         const amzx_secret_t *s,
                                         apr_pool_t *p)
{
    const char *text = (const char *)s->bytes;
    apr_size_t prefix = sizeof(STANDARD_PREFIX) - 1;

    if (strncmp(text, STANDARD_PREFIX, prefix) == 0) {
        text += prefix;
    }
    return amzx_base64_decode(len, text, p);
}

static int is_token(const char *name)
{
    if (!*name) {
        return 0;
    }
    for (; *name; name++) {
        if (!apr_isalnum(*name) && !strchr("!#$%&'*+-.^_`|~", *name)) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t bad(amzx_fault_t *fault, const char *what)
{
    return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                          "config.verify", "%s", what);
}

static apr_status_t check_secret(const amzx_verify_t *v,
                                 const amzx_secret_t *s, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    apr_size_t len = 0;

    if (v->scheme == AMZX_VERIFY_STANDARD) {
        if (!standard_key(&len, s, p) || len < STANDARD_MIN) {
            return bad(fault, "the secret must be whsec_ and the base64 of"
                              " at least 16 bytes");
        }
    }
    /* the key of Xero's portal is what it is; the test vector's is short */
    else if (v->scheme != AMZX_VERIFY_XERO && s->len < SECRET_MIN) {
        return bad(fault, "the secret must have at least 16 characters");
    }
    else if (s->len == 0) {
        return bad(fault, "the secret is empty");
    }
    return APR_SUCCESS;
}

apr_status_t amzx_verify_check(const amzx_verify_t *v, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    apr_status_t rv;

    if (v->scheme <= AMZX_VERIFY_NONE || v->scheme > AMZX_VERIFY_XERO) {
        return bad(fault, "the verifier must be api-key, hmac-sha256,"
                          " standard-webhooks or xero");
    }
    if (!v->current) {
        return bad(fault, "the verifier has no secret");
    }
    if ((v->header && !is_token(v->header))
        || (v->timestamp_header && !is_token(v->timestamp_header))) {
        return bad(fault, "a header name of the verifier is not a name");
    }
    rv = check_secret(v, v->current, fault, p);
    if (rv == APR_SUCCESS && v->previous) {
        rv = check_secret(v, v->previous, fault, p);
    }
    return rv;
}

/** One verification under way. */
typedef struct {
    amzx_verified_t *out;
    const amzx_verify_t *v;
    const char *body;
    apr_size_t len;
    amzx_header_fn *get;
    void *ctx;
    apr_time_t now;
    apr_pool_t *p;
} delivery_t;

static void say(delivery_t *d, const char *reason)
{
    d->out->is_ok = 0;
    d->out->reason = reason;
}

/* Both comparisons are always made: the time tells nothing of which fits. */
static void conclude(delivery_t *d, int by_current, int by_previous)
{
    d->out->is_ok = by_current || by_previous;
    d->out->reason = by_current ? "ok" : by_previous ? "ok_previous"
                                                     : "mismatch";
}

static const amzx_secret_t *previous_of(const delivery_t *d)
{
    const amzx_verify_t *v = d->v;

    if (!v->previous
        || (v->previous_until != 0 && d->now >= v->previous_until)) {
        return NULL;
    }
    return v->previous;
}

/* A header without its configured prefix; says what is wrong with it. */
static const char *value_of(delivery_t *d, const char *name,
                            const char *prefix)
{
    const char *value = d->get(d->ctx, name);
    apr_size_t n = prefix ? strlen(prefix) : 0;

    if (!value || !*value) {
        say(d, "missing_header");
        return NULL;
    }
    if (strlen(value) > VALUE_MAX
        || (n > 0 && strncasecmp(value, prefix, n) != 0)) {
        say(d, "malformed");
        return NULL;
    }
    return value + n;
}

/* Digests are compared, so that not even the secret's length can leak. */
static int equals_secret(const char *value, const amzx_secret_t *s)
{
    unsigned char a[AMZX_SHA256_LEN];
    unsigned char b[AMZX_SHA256_LEN];

    amzx_sha256(a, value, strlen(value));
    amzx_sha256(b, s->bytes, s->len);
    return amzx_ct_equal(a, sizeof(a), b, sizeof(b));
}

static void by_api_key(delivery_t *d)
{
    const amzx_secret_t *previous = previous_of(d);
    const char *value = value_of(d, d->v->header ? d->v->header
                                                 : "X-API-Key", d->v->prefix);

    if (value) {
        int current = equals_secret(value, d->v->current);

        conclude(d, current, previous && equals_secret(value, previous));
    }
}

/* 64 hex digits to bytes; 0 when the text is not that. */
static int unhex(unsigned char out[AMZX_SHA256_LEN], const char *text)
{
    static const char digits[] = "0123456789abcdef";
    int i;

    if (strlen(text) != 2 * AMZX_SHA256_LEN) {
        return 0;
    }
    for (i = 0; i < 2 * AMZX_SHA256_LEN; i++) {
        const char *at = strchr(digits, apr_tolower(text[i]));

        if (!at) {
            return 0;
        }
        out[i / 2] = (unsigned char)(i % 2 == 0
            ? (at - digits) << 4 : out[i / 2] | (at - digits));
    }
    return 1;
}

static int unbase64(unsigned char out[AMZX_SHA256_LEN], const char *text,
                    apr_pool_t *p)
{
    apr_size_t len = 0;
    unsigned char *bytes = amzx_base64_decode(&len, text, p);

    if (!bytes || len != AMZX_SHA256_LEN) {
        return 0;
    }
    memcpy(out, bytes, AMZX_SHA256_LEN);
    return 1;
}

static int mac_equals(const unsigned char given[AMZX_SHA256_LEN],
                      const void *key, apr_size_t key_len, const char *text,
                      apr_size_t len)
{
    unsigned char mac[AMZX_SHA256_LEN];

    amzx_hmac_sha256(mac, key, key_len, text, len);
    return amzx_ct_equal(mac, sizeof(mac), given, AMZX_SHA256_LEN);
}

/* Unix seconds near enough to now; says why not. */
static int is_fresh(delivery_t *d, const char *text)
{
    apr_interval_time_t most = d->v->tolerance_us > 0
        ? d->v->tolerance_us : AMZX_VERIFY_TOLERANCE_US;
    apr_int64_t seconds = 0;
    apr_interval_time_t age;

    if (amzx_int_parse(&seconds, text) != APR_SUCCESS || seconds < 0
        || seconds > APR_INT64_C(100000000000)) {
        say(d, "malformed");
        return 0;
    }
    age = d->now - apr_time_from_sec(seconds);
    if (age > most || age < -most) {
        say(d, age > 0 ? "stale" : "future");
        return 0;
    }
    return 1;
}

/* head and body as one text. */
static const char *joined(const delivery_t *d, const char *head,
                          apr_size_t *len)
{
    apr_size_t n = strlen(head);
    char *text = apr_palloc(d->p, n + d->len + 1);

    memcpy(text, head, n);
    memcpy(text + n, d->body, d->len);
    text[n + d->len] = '\0';
    *len = n + d->len;
    return text;
}

static void by_hmac(delivery_t *d)
{
    const amzx_verify_t *v = d->v;
    const amzx_secret_t *previous = previous_of(d);
    const char *value = value_of(d, v->header ? v->header : "X-Signature",
                                 v->prefix);
    const char *text = d->body;
    apr_size_t len = d->len;
    unsigned char given[AMZX_SHA256_LEN];
    int current;

    if (!value) {
        return;
    }
    if (!(v->encoding != AMZX_SIGNATURE_BASE64 && unhex(given, value))
        && !(v->encoding != AMZX_SIGNATURE_HEX
             && unbase64(given, value, d->p))) {
        say(d, "malformed");
        return;
    }
    if (v->timestamp_header) {
        const char *stamp = value_of(d, v->timestamp_header, NULL);

        if (!stamp || !is_fresh(d, stamp)) {
            return;
        }
        text = joined(d, apr_pstrcat(d->p, stamp, ".", NULL), &len);
    }
    current = mac_equals(given, v->current->bytes, v->current->len, text,
                         len);
    conclude(d, current, previous
             && mac_equals(given, previous->bytes, previous->len, text, len));
}

/* Does one of the signatures "v1,base64 v1,base64" fit this secret? */
static int any_fits(delivery_t *d, const char *list, const amzx_secret_t *s,
                    const char *text, apr_size_t len)
{
    char **sig = amzx_split(list, " ", d->p);
    apr_size_t key_len = 0;
    const unsigned char *key = standard_key(&key_len, s, d->p);
    int fits = 0;
    int i;

    for (i = 0; key && sig[i] && i < SIGNATURES_MAX; i++) {
        unsigned char given[AMZX_SHA256_LEN];

        /* v1a is Ed25519 for public keys: not ours to judge */
        if (strncmp(sig[i], "v1,", 3) == 0
            && unbase64(given, sig[i] + 3, d->p)) {
            fits |= mac_equals(given, key, key_len, text, len);
        }
    }
    return fits;
}

static void by_standard(delivery_t *d)
{
    const amzx_secret_t *previous = previous_of(d);
    const char *id = value_of(d, "webhook-id", NULL);
    const char *stamp = id ? value_of(d, "webhook-timestamp", NULL) : NULL;
    const char *list = stamp ? value_of(d, "webhook-signature", NULL) : NULL;
    const char *text;
    apr_size_t len;
    int current;

    if (!list || !is_fresh(d, stamp)) {
        return;
    }
    text = joined(d, apr_pstrcat(d->p, id, ".", stamp, ".", NULL), &len);
    current = any_fits(d, list, d->v->current, text, len);
    conclude(d, current, previous
             && any_fits(d, list, previous, text, len));
    if (d->out->is_ok) {
        d->out->delivery_id = apr_pstrdup(d->p, id);
    }
}

static void by_xero(delivery_t *d)
{
    const amzx_secret_t *previous = previous_of(d);
    const amzx_secret_t *now = d->v->current;
    const char *value = value_of(d, "x-xero-signature", NULL);
    unsigned char given[AMZX_SHA256_LEN];
    int current;

    if (!value) {
        return;
    }
    if (!unbase64(given, value, d->p)) {
        say(d, "malformed");
        return;
    }
    current = mac_equals(given, now->bytes, now->len, d->body, d->len);
    conclude(d, current, previous && mac_equals(
        given, previous->bytes, previous->len, d->body, d->len));
}

void amzx_verify(amzx_verified_t *out, const amzx_verify_t *v,
                 const char *body, apr_size_t len, amzx_header_fn *get,
                 void *ctx, apr_time_t now, apr_pool_t *p)
{
    delivery_t d = {out, v, body, len, get, ctx, now, p};

    memset(out, 0, sizeof(*out));
    say(&d, "no_secret");
    if (!v->current || v->current->len == 0) {
        return;
    }
    switch (v->scheme) {
    case AMZX_VERIFY_API_KEY:
        by_api_key(&d);
        break;
    case AMZX_VERIFY_HMAC_SHA256:
        by_hmac(&d);
        break;
    case AMZX_VERIFY_STANDARD:
        by_standard(&d);
        break;
    case AMZX_VERIFY_XERO:
        by_xero(&d);
        break;
    case AMZX_VERIFY_NONE:
    default:
        break;
    }
}
