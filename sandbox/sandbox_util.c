/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers of the sandbox: replies, values, forms. */
#include "sandbox.h"

#include <string.h>

#include <apr_lib.h>

#include "amzx_crypto.h"

void sbx_res_init(sbx_res_t *res, apr_pool_t *p)
{
    memset(res, 0, sizeof(*res));
    res->status = 200;
    res->body = "";
    res->headers = apr_table_make(p, 8);
}

void sbx_reply(sbx_res_t *res, int status, const char *type,
               const char *body)
{
    res->status = status;
    res->type = type;
    res->body = body;
    res->len = strlen(body);
}

void sbx_reply_json(sbx_res_t *res, int status, const amzx_val_t *v,
                    apr_pool_t *p)
{
    res->status = status;
    res->type = "application/json";
    res->body = amzx_json_write(v, &res->len, p);
}

void sbx_header(sbx_res_t *res, const char *name, const char *value)
{
    apr_table_set(res->headers, name, value);
}

const char *sbx_req_header(const sbx_req_t *req, const char *name)
{
    return apr_table_get(req->headers, name);
}

const char *sbx_arg(const sbx_req_t *req, const char *name)
{
    return apr_table_get(req->args, name);
}

const amzx_val_t *sbx_body_json(const sbx_req_t *req)
{
    const amzx_val_t *v = NULL;

    if (amzx_json_parse(&v, req->body, req->body_len, NULL, NULL,
                        req->pool) != APR_SUCCESS ||
        amzx_val_type(v) != AMZX_OBJ) {
        return NULL;
    }
    return v;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)apr_tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX and '+' of s[0..len) in a copy. */
static const char *form_text(const char *s, apr_size_t len, apr_pool_t *p)
{
    char *out = apr_palloc(p, len + 1);
    apr_size_t n = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex_digit(s[i + 1]) >= 0 &&
            hex_digit(s[i + 2]) >= 0) {
            out[n++] = (char)(hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]));
            i += 2;
        }
        else {
            out[n++] = s[i] == '+' ? ' ' : s[i];
        }
    }
    out[n] = '\0';
    return out;
}

apr_table_t *sbx_form(const char *text, apr_pool_t *p)
{
    apr_table_t *t = apr_table_make(p, 8);
    const char *end;
    const char *eq;

    while (text && *text) {
        end = strchr(text, '&');
        end = end ? end : text + strlen(text);
        eq = memchr(text, '=', (apr_size_t)(end - text));
        if (eq) {
            apr_table_setn(
                t, form_text(text, (apr_size_t)(eq - text), p),
                form_text(eq + 1, (apr_size_t)(end - eq - 1), p));
        }
        else if (end > text) {
            apr_table_setn(t, form_text(text, (apr_size_t)(end - text), p),
                           "");
        }
        text = *end ? end + 1 : end;
    }
    return t;
}

const char *sbx_after(const char *path, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    if (strncmp(path, prefix, len) || (path[len] && path[len] != '/')) {
        return NULL;
    }
    return path + len;
}

void sbx_violation(const sbx_req_t *req, const char *peer, const char *code,
                   const char *detail)
{
    int is_own = !sbx_db_is_writing(req->db);

    if (is_own && sbx_db_begin(req->db) != APR_SUCCESS) {
        return;
    }
    sbx_db_run(NULL, req->db, SBX_SQL_VIOLATION_PUT, "isss",
               (apr_int64_t)req->now, peer, code, detail);
    if (is_own) {
        sbx_db_end(req->db, 1);
    }
}

const char *sbx_text(const amzx_val_t *obj, const char *name)
{
    return amzx_val_text(amzx_val_get(obj, name), "");
}

void sbx_put(amzx_val_t *obj, const char *name, const char *text,
             apr_pool_t *p)
{
    amzx_val_put_ref(obj, name, amzx_val_str(text, p), p);
}

void sbx_put_int(amzx_val_t *obj, const char *name, apr_int64_t n,
                 apr_pool_t *p)
{
    amzx_val_put_ref(obj, name, amzx_val_int(n, p), p);
}

void sbx_put_dec(amzx_val_t *obj, const char *name, amzx_dec_t d, int scale,
                 apr_pool_t *p)
{
    amzx_dec_t rounded = d;

    amzx_dec_round(&rounded, d, scale, AMZX_ROUND_HALF_UP);
    amzx_val_put_ref(obj, name, amzx_val_num(rounded, p), p);
}

amzx_dec_t sbx_dec(const amzx_val_t *obj, const char *name)
{
    amzx_dec_t d;

    if (amzx_val_dec(&d, amzx_val_get(obj, name)) != APR_SUCCESS) {
        d = amzx_dec_from_int(0);
    }
    return d;
}

amzx_val_t *sbx_clone(const amzx_val_t *obj, apr_pool_t *p)
{
    amzx_val_t *copy = amzx_val_obj(amzx_val_count(obj) + 4, p);
    apr_size_t i;

    if (amzx_val_type(obj) == AMZX_OBJ) {
        for (i = 0; i < obj->u.obj.count; i++) {
            amzx_val_put_ref(copy, obj->u.obj.member[i].name,
                             obj->u.obj.member[i].val, p);
        }
    }
    return copy;
}

/* Xero's decimals; JSON knows only values, so reading forgets them. */
static const struct {
    const char *name;
    int scale;
} scales[] = {
    {"AmountCredited", 2}, {"AmountDue", 2},      {"AmountPaid", 2},
    {"Amount", 2},         {"BankAmount", 2},     {"CurrencyRate", 6},
    {"DiscountAmount", 2}, {"DiscountRate", 2},   {"LineAmount", 2},
    {"Quantity", 4},       {"SubTotal", 2},       {"TaxAmount", 2},
    {"Total", 2},          {"TotalDiscount", 2},  {"TotalTax", 2},
    {"UnitAmount", 2},     {"UnitPrice", 2},      {"EffectiveRate", 4},
    {"DisplayTaxRate", 4}, {"Rate", 4},
};

/* The tree is ours alone: it was parsed a moment ago. */
static void scales_restore(amzx_val_t *v, const char *name)
{
    apr_size_t i;

    if (v->type == AMZX_OBJ) {
        for (i = 0; i < v->u.obj.count; i++) {
            scales_restore((amzx_val_t *)v->u.obj.member[i].val,
                           v->u.obj.member[i].name);
        }
    }
    else if (v->type == AMZX_LIST) {
        for (i = 0; i < v->u.list.count; i++) {
            scales_restore((amzx_val_t *)v->u.list.item[i], name);
        }
    }
    else if (v->type == AMZX_NUM) {
        for (i = 0; i < sizeof(scales) / sizeof(*scales); i++) {
            if (v->u.num.scale < scales[i].scale &&
                !strcmp(scales[i].name, name)) {
                amzx_dec_round(&v->u.num, v->u.num, scales[i].scale,
                               AMZX_ROUND_HALF_UP);
            }
        }
    }
}

const amzx_val_t *sbx_load(const char *json, apr_pool_t *p)
{
    const amzx_val_t *v = NULL;

    if (!json || amzx_json_parse(&v, json, strlen(json), NULL, NULL, p) !=
                     APR_SUCCESS) {
        return &amzx_val_null;
    }
    scales_restore((amzx_val_t *)v, "");
    return v;
}

int sbx_same(const char *a, const char *b)
{
    return a && b && !apr_cstr_casecmp(a, b);
}

const char *sbx_lower(const char *s, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, s);
    char *c;

    for (c = copy; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return copy;
}

amzx_val_t *sbx_without(const amzx_val_t *obj, const char *name,
                        apr_pool_t *p)
{
    amzx_val_t *copy = amzx_val_obj(amzx_val_count(obj), p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(obj); i++) {
        if (strcmp(obj->u.obj.member[i].name, name) != 0) {
            amzx_val_put_ref(copy, obj->u.obj.member[i].name,
                             obj->u.obj.member[i].val, p);
        }
    }
    return copy;
}

const char *sbx_uuid(apr_pool_t *p)
{
    char text[37];

    amzx_uuid4(text);
    return apr_pstrdup(p, text);
}

int sbx_is_uuid(const char *s)
{
    int i;

    for (i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s[i] != '-') {
                return 0;
            }
        }
        else if (hex_digit(s[i]) < 0) {
            return 0;
        }
    }
    return s[36] == '\0';
}

int sbx_in_list(const char *list, const char *item)
{
    apr_size_t len = strlen(item);
    const char *end;

    while (list && *list) {
        while (*list == ' ') {
            list++;
        }
        end = strchr(list, ',');
        end = end ? end : list + strlen(list);
        if ((apr_size_t)(end - list) == len && !strncmp(list, item, len)) {
            return 1;
        }
        list = *end ? end + 1 : end;
    }
    return 0;
}
