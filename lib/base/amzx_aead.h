/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_aead.h  AES-256-GCM on bytes, for the sealing of secrets. */
#ifndef AMZX_AEAD_H
#define AMZX_AEAD_H

#include <apr_errno.h>

#define AMZX_AEAD_KEY 32
/** Bytes in front of the ciphertext: a nonce of 12 and a tag of 16. */
#define AMZX_AEAD_HEAD 28

/**
 * Encrypt with a fresh random nonce.
 *
 * @param out nonce, tag, ciphertext: AMZX_AEAD_HEAD + len bytes
 */
apr_status_t amzx_aead_seal(unsigned char *out, const unsigned char *key,
                            const void *plain, apr_size_t len,
                            const void *aad, apr_size_t aad_len);

/**
 * Decrypt and check.
 *
 * @param plain len - AMZX_AEAD_HEAD bytes; wiped when the check fails
 * @return APR_EACCES when key, aad or bytes are wrong
 */
apr_status_t amzx_aead_open(unsigned char *plain, const unsigned char *key,
                            const unsigned char *sealed, apr_size_t len,
                            const void *aad, apr_size_t aad_len);

#endif
