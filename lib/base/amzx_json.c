/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bytes to values: a scan for limits and for the exact numbers, which
 * jansson would round to doubles; then jansson, which decides what is JSON;
 * then a copy into the pool. The only file that includes jansson. */
#include "amzx_json.h"

#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "amzx_str.h"

#define DEFAULT_BYTES ((apr_size_t)8 * 1024 * 1024)
#define DEFAULT_DEPTH 64
#define DEFAULT_NODES ((apr_size_t)500000)

/* The scan that runs before jansson sees a byte. */
typedef struct {
    const char *bytes;
    const char *end;
    int depth;
    int max_depth;
    apr_size_t nodes;
    apr_size_t max_nodes;
    amzx_dec_t *number; /* the value of each literal, in order */
    apr_size_t numbers;
    apr_size_t room;
    int has_long_integer; /* of more than 64 bits */
    apr_pool_t *pool;
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

/* A number literal at s: remember its exact value. A literal that is none is
 * jansson's to refuse. @return behind it */
static const char *scan_number(scan_t *scan, const char *s)
{
    const char *start = s;
    int is_real = 0;
    apr_status_t rv;
    amzx_dec_t d;

    for (; s < scan->end && is_number_byte(*s); s++) {
        is_real |= *s == '.' || *s == 'e' || *s == 'E';
    }
    rv = amzx_dec_parse(&d, start, (apr_size_t)(s - start));
    if (rv == APR_ERANGE) {
        return stop(scan, start, 0, "a number of more than 38 digits");
    }
    if (!is_real && (d.coef > INT64_MAX || d.coef < INT64_MIN)) {
        scan->has_long_integer = 1;
    }
    if (scan->numbers == scan->room) {
        apr_size_t room = scan->room > 0 ? 2 * scan->room : 32;
        amzx_dec_t *more = apr_palloc(scan->pool, room * sizeof(*more));

        if (scan->numbers > 0) {
            memcpy(more, scan->number, scan->numbers * sizeof(*more));
        }
        scan->number = more;
        scan->room = room;
    }
    scan->number[scan->numbers++] = d;
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

/* The literals of the document, in its order, while jansson's tree is walked
 * in the same order. */
typedef struct {
    const amzx_dec_t *next;
    apr_size_t left;
    int is_lost; /* the orders differ: never expected, never believed */
    apr_pool_t *pool;
} walk_t;

/* Is d what jansson read as this double, but for its rounding? */
static int is_near(amzx_dec_t d, double real)
{
    double n = (double)d.coef;
    double gap;
    int i;

    for (i = 0; i < d.scale; i++) {
        n /= 10;
    }
    gap = n > real ? n - real : real - n;
    real = real < 0 ? -real : real;
    return gap <= real * 1e-12;
}

/* The value of the number that jansson has here. */
static const amzx_val_t *take_number(walk_t *walk, json_t *j)
{
    amzx_dec_t d;
    int is_same;

    if (walk->left == 0) {
        walk->is_lost = 1;
        return &amzx_val_null;
    }
    d = *walk->next++;
    walk->left--;
    is_same = json_is_integer(j)
                  ? d.scale == 0 && d.coef == json_integer_value(j)
                  : is_near(d, json_real_value(j));
    if (!is_same) {
        walk->is_lost = 1;
        return &amzx_val_null;
    }
    return amzx_val_num(d, walk->pool);
}

static const amzx_val_t *convert(walk_t *walk, json_t *j);

static const amzx_val_t *convert_object(walk_t *walk, json_t *j)
{
    apr_pool_t *p = walk->pool;
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
        m->val = convert(walk, value);
    }
    return obj;
}

static const amzx_val_t *convert(walk_t *walk, json_t *j)
{
    apr_pool_t *p = walk->pool;
    amzx_val_t *list;
    size_t i;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return convert_object(walk, j);
    case JSON_ARRAY:
        list = amzx_val_list(json_array_size(j), p);
        for (i = 0; i < json_array_size(j); i++) {
            amzx_val_push(list, convert(walk, json_array_get(j, i)), p);
        }
        return list;
    case JSON_STRING:
        return amzx_val_strn(json_string_value(j), json_string_length(j), p);
    case JSON_INTEGER:
    case JSON_REAL:
        return take_number(walk, j);
    case JSON_TRUE:
        return &amzx_val_true;
    case JSON_FALSE:
        return &amzx_val_false;
    case JSON_NULL:
        break;
    }
    return &amzx_val_null;
}

/* Parse what the scan let through. */
static apr_status_t load(const amzx_val_t **out, const scan_t *scan,
                         amzx_fault_t *fault, apr_pool_t *p)
{
    size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES;
    json_error_t error;
    walk_t walk;
    json_t *j;

    if (scan->has_long_integer) {
        flags |= JSON_DECODE_INT_AS_REAL; /* else jansson refuses them */
    }
    j = json_loadb(scan->bytes, (size_t)(scan->end - scan->bytes), flags,
                   &error);
    if (j == NULL) {
        return refuse_at(fault, "data.bad_json", reason_of(&error),
                         error.line, error.column);
    }
    walk.next = scan->number;
    walk.left = scan->numbers;
    walk.is_lost = 0;
    walk.pool = p;
    *out = convert(&walk, j);
    json_decref(j);
    if (walk.is_lost || walk.left != 0) {
        *out = NULL;
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL, "bug",
                              "JSON: the numbers of a document came in "
                              "another order than its text");
    }
    return APR_SUCCESS;
}

apr_status_t amzx_json_parse(const amzx_val_t **out, const char *bytes,
                             apr_size_t len, const amzx_json_limits_t *limits,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    static const amzx_json_limits_t defaults = {0, 0, 0};
    apr_size_t max;
    scan_t scan;

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
    scan.pool = p;
    scan.max_depth = limits->max_depth > 0 ? limits->max_depth
                                           : DEFAULT_DEPTH;
    scan.max_nodes = limits->max_nodes > 0 ? limits->max_nodes
                                           : DEFAULT_NODES;
    scan_all(&scan);
    if (scan.wrong != NULL) {
        return refuse_scan(fault, &scan);
    }
    return load(out, &scan, fault, p);
}
