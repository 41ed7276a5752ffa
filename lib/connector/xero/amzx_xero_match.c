/* SPDX-License-Identifier: Apache-2.0 */
/* Which contact is this buyer? Exact and normalised comparison of name,
 * address and e-mail over what Xero's own search finds. The scores are in
 * docs/contact-matching.md; keep both alike. */
#include "amzx_xero.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "amzx_fold.h"

#define CANDIDATES_MAX 10
#define SURE 95 /* hundredths: no more searching above this */

typedef enum { BY_NAME = 1, BY_TERM, BY_PART, BY_EMAIL, BY_END } search_e;

/** Somebody who may be the buyer. */
typedef struct {
    const amzx_val_t *contact;
    amzx_val_t *why;
    int score; /* hundredths */
    int is_archived;
    int has_name; /* the same name, however written */
    int place;
} candidate_t;

typedef struct {
    const char *name;
    const char *folded;
    const char *words;
    const char *email;
    const char *postcode;
    apr_array_header_t *found; /* of candidate_t */
    int best;                  /* the best score of one that is active */
} match_t;

static void why(candidate_t *c, const char *text, apr_pool_t *p)
{
    amzx_val_push(c->why, amzx_val_str(text, p), p);
}

/* 1: one of its addresses has our post code; -1: it has only others; 0: it
 * has none, or we have none. */
static int compare_postcode(const match_t *m, const amzx_val_t *contact,
                            apr_pool_t *p)
{
    const amzx_val_t *list = amzx_val_get(contact, "Addresses");
    int verdict = 0;
    apr_size_t i;

    for (i = 0; *m->postcode && i < amzx_val_count(list); i++) {
        const char *code = amzx_fold_code(amzx_val_text(amzx_val_get(
            amzx_val_at(list, i), "PostalCode"), ""), p);

        if (*code && strcmp(code, m->postcode) == 0) {
            return 1;
        }
        if (*code) {
            verdict = -1;
        }
    }
    return verdict;
}

/* How well the name fits, as hundredths when nothing else is known. */
static int compare_name(candidate_t *c, const match_t *m, apr_pool_t *p)
{
    const char *name = amzx_val_text(amzx_val_get(c->contact, "Name"), "");
    const char *folded = amzx_fold(name, p);

    if (strcmp(name, m->name) == 0) {
        why(c, "name.exact", p);
        c->has_name = 1;
        return 100;
    }
    if (*folded && strcmp(folded, m->folded) == 0) {
        why(c, "name.normalised", p);
        c->has_name = 1;
        return 97;
    }
    if (*folded && strcmp(amzx_fold_words(folded, p), m->words) == 0) {
        why(c, "name.words", p);
        return 92;
    }
    return 0;
}

static void rate(candidate_t *c, const match_t *m, apr_pool_t *p)
{
    const char *email = amzx_val_text(amzx_val_get(
        c->contact, "EmailAddress"), "");
    int is_mail = *m->email && strcasecmp(email, m->email) == 0;
    int name = compare_name(c, m, p);
    int post = compare_postcode(m, c->contact, p);

    if (is_mail) {
        why(c, "email", p);
    }
    if (post != 0) {
        why(c, post > 0 ? "postcode" : "postcode.differs", p);
    }
    if (name == 0) {
        c->score = is_mail ? 80 : 0;
    }
    else if (is_mail || (post > 0 && name == 100)) {
        c->score = 100;
    }
    else if (post > 0) {
        c->score = name == 97 ? 98 : 94;
    }
    else if (post < 0) { /* the same name somewhere else is somebody else */
        c->score = 60;
    }
    else if (*m->postcode) { /* nothing speaks against it */
        c->score = name == 100 ? 90 : name == 97 ? 88 : 80;
    }
    else {
        c->score = name;
    }
    if (c->is_archived) {
        why(c, "archived", p);
    }
}

static int is_known(const match_t *m, const char *id)
{
    int i;

    for (i = 0; i < m->found->nelts; i++) {
        const candidate_t *c = &APR_ARRAY_IDX(m->found, i, candidate_t);

        if (strcmp(amzx_val_text(amzx_val_get(c->contact, "ContactID"), ""),
                   id) == 0) {
            return 1;
        }
    }
    return 0;
}

static void take(match_t *m, const amzx_val_t *list, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *contact = amzx_val_at(list, i);
        const char *id = amzx_val_text(amzx_val_get(contact, "ContactID"),
                                       "");
        candidate_t c;

        memset(&c, 0, sizeof(c));
        c.contact = contact;
        c.why = amzx_val_list(3, p);
        c.is_archived = strcmp(amzx_val_text(amzx_val_get(
            contact, "ContactStatus"), "ACTIVE"), "ACTIVE") != 0;
        c.place = m->found->nelts;
        if (!*id || is_known(m, id)) {
            continue;
        }
        rate(&c, m, p);
        if (c.score > 0) {
            APR_ARRAY_PUSH(m->found, candidate_t) = c;
        }
        if (!c.is_archived && c.score > m->best) {
            m->best = c.score;
        }
    }
}

static int by_score(const void *a, const void *b)
{
    const candidate_t *x = a;
    const candidate_t *y = b;

    if (x->is_archived != y->is_archived) {
        return x->is_archived - y->is_archived;
    }
    return x->score != y->score ? y->score - x->score : x->place - y->place;
}

static const amzx_val_t *describe(const candidate_t *c, apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(6, p);

    amzx_val_put_ref(v, "ContactID", amzx_val_get(c->contact, "ContactID"),
                     p);
    amzx_val_put_ref(v, "ContactNumber", amzx_val_get(c->contact,
                                                      "ContactNumber"), p);
    amzx_val_put_ref(v, "Name", amzx_val_get(c->contact, "Name"), p);
    amzx_val_put_ref(v, "score", amzx_val_num(amzx_dec_scaled(c->score, 2),
                                              p), p);
    amzx_val_put_ref(v, "why", c->why, p);
    amzx_val_put_ref(v, "archived", amzx_val_bool(c->is_archived), p);
    return v;
}

/* The answer: the best active one, the others, and is the name free? */
static const amzx_val_t *answer(match_t *m, apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_obj(3, p);
    amzx_val_t *list = amzx_val_list(CANDIDATES_MAX, p);
    const amzx_val_t *best = &amzx_val_null;
    int is_taken = 0;
    int i;

    qsort(m->found->elts, (size_t)m->found->nelts, sizeof(candidate_t),
          by_score);
    for (i = 0; i < m->found->nelts; i++) {
        const candidate_t *c = &APR_ARRAY_IDX(m->found, i, candidate_t);
        const amzx_val_t *v = describe(c, p);

        if (i == 0 && !c->is_archived) {
            best = v;
        }
        if (i < CANDIDATES_MAX) {
            amzx_val_push(list, v, p);
        }
        is_taken = is_taken || (c->has_name && !c->is_archived);
    }
    amzx_val_put_ref(out, "best", best, p);
    amzx_val_put_ref(out, "candidates", list, p);
    amzx_val_put_ref(out, "nameTaken", amzx_val_bool(is_taken), p);
    return out;
}

/* The longest word of a name as it is written: what finds most spellings. */
static const char *longest_word(const char *name, apr_pool_t *p)
{
    char **word = amzx_split(name, " ,;\t", p);
    const char *best = name;
    apr_size_t most = 0;

    for (; *word; word++) {
        apr_size_t len = amzx_utf8_count(*word, strlen(*word));

        if (len > most) {
            most = len;
            best = *word;
        }
    }
    return best;
}

#define PART_MIN 3 /* letters, or everybody would be found */

/* The longest run of plain letters of a word that has others too: those may
 * be written composed or decomposed, and Xero compares what is written. NULL
 * when the word is plain or the run too short. */
static const char *longest_part(const char *word, apr_pool_t *p)
{
    const char *best = word;
    apr_size_t most = 0;
    apr_size_t len;
    int is_plain = 1;

    while (*word) {
        for (len = 0; apr_isalnum(word[len]) && !(word[len] & 0x80); len++) {
        }
        if (len > most) {
            most = len;
            best = word;
        }
        word += len;
        if (*word) {
            is_plain = is_plain && !(*word & 0x80);
            word++;
        }
    }
    /* the last letter before an accent is one half of a decomposed one */
    if (most > 0 && (best[most] & 0x80)) {
        most--;
    }
    return is_plain || most < PART_MIN ? NULL
                                       : apr_pstrndup(p, best, most);
}

/* The request of a search; 0 when it makes no sense for this buyer. */
static int search_request(amzx_http_request_t *req, amzx_op_call_t *call,
                          const match_t *m, int how)
{
    const char *field = how == BY_NAME ? "Name" : "EmailAddress";
    const char *text = how == BY_NAME ? m->name : m->email;
    const char *term = longest_word(m->name, call->pool);
    amzx_buf_t url;

    if (how == BY_PART) {
        term = longest_part(term, call->pool);
    }
    if (how == BY_TERM || how == BY_PART ? term == NULL
                                         : !amzx_xero_where_is_safe(text)) {
        return 0;
    }
    amzx_call_begin(req, &url, call, "GET");
    amzx_url_segment(&url, "Contacts");
    if (how == BY_TERM || how == BY_PART) {
        amzx_url_param(&url, "searchTerm", term);
    }
    else {
        amzx_url_param(&url, "where", apr_psprintf(
            call->pool, "%s==\"%s\"", field, text));
    }
    amzx_url_param(&url, "includeArchived", "true");
    amzx_url_param(&url, "page", "1");
    amzx_url_param(&url, "pageSize", AMZX_XERO_PAGE);
    req->url = url.s;
    return 1;
}

static apr_status_t begin(match_t **out, amzx_op_call_t *call,
                          amzx_fault_t *fault)
{
    match_t *m = apr_pcalloc(call->pool, sizeof(*m));
    apr_status_t rv = amzx_call_text(&m->name, call, "name", fault);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    m->folded = amzx_fold(m->name, call->pool);
    m->words = amzx_fold_words(m->folded, call->pool);
    m->email = amzx_call_text_or(call, "email");
    m->postcode = amzx_fold_code(amzx_val_text(amzx_val_get(
        amzx_call_arg(call, "address"), "PostalCode"), ""), call->pool);
    m->found = apr_array_make(call->pool, 8, sizeof(candidate_t));
    *out = m;
    return APR_SUCCESS;
}

apr_status_t amzx_xero_contact_match(amzx_step_e *next,
                                     amzx_http_request_t *req,
                                     const amzx_val_t **result,
                                     amzx_op_call_t *call,
                                     const amzx_http_response_t *rsp,
                                     amzx_fault_t *fault)
{
    match_t *m = call->state;
    const amzx_val_t *list;
    apr_status_t rv;

    if (!rsp) {
        rv = begin(&m, call, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        call->state = m;
        call->phase = 0;
    }
    else {
        rv = amzx_xero_list(&list, call, rsp, "Contacts", fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        take(m, list, call->pool);
    }
    while (m->best < SURE && ++call->phase < BY_END) {
        if (search_request(req, call, m, call->phase)) {
            *next = AMZX_STEP_SEND;
            return APR_SUCCESS;
        }
    }
    *result = answer(m, call->pool);
    *next = AMZX_STEP_DONE;
    return APR_SUCCESS;
}
