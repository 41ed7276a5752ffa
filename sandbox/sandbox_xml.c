/* SPDX-License-Identifier: Apache-2.0 */
/* The XML that clients get who do not ask for JSON: Xero's default. */
#include "sandbox_xero.h"

#include <string.h>

static void escaped(amzx_buf_t *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '<') {
            amzx_buf_puts(b, "&lt;");
        }
        else if (*s == '&') {
            amzx_buf_puts(b, "&amp;");
        }
        else {
            amzx_buf_putc(b, *s);
        }
    }
}

static void element(amzx_buf_t *b, const char *name, const amzx_val_t *v)
{
    char *one = apr_pstrdup(b->pool, name);
    char text[AMZX_DEC_TEXT];
    apr_size_t i;

    amzx_buf_printf(b, "<%s>", name);
    switch (amzx_val_type(v)) {
    case AMZX_OBJ:
        for (i = 0; i < v->u.obj.count; i++) {
            element(b, v->u.obj.member[i].name, v->u.obj.member[i].val);
        }
        break;
    case AMZX_LIST:
        /* "Invoices" holds "Invoice" elements. */
        if (one[0] && one[strlen(one) - 1] == 's') {
            one[strlen(one) - 1] = '\0';
        }
        for (i = 0; i < amzx_val_count(v); i++) {
            element(b, one, amzx_val_at(v, i));
        }
        break;
    case AMZX_NUM:
        amzx_dec_text(text, v->u.num);
        amzx_buf_puts(b, text);
        break;
    case AMZX_BOOL:
        amzx_buf_puts(b, v->u.boolean ? "true" : "false");
        break;
    default:
        escaped(b, amzx_val_text(v, ""));
    }
    amzx_buf_printf(b, "</%s>", name);
}

void sbx_xero_to_xml(sbx_res_t *res, apr_pool_t *p)
{
    const amzx_val_t *v;
    amzx_buf_t b;

    if (!res->type || !strstr(res->type, "json")) {
        return;
    }
    v = sbx_load(res->body, p);
    amzx_buf_init(&b, res->len * 2, p);
    element(&b, res->status < 400 ? "Response" : "ApiException", v);
    res->type = "text/xml; charset=utf-8";
    res->body = b.s;
    res->len = b.len;
}
