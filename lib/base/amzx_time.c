/* SPDX-License-Identifier: Apache-2.0 */
/* The calendar and ISO 8601 texts. */
#include "amzx_time.h"

#include <string.h>

#define US APR_USEC_PER_SEC
#define DAY_US ((apr_int64_t)86400 * APR_USEC_PER_SEC)

/* Years run from March in this arithmetic, so that the leap day comes last;
 * an era is 400 years, always 146,097 days. */
apr_int64_t amzx_days_from_civil(int year, int month, int day)
{
    apr_int64_t y = (apr_int64_t)year - (month <= 2);
    apr_int64_t era = (y >= 0 ? y : y - 399) / 400;
    apr_int64_t of_era = y - era * 400;
    apr_int64_t of_year =
        (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
           - 719468;
}

void amzx_civil_from_days(int *year, int *month, int *day, apr_int64_t days)
{
    apr_int64_t z = days + 719468;
    apr_int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    apr_int64_t doe = z - era * 146097;
    apr_int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    apr_int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    apr_int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

int amzx_civil_is_valid(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1
           && day <= lengths[month - 1] + (month == 2 && is_leap);
}

/* Exactly n digits at *s; moves behind them. */
static int take_digits(int *out, const char **s, int n)
{
    *out = 0;
    for (; n > 0; n--, (*s)++) {
        if (**s < '0' || **s > '9') {
            return 0;
        }
        *out = *out * 10 + (**s - '0');
    }
    return 1;
}

static int take_char(const char **s, char c)
{
    if (**s != c) {
        return 0;
    }
    (*s)++;
    return 1;
}

static int take_date(apr_int64_t *days, const char **s)
{
    int year;
    int month;
    int day;

    if (!take_digits(&year, s, 4) || !take_char(s, '-')
        || !take_digits(&month, s, 2) || !take_char(s, '-')
        || !take_digits(&day, s, 2)
        || !amzx_civil_is_valid(year, month, day)) {
        return 0;
    }
    *days = amzx_days_from_civil(year, month, day);
    return 1;
}

/* Fraction digits behind a point: 1 to 9, cut to microseconds. */
static int take_fraction(apr_int64_t *us, const char **s)
{
    apr_int64_t unit = 100000;
    int n = 0;

    *us = 0;
    while (**s >= '0' && **s <= '9') {
        *us += (**s - '0') * unit;
        unit /= 10;
        (*s)++;
        n++;
    }
    return n >= 1 && n <= 9;
}

/* "Z", "+hh:mm", "+hhmm", "+hh" or nothing. */
static int take_offset(int *seconds, const char **s)
{
    int sign = **s == '-' ? -1 : 1;
    int hours;
    int minutes = 0;

    *seconds = 0;
    if (**s == '\0') {
        return 1;
    }
    if (take_char(s, 'Z') || take_char(s, 'z')) {
        return 1;
    }
    if (!take_char(s, '+') && !take_char(s, '-')) {
        return 0;
    }
    if (!take_digits(&hours, s, 2)) {
        return 0;
    }
    if (**s != '\0') {
        take_char(s, ':');
        if (!take_digits(&minutes, s, 2)) {
            return 0;
        }
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

apr_status_t amzx_time_parse(apr_time_t *out, const char *s)
{
    apr_int64_t fraction = 0;
    apr_int64_t days;
    int hour;
    int minute;
    int second;
    int offset;

    *out = 0;
    if (s == NULL || !take_date(&days, &s)
        || !(take_char(&s, 'T') || take_char(&s, 't') || take_char(&s, ' '))
        || !take_digits(&hour, &s, 2) || !take_char(&s, ':')
        || !take_digits(&minute, &s, 2) || !take_char(&s, ':')
        || !take_digits(&second, &s, 2)) {
        return APR_EINVAL;
    }
    if (take_char(&s, '.') && !take_fraction(&fraction, &s)) {
        return APR_EINVAL;
    }
    /* Second 60 is a leap second: the first moment of the next minute. */
    if (!take_offset(&offset, &s) || *s != '\0' || hour > 23 || minute > 59
        || second > 60) {
        return APR_EINVAL;
    }
    *out = days * DAY_US
           + (apr_int64_t)(hour * 3600 + minute * 60 + second - offset) * US
           + fraction;
    return APR_SUCCESS;
}

apr_status_t amzx_date_parse(apr_int64_t *days, const char *s)
{
    if (s == NULL || !take_date(days, &s) || *s != '\0') {
        *days = 0;
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

/* 1 to 12 digits. */
static int take_number(apr_int64_t *n, const char **s)
{
    int count = 0;

    for (*n = 0; **s >= '0' && **s <= '9' && count <= 12; (*s)++, count++) {
        *n = *n * 10 + (**s - '0');
    }
    return count >= 1 && count <= 12;
}

/* Add n units to a sum; 0 when it leaves 64 bits. */
static int add_units(apr_int64_t *sum, apr_int64_t n, apr_int64_t unit)
{
    apr_int64_t part;

    return !__builtin_mul_overflow(n, unit, &part)
           && !__builtin_add_overflow(*sum, part, sum);
}

/* The parts behind P (units "WD") or T (units "HMS"), each at most once and
 * in this order. @return how many, or -1 */
static int take_parts(apr_int64_t *sum, const char **s, const char *units,
                      const apr_int64_t *us)
{
    int count = 0;

    while (**s != '\0' && **s != 'T') {
        apr_int64_t fraction = 0;
        apr_int64_t n;
        const char *unit;
        int has_point = 0;

        if (!take_number(&n, s)) {
            return -1;
        }
        if (take_char(s, '.')) {
            has_point = 1;
            if (!take_fraction(&fraction, s)) {
                return -1;
            }
        }
        unit = **s != '\0' ? strchr(units, **s) : NULL;
        if (unit == NULL || (has_point && *unit != 'S')
            || !add_units(sum, n, us[unit - units])
            || !add_units(sum, fraction, 1)) {
            return -1;
        }
        (*s)++;
        us += unit - units + 1;
        units = unit + 1;
        count++;
    }
    return count;
}

apr_status_t amzx_duration_parse(apr_interval_time_t *out, const char *s)
{
    static const apr_int64_t day_units[] = {7 * DAY_US, DAY_US};
    static const apr_int64_t time_units[] = {3600 * US, 60 * US, US};
    apr_int64_t sum = 0;
    int is_negative;
    int days;
    int times = 0;

    *out = 0;
    if (s == NULL) {
        return APR_EINVAL;
    }
    is_negative = take_char(&s, '-');
    if (!take_char(&s, 'P')) {
        return APR_EINVAL;
    }
    days = take_parts(&sum, &s, "WD", day_units);
    if (days >= 0 && take_char(&s, 'T')) {
        times = take_parts(&sum, &s, "HMS", time_units);
        if (times == 0) {
            return APR_EINVAL;
        }
    }
    if (days < 0 || times < 0 || days + times == 0 || *s != '\0') {
        return APR_EINVAL;
    }
    *out = is_negative ? -sum : sum;
    return APR_SUCCESS;
}
