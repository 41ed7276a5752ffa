/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones: TZif files (RFC 8536) and the rule in their footer. */
#include "amzx_time.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "amzx_str.h"
#include "amzx_tz_rule.h"

#define FILE_MAX ((apr_size_t)512 * 1024)
#define NAME_MAX_LEN 64
#define HEADER_LEN 44
#define TYPE_LEN 6

/* One moment from which an offset holds. */
typedef struct {
    apr_int64_t from; /* UTC seconds */
    int offset;       /* seconds east */
} change_t;

struct amzx_tz_t {
    int first;       /* the offset before any change */
    const change_t *changes;
    apr_size_t count;
    int has_rule;
    amzx_tz_rule_t rule; /* from the last change on */
};

/* The counts of a TZif header, in the order of the file. */
typedef struct {
    apr_size_t isut;
    apr_size_t isstd;
    apr_size_t leap;
    apr_size_t time;
    apr_size_t type;
    apr_size_t chars;
} counts_t;

static const amzx_tz_t utc = {0, NULL, 0, 0, {0, 0, 0, {0, 0, 0, 0, 0},
                                              {0, 0, 0, 0, 0}}};

static apr_uint64_t big_endian(const unsigned char *b, int bytes)
{
    apr_uint64_t n = 0;

    for (; bytes > 0; bytes--) {
        n = n << 8 | *b++;
    }
    return n;
}

static int take_header(counts_t *c, int *version, const unsigned char *b,
                       apr_size_t len)
{
    if (len < HEADER_LEN || memcmp(b, "TZif", 4) != 0) {
        return 0;
    }
    *version = b[4];
    c->isut = (apr_size_t)big_endian(b + 20, 4);
    c->isstd = (apr_size_t)big_endian(b + 24, 4);
    c->leap = (apr_size_t)big_endian(b + 28, 4);
    c->time = (apr_size_t)big_endian(b + 32, 4);
    c->type = (apr_size_t)big_endian(b + 36, 4);
    c->chars = (apr_size_t)big_endian(b + 40, 4);
    return c->type >= 1 && c->type <= 256 && c->isut <= FILE_MAX
           && c->isstd <= FILE_MAX && c->leap <= FILE_MAX
           && c->time <= FILE_MAX && c->chars <= FILE_MAX;
}

/* Bytes of the data block behind a header; times take `wide` bytes. */
static apr_size_t block_len(const counts_t *c, apr_size_t wide)
{
    return c->time * (wide + 1) + c->type * TYPE_LEN + c->chars
           + c->leap * (wide + 4) + c->isstd + c->isut;
}

/* The data block at b, which is complete. */
static int take_block(amzx_tz_t *tz, const unsigned char *b,
                      const counts_t *c, apr_pool_t *p)
{
    const unsigned char *which = b + c->time * 8;
    const unsigned char *types = which + c->time;
    change_t *changes = apr_palloc(p, (c->time + 1) * sizeof(*changes));
    apr_size_t i;

    for (i = 0; i < c->type; i++) {
        apr_int64_t offset =
            (apr_int32_t)big_endian(types + i * TYPE_LEN, 4);

        if (offset < -93599 || offset > 93599) {
            return 0; /* the limits of RFC 8536 section 3.2 */
        }
    }
    for (i = 0; i < c->time; i++) {
        changes[i].from = (apr_int64_t)big_endian(b + i * 8, 8);
        if (which[i] >= c->type
            || (i > 0 && changes[i].from <= changes[i - 1].from)) {
            return 0;
        }
        changes[i].offset =
            (apr_int32_t)big_endian(types + which[i] * TYPE_LEN, 4);
    }
    tz->first = (apr_int32_t)big_endian(types, 4);
    tz->changes = changes;
    tz->count = c->time;
    return 1;
}

/* The rule between two newlines behind the data. */
static int take_footer(amzx_tz_t *tz, const char *s, apr_size_t len,
                       apr_pool_t *p)
{
    const char *end;

    if (len < 2 || s[0] != '\n') {
        return 0;
    }
    end = memchr(s + 1, '\n', len - 1);
    if (end == NULL) {
        return 0;
    }
    if (end == s + 1) {
        return 1; /* no rule: the last offset stays */
    }
    tz->has_rule = 1;
    return amzx_tz_rule_parse(&tz->rule,
                              apr_pstrmemdup(p, s + 1,
                                             (apr_size_t)(end - s) - 1))
           == APR_SUCCESS;
}

apr_status_t amzx_tz_parse(const amzx_tz_t **tz, const void *bytes,
                           apr_size_t len, apr_pool_t *p)
{
    const unsigned char *b = bytes;
    amzx_tz_t *out = apr_pcalloc(p, sizeof(*out));
    apr_size_t skip;
    counts_t c;
    int version;

    *tz = NULL;
    /* Version 1 has times of 32 bits and no rule: not for us. */
    if (len > FILE_MAX || !take_header(&c, &version, b, len)
        || version < '2') {
        return APR_EINVAL;
    }
    skip = HEADER_LEN + block_len(&c, 4);
    if (skip > len) {
        return APR_EINVAL;
    }
    b += skip;
    len -= skip;
    if (!take_header(&c, &version, b, len)) {
        return APR_EINVAL;
    }
    skip = HEADER_LEN + block_len(&c, 8);
    if (skip > len || !take_block(out, b + HEADER_LEN, &c, p)
        || !take_footer(out, (const char *)b + skip, len - skip, p)) {
        return APR_EINVAL;
    }
    *tz = out;
    return APR_SUCCESS;
}

/* "Area/Place" of harmless characters, no part starting with a dot. */
static int is_name(const char *name)
{
    const char *s;

    if (name == NULL || *name == '\0' || strlen(name) > NAME_MAX_LEN) {
        return 0;
    }
    for (s = name; *s != '\0'; s++) {
        int is_start = s == name || s[-1] == '/';

        if (is_start && (*s == '.' || *s == '/')) {
            return 0;
        }
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')
              || (*s >= '0' && *s <= '9') || *s == '_' || *s == '-'
              || *s == '+' || *s == '/' || *s == '.')) {
            return 0;
        }
    }
    return s[-1] != '/';
}

apr_status_t amzx_tz_load(const amzx_tz_t **tz, const char *name,
                          apr_pool_t *p)
{
    const char *dir = getenv("TZDIR");
    apr_size_t len;
    apr_status_t rv;
    char *bytes;

    *tz = NULL;
    if (!is_name(name)) {
        return APR_EINVAL;
    }
    if (strcmp(name, "UTC") == 0) {
        *tz = &utc;
        return APR_SUCCESS;
    }
    if (dir == NULL || *dir == '\0') {
        dir = "/usr/share/zoneinfo";
    }
    rv = amzx_file_read(&bytes, &len, apr_pstrcat(p, dir, "/", name, NULL),
                        FILE_MAX, p);
    if (rv != APR_SUCCESS) {
        return APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)
                   ? APR_ENOENT
                   : APR_EINVAL;
    }
    return amzx_tz_parse(tz, bytes, len, p);
}

static apr_int64_t floor_div(apr_int64_t a, apr_int64_t b)
{
    return a / b - (a % b < 0);
}

int amzx_tz_offset(const amzx_tz_t *tz, apr_time_t t)
{
    apr_int64_t now = floor_div(t, APR_USEC_PER_SEC);
    apr_size_t low = 0;
    apr_size_t high = tz->count;

    /* The number of changes that have happened. */
    while (low < high) {
        apr_size_t mid = low + (high - low) / 2;

        if (tz->changes[mid].from <= now) {
            low = mid + 1;
        }
        else {
            high = mid;
        }
    }
    if (low == tz->count && tz->has_rule) {
        return amzx_tz_rule_offset(&tz->rule, now);
    }
    return low > 0 ? tz->changes[low - 1].offset : tz->first;
}

apr_int64_t amzx_tz_day(const amzx_tz_t *tz, apr_time_t t)
{
    apr_int64_t offset = amzx_tz_offset(tz, t);

    return floor_div(floor_div(t, APR_USEC_PER_SEC) + offset, 86400);
}
