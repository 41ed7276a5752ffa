/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping rules of <map> and <body>. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

/* The exact decimals carry 38 digits; a scale beyond half is a slip. */
#define SCALE_MAX 18

static int rule_kind(const char *name)
{
    static const char *const names[] = { "field", "object", "list",
                                         "each",  "item",   "let" };
    int i;

    for (i = 0; i < 6; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void target(amzx_build_t *b, const amzx_xelem_t *e, amzx_rule_t *r)
{
    r->target = amzx_xattr(e, "to", ".");
    if (strcmp(r->target, ".") == 0) {
        r->to = apr_pcalloc(b->pool, sizeof(char *));
    }
    else {
        r->to = (const char *const *)amzx_split(r->target, ".", b->pool);
    }
}

static void field(amzx_build_t *b, const amzx_xelem_t *e, amzx_rule_t *r)
{
    const char *null_ = amzx_xattr(e, "null", "omit");
    const char *mode = amzx_xattr(e, "round", NULL);
    int found = mode ? amzx_round_of(mode) : AMZX_ROUND_HALF_UP;

    r->value = amzx_build_need_text(b, e, "value");
    r->type = amzx_build_type(e, &r->is_typed);
    r->scale = amzx_build_int(b, e, "scale", -1);
    r->round = found >= 0 ? (amzx_round_e)found : AMZX_ROUND_HALF_UP;
    r->max_length = (apr_size_t)amzx_build_int(b, e, "max-length", 0);
    if (strcmp(null_, "keep") == 0) {
        r->on_null = AMZX_NULL_KEEP;
    }
    else if (strcmp(null_, "error") == 0) {
        r->on_null = AMZX_NULL_ERROR;
    }
    if (mode && r->scale < 0) {
        amzx_build_error(b, e, "lint.scale", "add scale",
                         "field %s has round but no scale", r->target);
    }
    if (r->scale > SCALE_MAX) {
        amzx_build_error(b, e, "lint.scale", NULL,
                         "field %s: scale is at most %d", r->target,
                         SCALE_MAX);
        r->scale = SCALE_MAX;
    }
    if (r->scale >= 0 && r->is_typed && r->type != AMZX_TYPE_DECIMAL
        && r->type != AMZX_TYPE_INTEGER && r->type != AMZX_TYPE_ANY
        && r->type != AMZX_TYPE_STRING) {
        amzx_build_error(b, e, "lint.scale", NULL,
                         "field %s: a %s has no scale", r->target,
                         amzx_type_name(r->type));
    }
}

static void each(amzx_build_t *b, const amzx_xelem_t *e, amzx_rule_t *r)
{
    amzx_blocal_t *outer = b->locals;
    int varies;

    r->as = amzx_xattr(e, "as", "");
    r->index = amzx_xattr(e, "index", NULL);
    r->value = amzx_build_need_expr(b, e, "in");
    varies = b->saw_varying;
    amzx_build_push(b, e, r->as, 0);
    r->group_by = amzx_build_expr(b, e, "group-by");
    if (r->index) {
        b->saw_varying = varies;
        amzx_build_push(b, e, r->index, 0);
    }
    r->when = amzx_build_expr(b, e, "if");
    r->child = amzx_build_rules(b, e);
    amzx_build_pop(b, outer);
}

static amzx_rule_t *rule(amzx_build_t *b, const amzx_xelem_t *e, int kind)
{
    amzx_rule_t *r = apr_pcalloc(b->pool, sizeof(*r));

    r->kind = (amzx_rule_e)kind;
    r->scale = -1;
    target(b, e, r);
    if (r->kind == AMZX_RULE_EACH) {
        each(b, e, r);
        return r;
    }
    r->when = r->kind == AMZX_RULE_LET ? NULL : amzx_build_expr(b, e, "if");
    if (r->kind == AMZX_RULE_FIELD) {
        field(b, e, r);
    }
    else if (r->kind == AMZX_RULE_LET) {
        r->as = amzx_xattr(e, "name", "");
        r->value = amzx_build_need_expr(b, e, "value");
        amzx_build_push(b, e, r->as, 1);
    }
    else {
        r->child = amzx_build_rules(b, e);
    }
    return r;
}

const amzx_rule_t *amzx_build_rules(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_blocal_t *outer = b->locals;
    amzx_rule_t *first = NULL, *last = NULL;
    const amzx_xelem_t *c;

    for (c = e->child; c; c = c->next) {
        int kind = rule_kind(c->name);
        amzx_rule_t *r;

        if (kind < 0) {
            continue;
        }
        r = rule(b, c, kind);
        if (last) {
            last->next = r;
        }
        else {
            first = r;
        }
        last = r;
    }
    amzx_build_pop(b, outer);
    return first;
}

const char *amzx_build_members(amzx_build_t *b, const amzx_rule_t *rules)
{
    const char *members = "";
    const amzx_rule_t *r;

    for (r = rules; r; r = r->next) {
        if (r->kind == AMZX_RULE_LET) {
            continue;
        }
        if (!r->to[0]) {
            return NULL;
        }
        members = apr_pstrcat(b->pool, members, r->target, " ", NULL);
    }
    return members;
}
