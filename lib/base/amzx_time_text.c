/* SPDX-License-Identifier: Apache-2.0 */
/* Times, dates and durations as ISO 8601 text. */
#include "amzx_time.h"

#include <string.h>

#define US APR_USEC_PER_SEC
#define DAY_US ((apr_int64_t)86400 * APR_USEC_PER_SEC)

/* n as at least `width` digits. @return behind them */
static char *put_number(char *o, apr_uint64_t n, int width)
{
    char digits[24];
    int count = 0;

    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    for (; width > count; width--) {
        *o++ = '0';
    }
    while (count > 0) {
        *o++ = digits[--count];
    }
    return o;
}

/* Years outside 0001 to 9999 do not come from our parsers; they are pinned to
 * that range so that the text always fits and always parses. */
static char *put_date(char *o, apr_int64_t days)
{
    static const apr_int64_t first = -719162;
    static const apr_int64_t last = 2932896;
    int year;
    int month;
    int day;

    days = days < first ? first : days > last ? last : days;
    amzx_civil_from_days(&year, &month, &day, days);
    o = put_number(o, (apr_uint64_t)year, 4);
    *o++ = '-';
    o = put_number(o, (apr_uint64_t)month, 2);
    *o++ = '-';
    return put_number(o, (apr_uint64_t)day, 2);
}

void amzx_date_text(char out[AMZX_TIME_TEXT], apr_int64_t days)
{
    *put_date(out, days) = '\0';
}

void amzx_time_text(char out[AMZX_TIME_TEXT], apr_time_t t)
{
    apr_int64_t days = t / DAY_US;
    apr_int64_t rest = t % DAY_US;
    apr_uint64_t second;
    char *o;

    if (rest < 0) {
        rest += DAY_US;
        days--;
    }
    second = (apr_uint64_t)(rest / US);
    o = put_date(out, days);
    *o++ = 'T';
    o = put_number(o, second / 3600, 2);
    *o++ = ':';
    o = put_number(o, second / 60 % 60, 2);
    *o++ = ':';
    o = put_number(o, second % 60, 2);
    if (rest % US != 0) {
        *o++ = '.';
        o = put_number(o, (apr_uint64_t)(rest % US), 6);
    }
    *o++ = 'Z';
    *o = '\0';
}

/* One part of a duration, if there is any. */
static char *put_part(char *o, apr_uint64_t n, char unit)
{
    if (n > 0) {
        o = put_number(o, n, 1);
        *o++ = unit;
    }
    return o;
}

void amzx_duration_text(char out[AMZX_TIME_TEXT], apr_interval_time_t d)
{
    apr_uint64_t us = d < 0 ? 0 - (apr_uint64_t)d : (apr_uint64_t)d;
    apr_uint64_t seconds = us / US;
    char *o = out;

    us %= US;
    if (d < 0) {
        *o++ = '-';
    }
    *o++ = 'P';
    o = put_part(o, seconds / 86400, 'D');
    if (seconds % 86400 > 0 || us > 0 || d == 0) {
        *o++ = 'T';
        o = put_part(o, seconds / 3600 % 24, 'H');
        o = put_part(o, seconds / 60 % 60, 'M');
        if (us > 0) {
            o = put_number(o, seconds % 60, 1);
            *o++ = '.';
            o = put_number(o, us, 6);
            *o++ = 'S';
        }
        else {
            o = put_part(o, seconds % 60, 'S');
        }
        if (d == 0) {
            *o++ = '0';
            *o++ = 'S';
        }
    }
    *o = '\0';
}
