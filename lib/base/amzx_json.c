/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bytes to values, in one pass: the text is copied into the pool once,
 * and names and strings stay in that copy, ended where their quote was.
 * See docs/adr/0003-own-json-reader.md. */
#include "amzx_json.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "amzx_str.h"

#define DEFAULT_BYTES ((apr_size_t)8 * 1024 * 1024)
#define DEFAULT_DEPTH 64
#define DEFAULT_NODES ((apr_size_t)500000)
/* Objects longer than this are searched for duplicates by sorting. */
#define SORT_FROM 24
/* Members and items of open objects and lists before malloc is asked. */
#define SMALL 96

typedef struct {
    char *base; /* the copy */
    char *s;    /* the next byte of it */
    char *end;  /* there is a NUL */
    int depth;
    int max_depth;
    apr_size_t nodes;
    apr_size_t max_nodes;
    /* Members of the objects and lists that are open, innermost last; the
     * items of a list are members without a name. */
    amzx_member_t *open;
    apr_size_t used;
    apr_size_t room;
    apr_pool_t *pool;
    const char *wrong; /* the reason, or NULL */
    const char *at;    /* its place */
    int is_limit;      /* a limit, not a fault of the text */
    amzx_member_t small[SMALL];
} reader_t;

static const amzx_val_t *stop(reader_t *r, const char *at, int is_limit,
                              const char *why)
{
    if (r->wrong == NULL) {
        r->at = at;
        r->is_limit = is_limit;
        r->wrong = why;
    }
    return NULL;
}

static const amzx_val_t *no_syntax(reader_t *r, const char *at)
{
    return stop(r, at, 0,
                at >= r->end ? "it ends too early" : "invalid syntax");
}

/* The place is counted in the caller's bytes: the copy has changed. */
static apr_status_t refuse(amzx_fault_t *fault, const reader_t *r,
                           const char *bytes)
{
    const char *at = bytes + (r->at - r->base);
    const char *line_start = bytes;
    const char *s;
    apr_status_t rv;
    int line = 1;

    for (s = bytes; s < at; s++) {
        if (*s == '\n') {
            line++;
            line_start = s + 1;
        }
    }
    rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                        r->is_limit ? "limit.size" : "data.bad_json",
                        "JSON: %s", r->wrong);
    amzx_fault_at(fault, "json:%d:%d", line, (int)(at - line_start) + 1);
    return rv;
}

static void skip_blanks(reader_t *r)
{
    while (*r->s == ' ' || *r->s == '\n' || *r->s == '\t' || *r->s == '\r') {
        r->s++;
    }
}

/* ---- strings ------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits at s, or -1. A NUL ends the search before the end. */
static long code_unit(const char *s)
{
    long n = 0;
    int i;

    for (i = 0; i < 4; i++) {
        int digit = hex_digit(s[i]);

        if (digit < 0) {
            return -1;
        }
        n = n * 16 + digit;
    }
    return n;
}

/* \uXXXX, or two of them for a point beyond U+FFFF; r->s is at the u. */
static char *take_code(reader_t *r, char *out)
{
    const char *start = r->s - 1;
    long point = code_unit(r->s + 1);
    long low;

    r->s += 5;
    if (point >= 0xd800 && point <= 0xdbff && r->s[0] == '\\'
        && r->s[1] == 'u') {
        low = code_unit(r->s + 2);
        r->s += 6;
        point = low >= 0xdc00 && low <= 0xdfff
                    ? 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00)
                    : -1;
    }
    if (point <= 0 || (point >= 0xd800 && point <= 0xdfff)) {
        stop(r, start, 0, point == 0 ? "a NUL character" : "invalid syntax");
        return NULL;
    }
    return amzx_utf8_put(out, point);
}

/* The escape behind the backslash; NULL when it is none. */
static char *take_escape(reader_t *r, char *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (*r->s == 'u') {
        return take_code(r, out);
    }
    found = *r->s != '\0' ? strchr(letters, *r->s) : NULL;
    if (found == NULL) {
        no_syntax(r, r->s);
        return NULL;
    }
    r->s++;
    *out++ = bytes[found - letters];
    return out;
}

/* Bytes that end the quick walk through a string. */
static const char special[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['"'] = 1, ['\\'] = 1,
};

/* The text at the quote r->s, unescaped where it stands and ended by a NUL;
 * NULL when it is none. */
static char *take_text(reader_t *r, apr_size_t *len)
{
    char *start = ++r->s;
    char *out = start;

    for (;;) {
        char *from = r->s;

        while (!special[(unsigned char)*r->s]) {
            r->s++;
        }
        if (out != from && r->s != from) {
            memmove(out, from, (size_t)(r->s - from));
        }
        out += r->s - from;
        if (*r->s == '"') {
            break;
        }
        if (*r->s != '\\') {
            no_syntax(r, r->s);
            return NULL;
        }
        r->s++;
        out = take_escape(r, out);
        if (out == NULL) {
            return NULL;
        }
    }
    r->s++;
    *out = '\0';
    *len = (apr_size_t)(out - start);
    return start;
}

/* ---- values -------------------------------------------------------------- */

static const amzx_val_t *take_value(reader_t *r);

static const amzx_val_t *take_number(reader_t *r)
{
    const char *start = r->s;
    amzx_dec_t d;
    apr_status_t rv;

    while ((*r->s >= '0' && *r->s <= '9') || *r->s == '.' || *r->s == '-'
           || *r->s == '+' || *r->s == 'e' || *r->s == 'E') {
        r->s++;
    }
    rv = amzx_dec_parse(&d, start, (apr_size_t)(r->s - start));
    if (rv != APR_SUCCESS) {
        return stop(r, start, 0,
                    rv == APR_ERANGE ? "a number of more than 38 digits"
                                     : "invalid syntax");
    }
    return amzx_val_num(d, r->pool);
}

static const amzx_val_t *take_word(reader_t *r, const char *word,
                                   const amzx_val_t *val)
{
    apr_size_t len = strlen(word);

    if (strncmp(r->s, word, len) != 0) {
        return no_syntax(r, r->s);
    }
    r->s += len;
    return val;
}

static amzx_member_t *push(reader_t *r)
{
    amzx_member_t *more;

    if (r->used == r->room) {
        more = realloc(r->open == r->small ? NULL : r->open,
                       2 * r->room * sizeof(*more));
        if (more == NULL) {
            stop(r, r->s, 1, "no memory");
            return NULL;
        }
        if (r->open == r->small) {
            memcpy(more, r->small, sizeof(r->small));
        }
        r->open = more;
        r->room *= 2;
    }
    return &r->open[r->used++];
}

static int by_hash(const void *left, const void *right)
{
    const amzx_member_t *a = left;
    const amzx_member_t *b = right;
    apr_size_t len = a->len < b->len ? a->len : b->len;
    int order = (a->hash > b->hash) - (a->hash < b->hash);

    order = order != 0 ? order : memcmp(a->name, b->name, len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int is_same_name(const amzx_member_t *a, const amzx_member_t *b)
{
    return a->hash == b->hash && a->len == b->len
           && memcmp(a->name, b->name, a->len) == 0;
}

/* Is a name twice among them? Many are sorted in a copy first. */
static int has_twins(const amzx_member_t *m, apr_size_t count)
{
    amzx_member_t *sorted;
    apr_size_t i;
    apr_size_t k;
    int found = 0;

    if (count > SORT_FROM) {
        sorted = malloc(count * sizeof(*sorted));
        if (sorted != NULL) {
            memcpy(sorted, m, count * sizeof(*sorted));
            qsort(sorted, count, sizeof(*sorted), by_hash);
            for (i = 1; i < count && !found; i++) {
                found = is_same_name(&sorted[i - 1], &sorted[i]);
            }
            free(sorted);
            return found;
        }
    }
    for (i = 1; i < count; i++) {
        for (k = 0; k < i; k++) {
            if (is_same_name(&m[i], &m[k])) {
                return 1;
            }
        }
    }
    return 0;
}

/* The members from first on become an object. */
static const amzx_val_t *make_object(reader_t *r, apr_size_t first,
                                     const char *at)
{
    apr_size_t count = r->used - first;
    amzx_val_t *obj;

    if (has_twins(r->open + first, count)) {
        return stop(r, at, 0, "a name appears twice in an object");
    }
    obj = amzx_val_obj(count, r->pool);
    if (count > 0) {
        memcpy(obj->u.obj.member, r->open + first,
               count * sizeof(*obj->u.obj.member));
    }
    obj->u.obj.count = count;
    r->used = first;
    return obj;
}

static const amzx_val_t *make_list(reader_t *r, apr_size_t first)
{
    apr_size_t count = r->used - first;
    amzx_val_t *list = amzx_val_list(count, r->pool);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        list->u.list.item[i] = r->open[first + i].val;
    }
    list->u.list.count = count;
    r->used = first;
    return list;
}

/* "name": into m */
static int take_name(reader_t *r, amzx_member_t *m)
{
    apr_size_t len;

    if (*r->s != '"') {
        no_syntax(r, r->s);
        return 0;
    }
    m->name = take_text(r, &len);
    if (m->name == NULL) {
        return 0;
    }
    m->len = (apr_uint32_t)len;
    m->hash = amzx_val_hash(m->name, len);
    skip_blanks(r);
    if (*r->s != ':') {
        no_syntax(r, r->s);
        return 0;
    }
    r->s++;
    return 1;
}

/* What stands between the brackets; r->s is at the opening one. 0: stopped */
static int take_members(reader_t *r, char close)
{
    amzx_member_t next = {NULL, NULL, 0, 0};
    amzx_member_t *m;

    r->s++;
    skip_blanks(r);
    if (*r->s == close) {
        r->s++;
        return 1;
    }
    for (;;) {
        skip_blanks(r);
        if (close == '}' && !take_name(r, &next)) {
            return 0;
        }
        next.val = take_value(r);
        m = next.val != NULL ? push(r) : NULL;
        if (m == NULL) {
            return 0;
        }
        *m = next;
        skip_blanks(r);
        if (*r->s == close) {
            r->s++;
            return 1;
        }
        if (*r->s != ',') {
            no_syntax(r, r->s);
            return 0;
        }
        r->s++;
    }
}

static const amzx_val_t *take_nested(reader_t *r, char close)
{
    apr_size_t first = r->used;
    const char *at = r->s;

    if (++r->depth > r->max_depth) {
        return stop(r, at, 1, "nested too deep");
    }
    if (!take_members(r, close)) {
        return NULL;
    }
    r->depth--;
    return close == '}' ? make_object(r, first, at) : make_list(r, first);
}

/* The value at r->s, behind blanks; NULL when there is none. */
static const amzx_val_t *take_value(reader_t *r)
{
    apr_size_t len;
    char *text;

    skip_blanks(r);
    if (++r->nodes > r->max_nodes) {
        return stop(r, r->s, 1, "too many values");
    }
    switch (*r->s) {
    case '"':
        text = take_text(r, &len);
        return text == NULL ? NULL
               : len == 0   ? &amzx_val_empty_str
                            : amzx_val_str_ref(text, len, r->pool);
    case '{':
        return take_nested(r, '}');
    case '[':
        return take_nested(r, ']');
    case 't':
        return take_word(r, "true", &amzx_val_true);
    case 'f':
        return take_word(r, "false", &amzx_val_false);
    case 'n':
        return take_word(r, "null", &amzx_val_null);
    default:
        break;
    }
    return (*r->s >= '0' && *r->s <= '9') || *r->s == '-'
               ? take_number(r)
               : no_syntax(r, r->s);
}

/* The whole document. */
static const amzx_val_t *take_all(reader_t *r)
{
    apr_size_t len = (apr_size_t)(r->end - r->base);
    const amzx_val_t *v;

    if (!amzx_utf8_is_valid(r->base, len)) {
        return stop(r, r->base, 0, "invalid UTF-8");
    }
    v = take_value(r);
    skip_blanks(r);
    if (v != NULL && r->s != r->end) {
        return stop(r, r->s, 0, "text behind the end");
    }
    return v;
}

apr_status_t amzx_json_parse(const amzx_val_t **out, const char *bytes,
                             apr_size_t len, const amzx_json_limits_t *limits,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    static const amzx_json_limits_t defaults = {0, 0, 0};
    apr_size_t max;
    reader_t r;

    *out = NULL;
    limits = limits != NULL ? limits : &defaults;
    max = limits->max_bytes > 0 ? limits->max_bytes : DEFAULT_BYTES;
    if (len > max) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "limit.size",
                              "JSON: %" APR_SIZE_T_FMT " bytes, at most %"
                              APR_SIZE_T_FMT " are allowed", len, max);
    }
    r.base = r.s = apr_pstrmemdup(p, bytes, len);
    r.end = r.base + len;
    r.depth = 0;
    r.max_depth = limits->max_depth > 0 ? limits->max_depth : DEFAULT_DEPTH;
    r.nodes = 0;
    r.max_nodes = limits->max_nodes > 0 ? limits->max_nodes : DEFAULT_NODES;
    r.open = r.small;
    r.used = 0;
    r.room = SMALL;
    r.pool = p;
    r.wrong = NULL;
    r.at = r.base;
    r.is_limit = 0;
    *out = take_all(&r);
    if (r.open != r.small) {
        free(r.open);
    }
    return *out != NULL ? APR_SUCCESS : refuse(fault, &r, bytes);
}
