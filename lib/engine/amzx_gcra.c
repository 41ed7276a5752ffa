/* SPDX-License-Identifier: Apache-2.0 */
/* The generic cell rate algorithm. */
#include "amzx_gcra.h"

static apr_interval_time_t tolerance(apr_interval_time_t interval_us,
                                     int burst)
{
    return interval_us * (burst > 1 ? burst : 1);
}

apr_time_t amzx_gcra_take(apr_time_t tat, apr_interval_time_t interval_us,
                          apr_time_t now)
{
    return (tat > now ? tat : now) + interval_us;
}

apr_time_t amzx_gcra_next(apr_time_t tat, apr_interval_time_t interval_us,
                          int burst, apr_time_t now)
{
    apr_time_t at = amzx_gcra_take(tat, interval_us, now)
                    - tolerance(interval_us, burst);

    return at > now ? at : 0;
}

apr_time_t amzx_gcra_empty(apr_time_t tat, apr_interval_time_t interval_us,
                           int burst, apr_time_t now)
{
    apr_time_t empty = now + tolerance(interval_us, burst);

    return tat > empty ? tat : empty;
}
