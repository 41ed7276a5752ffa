/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of the state file and fields of requests. */
#include "sandbox_xero.h"

#include <string.h>

#include <apr_lib.h>

const amzx_val_t *sbx_doc(sbx_xcall_t *c, const char *kind, const char *id)
{
    const sbx_row_t *row = sbx_db_one(c->req->db, SBX_SQL_DOC_GET, c->p,
                                      "sss", c->tenant, kind,
                                      sbx_lower(id, c->p));

    return row ? sbx_load(row->col[0], c->p) : NULL;
}

const amzx_val_t *sbx_doc_by(sbx_xcall_t *c, const char *kind, sbx_sql_e sql,
                             const char *key)
{
    const sbx_row_t *row =
        sbx_db_one(c->req->db, sql, c->p, "sssi", c->tenant, kind,
                   sbx_lower(key, c->p), (apr_int64_t)0);

    return row ? sbx_load(row->col[0], c->p) : NULL;
}

const amzx_val_t *sbx_doc_cached(sbx_xcall_t *c, const char *kind,
                                 const char *key)
{
    const char *name = apr_pstrcat(c->p, kind, "/", key, NULL);
    const amzx_val_t *doc = apr_hash_get(c->seen, name, APR_HASH_KEY_STRING);

    if (!doc) {
        doc = sbx_is_uuid(key) ? sbx_doc(c, kind, key) : NULL;
        doc = doc ? doc : sbx_doc_by(c, kind, SBX_SQL_DOC_BY_K1, key);
        doc = doc ? doc : &amzx_val_null;
        apr_hash_set(c->seen, name, APR_HASH_KEY_STRING, doc);
    }
    return doc == &amzx_val_null ? NULL : doc;
}

static const char *key_text(const char *key, apr_pool_t *p)
{
    return key && *key ? sbx_lower(key, p) : NULL;
}

void sbx_doc_put(sbx_xcall_t *c, const char *kind, const char *id,
                 const char *const key[3], const amzx_val_t *doc)
{
    sbx_db_run(NULL, c->req->db, SBX_SQL_DOC_PUT, "ssssssis", c->tenant,
               kind, id, key_text(key[0], c->p), key_text(key[1], c->p),
               key_text(key[2], c->p), (apr_int64_t)c->req->now,
               amzx_json_write(doc, NULL, c->p));
}

int sbx_has(const amzx_val_t *in, const char *name)
{
    return !amzx_val_is_null(amzx_val_get(in, name));
}

const char *sbx_in_text(sbx_xcall_t *c, const amzx_val_t *in,
                        const char *name)
{
    const amzx_val_t *v = amzx_val_get(in, name);

    if (amzx_val_is_null(v)) {
        return "";
    }
    if (amzx_val_type(v) != AMZX_STR) {
        c->bad_json = apr_pstrcat(c->p, name, " must be text", NULL);
        return "";
    }
    return v->u.str.s;
}

int sbx_in_dec(amzx_dec_t *out, sbx_xcall_t *c, const amzx_val_t *in,
               const char *name)
{
    const amzx_val_t *v = amzx_val_get(in, name);

    *out = amzx_dec_from_int(0);
    if (amzx_val_is_null(v)) {
        return 0;
    }
    if (amzx_val_dec(out, v) != APR_SUCCESS) {
        c->bad_json = apr_pstrcat(c->p, name, " must be a number", NULL);
        return 0;
    }
    return 1;
}

int sbx_in_date(apr_int64_t *days, sbx_xcall_t *c, const amzx_val_t *in,
                const char *name)
{
    const char *text = sbx_in_text(c, in, name);
    apr_int64_t millis;

    *days = 0;
    if (!*text) {
        return 0;
    }
    if (sbx_date_millis(&millis, text) == APR_SUCCESS) {
        *days = (millis - (millis % 86400000 + 86400000) % 86400000) /
                86400000;
        return 1;
    }
    if (strlen(text) >= 10 && (text[10] == '\0' || text[10] == 'T') &&
        amzx_date_parse(days, apr_pstrmemdup(c->p, text, 10)) ==
            APR_SUCCESS) {
        return 1;
    }
    c->bad_json = apr_pstrcat(c->p, name, " must be a date", NULL);
    return 0;
}

void sbx_put_date(amzx_val_t *out, const char *name, apr_int64_t days,
                  apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];

    amzx_date_text(text, days);
    amzx_val_put(out, apr_pstrcat(p, name, "String", NULL),
                 amzx_val_str(apr_pstrcat(p, text, "T00:00:00", NULL), p), p);
    sbx_put(out, name,
            apr_psprintf(p, "/Date(%" APR_INT64_T_FMT "+0000)/",
                         days * 86400000),
            p);
}

void sbx_put_updated(amzx_val_t *out, const sbx_xcall_t *c, int with_text)
{
    char text[AMZX_TIME_TEXT];

    sbx_put(out, "UpdatedDateUTC",
            apr_psprintf(c->p, "/Date(%" APR_INT64_T_FMT "+0000)/",
                         (apr_int64_t)(c->req->now / 1000)),
            c->p);
    if (with_text) {
        amzx_time_text(text, apr_time_sec(c->req->now) * APR_USEC_PER_SEC);
        text[strlen(text) - 1] = '\0'; /* the Z */
        sbx_put(out, "UpdatedDateUTCString",
                apr_pstrcat(c->p, text, "+00:00", NULL), c->p);
    }
}

apr_int64_t sbx_days_of(const amzx_val_t *doc, const char *name)
{
    apr_int64_t millis = 0;

    sbx_date_millis(&millis, sbx_text(doc, name));
    return millis / 86400000;
}

apr_int64_t sbx_today(const sbx_xcall_t *c)
{
    const char *name = sbx_text(c->org, "TimezoneName");
    const amzx_tz_t *tz = NULL;

    if (!*name || amzx_tz_load(&tz, name, c->p) != APR_SUCCESS) {
        return c->req->now / apr_time_from_sec(86400);
    }
    return amzx_tz_day(tz, c->req->now);
}

static const char *long_date(apr_int64_t days, apr_pool_t *p)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    int year;
    int month;
    int day;

    amzx_civil_from_days(&year, &month, &day, days);
    return apr_psprintf(p, "%d %s %d", day, months[month - 1], year);
}

static void check_one_lock(sbx_xcall_t *c, apr_int64_t days,
                           const char *field, const char *name)
{
    apr_int64_t lock;

    if (sbx_has(c->org, field)) {
        lock = sbx_days_of(c->org, field);
        if (days <= lock) {
            sbx_fail(c,
                     "The document date cannot be before the %s lock date, "
                     "currently set at %s",
                     name, long_date(lock, c->p));
        }
    }
}

void sbx_check_lock(sbx_xcall_t *c, apr_int64_t days)
{
    check_one_lock(c, days, "EndOfYearLockDate", "end of year");
    check_one_lock(c, days, "PeriodLockDate", "period");
}

int sbx_is_email(const char *s)
{
    const char *at = strchr(s, '@');
    const char *dot = at ? strrchr(at, '.') : NULL;

    return at && at > s && !strchr(at + 1, '@') && dot && dot > at + 1 &&
           dot[1] && !strpbrk(s, " \t\r\n<>,;") && strlen(s) <= 255;
}
