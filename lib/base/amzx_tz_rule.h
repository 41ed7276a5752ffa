/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_tz_rule.h  The rule of a zone for later years: POSIX TZ. */
#ifndef AMZX_TZ_RULE_H
#define AMZX_TZ_RULE_H

#include "amzx_time.h"

/** A day of each year and a time on it. */
typedef struct {
    char kind;  /**< 'M' month.week.weekday, 'J' 1-365, '0' 0-365 */
    int month;  /**< 'M' only, 1 to 12 */
    int week;   /**< 'M' only, 1 to 5, 5 is the last */
    int day;    /**< 'M': weekday from Sunday 0; else the day number */
    int time;   /**< seconds from local midnight, may be negative */
} amzx_tz_when_t;

/** "GMT0BST,M3.5.0/1,M10.5.0" and the like. */
typedef struct {
    int standard; /**< seconds east */
    int has_summer;
    int summer; /**< seconds east */
    amzx_tz_when_t begin; /**< of summer, on the standard clock */
    amzx_tz_when_t end;   /**< of summer, on the summer clock */
} amzx_tz_rule_t;

/**
 * Parse the whole text, with the extension of TZif version 3 (hours from
 * -167 to 167). @return APR_EINVAL when it is not a rule
 * @fact{POSIX.1-2017 8.3; RFC 8536 section 3.3.1}
 */
apr_status_t amzx_tz_rule_parse(amzx_tz_rule_t *rule, const char *text);

/** Seconds east of UTC at a moment, UTC seconds. */
int amzx_tz_rule_offset(const amzx_tz_rule_t *rule, apr_int64_t now);

#endif
