/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of expressions, upper half: operators by their binding power. */
#include "amzx_expr_int.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

/* Binding powers, weakest first. */
enum { COAL = 1, OR, AND, COMPARE, ADD, MULTIPLY, TIGHTEST };

typedef struct {
    const char *word; /**< or NULL: a sign */
    int token;
    amzx_node_e kind;
    int power;
} infix_t;

static const infix_t infix[] = {
    {NULL, AMZX_T_COAL, AMZX_N_COAL, COAL},
    {"or", AMZX_T_NAME, AMZX_N_OR, OR},
    {NULL, AMZX_T_OR, AMZX_N_OR, OR},
    {"and", AMZX_T_NAME, AMZX_N_AND, AND},
    {NULL, AMZX_T_AND, AMZX_N_AND, AND},
    {NULL, AMZX_T_EQ, AMZX_N_EQ, COMPARE},
    {NULL, AMZX_T_NE, AMZX_N_NE, COMPARE},
    {NULL, '<', AMZX_N_LT, COMPARE},
    {"lt", AMZX_T_NAME, AMZX_N_LT, COMPARE},
    {NULL, AMZX_T_LE, AMZX_N_LE, COMPARE},
    {"le", AMZX_T_NAME, AMZX_N_LE, COMPARE},
    {NULL, '>', AMZX_N_GT, COMPARE},
    {"gt", AMZX_T_NAME, AMZX_N_GT, COMPARE},
    {NULL, AMZX_T_GE, AMZX_N_GE, COMPARE},
    {"ge", AMZX_T_NAME, AMZX_N_GE, COMPARE},
    {"in", AMZX_T_NAME, AMZX_N_IN, COMPARE},
    {NULL, '+', AMZX_N_ADD, ADD},
    {NULL, '-', AMZX_N_SUB, ADD},
    {NULL, '*', AMZX_N_MUL, MULTIPLY},
    {NULL, '/', AMZX_N_DIV, MULTIPLY},
    {NULL, '%', AMZX_N_MOD, MULTIPLY},
};

int amzx_ex_is_word(const amzx_cx_t *cx, const char *word)
{
    return cx->tok.kind == AMZX_T_NAME && strlen(word) == cx->tok.len
           && memcmp(cx->tok.s, word, cx->tok.len) == 0;
}

int amzx_ex_expect(amzx_cx_t *cx, int c, const char *where)
{
    if (cx->tok.kind != c) {
        return amzx_ex_bad(cx, cx->tok.from, "`%c` is missing %s", c, where);
    }
    return amzx_ex_next(cx);
}

amzx_node_t *amzx_ex_node(amzx_cx_t *cx, amzx_node_e kind, apr_uint32_t from,
                          const amzx_node_t *const *kid, int count)
{
    amzx_node_t *n = apr_pcalloc(cx->p, sizeof *n);
    int height = 0;
    int i;

    for (i = 0; i < count; ++i) {
        if (kid[i]->height > height) {
            height = kid[i]->height;
        }
    }
    if (height >= AMZX_EX_HEIGHT) {
        amzx_ex_bad(cx, from, "the expression is too long; split it up by "
                    "<let> or <set>");
        return NULL;
    }
    n->kind = (unsigned char)kind;
    n->from = from;
    n->to = cx->end;
    n->height = (unsigned short)(height + 1);
    n->count = (unsigned short)count;
    if (count > 0) {
        n->kid = apr_pmemdup(cx->p, kid, (apr_size_t)count * sizeof *kid);
    }
    return n;
}

static const infix_t *infix_of(const amzx_cx_t *cx)
{
    apr_size_t i;

    for (i = 0; i < sizeof infix / sizeof *infix; ++i) {
        if (infix[i].token == cx->tok.kind
            && (!infix[i].word || amzx_ex_is_word(cx, infix[i].word))) {
            return &infix[i];
        }
    }
    return NULL;
}

/* A minus in front of a literal is part of it. */
static const amzx_node_t *negate(amzx_cx_t *cx, apr_uint32_t from,
                                 const amzx_node_t *operand)
{
    amzx_node_t *n;

    if (operand->kind != AMZX_N_CONST
        || operand->u.val->type != AMZX_NUM) {
        return amzx_ex_node(cx, AMZX_N_NEG, from, &operand, 1);
    }
    n = amzx_ex_node(cx, AMZX_N_CONST, from, NULL, 0);
    if (n) {
        n->u.val = amzx_val_num(amzx_dec_neg(operand->u.val->u.num), cx->p);
    }
    return n;
}

static const amzx_node_t *parse_unary(amzx_cx_t *cx)
{
    const apr_uint32_t from = cx->tok.from;
    const amzx_node_t *n;
    int is_minus = cx->tok.kind == '-';

    if (!is_minus && cx->tok.kind != '!' && !amzx_ex_is_word(cx, "not")) {
        return amzx_ex_parse_post(cx);
    }
    if (++cx->nest > AMZX_EX_NEST) {
        amzx_ex_bad(cx, from, "nested more than %d deep", AMZX_EX_NEST);
        return NULL;
    }
    n = amzx_ex_next(cx) ? parse_unary(cx) : NULL;
    --cx->nest;
    if (!n) {
        return NULL;
    }
    return is_minus ? negate(cx, from, n)
                    : amzx_ex_node(cx, AMZX_N_NOT, from, &n, 1);
}

static const amzx_node_t *parse_infix(amzx_cx_t *cx, int power);

/* `a and b and c`: one node with three kids, as for or and ??. */
static const amzx_node_t *parse_chain(amzx_cx_t *cx, const amzx_node_t *left,
                                      const infix_t *op)
{
    apr_array_header_t *kids = apr_array_make(cx->p, 4, sizeof left);
    const infix_t *next = op;

    APR_ARRAY_PUSH(kids, const amzx_node_t *) = left;
    while (next && next->kind == op->kind) {
        const amzx_node_t *right = NULL;

        if (amzx_ex_next(cx)) {
            right = parse_infix(cx, op->power + 1);
        }
        if (!right) {
            return NULL;
        }
        if (kids->nelts >= AMZX_EX_HEIGHT) {
            amzx_ex_bad(cx, right->from, "more than %d in a row",
                        AMZX_EX_HEIGHT);
            return NULL;
        }
        APR_ARRAY_PUSH(kids, const amzx_node_t *) = right;
        next = infix_of(cx);
    }
    return amzx_ex_node(cx, op->kind, left->from,
                        (const amzx_node_t *const *)(void *)kids->elts,
                        kids->nelts);
}

static const amzx_node_t *parse_pair(amzx_cx_t *cx, const amzx_node_t *left,
                                     const infix_t *op)
{
    const amzx_node_t *kid[2] = {left, NULL};
    const infix_t *next;

    if (amzx_ex_next(cx)) {
        kid[1] = parse_infix(cx, op->power + 1);
    }
    if (!kid[1]) {
        return NULL;
    }
    next = infix_of(cx);
    if (op->power == COMPARE && next && next->power == COMPARE) {
        amzx_ex_bad(cx, cx->tok.from, "comparisons do not chain; join them "
                    "with `and`, or use brackets");
        return NULL;
    }
    return amzx_ex_node(cx, op->kind, left->from, kid, 2);
}

/* Operators that bind at least as tight as `power`. */
static const amzx_node_t *parse_infix(amzx_cx_t *cx, int power)
{
    const amzx_node_t *left = parse_unary(cx);
    const infix_t *op = left ? infix_of(cx) : NULL;

    while (left && op && op->power >= power) {
        left = op->power < COMPARE ? parse_chain(cx, left, op)
                                   : parse_pair(cx, left, op);
        op = left ? infix_of(cx) : NULL;
    }
    return left;
}

static const amzx_node_t *parse_cond(amzx_cx_t *cx)
{
    const amzx_node_t *kid[3] = {NULL, NULL, NULL};

    kid[0] = parse_infix(cx, COAL);
    if (!kid[0] || cx->tok.kind != '?') {
        return kid[0];
    }
    if (amzx_ex_next(cx)) {
        kid[1] = amzx_ex_parse(cx);
    }
    if (kid[1] && amzx_ex_expect(cx, ':', "between the two answers of `?`")) {
        kid[2] = amzx_ex_parse(cx);
    }
    return kid[2] ? amzx_ex_node(cx, AMZX_N_COND, kid[0]->from, kid, 3)
                  : NULL;
}

const amzx_node_t *amzx_ex_parse(amzx_cx_t *cx)
{
    const amzx_node_t *n;

    if (++cx->nest > AMZX_EX_NEST) {
        amzx_ex_bad(cx, cx->tok.from, "nested more than %d deep",
                    AMZX_EX_NEST);
        return NULL;
    }
    n = parse_cond(cx);
    --cx->nest;
    return n;
}
