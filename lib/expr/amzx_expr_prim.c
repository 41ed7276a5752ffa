/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of expressions, lower half: literals, names, calls, members. */
#include "amzx_expr_int.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

static const amzx_node_t *constant(amzx_cx_t *cx, apr_uint32_t from,
                                   const amzx_val_t *v)
{
    amzx_node_t *n = amzx_ex_node(cx, AMZX_N_CONST, from, NULL, 0);

    if (n) {
        n->u.val = v;
    }
    return n;
}

static const amzx_node_t *parse_number(amzx_cx_t *cx)
{
    const amzx_token_t tok = cx->tok;
    amzx_dec_t d;

    if (amzx_dec_parse(&d, cx->src + tok.from, tok.to - tok.from)
        != APR_SUCCESS) {
        amzx_ex_bad(cx, tok.from, "a number has at most 38 digits");
        return NULL;
    }
    return amzx_ex_next(cx) ? constant(cx, tok.from, amzx_val_num(d, cx->p))
                            : NULL;
}

/* Do all kids of a list or object stand fast? Then it does as well. */
static int is_constant(const amzx_node_t *n)
{
    int i;

    for (i = 0; i < n->count; ++i) {
        if (n->kid[i]->kind != AMZX_N_CONST) {
            return 0;
        }
    }
    return 1;
}

static const amzx_node_t *fold_list(amzx_cx_t *cx, amzx_node_t *n)
{
    amzx_val_t *list;
    int i;

    if (n && is_constant(n)) {
        list = amzx_val_list(n->count, cx->p);
        for (i = 0; i < n->count; ++i) {
            amzx_val_push(list, n->kid[i]->u.val, cx->p);
        }
        n->kind = AMZX_N_CONST;
        n->count = 0;
        n->u.val = list;
    }
    return n;
}

static const amzx_node_t *parse_list(amzx_cx_t *cx)
{
    const apr_uint32_t from = cx->tok.from;
    apr_array_header_t *kids = apr_array_make(cx->p, 4, sizeof(void *));

    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    while (cx->tok.kind != ']') {
        const amzx_node_t *n = amzx_ex_parse(cx);

        if (!n) {
            return NULL;
        }
        if (kids->nelts >= 10000) {
            amzx_ex_bad(cx, n->from, "a list has at most 10000 items");
            return NULL;
        }
        APR_ARRAY_PUSH(kids, const amzx_node_t *) = n;
        if (cx->tok.kind != ',') {
            break;
        }
        if (!amzx_ex_next(cx)) {
            return NULL;
        }
        if (cx->tok.kind == ']') {
            amzx_ex_bad(cx, cx->tok.from, "an item is missing behind `,`");
            return NULL;
        }
    }
    if (!amzx_ex_expect(cx, ']', "at the end of the list")) {
        return NULL;
    }
    return fold_list(cx, amzx_ex_node(cx, AMZX_N_LIST, from,
                                      (const amzx_node_t *const *)(void *)
                                      kids->elts, kids->nelts));
}

/* The name of a member of an object literal, with its colon. */
static int parse_key(amzx_cx_t *cx, apr_array_header_t *members)
{
    const amzx_token_t tok = cx->tok;
    amzx_member_t m;
    int i;

    if (tok.kind != AMZX_T_NAME && tok.kind != AMZX_T_STR) {
        return amzx_ex_bad(cx, tok.from, "a member's name is missing, as in "
                           "{name: value}");
    }
    m.name = apr_pstrmemdup(cx->p, tok.s, tok.len);
    m.len = (apr_uint32_t)tok.len;
    m.hash = amzx_val_hash(m.name, m.len);
    m.val = NULL;
    for (i = 0; i < members->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(members, i, amzx_member_t).name, m.name)
            == 0) {
            return amzx_ex_bad(cx, tok.from, "the member `%.40s` is given "
                               "twice", m.name);
        }
    }
    if (members->nelts >= 1000) {
        return amzx_ex_bad(cx, tok.from, "an object has at most 1000 members");
    }
    APR_ARRAY_PUSH(members, amzx_member_t) = m;
    return amzx_ex_next(cx)
           && amzx_ex_expect(cx, ':', "behind the member's name");
}

static const amzx_node_t *fold_object(amzx_cx_t *cx, amzx_node_t *n,
                                      apr_array_header_t *members)
{
    amzx_val_t *obj;
    int i;

    if (!n) {
        return NULL;
    }
    n->u.path.member = (const amzx_member_t *)(void *)members->elts;
    n->u.path.count = (apr_size_t)members->nelts;
    if (is_constant(n)) {
        obj = amzx_val_obj(n->count, cx->p);
        for (i = 0; i < n->count; ++i) {
            amzx_val_put_ref(obj, n->u.path.member[i].name,
                             n->kid[i]->u.val, cx->p);
        }
        n->kind = AMZX_N_CONST;
        n->count = 0;
        n->u.val = obj;
    }
    return n;
}

static const amzx_node_t *parse_object(amzx_cx_t *cx)
{
    const apr_uint32_t from = cx->tok.from;
    apr_array_header_t *kids = apr_array_make(cx->p, 4, sizeof(void *));
    apr_array_header_t *members = apr_array_make(cx->p, 4,
                                                 sizeof(amzx_member_t));

    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    while (cx->tok.kind != '}') {
        const amzx_node_t *n = parse_key(cx, members) ? amzx_ex_parse(cx)
                                                      : NULL;

        if (!n) {
            return NULL;
        }
        APR_ARRAY_PUSH(kids, const amzx_node_t *) = n;
        if (cx->tok.kind != ',') {
            break;
        }
        if (!amzx_ex_next(cx)) {
            return NULL;
        }
        if (cx->tok.kind == '}') {
            amzx_ex_bad(cx, cx->tok.from, "a member is missing behind `,`");
            return NULL;
        }
    }
    if (!amzx_ex_expect(cx, '}', "at the end of the object")) {
        return NULL;
    }
    return fold_object(cx, amzx_ex_node(cx, AMZX_N_OBJ, from,
                                        (const amzx_node_t *const *)(void *)
                                        kids->elts, kids->nelts), members);
}

static const amzx_node_t *parse_name(amzx_cx_t *cx)
{
    const amzx_token_t tok = cx->tok;
    amzx_node_t *n;
    int i;

    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    if (tok.len == 4 && memcmp(tok.s, "true", 4) == 0) {
        return constant(cx, tok.from, &amzx_val_true);
    }
    if (tok.len == 5 && memcmp(tok.s, "false", 5) == 0) {
        return constant(cx, tok.from, &amzx_val_false);
    }
    if (tok.len == 4 && memcmp(tok.s, "null", 4) == 0) {
        return constant(cx, tok.from, &amzx_val_null);
    }
    if (amzx_ex_is_reserved(&tok)) {
        amzx_ex_bad(cx, tok.from, "a value is missing before `%.*s`",
                    (int)tok.len, tok.s);
        return NULL;
    }
    if (cx->tok.kind == '(') {
        return amzx_ex_parse_call(cx, &tok, NULL);
    }
    for (i = cx->locals - 1; i >= 0; --i) {
        if (cx->local[i].len == tok.len
            && memcmp(cx->local[i].s, tok.s, tok.len) == 0) {
            n = amzx_ex_node(cx, AMZX_N_LOCAL, tok.from, NULL, 0);
            if (n) {
                n->slot = (unsigned char)i;
            }
            return n;
        }
    }
    n = amzx_ex_node(cx, AMZX_N_NAME, tok.from, NULL, 0);
    if (n) {
        n->u.name.s = apr_pstrmemdup(cx->p, tok.s, tok.len);
        n->u.name.len = (apr_uint32_t)tok.len;
        n->u.name.hash = amzx_val_hash(tok.s, tok.len);
    }
    return n;
}

static const amzx_node_t *parse_prim(amzx_cx_t *cx)
{
    const amzx_token_t tok = cx->tok;
    const amzx_node_t *n;

    switch (tok.kind) {
    case AMZX_T_NUM:
        return parse_number(cx);
    case AMZX_T_STR:
        return amzx_ex_next(cx)
               ? constant(cx, tok.from, amzx_val_str_ref(tok.s, tok.len,
                                                         cx->p))
               : NULL;
    case AMZX_T_NAME:
        return parse_name(cx);
    case '[':
        return parse_list(cx);
    case '{':
        return parse_object(cx);
    case '(':
        n = amzx_ex_next(cx) ? amzx_ex_parse(cx) : NULL;
        return n && amzx_ex_expect(cx, ')', "to close the bracket") ? n : NULL;
    case AMZX_T_END:
    case '}':
        amzx_ex_bad(cx, tok.from, "the expression ends where a value should "
                    "stand");
        return NULL;
    default:
        amzx_ex_bad(cx, tok.from, "a value is missing before `%.*s`",
                    (int)(tok.to - tok.from), cx->src + tok.from);
        return NULL;
    }
}

/* `.name` becomes one node with the names in front of it. */
static const amzx_node_t *add_member(amzx_cx_t *cx, const amzx_node_t *base,
                                     const amzx_token_t *name)
{
    amzx_node_t *n;
    amzx_member_t *m;
    apr_size_t count = base->kind == AMZX_N_PATH ? base->u.path.count : 0;

    n = amzx_ex_node(cx, AMZX_N_PATH, base->from,
                     count > 0 ? base->kid : &base, 1);
    if (!n) {
        return NULL;
    }
    m = apr_palloc(cx->p, (count + 1) * sizeof *m);
    if (count > 0) {
        memcpy(m, base->u.path.member, count * sizeof *m);
    }
    m[count].name = apr_pstrmemdup(cx->p, name->s, name->len);
    m[count].len = (apr_uint32_t)name->len;
    m[count].hash = amzx_val_hash(name->s, name->len);
    m[count].val = NULL;
    n->u.path.member = m;
    n->u.path.count = count + 1;
    return n;
}

static const amzx_node_t *parse_dot(amzx_cx_t *cx, const amzx_node_t *base)
{
    amzx_token_t name;

    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    name = cx->tok;
    if (name.kind != AMZX_T_NAME) {
        amzx_ex_bad(cx, name.from, "a name is missing behind the dot; other "
                    "members are reached by ['...']");
        return NULL;
    }
    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    if (cx->tok.kind == '(') {
        return amzx_ex_parse_call(cx, &name, base);
    }
    if (base->kind == AMZX_N_PATH && base->u.path.count >= AMZX_EX_NEST) {
        amzx_ex_bad(cx, name.from, "more than %d members in a row",
                    AMZX_EX_NEST);
        return NULL;
    }
    return add_member(cx, base, &name);
}

static const amzx_node_t *parse_index(amzx_cx_t *cx, const amzx_node_t *base)
{
    const amzx_node_t *kid[2] = {base, NULL};

    kid[1] = amzx_ex_next(cx) ? amzx_ex_parse(cx) : NULL;
    if (!kid[1] || !amzx_ex_expect(cx, ']', "behind the index")) {
        return NULL;
    }
    return amzx_ex_node(cx, AMZX_N_INDEX, base->from, kid, 2);
}

const amzx_node_t *amzx_ex_parse_post(amzx_cx_t *cx)
{
    const amzx_node_t *n = parse_prim(cx);

    while (n && (cx->tok.kind == '.' || cx->tok.kind == '[')) {
        n = cx->tok.kind == '.' ? parse_dot(cx, n) : parse_index(cx, n);
    }
    return n;
}
