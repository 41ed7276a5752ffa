/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claiming. A look at what is due longest decides most of the time; only
 * when more is due than a few claims can take do the lanes, one for each
 * (tenant, priority), share the places of a claim. A run whose partition has
 * an earlier open one is put aside, so it costs one look and not one per
 * claim; it comes back when the earlier one leaves.
 */
#include <stdlib.h>
#include <string.h>

#include "amzx_store_private.h"

/* How often a claim looks again after putting runs aside. */
#define ROUNDS 4
#define MIN_WINDOW 64

enum { FREE = 0, BEHIND = 1, BESIDE = 2 }; /* last column of RUN_DUE */

typedef struct {
    const char *id;
    const char *tenant;
    apr_int64_t priority;
    apr_int64_t due_at;
} candidate_t;

typedef struct {
    const char *tenant;
    apr_int64_t priority;
    int taken;
} lane_t;

typedef struct {
    amzx_txn_t *txn;
    const amzx_store_t *st;
    apr_time_t now;
    int max;
    apr_array_header_t *free; /* of candidate_t: may be claimed */
    amzx_fault_t *fault;
    apr_pool_t *p;
} claim_t;

static int by_rank(const void *a, const void *b)
{
    const candidate_t *x = a;
    const candidate_t *y = b;

    if (x->priority != y->priority) {
        return x->priority > y->priority ? -1 : 1;
    }
    if (x->due_at != y->due_at) {
        return x->due_at < y->due_at ? -1 : 1;
    }
    return strcmp(x->id, y->id);
}

static const char *json_ids(const apr_array_header_t *ids, apr_pool_t *p)
{
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, (apr_size_t)ids->nelts * 40 + 8, p);
    amzx_buf_putc(&b, '[');
    for (i = 0; i < ids->nelts; i++) {
        if (i > 0) {
            amzx_buf_putc(&b, ',');
        }
        amzx_store_json(&b, APR_ARRAY_IDX(ids, i, const char *));
    }
    amzx_buf_putc(&b, ']');
    return b.s;
}

/* Sort rows into the free ones and those to put aside; put these aside. */
static apr_status_t sift(int *aside, claim_t *c, const amzx_rows_t *rows)
{
    apr_array_header_t *behind = apr_array_make(c->p, 8, sizeof(char *));
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < amzx_rows_count(rows); i++) {
        apr_int64_t how = amzx_rows_int(rows, i, 5);

        if (how == BEHIND) {
            APR_ARRAY_PUSH(behind, const char *) = amzx_rows_text(rows, i, 0);
        }
        else if (how == FREE) {
            candidate_t *free = apr_array_push(c->free);

            free->id = amzx_rows_text(rows, i, 0);
            free->tenant = amzx_rows_text(rows, i, 1);
            free->priority = amzx_rows_int(rows, i, 3);
            free->due_at = amzx_rows_int(rows, i, 4);
        }
    }
    *aside = behind->nelts;
    if (behind->nelts > 0) {
        amzx_bind_t binds[] = { AMZX_S(json_ids(behind, c->p)) };

        rv = amzx_txn_exec(NULL, c->txn, AMZX_SQL_RUN_BLOCK, binds, 1,
                           c->fault, c->p);
    }
    return rv;
}

/* The runs that are due longest. *is_all 1 when these are all there are. */
static apr_status_t look(int *is_all, claim_t *c)
{
    int window = c->max * 4 > MIN_WINDOW ? c->max * 4 : MIN_WINDOW;
    amzx_bind_t binds[] = { AMZX_I(c->now), AMZX_I(window) };
    apr_status_t rv = APR_SUCCESS;
    int round;

    for (round = 0; rv == APR_SUCCESS && round < ROUNDS; round++) {
        amzx_rows_t *rows = NULL;
        int aside = 0;

        apr_array_clear(c->free);
        rv = amzx_txn_query(&rows, c->txn, AMZX_SQL_RUN_DUE, binds, 2,
                            c->fault, c->p);
        if (rv == APR_SUCCESS) {
            rv = sift(&aside, c, rows);
        }
        *is_all = amzx_rows_count(rows) < window;
        if (*is_all || aside == 0 || c->free->nelts >= c->max) {
            break;
        }
    }
    return rv;
}

static apr_status_t read_lanes(lane_t **lanes, int *count, claim_t *c)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    int i;

    *count = 0;
    rv = amzx_txn_query(&rows, c->txn, AMZX_SQL_RUN_LANES, NULL, 0, c->fault,
                        c->p);
    *lanes = apr_pcalloc(c->p, (apr_size_t)(amzx_rows_count(rows) + 1)
                                   * sizeof(lane_t));
    for (i = 0; i < amzx_rows_count(rows); i++) {
        if (amzx_rows_int(rows, i, 2) <= c->now) {
            lane_t *lane = &(*lanes)[(*count)++];

            lane->tenant = amzx_rows_text(rows, i, 0);
            lane->priority = amzx_rows_int(rows, i, 1);
        }
    }
    return rv;
}

/* The highest priority first; among equals any order, a new one each time,
 * so that no tenant is always last when there are more than places. */
static void shuffle_and_sort(lane_t *lanes, int count, const amzx_env_t *env)
{
    int i;
    int k;

    for (i = count - 1; i > 0; i--) {
        lane_t swap = lanes[i];

        k = (int)amzx_random_below(env, (apr_uint64_t)i + 1);
        lanes[i] = lanes[k];
        lanes[k] = swap;
    }
    for (i = 1; i < count; i++) { /* stable, and there are few priorities */
        lane_t lane = lanes[i];

        for (k = i; k > 0 && lanes[k - 1].priority < lane.priority; k--) {
            lanes[k] = lanes[k - 1];
        }
        lanes[k] = lane;
    }
}

/* Candidates of some lanes of one priority, at most limit of each. */
static apr_status_t pick(int *aside, claim_t *c, const lane_t *lanes,
                         int count, int limit)
{
    amzx_rows_t *rows = NULL;
    apr_status_t rv;
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, (apr_size_t)count * 32 + 8, c->p);
    for (i = 0; i < count; i++) {
        amzx_buf_puts(&b, i == 0 ? "[[" : ",[");
        amzx_store_json(&b, lanes[i].tenant);
        amzx_buf_printf(&b, ",%" APR_INT64_T_FMT "]", lanes[i].priority);
    }
    amzx_buf_putc(&b, ']');
    {
        amzx_bind_t binds[] = { AMZX_S(b.s), AMZX_I(c->now), AMZX_I(limit) };

        rv = amzx_txn_query(&rows, c->txn, AMZX_SQL_RUN_PICK, binds, 3,
                            c->fault, c->p);
    }
    if (rv == APR_SUCCESS) {
        rv = sift(aside, c, rows);
    }
    return rv;
}

static lane_t *lane_of(lane_t *lanes, int count, const char *tenant)
{
    int i;

    for (i = 0; i < count; i++) {
        if (strcmp(lanes[i].tenant, tenant) == 0) {
            return &lanes[i];
        }
    }
    return NULL;
}

/* Move candidates to the chosen: first each lane's share, then by time. */
static void deal(apr_array_header_t *chosen, claim_t *c, lane_t *lanes,
                 int count, int share)
{
    apr_array_header_t *rest;
    int i;

    qsort(c->free->elts, (apr_size_t)c->free->nelts, sizeof(candidate_t),
          by_rank);
    rest = apr_array_make(c->p, 8, sizeof(candidate_t));
    for (i = 0; i < c->free->nelts && chosen->nelts < c->max; i++) {
        candidate_t *free = &APR_ARRAY_IDX(c->free, i, candidate_t);
        lane_t *lane = lane_of(lanes, count, free->tenant);

        if (lane && lane->taken < share) {
            lane->taken++;
            APR_ARRAY_PUSH(chosen, candidate_t) = *free;
        }
        else {
            APR_ARRAY_PUSH(rest, candidate_t) = *free;
        }
    }
    for (i = 0; i < rest->nelts && chosen->nelts < c->max; i++) {
        APR_ARRAY_PUSH(chosen, candidate_t) =
            APR_ARRAY_IDX(rest, i, candidate_t);
    }
}

/* More is due than a few claims take: share the places. */
static apr_status_t share_out(claim_t *c)
{
    apr_array_header_t *chosen = apr_array_make(c->p, c->max,
                                                sizeof(candidate_t));
    apr_status_t rv;
    lane_t *lanes = NULL;
    int count = 0;
    int from;
    int to;

    rv = read_lanes(&lanes, &count, c);
    if (rv != APR_SUCCESS || count < 2) {
        return rv; /* nobody to share with: keep what was seen */
    }
    shuffle_and_sort(lanes, count, c->st->env);
    for (from = 0; rv == APR_SUCCESS && from < count
                   && chosen->nelts < c->max; from = to) {
        int need = c->max - chosen->nelts;
        int width;
        int share;
        int round;

        for (to = from; to < count
                        && lanes[to].priority == lanes[from].priority;) {
            to++;
        }
        width = to - from > need ? need : to - from;
        share = need / width;
        for (round = 0; rv == APR_SUCCESS && round < ROUNDS; round++) {
            int aside = 0;

            apr_array_clear(c->free);
            rv = pick(&aside, c, lanes + from, width, share + share / 2 + 2);
            if (aside == 0 || c->free->nelts >= need) {
                break;
            }
        }
        if (rv == APR_SUCCESS) {
            deal(chosen, c, lanes + from, width, share);
        }
    }
    c->free = chosen;
    return rv;
}

/*
 * A claimed run whose input does not open, because a key is missing or bytes
 * are damaged, waits for a person instead of stopping all others.
 */
static apr_status_t set_aside(amzx_run_t *run, claim_t *c,
                              const amzx_fault_t *why)
{
    int is_held = 0;

    run->code = "config.key";
    run->detail = "the input cannot be opened with the keys there are";
    run->crashes--;
    amzx_log(c->st->env, AMZX_LOG_ERR, 300, why->status,
             "run %s: its input cannot be opened, it is parked (%s)", run->id,
             why->code);
    return amzx_run_save(&is_held, c->txn, run, AMZX_EV_PARK, c->now,
                         c->fault, c->p);
}

static amzx_run_t *run_of(const apr_array_header_t *runs, const char *id)
{
    int i;

    for (i = 0; i < runs->nelts; i++) {
        amzx_run_t *run = &APR_ARRAY_IDX(runs, i, amzx_run_t);

        if (strcmp(run->id, id) == 0) {
            return run;
        }
    }
    return NULL;
}

/* Texts of the inputs, by run; runs without one leave the array. */
static apr_status_t add_inputs(apr_array_header_t *runs, claim_t *c,
                               const char *ids)
{
    amzx_bind_t binds[] = { AMZX_S(ids) };
    amzx_place_t place = { "run", "input", NULL };
    amzx_rows_t *rows = NULL;
    amzx_fault_t why;
    apr_status_t rv;
    int i;

    rv = amzx_txn_query(&rows, c->txn, AMZX_SQL_RUN_INPUTS, binds, 1,
                        c->fault, c->p);
    for (i = 0; rv == APR_SUCCESS && i < amzx_rows_count(rows); i++) {
        amzx_run_t *run;

        place.id = amzx_rows_text(rows, i, 0);
        run = run_of(runs, place.id);
        if (run
            && amzx_store_open(&run->input, c->st, amzx_rows_text(rows, i, 1),
                               place, &why, c->p) != APR_SUCCESS) {
            rv = set_aside(run, c, &why);
            runs->nelts--;
            *run = APR_ARRAY_IDX(runs, runs->nelts, amzx_run_t);
        }
    }
    return rv;
}

static int by_run_rank(const void *a, const void *b)
{
    const amzx_run_t *x = a;
    const amzx_run_t *y = b;
    candidate_t cx = { x->id, NULL, x->priority, x->due_at };
    candidate_t cy = { y->id, NULL, y->priority, y->due_at };

    return by_rank(&cx, &cy);
}

/* Take the chosen ones. */
static apr_status_t take(apr_array_header_t *runs, claim_t *c,
                         const char *owner, apr_time_t until)
{
    apr_array_header_t *ids = apr_array_make(c->p, c->max, sizeof(char *));
    amzx_rows_t *rows = NULL;
    apr_status_t rv = APR_SUCCESS;
    const char *list;
    int i;

    for (i = 0; i < c->free->nelts && i < c->max; i++) {
        APR_ARRAY_PUSH(ids, const char *) =
            APR_ARRAY_IDX(c->free, i, candidate_t).id;
    }
    list = json_ids(ids, c->p);
    if (amzx_txn_dialect(c->txn) == AMZX_DIALECT_PGSQL) {
        amzx_bind_t binds[] = { AMZX_S(list) };

        rv = amzx_txn_query(&rows, c->txn, AMZX_SQL_RUN_GATE, binds, 1,
                            c->fault, c->p);
        apr_array_clear(ids);
        for (i = 0; i < amzx_rows_count(rows); i++) {
            APR_ARRAY_PUSH(ids, const char *) = amzx_rows_text(rows, i, 0);
        }
        list = json_ids(ids, c->p);
    }
    if (rv == APR_SUCCESS && ids->nelts > 0) {
        amzx_bind_t binds[] = { AMZX_S(list), AMZX_S(owner), AMZX_I(until),
                                AMZX_I(c->now) };

        rv = amzx_txn_query(&rows, c->txn, AMZX_SQL_RUN_CLAIM, binds, 4,
                            c->fault, c->p);
        for (i = 0; i < amzx_rows_count(rows); i++) {
            amzx_run_read(apr_array_push(runs), rows, i);
        }
        if (rv == APR_SUCCESS) {
            rv = add_inputs(runs, c, list);
        }
        qsort(runs->elts, (apr_size_t)runs->nelts, sizeof(amzx_run_t),
              by_run_rank);
    }
    return rv;
}

apr_status_t amzx_run_claim(apr_array_header_t **runs, amzx_txn_t *txn,
                            const amzx_store_t *st, const amzx_claim_t *claim,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    claim_t c = { txn,  st,    claim->now, claim->max > 0 ? claim->max : 1,
                  NULL, fault, p };
    apr_status_t rv;
    int is_all = 0;

    *runs = apr_array_make(p, c.max, sizeof(amzx_run_t));
    c.free = apr_array_make(p, c.max, sizeof(candidate_t));
    rv = look(&is_all, &c);
    if (rv == APR_SUCCESS && !is_all) {
        rv = share_out(&c);
    }
    if (rv == APR_SUCCESS && c.free->nelts > 0) {
        qsort(c.free->elts, (apr_size_t)c.free->nelts, sizeof(candidate_t),
              by_rank);
        rv = take(*runs, &c, claim->owner, claim->now + claim->lease_us);
    }
    return rv;
}
