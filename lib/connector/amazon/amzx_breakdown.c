/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of breakdowns, and the reading that makes them add up. */
#include "amzx_breakdown.h"

#include <apr_strings.h>

#include <string.h>

static const char *const names[AMZX_PARTS] = {
    "ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE",
    "TAX",  "DISCOUNT", "DELIVERY_TIP", "OTHER"};

static amzx_part_e part_of(const char *name, int *has_unknown)
{
    int i;

    for (i = 0; i < AMZX_PARTS; i++) {
        if (strcmp(names[i], name) == 0) {
            return (amzx_part_e)i;
        }
    }
    *has_unknown = 1;
    return AMZX_PART_OTHER;
}

apr_status_t amzx_amount_read(amzx_dec_t *out, const amzx_val_t *money)
{
    return amzx_val_dec(out, amzx_val_get(money, "amount"));
}

/* An amount of the order's currency. */
static apr_status_t amount(amzx_dec_t *out, const char **currency,
                           const amzx_val_t *money, const char *place,
                           amzx_fault_t *fault)
{
    const char *code = amzx_val_text(amzx_val_get(money, "currencyCode"), "");
    apr_status_t rv;

    if (amzx_amount_read(out, money) != APR_SUCCESS) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.schema", "an amount is not a number");
        amzx_fault_at(fault, "%s", place);
        return rv;
    }
    if (!**currency) {
        *currency = code;
    }
    else if (*code && strcmp(code, *currency) != 0) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.currency", "amounts are in %.3s and %.3s",
                            *currency, code);
        amzx_fault_at(fault, "%s", place);
        return rv;
    }
    return APR_SUCCESS;
}

/* The detailedBreakdowns of a tax or discount, by what they are on. */
static apr_status_t details(amzx_sums_t *s, amzx_dec_t by[AMZX_PARTS],
                            const amzx_val_t *list, const char **currency,
                            const char *place, amzx_fault_t *fault)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *one = amzx_val_at(list, i);
        amzx_part_e part = part_of(
            amzx_val_text(amzx_val_get(one, "subtype"), ""), &s->has_unknown);
        amzx_dec_t d = amzx_dec_from_int(0);
        apr_status_t rv = amount(&d, currency, amzx_val_get(one, "value"),
                                 place, fault);

        if (rv == APR_SUCCESS) {
            rv = amzx_dec_add(&by[part], by[part], d);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t breakdown(amzx_sums_t *s, const char **currency,
                              const amzx_val_t *one, const char *place,
                              amzx_fault_t *fault)
{
    amzx_part_e part = part_of(amzx_val_text(amzx_val_get(one, "type"), ""),
                               &s->has_unknown);
    const amzx_val_t *list = amzx_val_get(one, "detailedBreakdowns");
    amzx_dec_t d = amzx_dec_from_int(0);
    apr_status_t rv;

    rv = amount(&d, currency, amzx_val_get(one, "subtotal"), place, fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_add(&s->part[part], s->part[part], d);
    }
    if (rv == APR_SUCCESS && part == AMZX_PART_TAX) {
        rv = details(s, s->tax, list, currency, place, fault);
    }
    if (rv == APR_SUCCESS && part == AMZX_PART_DISCOUNT) {
        rv = details(s, s->discount, list, currency, place, fault);
    }
    if (part == AMZX_PART_TIP
        && strcmp(amzx_val_text(amzx_val_get(one, "status"), ""),
                  "PENDING") == 0) {
        s->is_tip_pending = 1;
    }
    s->has_money = 1;
    return rv;
}

apr_status_t amzx_sums_read(amzx_sums_t *out, const char **currency,
                            const amzx_val_t *proceeds, const char *place,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t *list = amzx_val_get(proceeds, "breakdowns");
    apr_size_t i;
    apr_status_t rv = APR_SUCCESS;

    memset(out, 0, sizeof(*out));
    for (i = 0; rv == APR_SUCCESS && i < amzx_val_count(list); i++) {
        rv = breakdown(out, currency, amzx_val_at(list, i),
                       apr_psprintf(p, "%s.breakdowns.%" APR_SIZE_T_FMT,
                                    place, i), fault);
    }
    if (rv == APR_ERANGE) {
        (void)amzx_fault_set(fault, AMZX_FAULT_REJECTED, rv, "data.schema",
                             "an amount is too long");
    }
    return rv;
}

apr_status_t amzx_sums_add(amzx_sums_t *to, const amzx_sums_t *line)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < AMZX_PARTS; i++) {
        rv = amzx_dec_add(&to->part[i], to->part[i], line->part[i]);
        if (rv == APR_SUCCESS) {
            rv = amzx_dec_add(&to->tax[i], to->tax[i], line->tax[i]);
        }
        if (rv == APR_SUCCESS) {
            rv = amzx_dec_add(&to->discount[i], to->discount[i],
                              line->discount[i]);
        }
    }
    to->has_money = to->has_money || line->has_money;
    to->is_tip_pending = to->is_tip_pending || line->is_tip_pending;
    to->has_unknown = to->has_unknown || line->has_unknown;
    return rv;
}

amzx_dec_t amzx_discount_of(amzx_dec_t given, const amzx_reading_t *r)
{
    return r->is_signed ? amzx_dec_neg(given) : amzx_dec_abs(given);
}

apr_status_t amzx_sums_total(amzx_dec_t *out, const amzx_sums_t *s,
                             const amzx_reading_t *r)
{
    amzx_dec_t sum = amzx_dec_from_int(0);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < AMZX_PARTS; i++) {
        if (i == AMZX_PART_DISCOUNT) {
            rv = amzx_dec_sub(&sum, sum, amzx_discount_of(s->part[i], r));
        }
        else if (!(i == AMZX_PART_TAX && r->is_inclusive)
                 && !(i == AMZX_PART_TIP && r->is_tip_excluded)) {
            rv = amzx_dec_add(&sum, sum, s->part[i]);
        }
    }
    *out = sum;
    return rv;
}

apr_status_t amzx_reading_choose(amzx_reading_t *out, const amzx_sums_t *s,
                                 amzx_dec_t total)
{
    int has_tax = amzx_dec_sign(s->part[AMZX_PART_TAX]) != 0;
    int has_off = amzx_dec_sign(s->part[AMZX_PART_DISCOUNT]) != 0;
    int way;

    /* tried in this order: tip in, tax on top, discounts positive */
    for (way = 0; way < 8; way++) {
        amzx_reading_t r = {!has_tax || (way & 2) != 0, (way & 1) != 0,
                            (way & 4) != 0, 1};
        amzx_dec_t sum;
        apr_status_t rv;

        if ((r.is_signed && !has_off) || ((way & 2) && !has_tax)
            || (r.is_tip_excluded && !s->is_tip_pending)) {
            continue; /* no other reading than one tried before */
        }
        rv = amzx_sums_total(&sum, s, &r);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (amzx_dec_cmp(sum, total) == 0) {
            *out = r;
            return APR_SUCCESS;
        }
    }
    memset(out, 0, sizeof(*out));
    out->is_inclusive = !has_tax;
    return APR_SUCCESS;
}
