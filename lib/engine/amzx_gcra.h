/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_gcra.h  The generic cell rate algorithm: a rate with a burst in
 * one number, the theoretical arrival time (tat) of the next call.
 */
#ifndef AMZX_GCRA_H
#define AMZX_GCRA_H

#include <apr_time.h>

/**
 * When may the next call go? In any span of time T at most
 * burst + T / interval calls are let through.
 *
 * @param interval_us one call per this, > 0
 * @param burst       calls at once after a pause; below 1 counts as 1
 * @return 0 for now, else a later time
 */
apr_time_t amzx_gcra_next(apr_time_t tat, apr_interval_time_t interval_us,
                          int burst, apr_time_t now);
/** The tat after a call at `now`. */
apr_time_t amzx_gcra_take(apr_time_t tat, apr_interval_time_t interval_us,
                          apr_time_t now);
/** The tat when the peer says that nothing is left: one interval to wait. */
apr_time_t amzx_gcra_empty(apr_time_t tat, apr_interval_time_t interval_us,
                           int burst, apr_time_t now);

#endif
