/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on objects and on values of any type; tables, digests, errors. */
#include "amzx_expr_int.h"

#include <string.h>

#include "amzx_crypto.h"
#include "amzx_json.h"
#include "amzx_str.h"

AMZX_EX_FUNC(type)
{
    (void)call;
    return amzx_val_str(amzx_val_type_name(argv[0]->type), c->p);
}

AMZX_EX_FUNC(size)
{
    const amzx_val_t *v = argv[0];
    apr_size_t n;

    switch (v->type) {
    case AMZX_NULL: n = 0; break;
    case AMZX_LIST: n = v->u.list.count; break;
    case AMZX_OBJ: n = v->u.obj.count; break;
    case AMZX_STR:
        if (!amzx_ex_burn(c, call, v->u.str.len / 64)) {
            return NULL;
        }
        n = amzx_utf8_count(v->u.str.s, v->u.str.len);
        break;
    default:
        return amzx_ex_fail(c, call->kid[0], "expr.type", "`%s` is %s, which "
                            "has no size", amzx_ex_text_of(c, call->kid[0]),
                            amzx_val_type_name(v->type));
    }
    return amzx_val_int((apr_int64_t)n, c->p);
}

AMZX_EX_FUNC(present)
{
    const amzx_val_t *v = argv[0];
    apr_size_t i = 0;

    (void)c;
    (void)call;
    switch (v->type) {
    case AMZX_NULL: return &amzx_val_false;
    case AMZX_LIST: return amzx_val_bool(v->u.list.count > 0);
    case AMZX_OBJ: return amzx_val_bool(v->u.obj.count > 0);
    case AMZX_STR:
        while (i < v->u.str.len && strchr(" \t\r\n", v->u.str.s[i])) {
            ++i;
        }
        return amzx_val_bool(i < v->u.str.len);
    default: return &amzx_val_true;
    }
}

AMZX_EX_FUNC(json)
{
    apr_size_t len;
    const char *s = amzx_ex_show_json(&len, c, call->kid[0], argv[0]);

    return s ? amzx_ex_str(c, s, len) : NULL;
}

static const amzx_val_t *as_object(amzx_ex_t *c, const amzx_node_t *arg,
                                   const amzx_val_t *v)
{
    if (v->type == AMZX_OBJ) {
        return amzx_ex_burn(c, arg, 1 + v->u.obj.count / 4) ? v : NULL;
    }
    return amzx_ex_fail(c, arg, v->type == AMZX_NULL ? "expr.null"
                                                     : "expr.type",
                        "`%s` is %s where an object is needed",
                        amzx_ex_text_of(c, arg), amzx_val_type_name(v->type));
}

AMZX_EX_FUNC(keys)
{
    const amzx_val_t *v = as_object(c, call->kid[0], argv[0]);
    amzx_val_t *out;
    apr_size_t i;

    if (!v) {
        return NULL;
    }
    out = amzx_ex_list(c, v->u.obj.count);
    for (i = 0; i < v->u.obj.count; ++i) {
        const amzx_member_t *m = &v->u.obj.member[i];

        amzx_val_push(out, amzx_ex_str(c, m->name, m->len), c->p);
    }
    return out;
}

/* Append a member whose name is known to be new. */
static void append(amzx_val_t *obj, const amzx_member_t *m)
{
    obj->u.obj.member[obj->u.obj.count++] = *m;
}

/* Put all members of `from`; both sizes cost, as each name is looked for. */
static int merge_into(amzx_ex_t *c, const amzx_node_t *at, amzx_val_t *out,
                      const amzx_val_t *from)
{
    const apr_size_t before = out->u.obj.count;
    apr_size_t i;

    if (!amzx_ex_burn(c, at, from->u.obj.count * (1 + before / 32))) {
        return 0;
    }
    for (i = 0; i < from->u.obj.count; ++i) {
        const amzx_member_t *m = &from->u.obj.member[i];
        apr_size_t k = 0;

        while (k < before
               && (out->u.obj.member[k].hash != m->hash
                   || out->u.obj.member[k].len != m->len
                   || memcmp(out->u.obj.member[k].name, m->name, m->len)
                      != 0)) {
            ++k;
        }
        if (k < before) {
            out->u.obj.member[k].val = m->val;
        }
        else {
            append(out, m);
        }
    }
    return 1;
}

AMZX_EX_FUNC(merge)
{
    apr_size_t total = 0;
    amzx_val_t *out;
    int i;

    for (i = 0; i < call->count; ++i) {
        if (argv[i]->type == AMZX_NULL) {
            continue;
        }
        if (!as_object(c, call->kid[i], argv[i])) {
            return NULL;
        }
        total += argv[i]->u.obj.count;
    }
    out = amzx_ex_obj(c, total);
    for (i = 0; i < call->count; ++i) {
        if (argv[i]->type == AMZX_OBJ
            && !merge_into(c, call, out, argv[i])) {
            return NULL;
        }
    }
    return out;
}

/* Is the name among the arguments, single or in a list? -1 after a fault. */
static int is_named(amzx_ex_t *c, const amzx_node_t *call,
                    const amzx_val_t *const *argv, const amzx_val_t *name)
{
    int is = 0;
    int i;

    for (i = 1; is == 0 && i < call->count; ++i) {
        if (argv[i]->type == AMZX_LIST) {
            is = amzx_ex_in(c, call, name, argv[i]);
        }
        else if (argv[i]->type == AMZX_STR) {
            is = amzx_ex_same(c, call, name, argv[i]);
        }
        else {
            amzx_ex_fail(c, call->kid[i], "expr.type", "`%s` is %s where a "
                         "member's name is needed",
                         amzx_ex_text_of(c, call->kid[i]),
                         amzx_val_type_name(argv[i]->type));
            return -1;
        }
    }
    return is;
}

static const amzx_val_t *choose(amzx_ex_t *c, const amzx_node_t *call,
                                const amzx_val_t *const *argv, int keep)
{
    const amzx_val_t *v = argv[0];
    amzx_val_t *out;
    apr_size_t i;

    if (v->type == AMZX_NULL) {
        return v;
    }
    if (!as_object(c, call->kid[0], v)) {
        return NULL;
    }
    out = amzx_ex_obj(c, v->u.obj.count);
    for (i = 0; i < v->u.obj.count; ++i) {
        const amzx_member_t *m = &v->u.obj.member[i];
        int is = is_named(c, call, argv, amzx_ex_str(c, m->name, m->len));

        if (is < 0) {
            return NULL;
        }
        if (is == keep) {
            append(out, m);
        }
    }
    return out;
}

AMZX_EX_FUNC(pick)
{
    return choose(c, call, argv, 1);
}

AMZX_EX_FUNC(omit)
{
    return choose(c, call, argv, 0);
}

AMZX_EX_FUNC(lookup)
{
    const amzx_val_t *row = NULL;
    const amzx_val_t *table = argv[0];
    int line, column;

    if (table->type != AMZX_STR) {
        return amzx_ex_fail(c, call->kid[0], "expr.type", "the name of a "
                            "table is text");
    }
    if (!c->ev->lookup) {
        return amzx_ex_fail(c, call, "expr.type", "there are no tables here");
    }
    if (!amzx_ex_burn(c, call, 8)) {
        return NULL;
    }
    c->rv = c->ev->lookup(c->ev->lookup_ctx, &row, table->u.str.s, argv + 1,
                          call->count - 1, c->fault, c->p);
    if (c->rv != APR_SUCCESS) {
        amzx_ex_where(&line, &column, c->expr->source, c->expr->line,
                      call->from);
        amzx_fault_at(c->fault, "%s:%d:%d", c->expr->file, line, column);
        return NULL;
    }
    return row ? row : &amzx_val_null;
}

/* Lists and objects count with their members sorted. */
AMZX_EX_FUNC(sha256)
{
    amzx_digest_t *d = amzx_digest_new(c->p);
    int i;

    if (!amzx_ex_burn(c, call, 8 + 4 * (apr_size_t)call->count)) {
        return NULL;
    }
    for (i = 0; i < call->count; ++i) {
        const amzx_val_t *v = argv[i];
        apr_size_t len;
        const char *s = amzx_ex_show(&len, c, call->kid[i], v);

        if (s && (v->type == AMZX_LIST || v->type == AMZX_OBJ)) {
            s = amzx_json_write_sorted(v, &len, c->p);
        }
        if (!s || !amzx_ex_burn(c, call, len / 16)) {
            return NULL;
        }
        amzx_digest_part(d, s, len);
    }
    return amzx_val_str(amzx_digest_hex(d, c->p), c->p);
}

static const struct {
    const char *name;
    const char *uuid;
} spaces[] = { /* RFC 4122 appendix C */
    {"dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
    {"url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"},
    {"oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"},
    {"x500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"},
};

AMZX_EX_FUNC(uuid5)
{
    apr_size_t len;
    const char *ns = amzx_val_text(argv[0], "");
    const char *text = amzx_ex_as_text(&len, c, call->kid[1], argv[1]);
    char uuid[37];
    apr_size_t i;

    for (i = 0; i < sizeof spaces / sizeof *spaces; ++i) {
        if (strcmp(ns, spaces[i].name) == 0) {
            ns = spaces[i].uuid;
        }
    }
    if (!text || !amzx_ex_burn(c, call, 8 + len / 16)) {
        return NULL;
    }
    if (amzx_uuid5(uuid, ns, text) != APR_SUCCESS) {
        return amzx_ex_fail(c, call->kid[0], "expr.type", "`%s` is not a "
                            "UUID, nor 'dns', 'url', 'oid' or 'x500'",
                            amzx_ex_text_of(c, call->kid[0]));
    }
    return amzx_val_str(uuid, c->p);
}

static int is_code(const char *s, apr_size_t len)
{
    apr_size_t i;

    if (len == 0 || len > 63 || s[0] < 'a' || s[0] > 'z'
        || s[len - 1] == '.') {
        return 0;
    }
    for (i = 0; i < len; ++i) {
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_.", s[i])
            || (s[i] == '.' && s[i + 1] == '.')) {
            return 0;
        }
    }
    return 1;
}

AMZX_EX_FUNC(error)
{
    const amzx_val_t *code = argv[0];
    apr_size_t len;
    const char *text = amzx_ex_as_text(&len, c, call->kid[1], argv[1]);

    if (!text) {
        return NULL;
    }
    if (code->type != AMZX_STR || !is_code(code->u.str.s, code->u.str.len)) {
        return amzx_ex_fail(c, call->kid[0], "expr.type", "an error code is "
                            "like 'mapping.no_account': small letters, "
                            "digits, _ and dots");
    }
    return amzx_ex_fail(c, call, code->u.str.s, "%s", text);
}
