/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_crypto.h  Digests, MACs, sealing, secrets. EVP only here. */
#ifndef AMZX_CRYPTO_H
#define AMZX_CRYPTO_H

#include <apr_pools.h>

#include "amzx_env.h"
#include "amzx_fault.h"

#define AMZX_SHA256_LEN 32

void amzx_sha256(unsigned char out[AMZX_SHA256_LEN], const void *bytes,
                 apr_size_t len);
/** Lower-case hex digest, 64 characters. */
const char *amzx_sha256_hex(const void *bytes, apr_size_t len, apr_pool_t *p);

/** A digest over several parts, each preceded by its length: no ambiguity. */
typedef struct amzx_digest_t amzx_digest_t;
amzx_digest_t *amzx_digest_new(apr_pool_t *p);
void amzx_digest_part(amzx_digest_t *d, const void *bytes, apr_size_t len);
const char *amzx_digest_hex(amzx_digest_t *d, apr_pool_t *p);

void amzx_hmac_sha256(unsigned char out[AMZX_SHA256_LEN], const void *key,
                      apr_size_t key_len, const void *bytes, apr_size_t len);

/** Equal in time that depends on the lengths only? */
int amzx_ct_equal(const void *a, apr_size_t a_len, const void *b,
                  apr_size_t b_len);

apr_status_t amzx_random_bytes(unsigned char *out, apr_size_t len);

/** Overwrite so that no compiler leaves it out. */
void amzx_wipe(void *bytes, apr_size_t len);

/** SHA-1 name UUID (RFC 4122 version 5) of text in a namespace UUID. */
apr_status_t amzx_uuid5(char out[37], const char *ns, const char *text);
/** A random UUID (version 4). */
void amzx_uuid4(char out[37]);

/** Bytes that are wiped when the pool goes. */
typedef struct {
    unsigned char *bytes; /**< NUL-terminated for convenience */
    apr_size_t len;
} amzx_secret_t;

amzx_secret_t *amzx_secret_make(const void *bytes, apr_size_t len,
                                apr_pool_t *p);
/**
 * Read a secret file: trailing newlines and blanks are cut, at most 64 KiB,
 * refused when group or others may write it, or when nothing is left.
 */
apr_status_t amzx_secret_file(amzx_secret_t **out, const char *path,
                              amzx_fault_t *fault, apr_pool_t *p);

/** The master keys of an installation (AmzXeroKeyFile). */
typedef struct amzx_keyring_t amzx_keyring_t;

/**
 * Load "id base64-of-32-bytes" lines; the first key seals, all open.
 * The same permission rule as amzx_secret_file.
 */
apr_status_t amzx_keyring_load(amzx_keyring_t **out, const char *path,
                               amzx_fault_t *fault, apr_pool_t *p);

/**
 * Seal with AES-256-GCM, random nonce, `aad` bound. The result is text:
 * "s1." key id "." base64(nonce, tag, ciphertext). With a NULL keyring the
 * text is "p0." base64(plain): readable, and doctor warns. NULL only when
 * the random source fails.
 */
const char *amzx_seal(const amzx_keyring_t *ring, const void *plain,
                      apr_size_t len, const char *aad, apr_pool_t *p);

/**
 * Open; APR_EACCES when key, aad or bytes are wrong. Adds a final NUL. The
 * bytes are wiped when the pool goes. A "p0." text opens with any keyring.
 */
apr_status_t amzx_unseal(char **plain, apr_size_t *len,
                         const amzx_keyring_t *ring, const char *sealed,
                         const char *aad, amzx_fault_t *fault, apr_pool_t *p);

#endif
