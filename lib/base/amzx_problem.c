/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of complaints about a file, and reading the XML tree. */
#include "amzx_xml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "amzx_str.h"

amzx_problems_t *amzx_problems_make(const char *file, apr_pool_t *p)
{
    amzx_problems_t *ps = apr_palloc(p, sizeof(*ps));

    ps->list = apr_array_make(p, 4, sizeof(amzx_problem_t));
    ps->file = apr_pstrdup(p, file != NULL ? file : "-");
    return ps;
}

void amzx_problems_add(amzx_problems_t *ps, int line, int column,
                       int is_warning, const char *code, const char *hint,
                       const char *fmt, ...)
{
    apr_pool_t *p = ps->list->pool;
    amzx_problem_t *problem;
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    amzx_str_clean(text, text, strlen(text), ' ');
    problem = apr_array_push(ps->list);
    problem->line = line;
    problem->column = column;
    problem->is_warning = is_warning;
    problem->code = apr_pstrdup(p, code);
    problem->hint = apr_pstrdup(p, hint);
    problem->message = apr_pstrdup(p, text);
}

int amzx_problems_errors(const amzx_problems_t *ps)
{
    int count = 0;
    int i;

    for (i = 0; i < ps->list->nelts; i++) {
        count += !APR_ARRAY_IDX(ps->list, i, amzx_problem_t).is_warning;
    }
    return count;
}

const char *amzx_problems_text(const amzx_problems_t *ps, apr_pool_t *p)
{
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 256, p);
    for (i = 0; i < ps->list->nelts; i++) {
        const amzx_problem_t *pr =
            &APR_ARRAY_IDX(ps->list, i, amzx_problem_t);

        amzx_buf_printf(&b, "%s:%d:", ps->file, pr->line);
        if (pr->column > 0) {
            amzx_buf_printf(&b, "%d:", pr->column);
        }
        amzx_buf_printf(&b, " %s: %s [%s]",
                        pr->is_warning ? "warning" : "error", pr->message,
                        pr->code);
        if (pr->hint != NULL) {
            amzx_buf_printf(&b, "; %s", pr->hint);
        }
        amzx_buf_putc(&b, '\n');
    }
    return b.s;
}

const char *amzx_xattr(const amzx_xelem_t *e, const char *name,
                       const char *fallback)
{
    const amzx_xattr_t *a;

    for (a = e != NULL ? e->attrs : NULL; a != NULL; a = a->next) {
        if (a->ns == NULL && strcmp(a->name, name) == 0) {
            return a->value;
        }
    }
    return fallback;
}

static int same_ns(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const amzx_xelem_t *amzx_xchild(const amzx_xelem_t *e, const char *name)
{
    const amzx_xelem_t *c;

    for (c = e != NULL ? e->child : NULL; c != NULL; c = c->next) {
        if (strcmp(c->name, name) == 0 && same_ns(c->ns, e->ns)) {
            return c;
        }
    }
    return NULL;
}

const amzx_xelem_t *amzx_xnext(const amzx_xelem_t *e)
{
    const amzx_xelem_t *c;

    for (c = e != NULL ? e->next : NULL; c != NULL; c = c->next) {
        if (strcmp(c->name, e->name) == 0 && same_ns(c->ns, e->ns)) {
            return c;
        }
    }
    return NULL;
}
