/* SPDX-License-Identifier: Apache-2.0 */
/* GET of a resource: one by id, or the list with filters, order and pages. */
#include "sandbox_xero.h"

#include <stdlib.h>
#include <string.h>

#include <apr_date.h>

/** What a list request asks for. */
typedef struct {
    sbx_where_t where;
    apr_int64_t since;
    int is_paged;
    apr_int64_t page;
    apr_int64_t page_size;
    int is_summary;
} ask_t;

typedef struct {
    const amzx_val_t *doc;
    const char *key;
    apr_size_t place;
    int is_down;
} sorted_t;

static apr_int64_t int_arg(const sbx_xcall_t *c, const char *name,
                           apr_int64_t fallback)
{
    const char *text = sbx_arg(c->req, name);
    apr_int64_t n = fallback;

    if (text && amzx_int_parse(&n, text) != APR_SUCCESS) {
        n = fallback;
    }
    return n;
}

static apr_int64_t since_of(const sbx_xcall_t *c)
{
    const char *text = sbx_req_header(c->req, "If-Modified-Since");
    apr_time_t t = 0;

    if (text && amzx_time_parse(&t, text) != APR_SUCCESS) {
        t = apr_date_parse_http(text);
    }
    return t;
}

/* @return 0 when the reply is filled with a refusal */
static int ask_read(ask_t *ask, sbx_xcall_t *c, const sbx_list_t *l)
{
    const char *where = sbx_arg(c->req, "where");
    const char *why = NULL;

    memset(ask, 0, sizeof(*ask));
    ask->since = since_of(c);
    ask->is_summary = sbx_same(sbx_arg(c->req, "summaryOnly"), "true");
    ask->page = int_arg(c, "page", 1);
    ask->page_size = int_arg(c, "pageSize", 100);
    ask->page = ask->page < 1 ? 1 : ask->page;
    ask->page_size = ask->page_size < 1      ? 1
                     : ask->page_size > 1000 ? 1000
                                             : ask->page_size;
    ask->is_paged = l->is_paged && (sbx_arg(c->req, "page") ||
                                    sbx_arg(c->req, "pageSize") ||
                                    ask->is_summary);
    if (where && *where &&
        sbx_where_parse(&ask->where, &why, where, c->p) != APR_SUCCESS) {
        sbx_violation(c->req, "xero", "xero.where", where);
        sbx_xero_error(c, 400, 16, "QueryParseException", why);
        return 0;
    }
    return 1;
}

static void rows_push(apr_array_header_t *docs, sbx_xcall_t *c,
                      const apr_array_header_t *rows)
{
    int i;

    for (i = 0; i < rows->nelts; i++) {
        APR_ARRAY_PUSH(docs, const amzx_val_t *) =
            sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0], c->p);
    }
}

/* A comma separated list of keys, each looked up by its index. */
static void docs_by_keys(apr_array_header_t *docs, sbx_xcall_t *c,
                         const sbx_list_t *l, sbx_sql_e sql,
                         const char *keys)
{
    char **key = amzx_split(keys, ",", c->p);
    apr_array_header_t *rows;

    for (; *key; key++) {
        if (sql == SBX_SQL_DOC_GET) {
            sbx_db_all(&rows, c->req->db, sql, c->p, "sss", c->tenant,
                       l->kind, *key);
        }
        else {
            sbx_db_all(&rows, c->req->db, sql, c->p, "sssi", c->tenant,
                       l->kind, sbx_lower(*key, c->p), (apr_int64_t)0);
        }
        rows_push(docs, c, rows);
    }
}

static apr_array_header_t *candidates(sbx_xcall_t *c, const sbx_list_t *l,
                                      const ask_t *ask)
{
    const char *const field[3] = {l->k1, l->k2, l->k3};
    const char *numbers = sbx_arg(c->req, "InvoiceNumbers");
    const char *ids = sbx_arg(c->req, "IDs");
    apr_array_header_t *docs = apr_array_make(c->p, 16, sizeof(void *));
    apr_array_header_t *rows;
    const char *key = NULL;
    int i;

    if (ids && *ids) {
        docs_by_keys(docs, c, l, SBX_SQL_DOC_GET, ids);
        return docs;
    }
    if (numbers && *numbers && !strcmp(l->kind, "invoice")) {
        docs_by_keys(docs, c, l, SBX_SQL_DOC_BY_K1, numbers);
        return docs;
    }
    for (i = 0; i < 3 && !key; i++) {
        key = field[i] ? sbx_where_text(&ask->where, field[i]) : NULL;
    }
    if (key) {
        sbx_db_all(&rows, c->req->db,
                   i == 1   ? SBX_SQL_DOC_BY_K1
                   : i == 2 ? SBX_SQL_DOC_BY_K2
                            : SBX_SQL_DOC_BY_K3,
                   c->p, "sssi", c->tenant, l->kind, sbx_lower(key, c->p),
                   ask->since);
    }
    else {
        sbx_db_all(&rows, c->req->db, SBX_SQL_DOC_ALL, c->p, "ssi",
                   c->tenant, l->kind, ask->since);
    }
    rows_push(docs, c, rows);
    return docs;
}

static int contains(const amzx_val_t *doc, const char *field,
                    const char *lower, apr_pool_t *p)
{
    return strstr(sbx_lower(sbx_text(doc, field), p), lower) != NULL;
}

static int search_finds(const amzx_val_t *doc, const char *term,
                        const sbx_list_t *l, apr_pool_t *p)
{
    static const char *const invoice[] = {"InvoiceNumber", "Reference", NULL};
    static const char *const contact[] = {"Name",          "FirstName",
                                          "LastName",      "ContactNumber",
                                          "CompanyNumber", "EmailAddress",
                                          NULL};
    const char *const *field = !strcmp(l->kind, "invoice") ? invoice : contact;
    const char *lower = sbx_lower(term, p);

    for (; *field; field++) {
        if (contains(doc, *field, lower, p)) {
            return 1;
        }
    }
    return 0;
}

static int passes(const sbx_xcall_t *c, const sbx_list_t *l,
                  const ask_t *ask, const amzx_val_t *doc)
{
    const char *statuses = sbx_arg(c->req, "Statuses");
    const char *contacts = sbx_arg(c->req, "ContactIDs");
    const char *term = sbx_arg(c->req, "searchTerm");
    int is_contact = !strcmp(l->kind, "contact");

    if (!sbx_where_holds(&ask->where, doc)) {
        return 0;
    }
    if (is_contact && !strcmp(sbx_text(doc, "ContactStatus"), "ARCHIVED") &&
        !sbx_same(sbx_arg(c->req, "includeArchived"), "true")) {
        return 0;
    }
    if (statuses && *statuses && !sbx_in_list(statuses,
                                              sbx_text(doc, "Status"))) {
        return 0;
    }
    if (contacts && *contacts &&
        !sbx_in_list(contacts, amzx_val_text(amzx_val_path(
                                                 doc, "Contact.ContactID"),
                                             ""))) {
        return 0;
    }
    return !term || !*term || search_finds(doc, term, l, c->p);
}

/* Sort keys are texts: dates and amounts get a fixed width. */
static const char *sort_key(const amzx_val_t *doc, const char *field,
                            apr_pool_t *p)
{
    const amzx_val_t *v = amzx_val_path(doc, field);
    const char *text = amzx_val_text(v, "");
    apr_int64_t millis;
    amzx_dec_t d;

    if (sbx_date_millis(&millis, text) == APR_SUCCESS) {
        return apr_psprintf(p, "%020" APR_INT64_T_FMT, millis);
    }
    if (amzx_val_type(v) == AMZX_NUM && amzx_val_dec(&d, v) == APR_SUCCESS &&
        amzx_dec_round(&d, d, 4, AMZX_ROUND_DOWN) == APR_SUCCESS) {
        return apr_psprintf(p, "%024" APR_INT64_T_FMT, (apr_int64_t)d.coef);
    }
    return sbx_lower(text, p);
}

static int compare(const void *a, const void *b)
{
    const sorted_t *x = a;
    const sorted_t *y = b;
    int order = strcmp(x->key, y->key);

    order = x->is_down ? -order : order;
    return order ? order : x->place < y->place ? -1 : 1;
}

/* order=Field [ASC|DESC]; @return 0 when the reply is filled */
static int docs_sort(apr_array_header_t *docs, sbx_xcall_t *c)
{
    const char *order = sbx_arg(c->req, "order");
    char **word = order ? amzx_split(order, " ", c->p) : NULL;
    sorted_t *list;
    int is_down;
    int i;

    if (!word || !word[0]) {
        return 1;
    }
    is_down = word[1] && sbx_same(word[1], "DESC");
    if (word[1] && !is_down && !sbx_same(word[1], "ASC")) {
        sbx_xero_error(c, 400, 16, "QueryParseException",
                       "order: a field and ASC or DESC are expected");
        return 0;
    }
    list = apr_palloc(c->p, sizeof(*list) * (apr_size_t)(docs->nelts + 1));
    for (i = 0; i < docs->nelts; i++) {
        list[i].doc = APR_ARRAY_IDX(docs, i, const amzx_val_t *);
        list[i].key = sort_key(list[i].doc, word[0], c->p);
        list[i].place = (apr_size_t)i;
        list[i].is_down = is_down;
    }
    qsort(list, (size_t)docs->nelts, sizeof(*list), compare);
    for (i = 0; i < docs->nelts; i++) {
        APR_ARRAY_IDX(docs, i, const amzx_val_t *) = list[i].doc;
    }
    return 1;
}

/* An unpaged list has no line items; a summary has less still. */
static const amzx_val_t *shown(const sbx_xcall_t *c, const sbx_list_t *l,
                               const ask_t *ask, const amzx_val_t *doc)
{
    amzx_val_t *out;
    apr_size_t i;
    const char *name;

    if (strcmp(l->kind, "invoice") || (ask->is_paged && !ask->is_summary)) {
        return doc;
    }
    out = amzx_val_obj(amzx_val_count(doc), c->p);
    for (i = 0; i < doc->u.obj.count; i++) {
        name = doc->u.obj.member[i].name;
        if (!strcmp(name, "LineItems") ||
            (ask->is_summary && (!strcmp(name, "Payments") ||
                                 !strcmp(name, "HasAttachments")))) {
            continue;
        }
        amzx_val_put_ref(out, name, doc->u.obj.member[i].val, c->p);
    }
    return out;
}

static const amzx_val_t *pagination(const sbx_xcall_t *c, const ask_t *ask,
                                    apr_int64_t total)
{
    amzx_val_t *v = amzx_val_obj(4, c->p);

    sbx_put_int(v, "page", ask->page, c->p);
    sbx_put_int(v, "pageSize", ask->page_size, c->p);
    sbx_put_int(v, "pageCount",
                (total + ask->page_size - 1) / ask->page_size, c->p);
    sbx_put_int(v, "itemCount", total, c->p);
    return v;
}

static void list_get(sbx_xcall_t *c, const sbx_list_t *l)
{
    amzx_val_t *out = amzx_val_list(16, c->p);
    apr_array_header_t *docs;
    apr_array_header_t *kept;
    const amzx_val_t *doc;
    apr_int64_t from = 0;
    ask_t ask;
    int i;

    if (!ask_read(&ask, c, l)) {
        return;
    }
    docs = candidates(c, l, &ask);
    kept = apr_array_make(c->p, docs->nelts + 1, sizeof(void *));
    for (i = 0; i < docs->nelts; i++) {
        doc = APR_ARRAY_IDX(docs, i, const amzx_val_t *);
        if (passes(c, l, &ask, doc)) {
            APR_ARRAY_PUSH(kept, const amzx_val_t *) = doc;
        }
    }
    if (!docs_sort(kept, c)) {
        return;
    }
    from = ask.is_paged ? (ask.page - 1) * ask.page_size : 0;
    for (i = 0; i < kept->nelts; i++) {
        if (i >= from && (!ask.is_paged || i < from + ask.page_size)) {
            amzx_val_push(out,
                          shown(c, l, &ask,
                                APR_ARRAY_IDX(kept, i, const amzx_val_t *)),
                          c->p);
        }
    }
    sbx_xero_ok(c, l->name, out,
                ask.is_paged ? pagination(c, &ask, kept->nelts) : NULL);
}

void sbx_xero_get(sbx_xcall_t *c, const sbx_list_t *l)
{
    const sbx_row_t *row;

    if (!*c->id) {
        list_get(c, l);
        return;
    }
    row = sbx_is_uuid(c->id)
              ? sbx_db_one(c->req->db, SBX_SQL_DOC_GET, c->p, "sss",
                           c->tenant, l->kind, c->id)
              : NULL;
    if (!row && l->by != SBX_SQL_COUNT) {
        row = sbx_db_one(c->req->db, l->by, c->p, "sssi", c->tenant, l->kind,
                         sbx_lower(c->id, c->p), (apr_int64_t)0);
    }
    if (row) {
        sbx_xero_ok_text(c, l->name, row->col[0]);
    }
    else {
        sbx_xero_404(c);
    }
}
