/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers that sort by the time they were made. */
#include "amzx_id.h"

#include <string.h>
#include <unistd.h>

#include "amzx_crypto.h"

#define BODY_LEN 26

/* Crockford's base 32: no i, l, o, u. In ASCII order, so ids sort. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Ten bytes nobody else in the fleet has, even if the random source fails. */
static void tail_bytes(unsigned char out[10], const amzx_env_t *env)
{
    static unsigned counter;
    unsigned char digest[AMZX_SHA256_LEN];
    struct {
        apr_time_t mono;
        apr_time_t now;
        const void *where;
        long pid;
        unsigned count;
    } noise;

    if (amzx_random(env, out, 10) == APR_SUCCESS) {
        return;
    }
    memset(&noise, 0, sizeof(noise));
    noise.mono = amzx_mono(env);
    noise.now = amzx_now(env);
    noise.where = &noise;
    noise.pid = (long)getpid();
    noise.count = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
    amzx_sha256(digest, &noise, sizeof(noise));
    memcpy(out, digest, 10);
}

const char *amzx_id_new(const amzx_env_t *env, const char *prefix,
                        apr_pool_t *p)
{
    apr_size_t n = strlen(prefix);
    char *out = apr_palloc(p, n + 1 + BODY_LEN + 1);
    unsigned char raw[16];
    apr_uint64_t ms = (apr_uint64_t)(amzx_now(env) / 1000);
    unsigned acc = 0;
    int bits = 2; /* 26 * 5 = 130: two zero bits lead */
    char *o = out + n;
    int i;

    for (i = 0; i < 6; i++) {
        raw[i] = (unsigned char)(ms >> (40 - 8 * i));
    }
    tail_bytes(raw + 6, env);
    memcpy(out, prefix, n);
    *o++ = '_';
    for (i = 0; i < 16; i++) {
        acc = acc << 8 | raw[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            *o++ = alphabet[acc >> bits & 31];
        }
        acc &= (1u << bits) - 1;
    }
    *o = '\0';
    return out;
}

int amzx_id_is(const char *id, const char *prefix)
{
    apr_size_t n;
    apr_size_t i;

    if (id == NULL || prefix == NULL) {
        return 0;
    }
    n = strlen(prefix);
    if (strncmp(id, prefix, n) != 0 || id[n] != '_'
        || strlen(id) != n + 1 + BODY_LEN || id[n + 1] > '7') {
        return 0;
    }
    for (i = n + 1; id[i] != '\0'; i++) {
        if (strchr(alphabet, id[i]) == NULL) {
            return 0;
        }
    }
    return 1;
}
