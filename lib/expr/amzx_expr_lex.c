/* SPDX-License-Identifier: Apache-2.0 */
/* The lexer of expressions: one token at a time, no look-ahead but `=>`. */
#include "amzx_expr_int.h"

#include <stdarg.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_name(char c)
{
    return is_name_start(c) || is_digit(c);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void amzx_ex_where(int *line, int *column, const char *src, int first_line,
                   apr_uint32_t at)
{
    apr_uint32_t i;

    *line = first_line;
    *column = 1;
    for (i = 0; i < at; ++i) {
        if (src[i] == '\n') {
            ++*line;
            *column = 1;
        }
        else if (((unsigned char)src[i] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

int amzx_ex_bad(amzx_cx_t *cx, apr_uint32_t at, const char *fmt, ...)
{
    char text[400];
    va_list args;
    int line, column;

    if (cx->rv != APR_SUCCESS) {
        return 0;
    }
    va_start(args, fmt);
    apr_vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    amzx_ex_where(&line, &column, cx->src, cx->at ? cx->at->line : 1, at);
    cx->rv = amzx_fault_set(cx->fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "expr.syntax", "%s", text);
    amzx_fault_at(cx->fault, "%s:%d:%d",
                  cx->at && cx->at->file ? cx->at->file : "", line, column);
    return 0;
}

/* JSON's grammar of numbers, without the sign. */
static int lex_number(amzx_cx_t *cx)
{
    const char *s = cx->src;
    apr_uint32_t i = cx->tok.from;

    if (s[i] == '0' && is_digit(s[i + 1])) {
        return amzx_ex_bad(cx, i, "a number does not begin with 0; write text "
                           "as '0...'");
    }
    while (is_digit(s[i])) {
        ++i;
    }
    if (s[i] == '.' && is_digit(s[i + 1])) {
        ++i;
        while (is_digit(s[i])) {
            ++i;
        }
    }
    if ((s[i] == 'e' || s[i] == 'E')
        && (is_digit(s[i + 1])
            || ((s[i + 1] == '+' || s[i + 1] == '-') && is_digit(s[i + 2])))) {
        i += 2;
        while (is_digit(s[i])) {
            ++i;
        }
    }
    if (is_name(s[i])) {
        return amzx_ex_bad(cx, i, "'%c' cannot stand right behind a number",
                           s[i]);
    }
    cx->tok.kind = AMZX_T_NUM;
    cx->tok.to = i;
    return 1;
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* \u0041 of a string; surrogates and zero are refused. */
static int lex_point(amzx_cx_t *cx, char **out, apr_uint32_t at)
{
    apr_uint32_t point = 0;
    apr_uint32_t i;

    for (i = at + 2; i < at + 6; ++i) {
        int digit = hex_value(cx->src[i]);

        if (digit < 0) {
            return amzx_ex_bad(cx, at, "\\u needs four hex digits");
        }
        point = point * 16 + (apr_uint32_t)digit;
    }
    if (point == 0 || (point >= 0xD800 && point < 0xE000)) {
        return amzx_ex_bad(cx, at, "this \\u is not a character");
    }
    *out += amzx_ex_put_point(*out, point);
    return 1;
}

static int lex_escape(amzx_cx_t *cx, char **out, apr_uint32_t at)
{
    switch (cx->src[at + 1]) {
    case 'n': *(*out)++ = '\n'; return 2;
    case 't': *(*out)++ = '\t'; return 2;
    case 'r': *(*out)++ = '\r'; return 2;
    case '\\': case '\'': case '"': case '/':
        *(*out)++ = cx->src[at + 1];
        return 2;
    case 'u':
        return lex_point(cx, out, at) ? 6 : 0;
    default:
        return amzx_ex_bad(cx, at, "unknown escape; \\' \\\" \\\\ \\n \\r "
                           "\\t and \\u0000 exist");
    }
}

static int lex_string(amzx_cx_t *cx)
{
    const char *s = cx->src;
    const char quote = s[cx->tok.from];
    apr_uint32_t i = cx->tok.from + 1;
    char *text, *out;

    while (i < cx->len && s[i] != quote) {
        i += s[i] == '\\' ? 2 : 1;
    }
    if (i >= cx->len) {
        return amzx_ex_bad(cx, cx->tok.from, "the text that begins here has "
                           "no closing %c", quote);
    }
    text = out = apr_palloc(cx->p, i - cx->tok.from);
    cx->tok.to = i + 1;
    for (i = cx->tok.from + 1; i < cx->tok.to - 1;) {
        if (s[i] == '\\') {
            int used = lex_escape(cx, &out, i);

            if (!used) {
                return 0;
            }
            i += (apr_uint32_t)used;
        }
        else {
            *out++ = s[i++];
        }
    }
    *out = '\0';
    cx->tok.kind = AMZX_T_STR;
    cx->tok.s = text;
    cx->tok.len = (apr_size_t)(out - text);
    return 1;
}

static const struct {
    char text[3];
    short kind; /**< 0: refused, see the hint */
    const char *hint;
} sign[] = {
    {"==", AMZX_T_EQ, NULL},    {"!=", AMZX_T_NE, NULL},
    {"<=", AMZX_T_LE, NULL},    {">=", AMZX_T_GE, NULL},
    {"&&", AMZX_T_AND, NULL},   {"||", AMZX_T_OR, NULL},
    {"??", AMZX_T_COAL, NULL},  {"=>", AMZX_T_ARROW, NULL},
    {"&", 0, "use `and`"},      {"|", 0, "use `or`"},
    {"=", 0, "use `==` to compare"},
    {"+", '+', NULL},           {"-", '-', NULL},
    {"*", '*', NULL},           {"/", '/', NULL},
    {"%", '%', NULL},           {"!", '!', NULL},
    {"<", '<', NULL},           {">", '>', NULL},
    {"?", '?', NULL},           {":", ':', NULL},
    {".", '.', NULL},           {",", ',', NULL},
    {"(", '(', NULL},           {")", ')', NULL},
    {"[", '[', NULL},           {"]", ']', NULL},
    {"{", '{', NULL},           {"}", '}', NULL},
};

static int lex_sign(amzx_cx_t *cx)
{
    const char *s = cx->src + cx->pos;
    apr_size_t i;

    for (i = 0; i < sizeof sign / sizeof *sign; ++i) {
        apr_uint32_t n = sign[i].text[1] ? 2 : 1;

        if (s[0] != sign[i].text[0] || (n == 2 && s[1] != sign[i].text[1])) {
            continue;
        }
        if (sign[i].kind == 0) {
            return amzx_ex_bad(cx, cx->pos, "'%s' is no operator; %s",
                               sign[i].text, sign[i].hint);
        }
        cx->tok.kind = sign[i].kind;
        cx->tok.to = cx->pos + n;
        return 1;
    }
    if ((unsigned char)*s < 0x80 && apr_isprint(*s)) {
        return amzx_ex_bad(cx, cx->pos, "unexpected character '%c'", *s);
    }
    return amzx_ex_bad(cx, cx->pos, "unexpected character; letters beyond "
                       "ASCII stand in texts: '...'");
}

int amzx_ex_next(amzx_cx_t *cx)
{
    const char *s = cx->src;
    int ok;

    cx->end = cx->tok.to;
    while (cx->pos < cx->len && is_blank(s[cx->pos])) {
        ++cx->pos;
    }
    cx->tok.from = cx->tok.to = cx->pos;
    cx->tok.s = NULL;
    cx->tok.len = 0;
    if (cx->pos >= cx->len) {
        cx->tok.kind = AMZX_T_END;
        return 1;
    }
    if (is_digit(s[cx->pos])) {
        ok = lex_number(cx);
    }
    else if (s[cx->pos] == '\'' || s[cx->pos] == '"') {
        ok = lex_string(cx);
    }
    else if (is_name_start(s[cx->pos])) {
        while (is_name(s[cx->tok.to])) {
            ++cx->tok.to;
        }
        cx->tok.kind = AMZX_T_NAME;
        cx->tok.s = s + cx->tok.from;
        cx->tok.len = cx->tok.to - cx->tok.from;
        ok = 1;
    }
    else {
        ok = lex_sign(cx);
    }
    cx->pos = cx->tok.to;
    return ok;
}

int amzx_ex_is_arrow_next(const amzx_cx_t *cx)
{
    apr_uint32_t i = cx->pos;

    while (i < cx->len && is_blank(cx->src[i])) {
        ++i;
    }
    return cx->src[i] == '=' && cx->src[i + 1] == '>';
}
