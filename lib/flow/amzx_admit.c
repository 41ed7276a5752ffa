/* SPDX-License-Identifier: Apache-2.0 */
/* Before a run exists: filter, input, keys; and the arguments of polls. */
#include "amzx_model.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_crypto.h"
#include "amzx_json.h"

/* What run_key and partition may be long: they are columns of an index. */
#define KEY_MAX 300

static const amzx_trigger_impl_t *impl_of(const amzx_flow_t *flow,
                                          const amzx_trigger_t *t)
{
    int i;

    for (i = 0; i < flow->triggers->nelts; i++) {
        const amzx_trigger_impl_t *x =
            APR_ARRAY_IDX(flow->triggers, i, const amzx_trigger_impl_t *);

        if (&x->pub == t) {
            return x;
        }
    }
    return NULL;
}

static const char *member_of(amzx_trigger_e kind)
{
    if (kind == AMZX_TRIGGER_EVENT) {
        return "event";
    }
    return kind == AMZX_TRIGGER_POLL ? "item" : "body";
}

static void bind_brought(amzx_names_t *n, const amzx_trigger_impl_t *t,
                 const amzx_val_t *brought, apr_pool_t *p)
{
    amzx_val_t *trigger = amzx_val_obj(1, p);

    amzx_val_put_str(trigger, "id", t->pub.id, p);
    n->slot[AMZX_SLOT_TRIGGER] = trigger;
    if (t->pub.kind == AMZX_TRIGGER_EVENT) {
        n->slot[AMZX_SLOT_EVENT] = brought;
    }
    else if (t->pub.kind == AMZX_TRIGGER_POLL) {
        n->slot[AMZX_SLOT_ITEM] = brought;
        if (t->item_slot >= 0) {
            n->slot[t->item_slot] = brought;
        }
    }
    else {
        n->slot[AMZX_SLOT_BODY] = brought;
    }
}

static apr_status_t bad_input(amzx_fault_t *fault, const amzx_field_t *f,
                              const char *why)
{
    return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                          "data.input", "input field %s %s", f->name, why);
}

apr_status_t amzx_pattern_fits(int *fits, const amzx_flow_t *flow,
                               const char *text, const char *pattern,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *names = amzx_val_obj(2, p);
    amzx_scope_t scope;
    amzx_eval_t ev;

    *fits = 0;
    amzx_val_put_str(names, "value", text, p);
    amzx_val_put_str(names, "pattern", pattern, p);
    amzx_scope_of(&scope, names, NULL);
    amzx_eval_init(&ev, &scope, 0);
    return amzx_expr_eval_bool(fits, flow->matches, &ev, fault, p);
}

static apr_status_t check_pattern(const amzx_field_t *f, const amzx_val_t *v,
                                  const amzx_flow_t *flow,
                                  amzx_fault_t *fault, apr_pool_t *p)
{
    const char *text = amzx_show(v, p);
    apr_status_t rv;
    int fits;

    if (!text) {
        return bad_input(fault, f, "is no text");
    }
    rv = amzx_pattern_fits(&fits, flow, text, f->pattern, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return fits ? APR_SUCCESS
                : bad_input(fault, f, "does not have the form it must have");
}

static apr_status_t field_value(const amzx_val_t **out,
                                const amzx_field_t *f, amzx_names_t *n,
                                const amzx_val_t *brought,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t *v = amzx_val_get(brought, f->name);
    apr_status_t rv = APR_SUCCESS;

    *out = &amzx_val_null;
    if (f->from) {
        rv = amzx_names_eval(&v, f->from, n, fault, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_val_is_null(v)) {
        return f->is_required ? bad_input(fault, f, "is missing")
                              : APR_SUCCESS;
    }
    if (amzx_convert(&v, v, f->type, NULL, p) != APR_SUCCESS) {
        return bad_input(fault, f,
                         apr_pstrcat(p, "is no ", amzx_type_name(f->type),
                                     NULL));
    }
    if (f->pattern) {
        rv = check_pattern(f, v, n->flow, fault, p);
    }
    if (rv == APR_SUCCESS) {
        *out = v;
    }
    return rv;
}

static apr_status_t make_input(const amzx_val_t **out, amzx_names_t *n,
                               const amzx_val_t *brought,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_flow_t *flow = n->flow;
    amzx_val_t *obj = amzx_val_obj((apr_size_t)flow->fields->nelts, p);
    int i;

    *out = obj;
    for (i = 0; i < flow->fields->nelts; i++) {
        const amzx_field_t *f = &APR_ARRAY_IDX(flow->fields, i, amzx_field_t);
        const amzx_val_t *v;
        apr_status_t rv = field_value(&v, f, n, brought, fault, p);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        amzx_val_put_ref(obj, f->name, v, p);
    }
    /* as it will be read back from the payload */
    *out = amzx_settle(obj, p);
    return APR_SUCCESS;
}

/* A key that fits its column: long ones keep their begin and get a digest. */
static const char *short_key(const char *key, apr_pool_t *p)
{
    apr_size_t len = strlen(key);

    if (len <= KEY_MAX) {
        return key;
    }
    return apr_pstrcat(p, apr_pstrndup(p, key, 200), "~",
                       amzx_sha256_hex(key, len, p), NULL);
}

static apr_status_t make_keys(amzx_admit_t *out, amzx_names_t *n,
                              const amzx_trigger_impl_t *t,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    const char *id = amzx_val_text(
        amzx_val_get(n->slot[AMZX_SLOT_TENANT], "id"), "");
    const char *own;
    apr_size_t len;
    apr_status_t rv = APR_SUCCESS;

    out->run_key = "";
    if (t->dedup) {
        rv = amzx_names_text(&out->run_key, t->dedup, n, fault, p);
        if (rv == APR_SUCCESS && !*out->run_key) {
            rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                "data.input",
                                "the dedup-key of trigger %s is empty",
                                t->pub.id);
        }
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    out->run_key = short_key(out->run_key, p);
    if (n->flow->partition) {
        rv = amzx_names_text(&own, n->flow->partition, n, fault, p);
    }
    else if (*out->run_key) {
        own = apr_pstrcat(p, id, "/", n->flow->name, "/", out->run_key, NULL);
    }
    else {
        const char *text = amzx_json_write_sorted(out->input, &len, p);

        own = apr_pstrcat(p, id, "/", n->flow->name, "/",
                          amzx_sha256_hex(text, len, p), NULL);
    }
    out->partition = short_key(own, p);
    return rv;
}

static const char *make_payload(const amzx_trigger_impl_t *t,
                                const amzx_val_t *brought,
                                const amzx_val_t *input, apr_pool_t *p)
{
    amzx_val_t *obj = amzx_val_obj(3, p);

    amzx_val_put_str(obj, "trigger", t->pub.id, p);
    amzx_val_put_ref(obj, member_of(t->pub.kind),
                     brought ? brought : &amzx_val_null, p);
    amzx_val_put_ref(obj, "input", input, p);
    return amzx_json_write(obj, NULL, p);
}

apr_status_t amzx_flow_admit(amzx_admit_t *out, const amzx_flow_t *flow,
                             const amzx_trigger_t *t,
                             const amzx_val_t *brought,
                             const amzx_admit_for_t *whom,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_trigger_impl_t *impl = impl_of(flow, t);
    amzx_names_t n;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    if (!impl) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "internal.trigger",
                              "the trigger is not of this workflow");
    }
    amzx_names_init(&n, flow, whom->now, p);
    n.slot[AMZX_SLOT_TENANT] = whom->tenant;
    n.slot[AMZX_SLOT_CONFIG] = whom->config;
    bind_brought(&n, impl, brought, p);
    if (impl->filter) {
        rv = amzx_names_test(&out->is_match, impl->filter, &n, fault, p);
        if (rv != APR_SUCCESS || !out->is_match) {
            return rv;
        }
    }
    out->is_match = 1;
    rv = make_input(&out->input, &n, brought, fault, p);
    if (rv == APR_SUCCESS) {
        n.slot[AMZX_SLOT_INPUT] = out->input;
        rv = make_keys(out, &n, impl, fault, p);
    }
    if (rv == APR_SUCCESS) {
        out->payload = make_payload(impl, brought, out->input, p);
    }
    return rv;
}

apr_status_t amzx_flow_poll_args(const amzx_val_t **args,
                                 const amzx_flow_t *flow,
                                 const amzx_trigger_t *t,
                                 const amzx_val_t *tenant,
                                 const amzx_val_t *config, apr_time_t now,
                                 amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_trigger_impl_t *impl = impl_of(flow, t);
    amzx_names_t n;

    *args = &amzx_val_null;
    amzx_names_init(&n, flow, now, p);
    n.slot[AMZX_SLOT_TENANT] = tenant;
    n.slot[AMZX_SLOT_CONFIG] = config;
    return amzx_names_args(args, impl ? impl->args : NULL, &n, fault, p);
}
