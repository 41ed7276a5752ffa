/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling: attributes of expressions and templates; and scopes. */
#include "amzx_expr_int.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "amzx_str.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void begin(amzx_cx_t *cx, const char *text, const amzx_place_t *at,
                  amzx_fault_t *fault, apr_pool_t *p)
{
    const apr_size_t len = strlen(text);

    memset(cx, 0, sizeof *cx);
    cx->src = apr_pstrmemdup(p, text, len);
    cx->at = at;
    cx->fault = fault;
    cx->p = p;
    if (len > AMZX_EX_SOURCE) {
        amzx_ex_bad(cx, 0, "longer than %d bytes", AMZX_EX_SOURCE);
        return;
    }
    cx->len = (apr_uint32_t)len;
    if (!amzx_utf8_is_valid(text, len)) {
        amzx_ex_bad(cx, 0, "not valid UTF-8");
    }
}

static amzx_expr_t *make(const amzx_cx_t *cx)
{
    amzx_expr_t *e = apr_pcalloc(cx->p, sizeof *e);

    e->source = cx->src;
    e->file = cx->at && cx->at->file ? apr_pstrdup(cx->p, cx->at->file) : "";
    e->line = cx->at ? cx->at->line : 1;
    return e;
}

static const struct {
    const char *word;
    const char *hint;
} habits[] = {
    {"AND", "`and`"},      {"OR", "`or`"},      {"NOT", "`not`"},
    {"eq", "`==`"},        {"ne", "`!=`"},      {"is", "`==`"},
    {"mod", "`%`"},        {"if", "`test ? yes : no`"},
    {"then", "`test ? yes : no`"}, {"else", "`test ? yes : no`"},
};

/* The token behind a whole expression is not `}}`. */
static int complain(amzx_cx_t *cx)
{
    apr_size_t i;

    for (i = 0; i < sizeof habits / sizeof *habits; ++i) {
        if (amzx_ex_is_word(cx, habits[i].word)) {
            return amzx_ex_bad(cx, cx->tok.from, "`%s` is not known here; "
                               "write %s", habits[i].word, habits[i].hint);
        }
    }
    switch (cx->tok.kind) {
    case AMZX_T_END:
        return amzx_ex_bad(cx, cx->tok.from, "`}}` is missing");
    case AMZX_T_ARROW:
        return amzx_ex_bad(cx, cx->tok.from, "`=>` stands only in calls, as "
                           "in list.map(x => x.name)");
    case '(':
        return amzx_ex_bad(cx, cx->tok.from, "only a function's name stands "
                           "before `(`");
    case ')': case ']': case ':': case ',':
        return amzx_ex_bad(cx, cx->tok.from, "`%c` has nothing to close or "
                           "to part here", cx->tok.kind);
    case AMZX_T_NAME: case AMZX_T_NUM: case AMZX_T_STR:
        return amzx_ex_bad(cx, cx->tok.from, "an operator or `}}` is missing "
                           "before this");
    default:
        return amzx_ex_bad(cx, cx->tok.from, "`}}` is missing before `%.*s`",
                           (int)(cx->tok.to - cx->tok.from),
                           cx->src + cx->tok.from);
    }
}

/* Parse from behind `{{`; cx->pos is behind `}}` afterwards. */
static const amzx_node_t *parse_braces(amzx_cx_t *cx)
{
    const amzx_node_t *n;

    cx->nest = 0;
    cx->locals = 0;
    if (!amzx_ex_next(cx)) {
        return NULL;
    }
    if (cx->tok.kind == '}' && cx->src[cx->pos] == '}') {
        amzx_ex_bad(cx, cx->tok.from, "nothing stands between {{ and }}");
        return NULL;
    }
    n = amzx_ex_parse(cx);
    if (!n) {
        return NULL;
    }
    if (cx->tok.kind != '}' || cx->src[cx->pos] != '}') {
        complain(cx);
        return NULL;
    }
    ++cx->pos;
    return n;
}

apr_status_t amzx_expr_compile(const amzx_expr_t **out, const char *text,
                               const amzx_place_t *at, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    amzx_cx_t cx;
    amzx_expr_t *e;

    *out = NULL;
    begin(&cx, text, at, fault, p);
    while (cx.rv == APR_SUCCESS && is_blank(cx.src[cx.pos])) {
        ++cx.pos;
    }
    if (cx.rv == APR_SUCCESS && strncmp(cx.src + cx.pos, "{{", 2) != 0) {
        amzx_ex_bad(&cx, cx.pos, "an expression stands in {{ }}");
    }
    if (cx.rv != APR_SUCCESS) {
        return cx.rv;
    }
    cx.pos += 2;
    e = make(&cx);
    e->root = parse_braces(&cx);
    while (e->root && is_blank(cx.src[cx.pos])) {
        ++cx.pos;
    }
    if (e->root && cx.pos < cx.len) {
        amzx_ex_bad(&cx, cx.pos, "nothing may follow behind }} here");
    }
    if (cx.rv == APR_SUCCESS) {
        *out = e;
    }
    return cx.rv;
}

/* The pieces of a template, one after the other. */
static void parse_parts(apr_array_header_t *parts, amzx_cx_t *cx)
{
    while (cx->rv == APR_SUCCESS && cx->pos < cx->len) {
        const char *rest = cx->src + cx->pos;
        const char *brace = strstr(rest, "{{");
        amzx_part_t *part = apr_array_push(parts);

        part->text = NULL;
        part->len = 0;
        part->node = NULL;
        if (brace == rest) {
            cx->pos += 2;
            part->node = parse_braces(cx);
            continue;
        }
        part->len = brace ? (apr_size_t)(brace - rest) : strlen(rest);
        part->text = apr_pstrmemdup(cx->p, rest, part->len);
        cx->pos += (apr_uint32_t)part->len;
    }
}

apr_status_t amzx_expr_compile_template(const amzx_expr_t **out,
                                        const char *text,
                                        const amzx_place_t *at,
                                        amzx_fault_t *fault, apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, 2, sizeof(amzx_part_t));
    amzx_cx_t cx;
    amzx_expr_t *e;

    *out = NULL;
    begin(&cx, text, at, fault, p);
    parse_parts(parts, &cx);
    if (cx.rv != APR_SUCCESS) {
        return cx.rv;
    }
    e = make(&cx);
    e->part = (const amzx_part_t *)(void *)parts->elts;
    e->count = parts->nelts;
    if (e->count == 1) {
        e->root = e->part[0].node;
    }
    *out = e;
    return APR_SUCCESS;
}

int amzx_expr_is_literal(const amzx_expr_t *e, const char **text)
{
    *text = NULL;
    if (e->root || e->count > 1) {
        return 0;
    }
    *text = e->count == 1 ? e->part[0].text : "";
    return 1;
}

const char *amzx_expr_source(const amzx_expr_t *e)
{
    return e->source;
}

static const amzx_val_t *find_member(void *ctx, const char *name,
                                     apr_size_t len, apr_uint32_t hash)
{
    const amzx_val_t *obj = ctx;
    apr_size_t i;

    for (i = 0; i < obj->u.obj.count; ++i) {
        const amzx_member_t *m = &obj->u.obj.member[i];

        if (m->hash == hash && m->len == len
            && memcmp(m->name, name, len) == 0) {
            return m->val;
        }
    }
    return NULL;
}

static const amzx_val_t *find_nothing(void *ctx, const char *name,
                                      apr_size_t len, apr_uint32_t hash)
{
    (void)ctx;
    (void)name;
    (void)len;
    (void)hash;
    return NULL;
}

void amzx_scope_of(amzx_scope_t *scope, const amzx_val_t *obj,
                   const amzx_scope_t *parent)
{
    union {
        const amzx_val_t *in;
        void *out;
    } ctx;

    ctx.in = obj;
    scope->parent = parent;
    scope->ctx = ctx.out; /* only read by find_member */
    scope->find = amzx_val_type(obj) == AMZX_OBJ ? find_member : find_nothing;
}
