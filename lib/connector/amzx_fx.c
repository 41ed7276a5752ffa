/* SPDX-License-Identifier: Apache-2.0 */
/* fx.rate: exchange rates as the tenant configured them, never invented. */
#include <apr_strings.h>

#include <string.h>

#include "amzx_call.h"
#include "amzx_money.h"
#include "amzx_time.h"

/* The setting fx.<FROM><TO> of any workflow of the tenant; NULL. */
static const char *setting_of(const amzx_tenant_t *tenant, const char *name)
{
    int i;

    for (i = 0; tenant && i < tenant->settings->nelts; i++) {
        const amzx_setting_t *s =
            &APR_ARRAY_IDX(tenant->settings, i, amzx_setting_t);

        if (strcmp(s->name, name) == 0) {
            return s->value;
        }
    }
    return NULL;
}

/* "0.8650", or dated rates "2026-01-01=0.8650 2026-02-01=0.8700" of which
 * the latest on or before the day holds. */
static apr_status_t rate_of(amzx_dec_t *out, const char *text,
                            apr_int64_t day, apr_pool_t *p)
{
    char **part = amzx_split(text, " \t,", p);
    apr_int64_t best = 0;
    int is_found = 0;

    for (; *part; part++) {
        char *value = strchr(*part, '=');
        apr_int64_t from = 0;
        amzx_dec_t rate;

        if (value) {
            *value++ = '\0';
            if (amzx_date_parse(&from, *part) != APR_SUCCESS) {
                return APR_EINVAL;
            }
        }
        else {
            value = *part;
            from = APR_INT64_MIN;
        }
        if (amzx_dec_parse(&rate, value, strlen(value)) != APR_SUCCESS
            || amzx_dec_sign(rate) <= 0) {
            return APR_EINVAL;
        }
        if (from <= day && (!is_found || from >= best)) {
            *out = rate;
            best = from;
            is_found = 1;
        }
    }
    return is_found ? APR_SUCCESS : APR_ENOENT;
}

static apr_status_t find_rate(amzx_dec_t *rate, const amzx_op_call_t *call,
                              const char *const pair[2], const char *date,
                              amzx_fault_t *fault)
{
    const char *name = apr_pstrcat(call->pool, "fx.", pair[0], pair[1], NULL);
    const char *text = setting_of(call->tenant, name);
    apr_int64_t day = 0;
    apr_status_t rv;

    if (amzx_date_parse(&day, date) != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.argument", "date must be YYYY-MM-DD");
    }
    rv = text ? rate_of(rate, text, day, call->pool) : APR_ENOENT;
    if (rv == APR_EINVAL) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv, "config.fx_rate",
                              "the setting %s must be a rate, or dated rates"
                              " like 2026-01-01=0.8650", name);
    }
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "missing.fx_rate", "no exchange rate %s on %s:"
                              " set %s", pair[0], date, name);
    }
    return APR_SUCCESS;
}

static apr_status_t fx_rate(amzx_step_e *next, amzx_http_request_t *req,
                            const amzx_val_t **result, amzx_op_call_t *call,
                            const amzx_http_response_t *rsp,
                            amzx_fault_t *fault)
{
    const char *pair[2] = {"", ""};
    const char *date = "";
    amzx_val_t *out = amzx_val_obj(5, call->pool);
    amzx_dec_t rate = amzx_dec_from_int(1);
    apr_status_t rv;

    (void)req;
    (void)rsp;
    *next = AMZX_STEP_DONE;
    rv = amzx_call_text(&pair[0], call, "from", fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_call_text(&pair[1], call, "to", fault);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_call_text(&date, call, "date", fault);
    }
    if (rv == APR_SUCCESS && (amzx_money_minor(pair[0]) < 0
                              || amzx_money_minor(pair[1]) < 0)) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.argument", "from and to must be currencies"
                            " of ISO 4217");
    }
    if (rv == APR_SUCCESS && strcmp(pair[0], pair[1]) != 0) {
        rv = find_rate(&rate, call, pair, date, fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_val_put_str(out, "from", pair[0], call->pool);
    amzx_val_put_str(out, "to", pair[1], call->pool);
    amzx_val_put_str(out, "date", date, call->pool);
    amzx_val_put_ref(out, "rate", amzx_val_num(rate, call->pool),
                     call->pool);
    amzx_val_put_str(out, "source", "settings", call->pool);
    *result = out;
    return APR_SUCCESS;
}

static const amzx_op_arg_t fx_args[] = {
    {"from", "string", 1, "currency of the amounts"},
    {"to", "string", 1, "currency wanted"},
    {"date", "date", 1, "the day of the rate"},
    {NULL, NULL, 0, NULL}};

const amzx_op_impl_t amzx_local_ops[] = {
    {{"fx.rate", NULL, AMZX_EFFECT_NONE, fx_args, NULL, "fx.Rate",
      "from to date rate source", NULL, "", 0, 0,
      "What one unit of `from` is worth in `to`, from the settings"
      " fx.<FROM><TO> of the tenant."}, fx_rate},
    {{NULL, NULL, AMZX_EFFECT_NONE, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0,
      NULL}, NULL}};
