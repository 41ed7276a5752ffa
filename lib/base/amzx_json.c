/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bytes to values: a scan for limits and digits, then jansson, then a
 * copy into the pool. The only file that includes jansson. */
#include "amzx_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "amzx_str.h"

#define DEFAULT_BYTES ((apr_size_t)8 * 1024 * 1024)
#define DEFAULT_DEPTH 64
#define DEFAULT_NODES ((apr_size_t)500000)

/* 15 significant digits survive the way through a double. */
#define SAFE_COEF 1000000000000000LL

/* The scan that runs before jansson sees a byte. */
typedef struct {
    const char *bytes;
    const char *end;
    int depth;
    int max_depth;
    apr_size_t nodes;
    apr_size_t max_nodes;
    const char *wrong; /* the reason, or NULL */
    const char *at;    /* the place of the reason */
    int is_limit;      /* a limit, not a fault of the text */
} scan_t;

static apr_status_t refuse_at(amzx_fault_t *fault, const char *code,
                              const char *why, int line, int column)
{
    apr_status_t rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                     code, "JSON: %s", why);

    amzx_fault_at(fault, "json:%d:%d", line, column);
    return rv;
}

static apr_status_t refuse_scan(amzx_fault_t *fault, const scan_t *scan)
{
    const char *s;
    const char *line_start = scan->bytes;
    int line = 1;

    for (s = scan->bytes; s < scan->at; s++) {
        if (*s == '\n') {
            line++;
            line_start = s + 1;
        }
    }
    return refuse_at(fault, scan->is_limit ? "limit.size" : "data.bad_json",
                     scan->wrong, line, (int)(scan->at - line_start) + 1);
}

static const char *stop(scan_t *scan, const char *at, int is_limit,
                        const char *why)
{
    scan->at = at;
    scan->is_limit = is_limit;
    scan->wrong = why;
    return scan->end;
}

static int is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+'
           || c == 'e' || c == 'E';
}

/* A number literal at s: can we keep it exactly? Its grammar is jansson's
 * concern. @return behind it */
static const char *scan_number(scan_t *scan, const char *s)
{
    const char *start = s;
    int is_real = 0;
    apr_status_t rv;
    amzx_dec_t d;

    for (; s < scan->end && is_number_byte(*s); s++) {
        is_real |= *s == '.' || *s == 'e' || *s == 'E';
    }
    if (!is_real && s - start < 19) {
        return s;
    }
    rv = amzx_dec_parse(&d, start, (apr_size_t)(s - start));
    if (rv == APR_EINVAL) {
        return s;
    }
    if (!is_real) {
        if (rv != APR_SUCCESS || d.coef > INT64_MAX || d.coef < INT64_MIN) {
            return stop(scan, start, 0, "an integer of more than 64 bits");
        }
        return s;
    }
    while (d.coef != 0 && d.coef % 10 == 0) {
        d.coef /= 10;
    }
    if (rv != APR_SUCCESS) {
        return stop(scan, start, 0, "a number out of range");
    }
    if (d.coef >= SAFE_COEF || d.coef <= -SAFE_COEF) {
        return stop(scan, start, 0,
                    "a number with more than 15 significant digits");
    }
    return s;
}

/* Behind the string that begins at s. */
static const char *scan_string(const scan_t *scan, const char *s)
{
    for (s++; s < scan->end && *s != '"'; s++) {
        if (*s == '\\') {
            s++;
        }
    }
    return s < scan->end ? s + 1 : scan->end;
}

static void scan_all(scan_t *scan)
{
    const char *s = scan->bytes;

    scan->nodes = 1;
    while (s < scan->end) {
        char c = *s;

        if (c == '"') {
            s = scan_string(scan, s);
            continue;
        }
        if ((c >= '0' && c <= '9') || c == '-') {
            s = scan_number(scan, s);
            continue;
        }
        if (c == '{' || c == '[') {
            scan->nodes++;
            if (++scan->depth > scan->max_depth) {
                stop(scan, s, 1, "nested too deep");
                return;
            }
        }
        else if (c == '}' || c == ']') {
            scan->depth--;
        }
        else if (c == ',' && ++scan->nodes > scan->max_nodes) {
            stop(scan, s, 1, "too many values");
            return;
        }
        s++;
    }
}

/* jansson's own texts quote the document, which may hold a buyer's data. */
static const char *reason_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "text behind the end";
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character";
    case json_error_duplicate_key:
        return "a name appears twice in an object";
    case json_error_numeric_overflow:
        return "a number out of range";
    case json_error_stack_overflow:
        return "nested too deep";
    case json_error_out_of_memory:
        return "no memory";
    default:
        return "invalid syntax";
    }
}

/* The shortest decimal of at most 15 digits that reads back as d. A quotient
 * of two integers below 2^53 (here 10^15 and 10^9) is rounded once, as the
 * literal was, so equal means: this is the literal's value. */
static apr_status_t dec_of_double(amzx_dec_t *out, double d)
{
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4,
                                  1e5, 1e6, 1e7, 1e8, 1e9};
    char text[40];
    char *s;
    int i;

    for (i = 0; i < (int)(sizeof(tens) / sizeof(tens[0])); i++) {
        double n = d * tens[i];
        apr_int64_t whole;

        if (!(n < 1e15 && n > -1e15)) {
            break;
        }
        whole = (apr_int64_t)(n < 0 ? n - 0.5 : n + 0.5);
        n = (double)whole / tens[i];
        if (n >= d && n <= d) {
            *out = amzx_dec_scaled(whole, i);
            return APR_SUCCESS;
        }
    }
    snprintf(text, sizeof(text), "%.15g", d);
    if (strtod(text, NULL) < d || strtod(text, NULL) > d) {
        return APR_ERANGE;
    }
    /* The host may have set a locale with another decimal point. */
    for (s = text; *s != '\0'; s++) {
        if (!is_number_byte(*s)) {
            *s = '.';
        }
    }
    if (amzx_dec_parse(out, text, strlen(text)) != APR_SUCCESS) {
        return APR_ERANGE;
    }
    *out = amzx_dec_trim(*out);
    return APR_SUCCESS;
}

static const amzx_val_t *convert(apr_status_t *rv, json_t *j, apr_pool_t *p);

static const amzx_val_t *convert_object(apr_status_t *rv, json_t *j,
                                        apr_pool_t *p)
{
    amzx_val_t *obj = amzx_val_obj(json_object_size(j), p);
    const char *name;
    json_t *value;

    /* jansson refused duplicates: no need to look each name up. */
    json_object_foreach(j, name, value) {
        amzx_member_t *m = &obj->u.obj.member[obj->u.obj.count++];
        apr_size_t len = strlen(name);

        m->name = apr_pstrmemdup(p, name, len);
        m->len = (apr_uint32_t)len;
        m->hash = amzx_val_hash(name, len);
        m->val = convert(rv, value, p);
    }
    return obj;
}

/* On a number that cannot be kept *rv says so; the result is then garbage. */
static const amzx_val_t *convert(apr_status_t *rv, json_t *j, apr_pool_t *p)
{
    amzx_val_t *list;
    amzx_dec_t d;
    size_t i;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return convert_object(rv, j, p);
    case JSON_ARRAY:
        list = amzx_val_list(json_array_size(j), p);
        for (i = 0; i < json_array_size(j); i++) {
            amzx_val_push(list, convert(rv, json_array_get(j, i), p), p);
        }
        return list;
    case JSON_STRING:
        return amzx_val_strn(json_string_value(j), json_string_length(j), p);
    case JSON_INTEGER:
        return amzx_val_int(json_integer_value(j), p);
    case JSON_REAL:
        if (dec_of_double(&d, json_real_value(j)) != APR_SUCCESS) {
            *rv = APR_ERANGE;
            return &amzx_val_null;
        }
        return amzx_val_num(d, p);
    case JSON_TRUE:
        return &amzx_val_true;
    case JSON_FALSE:
        return &amzx_val_false;
    case JSON_NULL:
        break;
    }
    return &amzx_val_null;
}

apr_status_t amzx_json_parse(const amzx_val_t **out, const char *bytes,
                             apr_size_t len, const amzx_json_limits_t *limits,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    static const amzx_json_limits_t defaults = {0, 0, 0};
    apr_status_t rv = APR_SUCCESS;
    json_error_t error;
    apr_size_t max;
    scan_t scan;
    json_t *j;

    *out = NULL;
    limits = limits != NULL ? limits : &defaults;
    max = limits->max_bytes > 0 ? limits->max_bytes : DEFAULT_BYTES;
    if (len > max) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "limit.size",
                              "JSON: %" APR_SIZE_T_FMT " bytes, at most %"
                              APR_SIZE_T_FMT " are allowed", len, max);
    }
    memset(&scan, 0, sizeof(scan));
    scan.bytes = bytes;
    scan.end = bytes + len;
    scan.max_depth = limits->max_depth > 0 ? limits->max_depth
                                           : DEFAULT_DEPTH;
    scan.max_nodes = limits->max_nodes > 0 ? limits->max_nodes
                                           : DEFAULT_NODES;
    scan_all(&scan);
    if (scan.wrong != NULL) {
        return refuse_scan(fault, &scan);
    }
    j = json_loadb(bytes, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
                   &error);
    if (j == NULL) {
        return refuse_at(fault, "data.bad_json", reason_of(&error),
                         error.line, error.column);
    }
    *out = convert(&rv, j, p);
    json_decref(j);
    if (rv != APR_SUCCESS) {
        *out = NULL;
        return refuse_at(fault, "data.bad_json", "a number out of range", 1,
                         1);
    }
    return APR_SUCCESS;
}
