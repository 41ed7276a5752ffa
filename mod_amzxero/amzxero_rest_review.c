/* SPDX-License-Identifier: Apache-2.0 */
/* A person decides a review over REST. */
#include "amzxero_rest.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

#define MAX_NOTE 2000

typedef struct {
    amzx_review_t decision;
    int is_done;
} decide_t;

static apr_status_t decide(void *data, amzx_txn_t *txn,
                           const amzx_store_t *st, amzx_fault_t *fault,
                           apr_pool_t *p)
{
    decide_t *d = data;
    apr_time_t now = amzx_now(st->env);
    apr_status_t rv;
    int is_woken;

    d->decision.resolved_at = now;
    rv = amzx_review_decide(&d->is_done, txn, st, &d->decision, fault, p);
    if (rv == APR_SUCCESS && d->is_done) {
        rv = amzx_run_move(&is_woken, txn, d->decision.tenant,
                           d->decision.run_id, AMZX_EV_WAKE, now, fault, p);
        if (rv == APR_SUCCESS && !is_woken) { /* cancelled meanwhile */
            d->is_done = 0;
            rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                                "conflict.state",
                                "the run of this review does not wait for it");
        }
    }
    return rv;
}

static int is_option(const amzx_review_t *review, const char *choice,
                     apr_pool_t *p)
{
    const amzx_val_t *options = NULL;
    amzx_fault_t fault;
    apr_size_t i;

    amzx_fault_clear(&fault);
    if (amzx_json_parse(&options, review->options, strlen(review->options),
                        NULL, &fault, p)
        != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < amzx_val_count(options); i++) {
        if (strcmp(amzx_val_text(
                       amzx_val_get(amzx_val_at(options, i), "name"), ""),
                   choice)
            == 0) {
            return 1;
        }
    }
    return 0;
}

/* The open review of this id, or NULL after a problem was sent. */
static amzx_review_t *open_review(amzxero_call_t *c, int *status)
{
    request_rec *r = c->r;
    amzx_review_t *review = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;

    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_review_get(&review, db, &amzxero_child->store,
                             c->key->tenant, c->arg, &fault, r->pool);
    }
    amzxero_rest_done(db);
    if (rv != APR_SUCCESS) {
        *status = amzxero_reply_fault(r, &fault);
        return NULL;
    }
    if (review == NULL) {
        *status = amzxero_reply_problem(r, HTTP_NOT_FOUND, "not_found",
                                        "this tenant has no such review",
                                        NULL);
    }
    return review;
}

/* The members of a decision. @return 0 after a problem was sent */
static int read_decision(amzx_review_t *d, const amzx_review_t *review,
                         const amzx_val_t *body, request_rec *r)
{
    const amzx_val_t *edited = amzx_val_get(body, "edited");
    const amzx_val_t *note = amzx_val_get(body, "note");

    d->choice = amzx_val_text(amzx_val_get(body, "choice"), "");
    d->note = amzx_val_text(note, NULL);
    d->edited = amzx_val_is_null(edited)
                    ? NULL
                    : amzx_json_write(edited, NULL, r->pool);
    if (!is_option(review, d->choice, r->pool)) {
        amzxero_reply_problem(r, HTTP_UNPROCESSABLE_ENTITY, "data.choice",
                              "choice must name an option of the review",
                              "$.choice");
        return 0;
    }
    if (d->edited != NULL && review->editable == NULL) {
        amzxero_reply_problem(r, HTTP_UNPROCESSABLE_ENTITY, "data.edited",
                              "this review has nothing to edit", "$.edited");
        return 0;
    }
    if (!amzx_val_is_null(note)
        && (d->note == NULL || strlen(d->note) > MAX_NOTE)) {
        amzxero_reply_problem(r, HTTP_UNPROCESSABLE_ENTITY, "data.note",
                              "note must be a text of at most 2000 bytes",
                              "$.note");
        return 0;
    }
    return 1;
}

int amzxero_rest_decide(amzxero_call_t *c)
{
    request_rec *r = c->r;
    const amzx_val_t *body = NULL;
    amzx_review_t *review;
    amzx_val_t *answer;
    amzx_fault_t fault;
    decide_t d = { 0 };
    apr_status_t rv;
    int status;

    status = amzxero_rest_object(&body, c, 0);
    if (body == NULL) {
        return status;
    }
    review = open_review(c, &status);
    if (review == NULL) {
        return status;
    }
    if (!read_decision(&d.decision, review, body, r)) {
        return OK;
    }
    d.decision.tenant = c->key->tenant;
    d.decision.id = review->id;
    d.decision.run_id = review->run_id;
    d.decision.by = c->key->id;
    amzx_fault_clear(&fault);
    rv = amzx_writer_run(amzxero_child->writer, decide, &d, &fault, r->pool);
    if (strcmp(fault.code, "conflict.state") == 0) {
        return amzxero_reply_problem(r, HTTP_CONFLICT, fault.code,
                                     fault.detail, NULL);
    }
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    if (!d.is_done) {
        return amzxero_reply_problem(r, HTTP_CONFLICT, "conflict.state",
                                     "this review is decided already", NULL);
    }
    answer = amzx_val_obj(2, r->pool);
    amzx_val_put_str(answer, "id", d.decision.id, r->pool);
    amzx_val_put_str(answer, "choice", d.decision.choice, r->pool);
    return amzxero_reply_json(r, HTTP_OK, answer);
}
