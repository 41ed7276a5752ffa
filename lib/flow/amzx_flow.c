/* SPDX-License-Identifier: Apache-2.0 */
/* What a definition says of itself, and the config of a run. */
#include "amzx_model.h"

#include <apr_strings.h>

#include <string.h>

const char *amzx_flow_name(const amzx_flow_t *flow)
{
    return flow->name;
}

const char *amzx_flow_title(const amzx_flow_t *flow)
{
    return flow->title;
}

int amzx_flow_version(const amzx_flow_t *flow)
{
    return flow->version;
}

const char *amzx_flow_sha(const amzx_flow_t *flow)
{
    return flow->sha;
}

const char *amzx_flow_text(const amzx_flow_t *flow, apr_size_t *len)
{
    if (len) {
        *len = flow->len;
    }
    return flow->text;
}

int amzx_flow_priority(const amzx_flow_t *flow)
{
    return flow->priority;
}

apr_interval_time_t amzx_flow_timeout(const amzx_flow_t *flow)
{
    return flow->timeout_us;
}

int amzx_flow_max_running(const amzx_flow_t *flow)
{
    return flow->max_running;
}

int amzx_flow_is_sensitive(const amzx_flow_t *flow)
{
    return flow->is_sensitive;
}

const amzx_trigger_t *amzx_flow_trigger(const amzx_flow_t *flow, int i)
{
    if (i < 0 || i >= flow->triggers->nelts) {
        return NULL;
    }
    return &APR_ARRAY_IDX(flow->triggers, i, amzx_trigger_impl_t *)->pub;
}

const amzx_trigger_t *amzx_flow_trigger_by_id(const amzx_flow_t *flow,
                                              const char *id)
{
    int i;

    for (i = 0; i < flow->triggers->nelts; i++) {
        const amzx_trigger_t *t = amzx_flow_trigger(flow, i);

        if (strcmp(t->id, id) == 0) {
            return t;
        }
    }
    return NULL;
}

static apr_status_t bad_param(amzx_fault_t *fault, const char *name,
                              const char *why)
{
    return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                          "config.param", "%s %s", name, why);
}

static int is_choice(const amzx_param_t *param, const char *text)
{
    int i;

    if (!param->choices) {
        return 1;
    }
    for (i = 0; param->choices[i]; i++) {
        if (strcmp(param->choices[i], text) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The value of a param: the tenant's setting, or its default. */
static apr_status_t param_value(const amzx_val_t **out,
                                const amzx_param_t *param,
                                const amzx_val_t *settings,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t *given = amzx_val_get(settings, param->name);
    apr_status_t rv;

    *out = &amzx_val_null;
    if (amzx_val_is_null(given) && param->def) {
        given = amzx_val_str_ref(param->def, strlen(param->def), p);
    }
    if (amzx_val_is_null(given)
        || (param->is_required
            && *amzx_val_text(given, "x") == '\0')) {
        return param->is_required
                   ? bad_param(fault, param->name, "is required")
                   : APR_SUCCESS;
    }
    if (param->choices && !is_choice(param, amzx_val_text(given, ""))) {
        return bad_param(fault, param->name,
                         "is none of the values it may have");
    }
    rv = amzx_convert(out, given, param->type, fault, p);
    if (rv != APR_SUCCESS) {
        return bad_param(fault, param->name,
                         apr_pstrcat(p, "is no ",
                                     amzx_type_name(param->type), NULL));
    }
    return APR_SUCCESS;
}

static int is_declared(const amzx_flow_t *flow, const char *name)
{
    int i;

    for (i = 0; i < flow->params->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(flow->params, i, amzx_param_t).name, name)
            == 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t amzx_flow_config(const amzx_val_t **config,
                              const amzx_flow_t *flow,
                              const amzx_val_t *settings,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *obj = amzx_val_obj((apr_size_t)flow->params->nelts, p);
    apr_size_t n;
    int i;

    *config = &amzx_val_null;
    for (n = 0; amzx_val_type(settings) == AMZX_OBJ
                && n < settings->u.obj.count; n++) {
        const char *name = settings->u.obj.member[n].name;

        /* a dotted name, as fx.USDGBP, is a setting of an operation */
        if (!strchr(name, '.') && !is_declared(flow, name)) {
            return bad_param(fault, apr_pstrndup(p, name, 63),
                             "is no param of this workflow");
        }
    }
    for (i = 0; i < flow->params->nelts; i++) {
        const amzx_param_t *param =
            &APR_ARRAY_IDX(flow->params, i, amzx_param_t);
        const amzx_val_t *v;
        apr_status_t rv = param_value(&v, param, settings, fault, p);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        amzx_val_put_ref(obj, param->name, v, p);
    }
    *config = obj;
    return APR_SUCCESS;
}
