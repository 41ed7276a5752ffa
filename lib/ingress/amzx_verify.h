/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_verify.h  Is a delivery from who it claims to be?
 *
 * Verifiers work on the raw bytes, before anything is parsed, and compare in
 * constant time. Two secrets may be active at once, so that one can be
 * changed without losing a delivery. Amazon SNS signatures are not here yet.
 */
#ifndef AMZX_VERIFY_H
#define AMZX_VERIFY_H

#include "amzx_crypto.h"
#include "amzx_fault.h"

#define AMZX_VERIFY_TOLERANCE_US apr_time_from_sec(300)

typedef enum {
    AMZX_VERIFY_NONE = 0, /**< not set: everything is refused */
    /** A header holds the secret itself. Default header: X-API-Key. */
    AMZX_VERIFY_API_KEY,
    /** A header holds HMAC-SHA256 of the body, or of "timestamp.body" when
     *  timestamp_header is set. Default header: X-Signature. */
    AMZX_VERIFY_HMAC_SHA256,
    /** webhook-id, webhook-timestamp, webhook-signature; the secret is
     *  "whsec_" and base64. @fact{Standard Webhooks 1.0.0} */
    AMZX_VERIFY_STANDARD,
    /** x-xero-signature: base64 HMAC-SHA256 of the body, the key taken as
     *  its ASCII text. @fact{xero-api: webhooks} */
    AMZX_VERIFY_XERO
} amzx_verify_e;

typedef enum {
    AMZX_SIGNATURE_ANY = 0, /**< 64 hex digits or base64 */
    AMZX_SIGNATURE_HEX,
    AMZX_SIGNATURE_BASE64
} amzx_signature_e;

/** How deliveries of one source are verified. Zero members take defaults. */
typedef struct {
    amzx_verify_e scheme;
    const char *header; /**< of api-key and hmac-sha256; NULL: the default */
    const char *prefix; /**< before the value, for example "sha256=" or
                             "Bearer "; NULL: none */
    amzx_signature_e encoding;          /**< of hmac-sha256 */
    const char *timestamp_header;       /**< of hmac-sha256: Unix seconds */
    apr_interval_time_t tolerance_us;   /**< 0: AMZX_VERIFY_TOLERANCE_US */
    const amzx_secret_t *current;       /**< never NULL */
    const amzx_secret_t *previous;      /**< or NULL */
    apr_time_t previous_until;          /**< 0: no end */
} amzx_verify_t;

/** What came out; `reason` is a stable word for metrics and logs. */
typedef struct {
    int is_ok;
    /** "ok", "ok_previous", "no_secret", "missing_header", "malformed",
     *  "stale", "future", "mismatch". */
    const char *reason;
    /** The sender's own delivery id (webhook-id), in p; NULL when the scheme
     *  has none or the delivery is refused. */
    const char *delivery_id;
} amzx_verified_t;

/** A request header by name, ignoring case; NULL when absent. */
typedef const char *amzx_header_fn(void *ctx, const char *name);

/** AMZX_VERIFY_NONE when unknown: "api-key", "hmac-sha256",
 *  "standard-webhooks", "xero". */
amzx_verify_e amzx_verify_of(const char *name);
/** The inverse; "none" for AMZX_VERIFY_NONE. */
const char *amzx_verify_name(amzx_verify_e scheme);

/**
 * For start-up: is this verifier usable? Secrets of at least 16 bytes,
 * decodable ones for standard-webhooks, header names that are tokens.
 * @return APR_SUCCESS, or CONFIG `config.verify` saying what is wrong
 */
apr_status_t amzx_verify_check(const amzx_verify_t *v, amzx_fault_t *fault,
                               apr_pool_t *p);

/**
 * Verify one delivery.
 *
 * @param body raw bytes as received; may be empty
 * @param now  UTC, for timestamps and previous_until
 * @param p    scratch
 * @thread{any}
 */
void amzx_verify(amzx_verified_t *out, const amzx_verify_t *v,
                 const char *body, apr_size_t len, amzx_header_fn *get,
                 void *ctx, apr_time_t now, apr_pool_t *p);

#endif
