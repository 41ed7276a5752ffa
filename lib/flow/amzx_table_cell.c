/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of decision tables: reading them, and fitting keys to them. */
#include "amzx_table_cell.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "amzx_time.h"

/* One end of a range; an empty end is open. */
static apr_status_t read_end(int *is_there, amzx_dec_t *end, const char *s,
                             apr_size_t len)
{
    while (len > 0 && *s == ' ') {
        ++s;
        --len;
    }
    while (len > 0 && s[len - 1] == ' ') {
        --len;
    }
    *is_there = len > 0;
    *end = amzx_dec_from_int(0);
    return len > 0 ? amzx_dec_parse(end, s, len) : APR_SUCCESS;
}

static apr_status_t read_range(amzx_form_t *f, const char *dots)
{
    apr_size_t low_len = (apr_size_t)(dots - f->text);

    f->form = AMZX_FORM_RANGE;
    if (read_end(&f->is_num, &f->low, f->text, low_len) != APR_SUCCESS
        || read_end(&f->has_high, &f->high, dots + 2, f->len - low_len - 2)
           != APR_SUCCESS) {
        return APR_EINVAL;
    }
    if (!f->is_num && !f->has_high) {
        return APR_EINVAL;
    }
    return f->is_num && f->has_high && amzx_dec_cmp(f->low, f->high) > 0
           ? APR_EINVAL : APR_SUCCESS;
}

/* text is the table's own copy, cut at len. */
static apr_status_t read_form(amzx_form_t *f, const char *text, apr_size_t len)
{
    const char *dots = strstr(text, "..");

    memset(f, 0, sizeof *f);
    f->text = text;
    f->len = len;
    if (strcmp(text, "*") == 0) {
        f->form = AMZX_FORM_ANY;
        return APR_SUCCESS;
    }
    if (strchr(text, '*')) {
        f->form = AMZX_FORM_GLOB;
        return APR_SUCCESS;
    }
    if (dots) {
        return read_range(f, dots);
    }
    f->form = AMZX_FORM_EQUAL;
    f->is_num = amzx_dec_parse(&f->low, text, len) == APR_SUCCESS;
    return APR_SUCCESS;
}

/* a|b|c, each without blanks around it. */
apr_status_t amzx_cell_read(amzx_cell_t *cell, const char *text, apr_pool_t *p)
{
    apr_array_header_t *forms = apr_array_make(p, 1, sizeof(amzx_form_t));
    const char *s = text ? text : "*";

    for (;;) {
        const char *bar = strchr(s, '|');
        const char *end = bar ? bar : s + strlen(s);
        apr_status_t rv;

        while (s < end && *s == ' ') {
            ++s;
        }
        while (end > s && end[-1] == ' ') {
            --end;
        }
        rv = read_form(apr_array_push(forms),
                       apr_pstrmemdup(p, s, (apr_size_t)(end - s)),
                       (apr_size_t)(end - s));
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!bar) {
            break;
        }
        s = bar + 1;
    }
    cell->form = (const amzx_form_t *)(void *)forms->elts;
    cell->count = forms->nelts;
    return APR_SUCCESS;
}

/* Only `*` is special: try the shortest run for the last one seen. */
static int fits_glob(const char *glob, const char *text)
{
    const char *star = NULL;
    const char *back = NULL;

    while (*text) {
        if (*glob == '*') {
            star = glob++;
            back = text;
        }
        else if (*glob == *text) {
            ++glob;
            ++text;
        }
        else if (star) {
            glob = star + 1;
            text = ++back;
        }
        else {
            return 0;
        }
    }
    while (*glob == '*') {
        ++glob;
    }
    return *glob == '\0';
}

static int fits_form(const amzx_form_t *f, const amzx_key_t *key)
{
    switch (f->form) {
    case AMZX_FORM_ANY:
        return 1;
    case AMZX_FORM_EQUAL:
        if (key->val->type == AMZX_NUM) {
            return f->is_num && amzx_dec_cmp(f->low, key->num) == 0;
        }
        return f->len == key->len && memcmp(f->text, key->text, f->len) == 0;
    case AMZX_FORM_GLOB:
        return key->val->type != AMZX_NULL && fits_glob(f->text, key->text);
    case AMZX_FORM_RANGE:
    default:
        return key->is_num
               && (!f->is_num || amzx_dec_cmp(f->low, key->num) <= 0)
               && (!f->has_high || amzx_dec_cmp(key->num, f->high) <= 0);
    }
}

int amzx_cell_fits(const amzx_cell_t *cell, const amzx_key_t *key)
{
    int i;

    for (i = 0; i < cell->count; ++i) {
        if (fits_form(&cell->form[i], key)) {
            return 1;
        }
    }
    return 0;
}

int amzx_cell_key(amzx_key_t *key, const amzx_val_t *v)
{
    key->val = v ? v : &amzx_val_null;
    key->text = key->room;
    key->room[0] = '\0';
    key->is_num = amzx_val_dec(&key->num, key->val) == APR_SUCCESS;
    switch (key->val->type) {
    case AMZX_NULL: break;
    case AMZX_STR: key->text = key->val->u.str.s; break;
    case AMZX_BOOL: key->text = key->val->u.boolean ? "true" : "false"; break;
    case AMZX_NUM: amzx_dec_text_canon(key->room, key->num); break;
    case AMZX_DATE: amzx_date_text(key->room, key->val->u.days); break;
    case AMZX_DATETIME: amzx_time_text(key->room, key->val->u.time_us); break;
    case AMZX_DURATION:
        amzx_duration_text(key->room, key->val->u.span_us);
        break;
    default: return 0;
    }
    key->len = strlen(key->text);
    return 1;
}
