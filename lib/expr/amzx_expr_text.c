/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on text. Places and lengths count characters, not bytes. */
#include "amzx_expr_int.h"

#include <string.h>

#include "amzx_str.h"

const amzx_val_t *amzx_ex_cut(amzx_ex_t *c, const amzx_node_t *at,
                              const char *s, apr_size_t len, apr_size_t from,
                              apr_size_t points)
{
    apr_size_t start = amzx_utf8_prefix(s, len, from);
    apr_size_t bytes = amzx_utf8_prefix(s + start, len - start, points);

    if (bytes == len) {
        return amzx_ex_str(c, s, len);
    }
    return amzx_ex_room(c, at, bytes) ? amzx_val_strn(s + start, bytes, c->p)
                                      : NULL;
}

AMZX_EX_FUNC(concat)
{
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 64, c->p);
    for (i = 0; i < call->count; ++i) {
        apr_size_t len;
        const char *s = amzx_ex_as_text(&len, c, call->kid[i], argv[i]);

        if (!s || !amzx_ex_room(c, call, len)) {
            return NULL;
        }
        amzx_buf_add(&b, s, len);
    }
    return amzx_ex_str(c, b.s, b.len);
}

/* Each character through a table; no mapping makes a text longer. */
static const amzx_val_t *change_case(amzx_ex_t *c, const amzx_node_t *call,
                                     const amzx_val_t *const *argv,
                                     apr_uint32_t (*fold)(apr_uint32_t))
{
    apr_size_t len;
    const char *s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    const char *end;
    char *text, *out;

    if (!s || !amzx_ex_room(c, call, len) || !amzx_ex_burn(c, call, len / 8)) {
        return NULL;
    }
    end = s + len;
    text = out = apr_palloc(c->p, len + 4);
    while (s < end) {
        out += amzx_ex_put_point(out, fold(amzx_ex_point(&s)));
    }
    *out = '\0';
    return amzx_ex_str(c, text, (apr_size_t)(out - text));
}

AMZX_EX_FUNC(lower)
{
    return change_case(c, call, argv, amzx_ex_lower);
}

AMZX_EX_FUNC(upper)
{
    return change_case(c, call, argv, amzx_ex_upper);
}

/* Blanks that people and exports leave around values. */
static int is_space(apr_uint32_t point)
{
    return point <= 0x20 || point == 0x7F || point == 0x85 || point == 0xA0
           || (point >= 0x2000 && point <= 0x200B) || point == 0x2028
           || point == 0x2029 || point == 0x202F || point == 0x205F
           || point == 0x3000 || point == 0xFEFF;
}

AMZX_EX_FUNC(trim)
{
    apr_size_t len;
    const char *s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    const char *end, *first, *last, *at;

    if (!s || !amzx_ex_burn(c, call, len / 16)) {
        return NULL;
    }
    end = s + len;
    first = last = end;
    for (at = s; at < end;) {
        const char *here = at;

        if (!is_space(amzx_ex_point(&at))) {
            first = first == end ? here : first;
            last = at;
        }
    }
    if (first == s && last == end) {
        return argv[0]->type == AMZX_STR ? argv[0] : amzx_ex_str(c, s, len);
    }
    len = first == end ? 0 : (apr_size_t)(last - first);
    return amzx_ex_room(c, call, len) ? amzx_val_strn(first, len, c->p) : NULL;
}

AMZX_EX_FUNC(substr)
{
    apr_size_t len, count, at, want;
    const char *s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    int from, length;

    if (!s || !amzx_ex_burn(c, call, len / 16)) {
        return NULL;
    }
    count = amzx_utf8_count(s, len);
    want = count;
    if (!amzx_ex_as_int(&from, c, call->kid[1], argv[1], -1000000000,
                        1000000000)) {
        return NULL;
    }
    if (call->count == 3) {
        if (!amzx_ex_as_int(&length, c, call->kid[2], argv[2], 0,
                            1000000000)) {
            return NULL;
        }
        want = (apr_size_t)length;
    }
    at = (apr_size_t)(from < 0 ? -from : from);
    if (from < 0) {
        at = at > count ? 0 : count - at;
    }
    return amzx_ex_cut(c, call, s, len, at, want);
}

/* How often does a part occur, without overlaps? */
static apr_size_t occurrences(const char *s, const char *part,
                              apr_size_t part_len)
{
    apr_size_t n = 0;

    for (s = strstr(s, part); s; s = strstr(s + part_len, part)) {
        ++n;
    }
    return n;
}

AMZX_EX_FUNC(replace)
{
    apr_size_t len, part_len, by_len, n;
    const char *s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    const char *part, *by, *hit;
    amzx_buf_t b;

    part = s ? amzx_ex_as_text(&part_len, c, call->kid[1], argv[1]) : NULL;
    by = part ? amzx_ex_as_text(&by_len, c, call->kid[2], argv[2]) : NULL;
    if (!by || !amzx_ex_burn(c, call, len / 16 + part_len / 16)) {
        return NULL;
    }
    if (part_len == 0 || len == 0) {
        return amzx_ex_str(c, s, len);
    }
    n = occurrences(s, part, part_len);
    if (n > 0 && by_len > (apr_size_t)AMZX_EX_OUTPUT) {
        return amzx_ex_room(c, call, by_len) ? &amzx_val_null : NULL;
    }
    if (!amzx_ex_room(c, call, len + n * by_len - n * part_len)
        || !amzx_ex_burn(c, call, n / 4)) {
        return NULL;
    }
    amzx_buf_init(&b, len + n * by_len - n * part_len + 1, c->p);
    for (hit = strstr(s, part); hit; hit = strstr(s, part)) {
        amzx_buf_add(&b, s, (apr_size_t)(hit - s));
        amzx_buf_add(&b, by, by_len);
        s = hit + part_len;
    }
    amzx_buf_puts(&b, s);
    return amzx_ex_str(c, b.s, b.len);
}

AMZX_EX_FUNC(split)
{
    apr_size_t len, sep_len;
    const char *s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    const char *sep, *hit;
    amzx_val_t *out;

    sep = s ? amzx_ex_as_text(&sep_len, c, call->kid[1], argv[1]) : NULL;
    if (!sep) {
        return NULL;
    }
    if (sep_len == 0) {
        return amzx_ex_fail(c, call->kid[1], "expr.type", "the separator of "
                            "split() is empty");
    }
    if (!amzx_ex_room(c, call, len)
        || !amzx_ex_burn(c, call, len / 16 + sep_len / 16)) {
        return NULL;
    }
    out = amzx_ex_list(c, 0);
    if (len == 0) {
        return out;
    }
    for (hit = strstr(s, sep); hit; hit = strstr(s, sep)) {
        amzx_val_push(out, amzx_val_strn(s, (apr_size_t)(hit - s), c->p),
                      c->p);
        s = hit + sep_len;
        if (!amzx_ex_burn(c, call, 1)) {
            return NULL;
        }
    }
    amzx_val_push(out, amzx_val_str(s, c->p), c->p);
    return out;
}

typedef enum { AT_START, AT_END, ANYWHERE } where_e;

static const amzx_val_t *has_part(amzx_ex_t *c, const amzx_node_t *call,
                                  const amzx_val_t *const *argv, where_e where)
{
    apr_size_t len, part_len;
    const char *s, *part;

    if (argv[0]->type == AMZX_NULL || argv[1]->type == AMZX_NULL) {
        return &amzx_val_false;
    }
    s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    part = s ? amzx_ex_as_text(&part_len, c, call->kid[1], argv[1]) : NULL;
    if (!part || !amzx_ex_burn(c, call, part_len / 16)) {
        return NULL;
    }
    if (part_len > len) {
        return &amzx_val_false;
    }
    if (where == ANYWHERE) {
        return amzx_ex_burn(c, call, len / 16)
               ? amzx_val_bool(strstr(s, part) != NULL) : NULL;
    }
    return amzx_val_bool(memcmp(where == AT_END ? s + len - part_len : s,
                                part, part_len) == 0);
}

AMZX_EX_FUNC(starts_with)
{
    return has_part(c, call, argv, AT_START);
}

AMZX_EX_FUNC(ends_with)
{
    return has_part(c, call, argv, AT_END);
}

AMZX_EX_FUNC(contains)
{
    int is;

    if (argv[0]->type != AMZX_LIST) {
        return has_part(c, call, argv, ANYWHERE);
    }
    is = amzx_ex_in(c, call, argv[1], argv[0]);
    return is < 0 ? NULL : amzx_val_bool(is);
}

/* The pattern of matches(): compiled with the text, or for the last value. */
static const amzx_regex_t *pattern_of(amzx_ex_t *c, const amzx_node_t *call,
                                      const amzx_val_t *v)
{
    const amzx_node_t *arg = call->kid[1];
    const char *why = NULL;

    if (call->u.call.regex) {
        return call->u.call.regex;
    }
    if (v->type != AMZX_STR) {
        amzx_ex_fail(c, arg, v->type == AMZX_NULL ? "expr.null" : "expr.type",
                     "`%s` is %s where a pattern is needed",
                     amzx_ex_text_of(c, arg), amzx_val_type_name(v->type));
        return NULL;
    }
    if (c->regex && c->regex_of == v) {
        return c->regex;
    }
    if (!amzx_ex_burn(c, call, 5000)) {
        return NULL;
    }
    if (amzx_regex_compile(&c->regex, v->u.str.s, v->u.str.len, &why, c->p)
        != APR_SUCCESS) {
        c->regex = NULL;
        amzx_ex_fail(c, arg, "expr.type", "the pattern `%s` cannot be read: "
                     "%s", amzx_ex_text_of(c, arg), why);
        return NULL;
    }
    c->regex_of = v;
    return c->regex;
}

AMZX_EX_FUNC(matches)
{
    const amzx_regex_t *re = pattern_of(c, call, argv[1]);
    apr_int64_t steps;
    apr_size_t len;
    const char *s;
    int fits = 0;

    if (!re || argv[0]->type == AMZX_NULL) {
        return re ? &amzx_val_false : NULL;
    }
    s = amzx_ex_as_text(&len, c, call->kid[0], argv[0]);
    if (!s || !amzx_ex_burn(c, call, 4 + len / 16)) {
        return NULL;
    }
    steps = 2 * c->fuel;
    if (amzx_regex_match(&fits, re, s, len, &steps) != APR_SUCCESS) {
        c->fuel = -1;
        return amzx_ex_fail(c, call, "expr.fuel", "the pattern of `%s` takes "
                            "too much work", amzx_ex_text_of(c, call));
    }
    c->fuel = steps / 2;
    return amzx_val_bool(fits);
}
