/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a workflow: settings, connections, config, retries, input. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

static const amzx_retry_t usual_retry = {
    "default", 8, APR_INT64_C(86400) * APR_USEC_PER_SEC,
    AMZX_BACKOFF_DECORRELATED, APR_USEC_PER_SEC,
    APR_INT64_C(900) * APR_USEC_PER_SEC, "network rate_limited server", NULL,
    AMZX_THEN_DEAD
};

static void settings(amzx_build_t *b, const amzx_xelem_t *root)
{
    const apr_interval_time_t day = apr_time_from_sec(86400);
    const amzx_xelem_t *e = amzx_xchild(root, "settings");
    amzx_flow_t *f = b->flow;

    f->timeout_us = 2 * day;
    f->max_running = 4;
    f->is_sensitive = 1;
    f->max_steps = 10000;
    if (!e) {
        return;
    }
    f->timeout_us = amzx_build_duration(b, e, "timeout", f->timeout_us);
    f->max_running =
        amzx_build_int(b, e, "max-running-per-tenant", f->max_running);
    f->priority = amzx_build_int(b, e, "priority", 0);
    f->is_sensitive = amzx_build_bool(e, "sensitive", 1);
    f->max_steps = amzx_build_int(b, e, "max-steps", f->max_steps);
}

static void connections(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "connections");
    const amzx_xelem_t *e;

    b->flow->uses = apr_array_make(b->pool, 4, sizeof(amzx_use_t));
    for (e = part ? amzx_xchild(part, "use") : NULL; e; e = amzx_xnext(e)) {
        const char *name = amzx_xattr(e, "name", "");
        amzx_use_t *u;
        int i;

        for (i = 0; i < b->flow->uses->nelts; i++) {
            if (strcmp(APR_ARRAY_IDX(b->flow->uses, i, amzx_use_t).name, name)
                == 0) {
                amzx_build_error(b, e, "lint.duplicate_id", NULL,
                                 "there are two connections %s", name);
            }
        }
        u = apr_array_push(b->flow->uses);
        u->name = name;
        u->type = amzx_xattr(e, "type", "");
    }
}

/* Is a default a value of its own param? */
static void check_default(amzx_build_t *b, const amzx_xelem_t *e,
                          const amzx_param_t *param)
{
    const amzx_val_t *v;
    amzx_fault_t fault;
    int i;

    if (!param->def) {
        return;
    }
    amzx_fault_clear(&fault);
    if (amzx_convert(&v, amzx_val_str(param->def, b->pool), param->type,
                     &fault, b->pool)
        != APR_SUCCESS) {
        amzx_build_error(b, e, "lint.config", NULL,
                         "the default of %s is no %s", param->name,
                         amzx_type_name(param->type));
    }
    for (i = 0; param->choices && param->choices[i]; i++) {
        if (strcmp(param->choices[i], param->def) == 0) {
            return;
        }
    }
    if (param->choices) {
        amzx_build_error(b, e, "lint.config", NULL,
                         "the default of %s is not in its enum",
                         param->name);
    }
}

static void config(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "config");
    amzx_slot_t *s = &APR_ARRAY_IDX(b->flow->slots, AMZX_SLOT_CONFIG,
                                    amzx_slot_t);
    const amzx_xelem_t *e;

    b->flow->params = apr_array_make(b->pool, 8, sizeof(amzx_param_t));
    s->members = "";
    for (e = part ? amzx_xchild(part, "param") : NULL; e; e = amzx_xnext(e)) {
        const char *list = amzx_xattr(e, "enum", NULL);
        amzx_param_t *param;
        int given, i;

        for (i = 0; i < b->flow->params->nelts; i++) {
            if (strcmp(APR_ARRAY_IDX(b->flow->params, i, amzx_param_t).name,
                       amzx_xattr(e, "name", ""))
                == 0) {
                amzx_build_error(b, e, "lint.duplicate_id", NULL,
                                 "there are two params %s",
                                 amzx_xattr(e, "name", ""));
            }
        }
        param = apr_array_push(b->flow->params);
        memset(param, 0, sizeof(*param));
        param->name = amzx_xattr(e, "name", "");
        param->type = amzx_build_type(e, &given);
        param->def = amzx_xattr(e, "default", NULL);
        param->is_required = amzx_build_bool(e, "required", 0);
        if (list) {
            param->choices =
                (const char *const *)amzx_split(list, " \t\n", b->pool);
        }
        check_default(b, e, param);
        s->members = apr_pstrcat(b->pool, s->members, param->name, " ", NULL);
    }
}

static amzx_then_e then_of(const char *name)
{
    if (strcmp(name, "review") == 0) {
        return AMZX_THEN_REVIEW;
    }
    return strcmp(name, "fail") == 0 ? AMZX_THEN_FAIL : AMZX_THEN_DEAD;
}

static amzx_backoff_e backoff_of(const char *name)
{
    if (strcmp(name, "exponential") == 0) {
        return AMZX_BACKOFF_EXPONENTIAL;
    }
    return strcmp(name, "fixed") == 0 ? AMZX_BACKOFF_FIXED
                                      : AMZX_BACKOFF_DECORRELATED;
}

static void add_retry(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_retry_t *r = apr_pmemdup(b->pool, &usual_retry, sizeof(*r));
    int i;

    r->name = amzx_xattr(e, "name", "");
    for (i = 0; i < b->flow->retries->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(b->flow->retries, i, amzx_retry_t *)->name,
                   r->name)
            == 0) {
            amzx_build_error(b, e, "lint.duplicate_id", NULL,
                             "there are two retries %s", r->name);
        }
    }
    r->max_attempts = amzx_build_int(b, e, "max-attempts", r->max_attempts);
    r->max_elapsed_us =
        amzx_build_duration(b, e, "max-elapsed", r->max_elapsed_us);
    r->backoff = backoff_of(amzx_xattr(e, "backoff", "decorrelated"));
    r->base_us = amzx_build_duration(b, e, "base", r->base_us);
    r->cap_us = amzx_build_duration(b, e, "cap", r->cap_us);
    r->on = amzx_xattr(e, "on", r->on);
    r->except = amzx_xattr(e, "except", NULL);
    r->then = then_of(amzx_xattr(e, "then", "dead-letter"));
    if (r->cap_us < r->base_us) {
        amzx_build_error(b, e, "lint.retry", NULL,
                         "the cap of %s is below its base", r->name);
    }
    APR_ARRAY_PUSH(b->flow->retries, const amzx_retry_t *) = r;
}

static void retries(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "retries");
    const amzx_xelem_t *e;

    b->flow->retries = apr_array_make(b->pool, 4, sizeof(amzx_retry_t *));
    for (e = part ? amzx_xchild(part, "retry") : NULL; e; e = amzx_xnext(e)) {
        add_retry(b, e);
    }
}

const amzx_retry_t *amzx_build_retry(amzx_build_t *b, const amzx_xelem_t *e)
{
    const char *name = amzx_xattr(e, "retry", NULL);
    amzx_near_t near_;
    int i;

    if (!name) {
        return &usual_retry;
    }
    amzx_near_init(&near_, name);
    for (i = 0; i < b->flow->retries->nelts; i++) {
        const amzx_retry_t *r =
            APR_ARRAY_IDX(b->flow->retries, i, const amzx_retry_t *);

        if (strcmp(r->name, name) == 0) {
            amzx_build_use(b, "retry", name);
            return r;
        }
        amzx_near_try(&near_, r->name);
    }
    amzx_build_error(b, e, "lint.unknown_retry",
                     amzx_near_hint(&near_, b->pool),
                     "%s: there is no retry %s", b->element, name);
    return &usual_retry;
}

void amzx_build_head(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *e;

    b->flow->name = amzx_xattr(root, "name", "");
    b->flow->title = amzx_xattr(root, "title", b->flow->name);
    b->flow->version = amzx_build_int(b, root, "version", 1);
    b->element = "settings";
    settings(b, root);
    for (e = amzx_xchild(root, "import"); e; e = amzx_xnext(e)) {
        amzx_build_error(b, e, "lint.unsupported", NULL,
                         "<import> is not available in this version");
    }
    connections(b, root);
    b->element = "config";
    config(b, root);
    b->element = "retries";
    retries(b, root);
}
