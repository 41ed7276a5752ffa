/* SPDX-License-Identifier: Apache-2.0 */
/* Values to JSON text: compact, sorted for digests, indented for people. */
#include "amzx_json.h"

#include <stdlib.h>
#include <string.h>

#include "amzx_str.h"
#include "amzx_time.h"

typedef struct {
    amzx_buf_t out;
    int is_sorted;
    int is_pretty;
    int depth;
} writer_t;

/* What JSON cannot hold as it stands: 1 as \u00xx, else the letter. */
static const char escapes[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1,   1,   1,   1, 1,   1,   1, 1,
    ['"'] = '"', ['\\'] = '\\', [0x7f] = 1,
};

static void put_text(amzx_buf_t *b, const char *s, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const char *end = s + len;
    const char *from = s;

    amzx_buf_putc(b, '"');
    for (; s < end; s++) {
        unsigned char c = (unsigned char)*s;
        char code[6] = {'\\', 'u', '0', '0', '0', '0'};

        if (escapes[c] == 0) {
            continue;
        }
        amzx_buf_add(b, from, (apr_size_t)(s - from));
        from = s + 1;
        if (escapes[c] == 1) {
            code[4] = digits[c >> 4];
            code[5] = digits[c & 15];
            amzx_buf_add(b, code, sizeof(code));
        }
        else {
            code[1] = escapes[c];
            amzx_buf_add(b, code, 2);
        }
    }
    amzx_buf_add(b, from, (apr_size_t)(end - from));
    amzx_buf_putc(b, '"');
}

static void new_line(writer_t *w)
{
    int i;

    if (w->is_pretty) {
        amzx_buf_putc(&w->out, '\n');
        for (i = 0; i < w->depth; i++) {
            amzx_buf_add(&w->out, "  ", 2);
        }
    }
}

static int by_name(const void *left, const void *right)
{
    const amzx_member_t *a = *(const amzx_member_t *const *)left;
    const amzx_member_t *b = *(const amzx_member_t *const *)right;

    return strcmp(a->name, b->name);
}

static void put_value(writer_t *w, const amzx_val_t *v);

static void put_member(writer_t *w, const amzx_member_t *m, int is_first)
{
    if (!is_first) {
        amzx_buf_putc(&w->out, ',');
    }
    new_line(w);
    put_text(&w->out, m->name, m->len);
    amzx_buf_add(&w->out, ": ", w->is_pretty ? 2 : 1);
    put_value(w, m->val);
}

static void put_object(writer_t *w, const amzx_val_t *v)
{
    const amzx_member_t **order = NULL;
    apr_size_t n = v->u.obj.count;
    apr_size_t i;

    if (w->is_sorted && n > 1) {
        order = apr_palloc(w->out.pool, n * sizeof(*order));
        for (i = 0; i < n; i++) {
            order[i] = &v->u.obj.member[i];
        }
        qsort(order, n, sizeof(*order), by_name);
    }
    amzx_buf_putc(&w->out, '{');
    w->depth++;
    for (i = 0; i < n; i++) {
        put_member(w, order != NULL ? order[i] : &v->u.obj.member[i], i == 0);
    }
    w->depth--;
    if (n > 0) {
        new_line(w);
    }
    amzx_buf_putc(&w->out, '}');
}

static void put_list(writer_t *w, const amzx_val_t *v)
{
    apr_size_t i;

    amzx_buf_putc(&w->out, '[');
    w->depth++;
    for (i = 0; i < v->u.list.count; i++) {
        if (i > 0) {
            amzx_buf_putc(&w->out, ',');
        }
        new_line(w);
        put_value(w, v->u.list.item[i]);
    }
    w->depth--;
    if (v->u.list.count > 0) {
        new_line(w);
    }
    amzx_buf_putc(&w->out, ']');
}

static void put_quoted(writer_t *w, const char *text)
{
    amzx_buf_putc(&w->out, '"');
    amzx_buf_puts(&w->out, text);
    amzx_buf_putc(&w->out, '"');
}

static void put_value(writer_t *w, const amzx_val_t *v)
{
    char when[AMZX_TIME_TEXT];
    char num[AMZX_DEC_TEXT];

    switch (amzx_val_type(v)) {
    case AMZX_NULL:
        amzx_buf_add(&w->out, "null", 4);
        break;
    case AMZX_BOOL:
        amzx_buf_puts(&w->out, v->u.boolean ? "true" : "false");
        break;
    case AMZX_NUM:
        amzx_buf_add(&w->out, num, amzx_dec_text(num, v->u.num));
        break;
    case AMZX_STR:
        put_text(&w->out, v->u.str.s, v->u.str.len);
        break;
    case AMZX_LIST:
        put_list(w, v);
        break;
    case AMZX_OBJ:
        put_object(w, v);
        break;
    case AMZX_DATE:
        amzx_date_text(when, v->u.days);
        put_quoted(w, when);
        break;
    case AMZX_DATETIME:
        amzx_time_text(when, v->u.time_us);
        put_quoted(w, when);
        break;
    case AMZX_DURATION:
        amzx_duration_text(when, v->u.span_us);
        put_quoted(w, when);
        break;
    }
}

/* About how long the compact text is, seldom less than it: so that the buffer
 * need not grow, which would leave the smaller ones behind in the pool. */
static apr_size_t room_for(const amzx_val_t *v)
{
    apr_size_t room = 2;
    apr_size_t i;

    switch (amzx_val_type(v)) {
    case AMZX_STR:
        return v->u.str.len + 2;
    case AMZX_NUM:
        return v->u.num.coef > INT64_MAX || v->u.num.coef < INT64_MIN ? 42
                                                                      : 22;
    case AMZX_LIST:
        for (i = 0; i < v->u.list.count; i++) {
            room += room_for(v->u.list.item[i]) + 1;
        }
        return room;
    case AMZX_OBJ:
        for (i = 0; i < v->u.obj.count; i++) {
            room += v->u.obj.member[i].len + 4
                    + room_for(v->u.obj.member[i].val);
        }
        return room;
    case AMZX_NULL:
    case AMZX_BOOL:
        return 5;
    case AMZX_DATE:
    case AMZX_DATETIME:
    case AMZX_DURATION:
        break;
    }
    return AMZX_TIME_TEXT;
}

static const char *write_as(const amzx_val_t *v, int is_sorted, int is_pretty,
                            apr_size_t *len, apr_pool_t *p)
{
    writer_t w;

    memset(&w, 0, sizeof(w));
    w.is_sorted = is_sorted;
    w.is_pretty = is_pretty;
    amzx_buf_init(&w.out, room_for(v) + 16, p);
    put_value(&w, v);
    if (len != NULL) {
        *len = w.out.len;
    }
    return w.out.s;
}

const char *amzx_json_write(const amzx_val_t *v, apr_size_t *len,
                            apr_pool_t *p)
{
    return write_as(v, 0, 0, len, p);
}

const char *amzx_json_write_sorted(const amzx_val_t *v, apr_size_t *len,
                                   apr_pool_t *p)
{
    return write_as(v, 1, 0, len, p);
}

const char *amzx_json_write_pretty(const amzx_val_t *v, apr_size_t *len,
                                   apr_pool_t *p)
{
    return write_as(v, 0, 1, len, p);
}
