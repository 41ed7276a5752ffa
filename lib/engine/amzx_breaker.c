/* SPDX-License-Identifier: Apache-2.0 */
/* A circuit breaker in the memory of one engine. */
#include "amzx_breaker.h"

#include <string.h>

#define PART_US apr_time_from_sec(10)
#define CALLS_MIN 20
#define PAUSE_MIN_US apr_time_from_sec(30)
#define PAUSE_MAX_US apr_time_from_sec(600)
#define PROBE_US apr_time_from_sec(120)

apr_time_t amzx_breaker_next(int *is_probe, const amzx_breaker_t *b,
                             apr_time_t now)
{
    *is_probe = 0;
    if (b->open_until == 0) {
        return 0;
    }
    if (b->open_until > now) {
        return b->open_until;
    }
    if (b->probe_until > now) {
        return now + apr_time_from_sec(1);
    }
    *is_probe = 1;
    return 0;
}

void amzx_breaker_probe(amzx_breaker_t *b, apr_time_t now)
{
    b->probe_until = now + PROBE_US;
}

void amzx_breaker_unprobe(amzx_breaker_t *b)
{
    b->probe_until = 0;
}

/* Drop what is older than a minute. */
static void advance(amzx_breaker_t *b, apr_int64_t part)
{
    apr_int64_t i;

    if (part - b->part >= AMZX_BREAKER_PARTS || part < b->part) {
        memset(b->calls, 0, sizeof(b->calls));
        memset(b->failures, 0, sizeof(b->failures));
    }
    else {
        for (i = b->part + 1; i <= part; i++) {
            b->calls[i % AMZX_BREAKER_PARTS] = 0;
            b->failures[i % AMZX_BREAKER_PARTS] = 0;
        }
    }
    b->part = part;
}

static void trip(amzx_breaker_t *b, apr_time_t now)
{
    b->pause_us = b->pause_us > 0 ? b->pause_us * 2 : PAUSE_MIN_US;
    if (b->pause_us > PAUSE_MAX_US) {
        b->pause_us = PAUSE_MAX_US;
    }
    b->open_until = now + b->pause_us;
    b->probe_until = 0;
    memset(b->calls, 0, sizeof(b->calls));
    memset(b->failures, 0, sizeof(b->failures));
}

int amzx_breaker_note(amzx_breaker_t *b, int is_failure, apr_time_t now)
{
    int calls = 0;
    int failures = 0;
    int i;

    if (b->open_until > now) {
        return 0; /* one that was out when it opened tells nothing new */
    }
    if (b->open_until != 0) {
        if (is_failure) {
            trip(b, now);
            return 1;
        }
        memset(b, 0, sizeof(*b)); /* the peer is back */
    }
    advance(b, now / PART_US);
    b->calls[b->part % AMZX_BREAKER_PARTS]++;
    b->failures[b->part % AMZX_BREAKER_PARTS] += is_failure != 0;
    for (i = 0; i < AMZX_BREAKER_PARTS; i++) {
        calls += b->calls[i];
        failures += b->failures[i];
    }
    if (calls < CALLS_MIN || failures * 2 < calls) {
        return 0;
    }
    trip(b, now);
    return 1;
}
