/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, MACs, random bytes and AES-GCM: the only file that uses EVP. */
#include "amzx_crypto.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "amzx_aead.h"
#include "amzx_str.h"

#define NONCE_LEN 12
#define TAG_LEN 16
#define SHA1_LEN 20

struct amzx_digest_t {
    EVP_MD_CTX *ctx;
};

/* A digest fails only without memory or with a broken library. Whoever goes
 * on then signs and compares garbage, so stop as a pool without memory does. */
static void need(int ok)
{
    if (!ok) {
        abort();
    }
}

void amzx_wipe(void *bytes, apr_size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

void amzx_sha256(unsigned char out[AMZX_SHA256_LEN], const void *bytes,
                 apr_size_t len)
{
    need(EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1);
}

const char *amzx_sha256_hex(const void *bytes, apr_size_t len, apr_pool_t *p)
{
    unsigned char out[AMZX_SHA256_LEN];

    amzx_sha256(out, bytes, len);
    return amzx_hex(out, sizeof(out), p);
}

static apr_status_t digest_free(void *data)
{
    amzx_digest_t *d = data;

    EVP_MD_CTX_free(d->ctx);
    d->ctx = NULL;
    return APR_SUCCESS;
}

amzx_digest_t *amzx_digest_new(apr_pool_t *p)
{
    amzx_digest_t *d = apr_palloc(p, sizeof(*d));

    d->ctx = EVP_MD_CTX_new();
    need(d->ctx != NULL);
    apr_pool_cleanup_register(p, d, digest_free, apr_pool_cleanup_null);
    need(EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) == 1);
    return d;
}

void amzx_digest_part(amzx_digest_t *d, const void *bytes, apr_size_t len)
{
    unsigned char size[8];
    int i;

    for (i = 0; i < 8; i++) {
        size[i] = (unsigned char)((apr_uint64_t)len >> (56 - 8 * i));
    }
    need(EVP_DigestUpdate(d->ctx, size, sizeof(size)) == 1);
    need(EVP_DigestUpdate(d->ctx, bytes, len) == 1);
}

const char *amzx_digest_hex(amzx_digest_t *d, apr_pool_t *p)
{
    unsigned char out[AMZX_SHA256_LEN];
    EVP_MD_CTX *end = EVP_MD_CTX_new();

    /* On a copy: more parts may follow. */
    need(end != NULL && EVP_MD_CTX_copy_ex(end, d->ctx) == 1);
    need(EVP_DigestFinal_ex(end, out, NULL) == 1);
    EVP_MD_CTX_free(end);
    return amzx_hex(out, sizeof(out), p);
}

void amzx_hmac_sha256(unsigned char out[AMZX_SHA256_LEN], const void *key,
                      apr_size_t key_len, const void *bytes, apr_size_t len)
{
    need(key_len <= INT_MAX);
    need(HMAC(EVP_sha256(), key_len > 0 ? key : "", (int)key_len, bytes, len,
              out, NULL) != NULL);
}

int amzx_ct_equal(const void *a, apr_size_t a_len, const void *b,
                  apr_size_t b_len)
{
    return a_len == b_len && (a_len == 0 || CRYPTO_memcmp(a, b, a_len) == 0);
}

apr_status_t amzx_random_bytes(unsigned char *out, apr_size_t len)
{
    while (len > 0) {
        int n = len > 65536 ? 65536 : (int)len;

        if (RAND_bytes(out, n) != 1) {
            return APR_EGENERAL;
        }
        out += n;
        len -= (apr_size_t)n;
    }
    return APR_SUCCESS;
}

static void uuid_text(char out[37], unsigned char raw[16], int version)
{
    static const char digits[] = "0123456789abcdef";
    char *o = out;
    int i;

    raw[6] = (unsigned char)((raw[6] & 0x0f) | version << 4);
    raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *o++ = '-';
        }
        *o++ = digits[raw[i] >> 4];
        *o++ = digits[raw[i] & 15];
    }
    *o = '\0';
}

/* 0 to 15, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int uuid_parse(unsigned char raw[16], const char *s)
{
    int i;

    if (s == NULL || strlen(s) != 36) {
        return 0;
    }
    for (i = 0; i < 16; i++) {
        int high;
        int low;

        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (*s++ != '-') {
                return 0;
            }
        }
        high = hex_value(s[0]);
        low = hex_value(s[1]);
        if (high < 0 || low < 0) {
            return 0;
        }
        raw[i] = (unsigned char)(high << 4 | low);
        s += 2;
    }
    return 1;
}

apr_status_t amzx_uuid5(char out[37], const char *ns, const char *text)
{
    unsigned char digest[SHA1_LEN];
    unsigned char raw[16];
    EVP_MD_CTX *ctx;

    out[0] = '\0';
    if (!uuid_parse(raw, ns) || text == NULL) {
        return APR_EINVAL;
    }
    ctx = EVP_MD_CTX_new();
    need(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1
         && EVP_DigestUpdate(ctx, raw, sizeof(raw)) == 1
         && EVP_DigestUpdate(ctx, text, strlen(text)) == 1
         && EVP_DigestFinal_ex(ctx, digest, NULL) == 1);
    EVP_MD_CTX_free(ctx);
    uuid_text(out, digest, 5);
    return APR_SUCCESS;
}

void amzx_uuid4(char out[37])
{
    unsigned char raw[16];

    need(RAND_bytes(raw, sizeof(raw)) == 1);
    uuid_text(out, raw, 4);
}

apr_status_t amzx_aead_seal(unsigned char *out, const unsigned char *key,
                            const void *plain, apr_size_t len,
                            const void *aad, apr_size_t aad_len)
{
    EVP_CIPHER_CTX *ctx = NULL;
    unsigned char *tag = out + NONCE_LEN;
    unsigned char *text = tag + TAG_LEN;
    apr_status_t rv = APR_EGENERAL;
    int n;

    if (len > INT_MAX - TAG_LEN || aad_len > INT_MAX
        || RAND_bytes(out, NONCE_LEN) != 1) {
        goto leave;
    }
    ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL
        && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out) == 1
        && EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1
        && EVP_EncryptUpdate(ctx, text, &n, plain, (int)len) == 1
        && EVP_EncryptFinal_ex(ctx, text + n, &n) == 1
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag)
               == 1) {
        rv = APR_SUCCESS;
    }
leave:
    EVP_CIPHER_CTX_free(ctx);
    return rv;
}

apr_status_t amzx_aead_open(unsigned char *plain, const unsigned char *key,
                            const unsigned char *sealed, apr_size_t len,
                            const void *aad, apr_size_t aad_len)
{
    EVP_CIPHER_CTX *ctx = NULL;
    unsigned char tag[TAG_LEN];
    apr_size_t body;
    apr_status_t rv = APR_EACCES;
    int n = 0;

    if (len < AMZX_AEAD_HEAD || len > INT_MAX || aad_len > INT_MAX) {
        return APR_EACCES;
    }
    body = len - AMZX_AEAD_HEAD;
    memcpy(tag, sealed + NONCE_LEN, TAG_LEN);
    ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL
        && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) == 1
        && EVP_DecryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1
        && EVP_DecryptUpdate(ctx, plain, &n, sealed + AMZX_AEAD_HEAD,
                             (int)body) == 1
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1
        && EVP_DecryptFinal_ex(ctx, plain + n, &n) == 1) {
        rv = APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        OPENSSL_cleanse(plain, body);
    }
    EVP_CIPHER_CTX_free(ctx);
    return rv;
}
