/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzxero_rest.h  Between the files of the REST endpoint. */
#ifndef AMZXERO_REST_H
#define AMZXERO_REST_H

#include "mod_amzxero.h"

/** One REST call on its way. */
typedef struct {
    request_rec *r;
    const amzxero_key_t *key; /**< NULL for resources without a key */
    const char *arg;          /**< the variable segment of the path */
} amzxero_call_t;

/* amzxero_rest.c */
apr_status_t amzxero_rest_db(amzx_db_t **db, amzx_fault_t *fault);
void amzxero_rest_done(amzx_db_t *db);

/* amzxero_rest_write.c */
/** The body as a JSON object; *body NULL when a problem was sent.
 *  @param is_optional no body is an empty object */
int amzxero_rest_object(const amzx_val_t **body, amzxero_call_t *c,
                        int is_optional);
int amzxero_rest_start(amzxero_call_t *c);
int amzxero_rest_wake(amzxero_call_t *c);
int amzxero_rest_replay(amzxero_call_t *c);
int amzxero_rest_cancel(amzxero_call_t *c);

/* amzxero_rest_review.c */
int amzxero_rest_decide(amzxero_call_t *c);

/* amzxero_view.c: rows as JSON values */
const amzx_val_t *amzxero_view_flow(const amzx_flow_t *flow, apr_pool_t *p);
amzx_val_t *amzxero_view_run(const amzx_run_t *run, apr_pool_t *p);
const amzx_val_t *amzxero_view_run_full(const amzx_run_t *run,
                                        const apr_array_header_t *entries,
                                        const apr_array_header_t *intents,
                                        apr_pool_t *p);
const amzx_val_t *amzxero_view_dead(const apr_array_header_t *dead,
                                    apr_pool_t *p);
const amzx_val_t *amzxero_view_reviews(const apr_array_header_t *reviews,
                                       apr_pool_t *p);
const amzx_val_t *amzxero_view_deliveries(const apr_array_header_t *rows,
                                          apr_pool_t *p);

#endif
