/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on days and moments. */
#include "amzx_expr_int.h"

AMZX_EX_FUNC(now)
{
    (void)call;
    (void)argv;
    return amzx_val_datetime(c->ev->now, c->p);
}

static const amzx_tz_t *zone_of(amzx_ex_t *c, const amzx_node_t *arg,
                                const amzx_val_t *v)
{
    const amzx_tz_t *tz = NULL;

    if (v->type == AMZX_NULL) {
        amzx_ex_fail(c, arg, "expr.null", "`%s` is null where a time zone is "
                     "needed", amzx_ex_text_of(c, arg));
        return NULL;
    }
    if (v->type == AMZX_STR && c->ev->zone) {
        tz = c->ev->zone(c->ev->zone_ctx, v->u.str.s);
    }
    else if (v->type == AMZX_STR && amzx_ex_burn(c, arg, 2000)
             && amzx_tz_load(&tz, v->u.str.s, c->p) != APR_SUCCESS) {
        tz = NULL;
    }
    if (!tz) {
        amzx_ex_fail(c, arg, "expr.type", "`%s` is not a known time zone, as "
                     "'Europe/London' is", amzx_ex_text_of(c, arg));
    }
    return tz;
}

/* The day of a date, moment or text; tz NULL is UTC. */
static int day_of(apr_int64_t *days, amzx_ex_t *c, const amzx_node_t *arg,
                  const amzx_val_t *v, const amzx_tz_t *tz)
{
    apr_time_t t = 0;

    if (v->type == AMZX_DATE) {
        *days = v->u.days;
        return 1;
    }
    if (v->type == AMZX_STR
        && amzx_date_parse(days, v->u.str.s) == APR_SUCCESS) {
        return 1;
    }
    if (v->type == AMZX_DATETIME) {
        t = v->u.time_us;
    }
    else if (v->type != AMZX_STR
             || amzx_time_parse(&t, v->u.str.s) != APR_SUCCESS) {
        amzx_ex_fail(c, arg, "expr.type", "`%s` is %s that is no date; dates "
                     "are written YYYY-MM-DD", amzx_ex_text_of(c, arg),
                     amzx_val_type_name(v->type));
        return 0;
    }
    if (tz) {
        *days = amzx_tz_day(tz, t);
    }
    else {
        *days = t / apr_time_from_sec(86400) - (t % apr_time_from_sec(86400)
                                                < 0);
    }
    return 1;
}

AMZX_EX_FUNC(date)
{
    const amzx_tz_t *tz = NULL;
    apr_int64_t days;

    if (argv[0]->type == AMZX_NULL) {
        return argv[0];
    }
    if (call->count == 2) {
        tz = zone_of(c, call->kid[1], argv[1]);
        if (!tz) {
            return NULL;
        }
    }
    return day_of(&days, c, call->kid[0], argv[0], tz)
           ? amzx_val_date(days, c->p) : NULL;
}

AMZX_EX_FUNC(end_of_month)
{
    apr_int64_t days;
    int year, month, day;

    if (argv[0]->type == AMZX_NULL) {
        return argv[0];
    }
    if (!day_of(&days, c, call->kid[0], argv[0], NULL)) {
        return NULL;
    }
    amzx_civil_from_days(&year, &month, &day, days);
    if (++month > 12) {
        month = 1;
        ++year;
    }
    return amzx_val_date(amzx_days_from_civil(year, month, 1) - 1, c->p);
}
