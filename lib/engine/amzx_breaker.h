/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_breaker.h  A circuit breaker: stops calling a peer that fails.
 *
 *            >= half of >= 20 calls of a minute failed
 *     CLOSED ---------------------------------------> OPEN (30 s, doubling
 *       ^                                              |     to 10 min)
 *       | probe succeeded            its time is over  v
 *       +------------------------------------------- one probe
 */
#ifndef AMZX_BREAKER_H
#define AMZX_BREAKER_H

#include <apr_time.h>

#define AMZX_BREAKER_PARTS 6

/** Zeroed: closed. */
typedef struct {
    int calls[AMZX_BREAKER_PARTS]; /**< of the last minute, by 10 s */
    int failures[AMZX_BREAKER_PARTS];
    apr_int64_t part;         /**< number of the newest 10 s */
    apr_time_t open_until;    /**< 0: closed */
    apr_interval_time_t pause_us; /**< of the last opening */
    apr_time_t probe_until;   /**< a probe is out; 0: none */
} amzx_breaker_t;

/**
 * May a call go?
 *
 * @param is_probe set when it would be the probe: tell amzx_breaker_probe
 * @return 0 yes, else when to ask again
 */
apr_time_t amzx_breaker_next(int *is_probe, const amzx_breaker_t *b,
                             apr_time_t now);
/** The probe goes out; its answer must come within two minutes. */
void amzx_breaker_probe(amzx_breaker_t *b, apr_time_t now);
/** It did not go after all. */
void amzx_breaker_unprobe(amzx_breaker_t *b);
/** A call ended. @return 1 when this opened the breaker */
int amzx_breaker_note(amzx_breaker_t *b, int is_failure, apr_time_t now);

#endif
