/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a definition, numbered, and evaluation with their values. */
#include "amzx_model.h"

#include <apr_strings.h>

#include <string.h>

static const char *const fixed_names[AMZX_SLOT_OWN] = {
    [AMZX_SLOT_EVENT] = "event",     [AMZX_SLOT_ITEM] = "item",
    [AMZX_SLOT_BODY] = "body",       [AMZX_SLOT_INPUT] = "input",
    [AMZX_SLOT_CONFIG] = "config",   [AMZX_SLOT_TENANT] = "tenant",
    [AMZX_SLOT_RUN] = "run",         [AMZX_SLOT_STEPS] = "steps",
    [AMZX_SLOT_TRIGGER] = "trigger", [AMZX_SLOT_ERROR] = "error",
    [AMZX_SLOT_FOUND] = "found",     [AMZX_SLOT_REQUEST] = "request",
    [AMZX_SLOT_VARS] = "vars",
};

static const char *const node_names[] = {
    [AMZX_NODE_CALL] = "call",         [AMZX_NODE_MAP] = "map",
    [AMZX_NODE_SET] = "set",           [AMZX_NODE_CHOOSE] = "choose",
    [AMZX_NODE_FOREACH] = "foreach",   [AMZX_NODE_TRY] = "try",
    [AMZX_NODE_SAGA] = "saga",         [AMZX_NODE_VALIDATE] = "validate",
    [AMZX_NODE_REVIEW] = "review",     [AMZX_NODE_RUN] = "run",
    [AMZX_NODE_WAIT] = "wait",         [AMZX_NODE_EMIT] = "emit",
    [AMZX_NODE_LOG] = "log",           [AMZX_NODE_FAIL] = "fail",
    [AMZX_NODE_STOP] = "stop",         [AMZX_NODE_SLOT] = "slot",
};

const char *amzx_node_name(amzx_node_e kind)
{
    return node_names[kind];
}

int amzx_slot_is_reserved(const char *name)
{
    int i;

    for (i = 0; i < AMZX_SLOT_OWN; i++) {
        if (strcmp(fixed_names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

int amzx_slot_add(amzx_flow_t *flow, const char *name, int line,
                  apr_pool_t *p)
{
    apr_size_t len = strlen(name);
    amzx_slot_t *s;
    int i;

    for (i = 0; i < flow->slots->nelts; i++) {
        s = &APR_ARRAY_IDX(flow->slots, i, amzx_slot_t);
        if (s->len == len && memcmp(s->name, name, len) == 0) {
            return i;
        }
    }
    s = apr_array_push(flow->slots);
    memset(s, 0, sizeof(*s));
    s->name = apr_pstrdup(p, name);
    s->len = len;
    s->hash = amzx_val_hash(name, len);
    s->line = line;
    return flow->slots->nelts - 1;
}

void amzx_slots_init(amzx_flow_t *flow, apr_pool_t *p)
{
    int i;

    flow->slots = apr_array_make(p, 64, sizeof(amzx_slot_t));
    for (i = 0; i < AMZX_SLOT_OWN; i++) {
        (void)amzx_slot_add(flow, fixed_names[i], 0, p);
    }
}

void amzx_slots_index(amzx_flow_t *flow, apr_pool_t *p)
{
    apr_uint32_t size = 16;
    int i;

    while (size < (apr_uint32_t)flow->slots->nelts * 2) {
        size *= 2;
    }
    flow->index = apr_pcalloc(p, size * sizeof(int));
    flow->index_mask = size - 1;
    for (i = 0; i < flow->slots->nelts; i++) {
        apr_uint32_t at =
            APR_ARRAY_IDX(flow->slots, i, amzx_slot_t).hash & (size - 1);

        while (flow->index[at] != 0) {
            at = (at + 1) & (size - 1);
        }
        flow->index[at] = i + 1;
    }
}

int amzx_slot_find(const amzx_flow_t *flow, const char *name, apr_size_t len,
                   apr_uint32_t hash)
{
    const amzx_slot_t *slots = (const amzx_slot_t *)flow->slots->elts;
    apr_uint32_t at = hash & flow->index_mask;

    while (flow->index[at] != 0) {
        const amzx_slot_t *s = &slots[flow->index[at] - 1];

        if (s->hash == hash && s->len == len
            && memcmp(s->name, name, len) == 0) {
            return flow->index[at] - 1;
        }
        at = (at + 1) & flow->index_mask;
    }
    return -1;
}

static const amzx_val_t *find_value(void *ctx, const char *name,
                                    apr_size_t len, apr_uint32_t hash)
{
    const amzx_names_t *n = ctx;
    int at = amzx_slot_find(n->flow, name, len, hash);

    if (at < 0) {
        return NULL;
    }
    return n->slot[at] ? n->slot[at] : &amzx_val_null;
}

static apr_status_t lookup_table(void *ctx, const amzx_val_t **row,
                                 const char *table,
                                 const amzx_val_t *const *keys, int count,
                                 amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_names_t *n = ctx;
    int i;

    for (i = 0; i < n->flow->tables->nelts; i++) {
        const amzx_table_t *t =
            APR_ARRAY_IDX(n->flow->tables, i, const amzx_table_t *);

        if (strcmp(amzx_table_name(t), table) == 0) {
            return amzx_table_lookup(row, t, keys, count, fault, p);
        }
    }
    *row = &amzx_val_null;
    return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL, "expr.type",
                          "there is no table %s", table);
}

void amzx_names_init(amzx_names_t *n, const amzx_flow_t *flow,
                     apr_time_t now, apr_pool_t *p)
{
    memset(n, 0, sizeof(*n));
    n->flow = flow;
    n->slot = apr_pcalloc(p, (apr_size_t)flow->slots->nelts
                                 * sizeof(*n->slot));
    n->scope.ctx = n;
    n->scope.find = find_value;
    amzx_eval_init(&n->ev, &n->scope, now);
    n->ev.lookup = lookup_table;
    n->ev.lookup_ctx = n;
    n->ev.zone = amzx_zones_get;
    n->ev.zone_ctx = flow->zones;
    n->fuel = AMZX_FUEL_STEP;
}

void amzx_names_step(amzx_names_t *n, apr_time_t now)
{
    n->fuel = AMZX_FUEL_STEP;
    n->ev.max_output = 0; /* the whole allowance again */
    n->ev.now = now;
}

/* Each expression gets its own fuel, never more than the step has left. */
static apr_int64_t fuel_up(amzx_names_t *n)
{
    n->ev.fuel = n->fuel < AMZX_FUEL_EXPR ? n->fuel : AMZX_FUEL_EXPR;
    return n->ev.fuel;
}

static void fuel_down(amzx_names_t *n, apr_int64_t had)
{
    n->fuel -= had - n->ev.fuel;
    if (n->fuel < 0) {
        n->fuel = 0;
    }
}

apr_status_t amzx_names_eval(const amzx_val_t **out, const amzx_expr_t *e,
                             amzx_names_t *n, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    apr_int64_t had = fuel_up(n);
    apr_status_t rv = amzx_expr_eval(out, e, &n->ev, fault, p);

    fuel_down(n, had);
    if (rv != APR_SUCCESS) {
        *out = &amzx_val_null;
    }
    return rv;
}

apr_status_t amzx_names_test(int *out, const amzx_expr_t *e, amzx_names_t *n,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    apr_int64_t had = fuel_up(n);
    apr_status_t rv = amzx_expr_eval_bool(out, e, &n->ev, fault, p);

    fuel_down(n, had);
    if (rv != APR_SUCCESS) {
        *out = 0;
    }
    return rv;
}

apr_status_t amzx_names_text(const char **out, const amzx_expr_t *e,
                             amzx_names_t *n, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    apr_int64_t had = fuel_up(n);
    apr_status_t rv = amzx_expr_eval_text(out, e, &n->ev, fault, p);

    fuel_down(n, had);
    if (rv != APR_SUCCESS) {
        *out = "";
    }
    return rv;
}

apr_status_t amzx_names_scaled(const amzx_val_t **out, const amzx_expr_t *e,
                               const amzx_rule_t *rule, amzx_names_t *n,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    apr_int64_t had = fuel_up(n);
    apr_status_t rv = amzx_expr_eval_scaled(out, e, rule->scale, rule->round,
                                            &n->ev, fault, p);

    fuel_down(n, had);
    if (rv != APR_SUCCESS) {
        *out = &amzx_val_null;
    }
    return rv;
}

apr_status_t amzx_names_args(const amzx_val_t **out,
                             const amzx_named_t *args, amzx_names_t *n,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *obj = amzx_val_obj(4, p);
    apr_status_t rv;
    int i;

    *out = obj;
    for (i = 0; args && args[i].name; i++) {
        const amzx_val_t *v;

        rv = amzx_names_eval(&v, args[i].value, n, fault, p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!amzx_val_is_null(v)) {
            amzx_val_put_ref(obj, args[i].name, v, p);
        }
    }
    return APR_SUCCESS;
}
