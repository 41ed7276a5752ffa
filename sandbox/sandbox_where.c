/* SPDX-License-Identifier: Apache-2.0 */
/* Parser and evaluator of filters. */
#include "sandbox_where.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_cstr.h>
#include <apr_strings.h>

#include "amzx_str.h"
#include "amzx_time.h"

typedef struct {
    const char *at;
    const char **why;
    apr_pool_t *p;
} parser_t;

static void blanks(parser_t *ps)
{
    ps->at += strspn(ps->at, " \t");
}

static apr_status_t refuse(parser_t *ps, const char *what)
{
    *ps->why = apr_psprintf(ps->p, "%s at '%.40s'", what, ps->at);
    return APR_EINVAL;
}

static int is_word(char c)
{
    return apr_isalnum(c) || c == '_' || c == '.';
}

static const char *word(parser_t *ps)
{
    const char *from = ps->at;

    while (is_word(*ps->at)) {
        ps->at++;
    }
    return apr_pstrmemdup(ps->p, from, (apr_size_t)(ps->at - from));
}

static int take(parser_t *ps, const char *token)
{
    apr_size_t len = strlen(token);

    blanks(ps);
    if (strncmp(ps->at, token, len)) {
        return 0;
    }
    ps->at += len;
    return 1;
}

/* There is no escape: a quote ends the text. */
static apr_status_t quoted(const char **out, parser_t *ps)
{
    const char *end;

    if (!take(ps, "\"")) {
        return refuse(ps, "a text in double quotes is expected");
    }
    end = strchr(ps->at, '"');
    if (!end) {
        return refuse(ps, "the text does not end");
    }
    *out = apr_pstrmemdup(ps->p, ps->at, (apr_size_t)(end - ps->at));
    ps->at = end + 1;
    return APR_SUCCESS;
}

static apr_status_t guid_literal(sbx_term_t *t, parser_t *ps)
{
    apr_status_t rv;

    t->kind = SBX_LIT_GUID;
    if (!take(ps, "(")) {
        return refuse(ps, "'(' is expected");
    }
    rv = quoted(&t->text, ps);
    if (rv == APR_SUCCESS && !take(ps, ")")) {
        rv = refuse(ps, "')' is expected");
    }
    return rv;
}

static apr_status_t date_literal(sbx_term_t *t, parser_t *ps)
{
    apr_int64_t part[3] = {0, 0, 0};
    int i;

    t->kind = SBX_LIT_DATE;
    if (!take(ps, "(")) {
        return refuse(ps, "'(' is expected");
    }
    for (i = 0; i < 3; i++) {
        blanks(ps);
        if (amzx_int_parse(&part[i], word(ps)) != APR_SUCCESS) {
            return refuse(ps, "a number is expected");
        }
        if (!take(ps, i < 2 ? "," : ")")) {
            return refuse(ps, "DateTime(year, month, day) is expected");
        }
    }
    if (part[0] < 1 || part[0] > 9999 || part[1] < 1 || part[1] > 12 ||
        part[2] < 1 || part[2] > 31 ||
        !amzx_civil_is_valid((int)part[0], (int)part[1], (int)part[2])) {
        return refuse(ps, "no such date");
    }
    t->millis = amzx_days_from_civil((int)part[0], (int)part[1],
                                     (int)part[2]) *
                86400000;
    return APR_SUCCESS;
}

static apr_status_t literal(sbx_term_t *t, parser_t *ps)
{
    const char *name;
    int minus;

    blanks(ps);
    if (*ps->at == '"') {
        t->kind = SBX_LIT_TEXT;
        return quoted(&t->text, ps);
    }
    minus = *ps->at == '-';
    ps->at += minus;
    name = word(ps);
    if (!minus && !apr_cstr_casecmp(name, "guid")) {
        return guid_literal(t, ps);
    }
    if (!minus && !strcmp(name, "DateTime")) {
        return date_literal(t, ps);
    }
    if (!minus && !strcmp(name, "null")) {
        t->kind = SBX_LIT_NULL;
        return APR_SUCCESS;
    }
    if (!minus && (!strcmp(name, "true") || !strcmp(name, "false"))) {
        t->kind = SBX_LIT_BOOL;
        t->boolean = *name == 't';
        return APR_SUCCESS;
    }
    t->kind = SBX_LIT_NUMBER;
    if (amzx_dec_parse(&t->number, name, strlen(name)) != APR_SUCCESS) {
        return refuse(ps, "a literal is expected");
    }
    t->number = minus ? amzx_dec_neg(t->number) : t->number;
    return APR_SUCCESS;
}

static apr_status_t term(sbx_term_t *t, parser_t *ps)
{
    memset(t, 0, sizeof(*t));
    blanks(ps);
    t->field = word(ps);
    if (!*t->field || !apr_isalpha(*t->field)) {
        return refuse(ps, "a field is expected");
    }
    if (take(ps, "==")) {
        return literal(t, ps);
    }
    if (take(ps, "!=")) {
        apr_status_t rv = literal(t, ps);

        t->is_not = 1;
        if (rv == APR_SUCCESS && t->kind != SBX_LIT_NULL) {
            rv = refuse(ps, "!= is honoured for null only");
        }
        return rv;
    }
    return refuse(ps, "== is expected");
}

apr_status_t sbx_where_parse(sbx_where_t *where, const char **why,
                             const char *text, apr_pool_t *p)
{
    parser_t ps = {text, why, p};
    apr_status_t rv;

    memset(where, 0, sizeof(*where));
    *why = "";
    for (;;) {
        if (where->count == SBX_WHERE_TERMS) {
            return refuse(&ps, "too many terms");
        }
        rv = term(&where->term[where->count], &ps);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        where->count++;
        blanks(&ps);
        if (!*ps.at) {
            return APR_SUCCESS;
        }
        if (!take(&ps, "&&") &&
            !(take(&ps, "AND") && !is_word(*ps.at))) {
            return refuse(&ps, "AND is expected");
        }
    }
}

apr_status_t sbx_date_millis(apr_int64_t *millis, const char *text)
{
    char digits[24];
    apr_size_t len;

    *millis = 0;
    if (strncmp(text, "/Date(", 6)) {
        return APR_EINVAL;
    }
    text += 6;
    len = (*text == '-') + strspn(text + (*text == '-'), "0123456789");
    if (len == 0 || len >= sizeof(digits)) {
        return APR_EINVAL;
    }
    apr_cpystrn(digits, text, len + 1);
    return amzx_int_parse(millis, digits);
}

static int date_is(const sbx_term_t *t, const amzx_val_t *v)
{
    apr_int64_t millis;

    return sbx_date_millis(&millis, amzx_val_text(v, "")) == APR_SUCCESS &&
           millis == t->millis;
}

static int term_holds(const sbx_term_t *t, const amzx_val_t *doc)
{
    const amzx_val_t *v = amzx_val_path(doc, t->field);
    const char *text = amzx_val_text(v, NULL);
    amzx_dec_t d;

    switch (t->kind) {
    case SBX_LIT_NULL:
        return (amzx_val_is_null(v) || (text && !*text)) != t->is_not;
    case SBX_LIT_TEXT:
    case SBX_LIT_GUID:
        return text && !apr_cstr_casecmp(text, t->text);
    case SBX_LIT_NUMBER:
        return amzx_val_type(v) == AMZX_NUM &&
               amzx_val_dec(&d, v) == APR_SUCCESS &&
               amzx_dec_cmp(d, t->number) == 0;
    case SBX_LIT_BOOL:
        return amzx_val_type(v) == AMZX_BOOL &&
               !amzx_val_truth(v, 0) == !t->boolean;
    default:
        return date_is(t, v);
    }
}

int sbx_where_holds(const sbx_where_t *where, const amzx_val_t *doc)
{
    int i;

    for (i = 0; i < where->count; i++) {
        if (!term_holds(&where->term[i], doc)) {
            return 0;
        }
    }
    return 1;
}

const char *sbx_where_text(const sbx_where_t *where, const char *field)
{
    const sbx_term_t *t;
    int i;

    for (i = 0; i < where->count; i++) {
        t = &where->term[i];
        if ((t->kind == SBX_LIT_TEXT || t->kind == SBX_LIT_GUID) &&
            !apr_cstr_casecmp(t->field, field)) {
            return t->text;
        }
    }
    return NULL;
}
