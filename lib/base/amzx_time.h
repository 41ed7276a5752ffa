/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_time.h  Calendar, ISO 8601 and time zones. All UTC inside. */
#ifndef AMZX_TIME_H
#define AMZX_TIME_H

#include <apr_pools.h>
#include <apr_time.h>

/** Enough for "2026-01-31T23:59:59.999999Z". */
#define AMZX_TIME_TEXT 32

/** Days since 1970-01-01 of a proleptic Gregorian date, and back. */
apr_int64_t amzx_days_from_civil(int year, int month, int day);
void amzx_civil_from_days(int *year, int *month, int *day, apr_int64_t days);

/** Is it a real calendar date, years 0001 to 9999? */
int amzx_civil_is_valid(int year, int month, int day);

/**
 * ISO 8601 with 'T' or a space, 0 to 9 fraction digits (cut to 6), 'Z', an
 * offset, or nothing (then UTC).
 */
apr_status_t amzx_time_parse(apr_time_t *out, const char *s);
/** "YYYY-MM-DD" only. */
apr_status_t amzx_date_parse(apr_int64_t *days, const char *s);
/** ISO 8601 duration P[nD][T[nH][nM][n[.fff]S]], also PnW. */
apr_status_t amzx_duration_parse(apr_interval_time_t *out, const char *s);

/** "2026-01-31T23:59:59Z", with .ffffff only when not a whole second. */
void amzx_time_text(char out[AMZX_TIME_TEXT], apr_time_t t);
void amzx_date_text(char out[AMZX_TIME_TEXT], apr_int64_t days);
void amzx_duration_text(char out[AMZX_TIME_TEXT], apr_interval_time_t d);

/** A zone of the tz database; immutable, shareable between threads. */
typedef struct amzx_tz_t amzx_tz_t;

/**
 * Load "Europe/London" from /usr/share/zoneinfo (TZDIR overrides), TZif
 * version 2+ with its rule for later years. "UTC" needs no file.
 * @return APR_EINVAL for a malformed name or file, APR_ENOENT
 * @fact{RFC 8536}
 */
apr_status_t amzx_tz_load(const amzx_tz_t **tz, const char *name,
                          apr_pool_t *p);

/** As amzx_tz_load from the bytes of a TZif file. */
apr_status_t amzx_tz_parse(const amzx_tz_t **tz, const void *bytes,
                           apr_size_t len, apr_pool_t *p);

/** Seconds east of UTC at a moment. */
int amzx_tz_offset(const amzx_tz_t *tz, apr_time_t t);

/** The calendar day of a moment in a zone. */
apr_int64_t amzx_tz_day(const amzx_tz_t *tz, apr_time_t t);

#endif
