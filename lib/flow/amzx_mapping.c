/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping rules at work: <field>, <object>, <list>, <each>, <item>, <let>. */
#include "amzx_model.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

/* A name of <let> or <each>, visible to the rules behind and below it. */
typedef struct local_t local_t;
struct local_t {
    const char *name;
    apr_size_t len;
    const amzx_val_t *val;
    const local_t *outer;
};

typedef struct {
    amzx_names_t *names;
    amzx_scope_t scope;
    const local_t *locals;
    amzx_fault_t *fault;
    apr_pool_t *pool;
} mapping_t;

/* What a block of rules builds: members, or one value by to=".". */
typedef struct {
    amzx_val_t *obj;
    const amzx_val_t *whole;
} target_t;

static const amzx_val_t *find_local(void *ctx, const char *name,
                                    apr_size_t len, apr_uint32_t hash)
{
    const mapping_t *m = ctx;
    const local_t *l;

    (void)hash;
    for (l = m->locals; l; l = l->outer) {
        if (l->len == len && memcmp(l->name, name, len) == 0) {
            return l->val;
        }
    }
    return NULL;
}

static void push_local(mapping_t *m, const char *name, const amzx_val_t *val)
{
    local_t *l = apr_palloc(m->pool, sizeof(*l));

    l->name = name;
    l->len = strlen(name);
    l->val = val;
    l->outer = m->locals;
    m->locals = l;
}

static apr_status_t eval(const amzx_val_t **out, const amzx_expr_t *e,
                         mapping_t *m)
{
    return amzx_names_eval(out, e, m->names, m->fault, m->pool);
}

/* Is the rule to run? No `if` means yes. */
static apr_status_t is_wanted(int *wanted, const amzx_rule_t *rule,
                              mapping_t *m)
{
    *wanted = 1;
    return rule->when ? amzx_names_test(wanted, rule->when, m->names,
                                        m->fault, m->pool)
                      : APR_SUCCESS;
}

/* A member that is an object of our own and may be written to. What came from
 * an expression is shared, so it is copied one level deep. */
static amzx_val_t *open_member(amzx_val_t *obj, const char *name,
                               apr_pool_t *p)
{
    const amzx_val_t *old = amzx_val_get(obj, name);
    amzx_val_t *made = amzx_val_obj(amzx_val_count(old) + 2, p);
    apr_size_t i;

    if (amzx_val_type(old) == AMZX_OBJ) {
        for (i = 0; i < old->u.obj.count; i++) {
            amzx_val_put_ref(made, old->u.obj.member[i].name,
                             old->u.obj.member[i].val, p);
        }
    }
    amzx_val_put_ref(obj, name, made, p);
    return made;
}

static void put_whole(target_t *t, const amzx_val_t *val, apr_pool_t *p)
{
    apr_size_t i;

    if (amzx_val_type(val) != AMZX_OBJ) {
        t->whole = val;
        return;
    }
    for (i = 0; i < val->u.obj.count; i++) {
        amzx_val_put_ref(t->obj, val->u.obj.member[i].name,
                         val->u.obj.member[i].val, p);
    }
}

static void put_at(target_t *t, const amzx_rule_t *rule,
                   const amzx_val_t *val, apr_pool_t *p)
{
    amzx_val_t *obj = t->obj;
    int i;

    if (!rule->to[0]) {
        put_whole(t, val, p);
        return;
    }
    for (i = 0; rule->to[i + 1]; i++) {
        obj = open_member(obj, rule->to[i], p);
    }
    amzx_val_put_ref(obj, rule->to[i], val, p);
}

/* Cut text at max-length code points. */
static const amzx_val_t *cut(const amzx_val_t *v, const amzx_rule_t *rule,
                             apr_pool_t *p)
{
    apr_size_t len;

    if (rule->max_length == 0 || amzx_val_type(v) != AMZX_STR) {
        return v;
    }
    len = amzx_utf8_prefix(v->u.str.s, v->u.str.len, rule->max_length);
    return len < v->u.str.len ? amzx_val_strn(v->u.str.s, len, p) : v;
}

/* Put the target's name before a fault of its conversion. */
static apr_status_t name_fault(apr_status_t rv, const amzx_rule_t *rule,
                               mapping_t *m)
{
    char detail[sizeof(m->fault->detail)];

    if (rv != APR_SUCCESS && m->fault) {
        apr_cpystrn(detail, m->fault->detail, sizeof(detail));
        apr_snprintf(m->fault->detail, sizeof(m->fault->detail), "%.80s: %s",
                     rule->target, detail);
    }
    return rv;
}

static apr_status_t run_field(target_t *t, const amzx_rule_t *rule,
                              mapping_t *m)
{
    const amzx_val_t *v;
    apr_status_t rv;

    if (rule->scale >= 0) {
        rv = amzx_names_scaled(&v, rule->value, rule, m->names, m->fault,
                               m->pool);
    }
    else {
        rv = eval(&v, rule->value, m);
    }
    if (rv != APR_SUCCESS) {
        return name_fault(rv, rule, m);
    }
    if (rule->is_typed) {
        rv = amzx_convert(&v, v, rule->type, m->fault, m->pool);
        if (rv != APR_SUCCESS) {
            return name_fault(rv, rule, m);
        }
    }
    if (amzx_val_is_null(v)) {
        if (rule->on_null == AMZX_NULL_OMIT) {
            return APR_SUCCESS;
        }
        if (rule->on_null == AMZX_NULL_ERROR) {
            return amzx_fault_set(m->fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                  "mapping.null", "%.80s has no value",
                                  rule->target);
        }
    }
    put_at(t, rule, cut(v, rule, m->pool), m->pool);
    return APR_SUCCESS;
}

static apr_status_t run_block(const amzx_val_t **out,
                              const amzx_rule_t *rules, mapping_t *m);

static apr_status_t push_item(amzx_val_t *list, const amzx_rule_t *rule,
                              mapping_t *m)
{
    const amzx_val_t *v = NULL;
    apr_status_t rv = run_block(&v, rule->child, m);

    if (rv == APR_SUCCESS) {
        amzx_val_push(list, v, m->pool);
    }
    return rv;
}

/* Items of one group: {key, items}, groups in order of first appearance. */
static apr_status_t group_items(const amzx_val_t **out,
                                const amzx_val_t *list,
                                const amzx_rule_t *rule, mapping_t *m)
{
    amzx_val_t *groups = amzx_val_list(8, m->pool);
    const local_t *outer = m->locals;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i, g;

    for (i = 0; i < list->u.list.count && rv == APR_SUCCESS; i++) {
        const amzx_val_t *key = &amzx_val_null;
        amzx_val_t *items = NULL;

        push_local(m, rule->as, list->u.list.item[i]);
        rv = eval(&key, rule->group_by, m);
        m->locals = outer;
        for (g = 0; g < groups->u.list.count && !items; g++) {
            amzx_val_t *group = (amzx_val_t *)groups->u.list.item[g];

            if (amzx_val_equal(amzx_val_get(group, "key"), key)) {
                items = (amzx_val_t *)amzx_val_get(group, "items");
            }
        }
        if (!items) {
            amzx_val_t *group = amzx_val_obj(2, m->pool);

            items = amzx_val_list(4, m->pool);
            amzx_val_put_ref(group, "key", key, m->pool);
            amzx_val_put_ref(group, "items", items, m->pool);
            amzx_val_push(groups, group, m->pool);
        }
        amzx_val_push(items, list->u.list.item[i], m->pool);
    }
    *out = groups;
    return rv;
}

static apr_status_t run_each(amzx_val_t *list, const amzx_rule_t *rule,
                             mapping_t *m)
{
    const local_t *outer = m->locals;
    const amzx_val_t *in = &amzx_val_null;
    apr_status_t rv = eval(&in, rule->value, m);
    apr_size_t i;

    if (rv != APR_SUCCESS || amzx_val_is_null(in)) {
        return rv;
    }
    if (in->type != AMZX_LIST) {
        return amzx_fault_set(m->fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "mapping.type", "each in: expected list, got %s",
                              amzx_val_type_name(in->type));
    }
    if (rule->group_by) {
        rv = group_items(&in, in, rule, m);
    }
    for (i = 0; rv == APR_SUCCESS && i < in->u.list.count; i++) {
        int wanted = 1;

        push_local(m, rule->as, in->u.list.item[i]);
        if (rule->index) {
            push_local(m, rule->index,
                       amzx_val_int((apr_int64_t)i, m->pool));
        }
        rv = is_wanted(&wanted, rule, m);
        if (rv == APR_SUCCESS && wanted) {
            rv = push_item(list, rule, m);
        }
        m->locals = outer;
    }
    return rv;
}

static apr_status_t run_list(target_t *t, const amzx_rule_t *rule,
                             mapping_t *m)
{
    amzx_val_t *list = amzx_val_list(8, m->pool);
    apr_status_t rv = APR_SUCCESS;
    const amzx_rule_t *r;
    int wanted;

    for (r = rule->child; r && rv == APR_SUCCESS; r = r->next) {
        if (r->kind == AMZX_RULE_EACH) {
            rv = run_each(list, r, m);
            continue;
        }
        rv = is_wanted(&wanted, r, m);
        if (rv == APR_SUCCESS && wanted) {
            rv = push_item(list, r, m);
        }
    }
    if (rv == APR_SUCCESS) {
        put_at(t, rule, list, m->pool);
    }
    return rv;
}

static apr_status_t run_rule(target_t *t, const amzx_rule_t *rule,
                             mapping_t *m)
{
    const amzx_val_t *v = NULL;
    apr_status_t rv = APR_SUCCESS;
    int wanted;

    if (rule->kind == AMZX_RULE_LIST) {
        return run_list(t, rule, m);
    }
    rv = is_wanted(&wanted, rule, m);
    if (rv != APR_SUCCESS || !wanted) {
        return rv;
    }
    if (rule->kind == AMZX_RULE_FIELD) {
        return run_field(t, rule, m);
    }
    if (rule->kind == AMZX_RULE_LET) {
        rv = eval(&v, rule->value, m);
        if (rv == APR_SUCCESS) {
            push_local(m, rule->as, v);
        }
        return rv;
    }
    rv = run_block(&v, rule->child, m);
    if (rv == APR_SUCCESS) {
        put_at(t, rule, v, m->pool);
    }
    return rv;
}

/* Depth is bounded by the depth of the XML document. */
static apr_status_t run_block(const amzx_val_t **out,
                              const amzx_rule_t *rules, mapping_t *m)
{
    const local_t *outer = m->locals;
    target_t t = { amzx_val_obj(8, m->pool), NULL };
    apr_status_t rv = APR_SUCCESS;
    const amzx_rule_t *r;

    for (r = rules; r && rv == APR_SUCCESS; r = r->next) {
        rv = run_rule(&t, r, m);
    }
    m->locals = outer;
    *out = t.whole ? t.whole : t.obj;
    return rv;
}

apr_status_t amzx_mapping_run(const amzx_val_t **out,
                              const amzx_rule_t *rules, amzx_names_t *n,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    mapping_t m = { n, { NULL, NULL, NULL }, NULL, fault, p };
    apr_status_t rv;

    m.scope.parent = &n->scope;
    m.scope.ctx = &m;
    m.scope.find = find_local;
    n->ev.scope = &m.scope;
    rv = run_block(out, rules, &m);
    n->ev.scope = &n->scope;
    if (rv != APR_SUCCESS) {
        *out = &amzx_val_null;
    }
    return rv;
}
