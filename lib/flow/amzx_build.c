/* SPDX-License-Identifier: Apache-2.0 */
/* Reading attributes: expressions, durations, numbers; and complaining. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "amzx_str.h"
#include "amzx_time.h"

#define MESSAGE_MAX 700

static void complain(amzx_build_t *b, const amzx_xelem_t *e, int is_warning,
                     const char *code, const char *hint, const char *message)
{
    amzx_problems_add(b->ps, e->line, 0, is_warning, code, hint, "%s",
                      message);
}

void amzx_build_error(amzx_build_t *b, const amzx_xelem_t *e,
                      const char *code, const char *hint, const char *fmt,
                      ...)
{
    char text[MESSAGE_MAX];
    va_list ap;

    va_start(ap, fmt);
    apr_vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    complain(b, e, 0, code, hint, text);
}

void amzx_build_warn(amzx_build_t *b, const amzx_xelem_t *e,
                     const char *code, const char *hint, const char *fmt,
                     ...)
{
    char text[MESSAGE_MAX];
    va_list ap;

    va_start(ap, fmt);
    apr_vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    complain(b, e, 1, code, hint, text);
}

/* The column at the end of a place "file:line:column"; 0 when there is
 * none. */
static int column_of(const char *place)
{
    const char *last = strrchr(place, ':');
    apr_int64_t n;

    if (last && amzx_int_parse(&n, last + 1) == APR_SUCCESS && n > 0
        && n < INT_MAX) {
        return (int)n;
    }
    return 0;
}

static const amzx_expr_t *compile(amzx_build_t *b, const amzx_xelem_t *e,
                                  const char *attr, const char *text,
                                  int is_template)
{
    amzx_place_t at = { b->ps->file, e->line };
    const amzx_expr_t *x = NULL;
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    if (is_template) {
        rv = amzx_expr_compile_template(&x, text, &at, &fault, b->pool);
    }
    else {
        rv = amzx_expr_compile(&x, text, &at, &fault, b->pool);
    }
    if (rv != APR_SUCCESS) {
        amzx_build_error(b, e, fault.code[0] ? fault.code : "expr.syntax",
                         NULL, "%s of %s, column %d: %s", attr, b->element,
                         column_of(fault.place), fault.detail);
        return NULL;
    }
    amzx_build_check(b, e, attr, x);
    return x;
}

const amzx_expr_t *amzx_build_expr(amzx_build_t *b, const amzx_xelem_t *e,
                                   const char *attr)
{
    const char *text = amzx_xattr(e, attr, NULL);

    return text ? compile(b, e, attr, text, 0) : NULL;
}

const amzx_expr_t *amzx_build_text(amzx_build_t *b, const amzx_xelem_t *e,
                                   const char *attr)
{
    const char *text = amzx_xattr(e, attr, NULL);

    return text ? compile(b, e, attr, text, 1) : NULL;
}

/* The schema asks for these too; without one the loader does it. */
static const char *need(amzx_build_t *b, const amzx_xelem_t *e,
                        const char *attr)
{
    const char *text = amzx_xattr(e, attr, NULL);

    if (!text) {
        amzx_build_error(b, e, "lint.missing_attribute", NULL,
                         "<%s> of %s needs %s", e->name, b->element, attr);
    }
    return text;
}

const amzx_expr_t *amzx_build_need_expr(amzx_build_t *b,
                                        const amzx_xelem_t *e,
                                        const char *attr)
{
    const char *text = need(b, e, attr);

    return text ? compile(b, e, attr, text, 0) : NULL;
}

const amzx_expr_t *amzx_build_need_text(amzx_build_t *b,
                                        const amzx_xelem_t *e,
                                        const char *attr)
{
    const char *text = need(b, e, attr);

    return text ? compile(b, e, attr, text, 1) : NULL;
}

apr_interval_time_t amzx_build_duration(amzx_build_t *b,
                                        const amzx_xelem_t *e,
                                        const char *attr,
                                        apr_interval_time_t absent)
{
    const char *text = amzx_xattr(e, attr, NULL);
    apr_interval_time_t d;

    if (!text) {
        return absent;
    }
    if (amzx_duration_parse(&d, text) != APR_SUCCESS || d < 0) {
        amzx_build_error(b, e, "lint.duration", "write it as P1DT2H3M4S",
                         "%s of %s is no duration: %.40s", attr, b->element,
                         text);
        return absent;
    }
    return d;
}

int amzx_build_int(amzx_build_t *b, const amzx_xelem_t *e, const char *attr,
                   int absent)
{
    const char *text = amzx_xattr(e, attr, NULL);
    apr_int64_t n;

    if (!text) {
        return absent;
    }
    if (amzx_int_parse(&n, text) != APR_SUCCESS || n < INT_MIN
        || n > INT_MAX) {
        amzx_build_error(b, e, "lint.number", NULL,
                         "%s of %s is too large or no number: %.40s", attr,
                         b->element, text);
        return absent;
    }
    return (int)n;
}

int amzx_build_bool(const amzx_xelem_t *e, const char *attr, int absent)
{
    const char *text = amzx_xattr(e, attr, NULL);

    if (!text) {
        return absent;
    }
    return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

amzx_type_e amzx_build_type(const amzx_xelem_t *e, int *is_given)
{
    const char *text = amzx_xattr(e, "type", NULL);
    int type = text ? amzx_type_of(text) : -1;

    *is_given = type >= 0;
    return type >= 0 ? (amzx_type_e)type : AMZX_TYPE_ANY;
}

const amzx_named_t *amzx_build_args(amzx_build_t *b, const amzx_xelem_t *e,
                                    const char *child, const char *name)
{
    apr_array_header_t *list =
        apr_array_make(b->pool, 4, sizeof(amzx_named_t));
    const amzx_xelem_t *c;
    amzx_named_t *n;

    for (c = amzx_xchild(e, child); c; c = amzx_xnext(c)) {
        const char *text = amzx_xattr(c, "value", NULL);
        const char *attr = text ? "value" : "text";
        const amzx_expr_t *x = compile(b, c, attr, text ? text : c->text, 1);

        if (x) {
            n = apr_array_push(list);
            n->name = amzx_xattr(c, name, "");
            n->value = x;
        }
    }
    n = apr_array_push(list);
    n->name = NULL;
    n->value = NULL;
    return (const amzx_named_t *)list->elts;
}

amzx_parts_t amzx_build_parts(const apr_array_header_t *list)
{
    amzx_parts_t parts = { (const void *const *)list->elts, list->nelts };

    return parts;
}

void amzx_build_use(amzx_build_t *b, const char *kind, const char *name)
{
    apr_hash_set(b->uses, apr_pstrcat(b->pool, kind, " ", name, NULL),
                 APR_HASH_KEY_STRING, "");
}

int amzx_build_is_used(amzx_build_t *b, const char *kind, const char *name)
{
    return apr_hash_get(b->uses, apr_pstrcat(b->pool, kind, " ", name, NULL),
                        APR_HASH_KEY_STRING) != NULL;
}
