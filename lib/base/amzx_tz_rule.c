/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX TZ rules: which offset holds on a day of any year. */
#include "amzx_tz_rule.h"

#include <string.h>

#define DEFAULT_TIME 7200 /* changes happen at 02:00 unless said */
#define HOURS_MAX 167

/* A number of at most three digits in a range. */
static int take_number(int *out, const char **s, int least, int most)
{
    int n = 0;
    int digits;

    for (digits = 0; **s >= '0' && **s <= '9' && digits < 4; digits++) {
        n = n * 10 + (*(*s)++ - '0');
    }
    *out = n;
    return digits >= 1 && digits <= 3 && n >= least && n <= most;
}

/* "[+-]h[h[h]][:mm[:ss]]" in seconds. */
static int take_time(int *out, const char **s, int hours_max)
{
    int sign = 1;
    int hours;
    int minutes = 0;
    int seconds = 0;

    if (**s == '+' || **s == '-') {
        sign = *(*s)++ == '-' ? -1 : 1;
    }
    if (!take_number(&hours, s, 0, hours_max)) {
        return 0;
    }
    if (**s == ':') {
        (*s)++;
        if (!take_number(&minutes, s, 0, 59)) {
            return 0;
        }
        if (**s == ':') {
            (*s)++;
            if (!take_number(&seconds, s, 0, 59)) {
                return 0;
            }
        }
    }
    *out = sign * (hours * 3600 + minutes * 60 + seconds);
    return 1;
}

/* "EST" or "<+0330>": the name itself is of no use to us. */
static int skip_name(const char **s)
{
    const char *start = *s;

    if (**s == '<') {
        size_t n = strcspn(*s, ">");

        *s += n;
        if (**s != '>' || n < 4) {
            return 0;
        }
        (*s)++;
        return 1;
    }
    while ((**s >= 'a' && **s <= 'z') || (**s >= 'A' && **s <= 'Z')) {
        (*s)++;
    }
    return *s - start >= 3;
}

static int take_when(amzx_tz_when_t *w, const char **s)
{
    int fits;

    memset(w, 0, sizeof(*w));
    w->time = DEFAULT_TIME;
    if (**s == 'M') {
        w->kind = 'M';
        (*s)++;
        fits = take_number(&w->month, s, 1, 12) && *(*s)++ == '.'
               && take_number(&w->week, s, 1, 5) && *(*s)++ == '.'
               && take_number(&w->day, s, 0, 6);
    }
    else if (**s == 'J') {
        w->kind = 'J';
        (*s)++;
        fits = take_number(&w->day, s, 1, 365);
    }
    else {
        w->kind = '0';
        fits = take_number(&w->day, s, 0, 365);
    }
    if (fits && **s == '/') {
        (*s)++;
        fits = take_time(&w->time, s, HOURS_MAX);
    }
    return fits;
}

apr_status_t amzx_tz_rule_parse(amzx_tz_rule_t *rule, const char *text)
{
    const char *s = text;
    int west;

    memset(rule, 0, sizeof(*rule));
    if (!skip_name(&s) || !take_time(&west, &s, 24)) {
        return APR_EINVAL;
    }
    rule->standard = -west; /* POSIX counts to the west */
    rule->summer = rule->standard + 3600;
    if (*s == '\0') {
        return APR_SUCCESS;
    }
    if (!skip_name(&s)) {
        return APR_EINVAL;
    }
    if (*s != ',') {
        if (!take_time(&west, &s, 24)) {
            return APR_EINVAL;
        }
        rule->summer = -west;
    }
    if (*s++ != ',' || !take_when(&rule->begin, &s) || *s++ != ','
        || !take_when(&rule->end, &s) || *s != '\0') {
        return APR_EINVAL;
    }
    rule->has_summer = 1;
    return APR_SUCCESS;
}

static int is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01 of a rule's day in a year. */
static apr_int64_t day_of(const amzx_tz_when_t *w, int year)
{
    apr_int64_t first = amzx_days_from_civil(year, 1, 1);
    apr_int64_t next;
    apr_int64_t day;

    if (w->kind == '0') {
        return first + w->day;
    }
    if (w->kind == 'J') { /* February 29 is never counted */
        return first + w->day - 1 + (is_leap(year) && w->day >= 60);
    }
    first = amzx_days_from_civil(year, w->month, 1);
    next = w->month == 12 ? amzx_days_from_civil(year + 1, 1, 1)
                          : amzx_days_from_civil(year, w->month + 1, 1);
    /* 1970-01-01 was a Thursday, day 4 from Sunday. */
    day = first + ((w->day - (first + 4) % 7) % 7 + 7) % 7;
    day += 7 * (w->week - 1);
    while (day >= next) {
        day -= 7;
    }
    return day;
}

int amzx_tz_rule_offset(const amzx_tz_rule_t *rule, apr_int64_t now)
{
    apr_int64_t local = now + rule->standard;
    apr_int64_t begin;
    apr_int64_t end;
    int is_summer;
    int year;
    int month;
    int day;

    if (!rule->has_summer) {
        return rule->standard;
    }
    amzx_civil_from_days(&year, &month, &day,
                         local / 86400 - (local % 86400 < 0));
    begin = day_of(&rule->begin, year) * 86400 + rule->begin.time
            - rule->standard;
    end = day_of(&rule->end, year) * 86400 + rule->end.time - rule->summer;
    /* In the south summer runs over the turn of the year. */
    is_summer = begin <= end ? now >= begin && now < end
                             : now >= begin || now < end;
    return is_summer ? rule->summer : rule->standard;
}
