/* SPDX-License-Identifier: Apache-2.0 */
/* Values within an evaluation: faults, fuel, and arguments by type. */
#include "amzx_expr_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "amzx_json.h"

/* One unit of fuel for so many bytes or pointers that are moved. */
#define BYTES_PER_UNIT 64

const amzx_val_t *amzx_ex_fail(amzx_ex_t *c, const amzx_node_t *at,
                               const char *code, const char *fmt, ...)
{
    char text[400];
    va_list args;
    int line, column;

    if (c->rv != APR_SUCCESS) {
        return NULL;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    amzx_ex_where(&line, &column, c->expr->source, c->expr->line, at->from);
    c->rv = amzx_fault_set(c->fault, AMZX_FAULT_REJECTED, APR_EGENERAL, code,
                           "%s", text);
    amzx_fault_at(c->fault, "%s:%d:%d", c->expr->file, line, column);
    return NULL;
}

const char *amzx_ex_text_of(const amzx_ex_t *c, const amzx_node_t *n)
{
    apr_size_t len = n->to - n->from;
    apr_size_t keep = len > 60 ? 57 : len;
    const char *s = c->expr->source + n->from;
    char *text;

    while (keep < len && keep > 0 && ((unsigned char)s[keep] & 0xC0) == 0x80) {
        --keep;
    }
    text = apr_palloc(c->p, keep + 4);
    memcpy(text, s, keep);
    memcpy(text + keep, keep < len ? "..." : "", keep < len ? 4 : 1);
    return text;
}

int amzx_ex_burn(amzx_ex_t *c, const amzx_node_t *at, apr_size_t units)
{
    if (c->fuel >= 0 && (apr_size_t)c->fuel >= units) {
        c->fuel -= (apr_int64_t)units;
        return 1;
    }
    c->fuel = -1;
    amzx_ex_fail(c, at, "expr.fuel", "the expression does too much work; "
                 "split it up, or give it shorter lists");
    return 0;
}

int amzx_ex_room(amzx_ex_t *c, const amzx_node_t *at, apr_size_t bytes)
{
    if ((apr_int64_t)bytes < 0 || (apr_int64_t)bytes > c->room) {
        amzx_ex_fail(c, at, "limit.size", "the step makes more text than it "
                     "may");
        return 0;
    }
    c->room -= (apr_int64_t)bytes;
    return amzx_ex_burn(c, at, bytes / BYTES_PER_UNIT);
}

/* Burns fuel for the tree; *bytes grows by what it takes as JSON, about. */
static int weigh(apr_size_t *bytes, amzx_ex_t *c, const amzx_node_t *at,
                 const amzx_val_t *v, int depth)
{
    apr_size_t i;

    if (depth > AMZX_EX_NEST) {
        amzx_ex_fail(c, at, "expr.depth", "a value is nested more than %d "
                     "deep", AMZX_EX_NEST);
        return 0;
    }
    if (!amzx_ex_burn(c, at, 1)) {
        return 0;
    }
    switch (v->type) {
    case AMZX_STR:
        *bytes += v->u.str.len + 3;
        return amzx_ex_burn(c, at, v->u.str.len / BYTES_PER_UNIT);
    case AMZX_LIST:
        for (i = 0; i < v->u.list.count; ++i) {
            if (!weigh(bytes, c, at, v->u.list.item[i], depth + 1)) {
                return 0;
            }
        }
        break;
    case AMZX_OBJ:
        for (i = 0; i < v->u.obj.count; ++i) {
            const amzx_member_t *m = &v->u.obj.member[i];

            *bytes += m->len + 4;
            if (!amzx_ex_burn(c, at, m->len / BYTES_PER_UNIT)
                || !weigh(bytes, c, at, m->val, depth + 1)) {
                return 0;
            }
        }
        break;
    default:
        break;
    }
    *bytes += 8;
    return 1;
}

int amzx_ex_weigh(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *v)
{
    apr_size_t bytes = 0;

    return weigh(&bytes, c, at, v, 1);
}

int amzx_ex_as_num(amzx_dec_t *out, amzx_ex_t *c, const amzx_node_t *arg,
                   const amzx_val_t *v)
{
    apr_status_t rv;

    if (v->type == AMZX_NUM) {
        *out = v->u.num;
        return 1;
    }
    if (v->type == AMZX_NULL) {
        amzx_ex_fail(c, arg, "expr.null", "`%s` is null where a number is "
                     "needed", amzx_ex_text_of(c, arg));
        return 0;
    }
    rv = v->type == AMZX_STR ? amzx_val_dec(out, v) : APR_EINVAL;
    if (rv == APR_SUCCESS) {
        return 1;
    }
    if (rv == APR_ERANGE) {
        amzx_ex_fail(c, arg, "expr.overflow", "`%s` has more than 38 digits",
                     amzx_ex_text_of(c, arg));
    }
    else {
        amzx_ex_fail(c, arg, "expr.type", "`%s` is %s%s where a number is "
                     "needed", amzx_ex_text_of(c, arg),
                     v->type == AMZX_STR ? "not a number but " : "",
                     amzx_val_type_name(v->type));
    }
    return 0;
}

int amzx_ex_as_int(int *out, amzx_ex_t *c, const amzx_node_t *arg,
                   const amzx_val_t *v, int low, int high)
{
    amzx_dec_t d;
    apr_int64_t n;

    *out = 0;
    if (!amzx_ex_as_num(&d, c, arg, v)) {
        return 0;
    }
    if (amzx_dec_to_int(&n, d) != APR_SUCCESS || n < low || n > high) {
        amzx_ex_fail(c, arg, "expr.type", "`%s` must be a whole number from "
                     "%d to %d", amzx_ex_text_of(c, arg), low, high);
        return 0;
    }
    *out = (int)n;
    return 1;
}

const amzx_val_t *amzx_ex_as_list(amzx_ex_t *c, const amzx_node_t *arg,
                                  const amzx_val_t *v)
{
    if (v->type == AMZX_LIST) {
        return v;
    }
    if (v->type == AMZX_NULL) {
        return amzx_ex_fail(c, arg, "expr.null", "`%s` is null where a list "
                            "is needed (`?? []` makes it empty)",
                            amzx_ex_text_of(c, arg));
    }
    return amzx_ex_fail(c, arg, "expr.type", "`%s` is %s where a list is "
                        "needed", amzx_ex_text_of(c, arg),
                        amzx_val_type_name(v->type));
}

const char *amzx_ex_show_json(apr_size_t *len, amzx_ex_t *c,
                              const amzx_node_t *arg, const amzx_val_t *v)
{
    const char *text;

    *len = 0;
    if (!weigh(len, c, arg, v, 1) || !amzx_ex_room(c, arg, *len)) {
        return NULL;
    }
    text = amzx_json_write(v, len, c->p);
    if (!text) {
        amzx_ex_fail(c, arg, "expr.type", "`%s` cannot be written as JSON",
                     amzx_ex_text_of(c, arg));
    }
    return text;
}

const char *amzx_ex_show(apr_size_t *len, amzx_ex_t *c,
                         const amzx_node_t *arg, const amzx_val_t *v)
{
    char *text;

    *len = 0;
    switch (v->type) {
    case AMZX_NULL:
        return "";
    case AMZX_STR:
        *len = v->u.str.len;
        return v->u.str.s;
    case AMZX_BOOL:
        *len = v->u.boolean ? 4 : 5;
        return v->u.boolean ? "true" : "false";
    case AMZX_LIST:
    case AMZX_OBJ:
        return amzx_ex_show_json(len, c, arg, v);
    case AMZX_NUM:
        text = apr_palloc(c->p, AMZX_DEC_TEXT);
        *len = amzx_dec_text(text, v->u.num);
        return text;
    case AMZX_DATE:
        text = apr_palloc(c->p, AMZX_TIME_TEXT);
        amzx_date_text(text, v->u.days);
        break;
    case AMZX_DATETIME:
        text = apr_palloc(c->p, AMZX_TIME_TEXT);
        amzx_time_text(text, v->u.time_us);
        break;
    case AMZX_DURATION:
    default:
        text = apr_palloc(c->p, AMZX_TIME_TEXT);
        amzx_duration_text(text, v->u.span_us);
        break;
    }
    *len = strlen(text);
    return text;
}

const char *amzx_ex_as_text(apr_size_t *len, amzx_ex_t *c,
                            const amzx_node_t *arg, const amzx_val_t *v)
{
    *len = 0;
    if (v->type == AMZX_LIST || v->type == AMZX_OBJ) {
        amzx_ex_fail(c, arg, "expr.type", "`%s` is %s where text is needed "
                     "(json() and join() make text)", amzx_ex_text_of(c, arg),
                     amzx_val_type_name(v->type));
        return NULL;
    }
    return amzx_ex_show(len, c, arg, v);
}

const amzx_val_t *amzx_ex_math_fault(amzx_ex_t *c, const amzx_node_t *at,
                                     apr_status_t rv)
{
    if (rv == APR_ERANGE) {
        return amzx_ex_fail(c, at, "expr.overflow", "`%s` needs more than 38 "
                            "digits", amzx_ex_text_of(c, at));
    }
    return amzx_ex_fail(c, at, "expr.div0", "`%s` divides by zero",
                        amzx_ex_text_of(c, at));
}

const amzx_val_t *amzx_ex_str(amzx_ex_t *c, const char *s, apr_size_t len)
{
    return len > 0 ? amzx_val_str_ref(s, len, c->p) : &amzx_val_empty_str;
}

const amzx_val_t *amzx_ex_num(amzx_ex_t *c, amzx_dec_t d)
{
    return amzx_val_num(d, c->p);
}

amzx_val_t *amzx_ex_list(amzx_ex_t *c, apr_size_t room)
{
    c->is_built = 1;
    return amzx_val_list(room, c->p);
}

amzx_val_t *amzx_ex_obj(amzx_ex_t *c, apr_size_t room)
{
    c->is_built = 1;
    return amzx_val_obj(room, c->p);
}
