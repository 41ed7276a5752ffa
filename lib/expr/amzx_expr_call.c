/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of expressions: calls, their arguments and lambdas. */
#include "amzx_expr_int.h"

#include <string.h>

static const char *const reserved[] = {"true", "false", "null", "and", "or",
                                       "not", "lt", "le", "gt", "ge", "in"};

int amzx_ex_is_reserved(const amzx_token_t *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof reserved / sizeof *reserved; ++i) {
        if (strlen(reserved[i]) == name->len
            && memcmp(reserved[i], name->s, name->len) == 0) {
            return 1;
        }
    }
    return 0;
}

static const amzx_node_t *parse_lambda(amzx_cx_t *cx)
{
    const apr_uint32_t from = cx->tok.from;
    const amzx_node_t *body = NULL;
    amzx_node_t *n;

    if (amzx_ex_is_reserved(&cx->tok)) {
        amzx_ex_bad(cx, from, "`%.*s` is a word of the language",
                    (int)cx->tok.len, cx->tok.s);
        return NULL;
    }
    if (cx->locals >= AMZX_EX_NEST) {
        amzx_ex_bad(cx, from, "nested more than %d deep", AMZX_EX_NEST);
        return NULL;
    }
    cx->local[cx->locals++] = cx->tok;
    if (amzx_ex_next(cx) && amzx_ex_next(cx)) { /* the name, the arrow */
        body = amzx_ex_parse(cx);
    }
    --cx->locals;
    n = body ? amzx_ex_node(cx, AMZX_N_LAMBDA, from, &body, 1) : NULL;
    if (n) {
        n->slot = (unsigned char)cx->locals;
    }
    return n;
}

static const amzx_node_t *parse_argument(amzx_cx_t *cx, int func, int index)
{
    const amzx_func_t *f = &amzx_expr_functions()[func];
    const amzx_lambda_e lambda = amzx_ex_fdef(func)->lambda;
    const apr_uint32_t from = cx->tok.from;

    if (cx->tok.kind == AMZX_T_NAME && amzx_ex_is_arrow_next(cx)) {
        if (lambda != AMZX_LAMBDA_NO && index == 1) {
            return parse_lambda(cx);
        }
        amzx_ex_bad(cx, from, "%s%s takes no `x => ...` here", f->name,
                    f->args);
        return NULL;
    }
    if (lambda == AMZX_LAMBDA_MUST && index == 1) {
        amzx_ex_bad(cx, from, "%s() needs `x => ...` here: %s", f->name,
                    f->args);
        return NULL;
    }
    return amzx_ex_parse(cx);
}

/* Arguments that are literals are checked while there is an author. */
static int check_literals(amzx_cx_t *cx, amzx_node_t *n)
{
    const char *name = amzx_expr_functions()[n->u.call.func].name;
    const amzx_node_t *last = n->kid[n->count - 1];
    const char *why = NULL;

    if (last->kind != AMZX_N_CONST || last->u.val->type != AMZX_STR) {
        return 1;
    }
    if (strcmp(name, "matches") == 0
        && amzx_regex_compile(&n->u.call.regex, last->u.val->u.str.s,
                              last->u.val->u.str.len, &why, cx->p)
           != APR_SUCCESS) {
        return amzx_ex_bad(cx, last->from, "this pattern cannot be read: %s",
                           why);
    }
    if (((strcmp(name, "round") == 0 && n->count == 3)
         || (strcmp(name, "div") == 0 && n->count == 4))
        && amzx_round_of(last->u.val->u.str.s) < 0) {
        return amzx_ex_bad(cx, last->from, "no such rounding; there are "
                           "half-up, half-even, half-down, up, down, floor "
                           "and ceiling");
    }
    return 1;
}

static const amzx_node_t *finish_call(amzx_cx_t *cx, int func,
                                      apr_uint32_t from,
                                      const amzx_node_t *const *arg, int count)
{
    const amzx_func_t *f = &amzx_expr_functions()[func];
    amzx_node_t *n;

    if (count < f->min_args || (f->max_args >= 0 && count > f->max_args)) {
        amzx_ex_bad(cx, from, "%s() is used as %s%s%s; %d given", f->name,
                    f->name, f->args, f->is_method ? ", the first may stand "
                    "before a dot" : "", count);
        return NULL;
    }
    n = amzx_ex_node(cx, AMZX_N_CALL, from, arg, count);
    if (!n) {
        return NULL;
    }
    n->u.call.func = func;
    n->u.call.regex = NULL;
    n->is_ratio = amzx_ex_fdef(func)->takes_ratio
                  && amzx_ex_is_ratio(n->kid[0]);
    return count == 0 || check_literals(cx, n) ? n : NULL;
}

const amzx_node_t *amzx_ex_parse_call(amzx_cx_t *cx, const amzx_token_t *name,
                                      const amzx_node_t *receiver)
{
    const amzx_node_t *arg[AMZX_EX_ARGS];
    const int func = amzx_ex_func(name->s, name->len);
    int count = 0;

    if (func < 0) {
        const char *near = amzx_ex_nearest(name->s, name->len);

        amzx_ex_bad(cx, name->from, near ? "there is no function `%.*s`; did "
                    "you mean `%s`?" : "there is no function `%.*s`",
                    (int)(name->len > 60 ? 60 : name->len), name->s, near);
        return NULL;
    }
    if (receiver) {
        if (!amzx_expr_functions()[func].is_method) {
            amzx_ex_bad(cx, name->from, "%s does not stand behind a dot; "
                        "write %s%s", amzx_expr_functions()[func].name,
                        amzx_expr_functions()[func].name,
                        amzx_expr_functions()[func].args);
            return NULL;
        }
        arg[count++] = receiver;
    }
    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    while (cx->tok.kind != ')') {
        if (count >= AMZX_EX_ARGS) {
            amzx_ex_bad(cx, cx->tok.from, "a call takes at most %d values",
                        AMZX_EX_ARGS);
            return NULL;
        }
        arg[count] = parse_argument(cx, func, count);
        if (!arg[count]) {
            return NULL;
        }
        ++count;
        if (cx->tok.kind != ',') {
            break;
        }
        if (!amzx_ex_next(cx)) {
            return NULL;
        }
        if (cx->tok.kind == ')') {
            amzx_ex_bad(cx, cx->tok.from, "a value is missing behind `,`");
            return NULL;
        }
    }
    if (!amzx_ex_expect(cx, ')', "at the end of the call")) {
        return NULL;
    }
    return finish_call(cx, func, receiver ? receiver->from : name->from, arg,
                       count);
}
