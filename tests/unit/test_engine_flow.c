/* SPDX-License-Identifier: Apache-2.0 */
/* The life of runs: deliveries, claims, leases, drain, versions, children,
 * reviews, polls. */
#include "engine_host.h"

#define EVENT_FLOW(name, filter)                                             \
    FLOW_HEAD(name, "1") "<triggers><event id='in' "                         \
    "source='amazon.notifications' type='ORDER_CHANGE' " filter              \
    " dedup-key='{{ event.order.orderId }}'/></triggers><input>"             \
    "<field name='orderId' type='string' from='{{ event.order.orderId }}' "  \
    "pattern='\\d{3}-\\d{7}-\\d{7}'/></input><steps><log id='l' "            \
    "message='seen'/></steps></workflow>"

#define NAP "<wait id='nap' for='PT20S'/>"

/* ---- deliveries --------------------------------------------------------- */

static void state_of_delivery(host_t *h, const char *id, const char *state,
                              const char *part)
{
    apr_array_header_t *all = NULL;
    int i;

    assert_ok(h->f, amzx_inbox_list(&all, h->f->db, "acme", NULL, 100,
                                    &h->f->fault, h->p));
    for (i = 0; i < all->nelts; i++) {
        const amzx_delivery_t *d = &APR_ARRAY_IDX(all, i, amzx_delivery_t);

        if (strcmp(d->id, id) == 0) {
            assert_string_equal(d->state, state);
            if (strstr(d->detail, part) == NULL) {
                fail_msg("\"%s\" is not in \"%s\"", part, d->detail);
            }
            return;
        }
    }
    fail_msg("no delivery %s", id);
}

static void a_delivery_starts_a_run_of_each_workflow(void **state)
{
    host_t *h = host_make(*state);
    const char *id;

    host_flow(h, "one", EVENT_FLOW("one", ""));
    host_flow(h, "two", EVENT_FLOW("two", ""));
    host_flow(h, "not", EVENT_FLOW("not", "filter=\"{{ "
              "event.order.status == 'CANCELLED' }}\""));
    id = host_notify(h, ORDER);
    host_notify(h, ORDER);
    host_start(h, 0);
    host_settles(h, SEC(10));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 2);
    state_of_delivery(h, id, "done", "2 new runs");
}

static void a_bad_delivery_is_refused_with_its_place(void **state)
{
    host_t *h = host_make(*state);
    const char *id;
    const char *other;
    amzx_delivery_t d = { 0 };
    int is_new = 0;

    host_flow(h, "one", EVENT_FLOW("one", ""));
    id = host_deliver_body(h, "acme", "{\"a\":[1,}");
    other = host_deliver_body(h, "acme", host_order_change("123", "Shipped",
                                                           h->p));
    d.id = "in_x";
    d.tenant = "nobody";
    d.source = "amazon.notifications";
    d.delivery = "d";
    d.body = "{}";
    d.body_len = 2;
    d.received_at = host_clock;
    in_txn(h->f, amzx_inbox_put(&is_new, txn, &h->f->st, &d, &h->f->fault,
                                h->p));
    host_notify(h, ORDER);
    host_start(h, 0);
    host_settles(h, SEC(10));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 1);
    state_of_delivery(h, id, "refused", "json:1:9");
    state_of_delivery(h, other, "refused", "orderId");
}

/* A reason that is cut inside a character would be refused by PostgreSQL,
 * and with it everything else of that turn, for ever. */
static void a_long_reason_of_refusal_stops_nothing(void **state)
{
    host_t *h = host_make(*state);
    amzx_buf_t xml;
    int i;

    host_flow(h, "one", EVENT_FLOW("one", ""));
    amzx_buf_init(&xml, 4096, h->p);
    amzx_buf_puts(&xml, FLOW_HEAD("two", "1") "<triggers><event id='in' "
                  "source='amazon.notifications' type='ORDER_CHANGE' "
                  "dedup-key='{{ event.order.orderId }}'/></triggers><input>"
                  "<field name='orderId' type='string' from='{{ concat(");
    for (i = 0; i < 3; i++) {
        amzx_buf_puts(&xml, "event.order.orderId, \"");
        amzx_buf_puts(&xml, apr_psprintf(h->p, "%.*s%s", i, "xx", ""));
        for (int k = 0; k < 60; k++) {
            amzx_buf_puts(&xml, "\xc3\xa4\xc3\xb6");
        }
        amzx_buf_puts(&xml, i < 2 ? "\", " : "\"");
    }
    amzx_buf_puts(&xml, ") }}' pattern='\\d+'/></input><steps><log id='l' "
                  "message='seen'/></steps></workflow>");
    host_flow(h, "two", xml.s);
    host_notify(h, ORDER);
    host_notify(h, ORDER_2);
    host_start(h, 0);
    host_settles(h, SEC(10));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 2);
}

/* ---- claims and leases -------------------------------------------------- */

static void one_run_of_a_partition_at_a_time(void **state)
{
    host_t *h = host_with(*state, FLOW("t", GET_ORDER));
    int i;

    for (i = 0; i < 5; i++) {
        host_put(h, "t", apr_psprintf(h->p, "k%d", i), "same");
    }
    h->peer->delay_us = SEC(1);
    host_start(h, 0);
    host_start(h, 1);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 5);
    assert_int_equal(h->peer->most_in_flight, 1 + (h->peer->tokens > 1));
}

static void memory_holds_no_more_runs_than_allowed(void **state)
{
    host_t *h = host_with(*state, FLOW("t", GET_ORDER));
    int most = 0;
    int i;

    h->site->max_in_flight = 3;
    h->peer->delay_us = SEC(1);
    for (i = 0; i < 10; i++) {
        const char *key = apr_psprintf(h->p, "k%d", i);

        host_put(h, "t", key, key);
    }
    host_start(h, 0);
    for (i = 0; i < 400 && !host_is_idle(h); i++) {
        host_pass(h, 50000);
        if (amzx_engine_live(h->node[0].engine) > most) {
            most = amzx_engine_live(h->node[0].engine);
        }
    }
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 10);
    assert_int_equal(most, 3);
}

/* It waited with a zero timeout for as long as it was full. */
static void a_full_engine_does_not_spin(void **state)
{
    host_t *h = host_with(*state, FLOW("t", GET_ORDER));
    int i;
    int turns = 0;

    h->site->max_in_flight = 1;
    peer_says(h->peer, "GET https://api.amazon", PEER_HANG, 1);
    host_put(h, "t", "k1", "p1");
    host_put(h, "t", "k2", "p2");
    host_start(h, 0);
    host_pass(h, SEC(2));
    h->node[0].engine->look_now = 1;
    /* Real time: with a wait of 50 ms each turn takes that long. */
    {
        apr_time_t began = apr_time_now();

        for (i = 0; i < 100 && apr_time_now() - began < 200000; i++) {
            amzx_engine_tick(h->node[0].engine, 50000);
            turns++;
        }
    }
    assert_true(turns < 20);
}

static void a_run_of_a_dead_engine_goes_on_in_another(void **state)
{
    host_t *h = host_with(*state, FLOW("t", MAKE_ITEM("item/A")));

    host_put(h, "t", "k1", "p1");
    h->peer->delay_us = SEC(1);
    host_start(h, 0);
    host_start(h, 1);
    host_pass(h, 1500000);
    assert_int_equal(host_runs(h, AMZX_RUN_RUNNING), 1);
    host_kill(h, amzx_engine_live(h->node[0].engine) > 0 ? 0 : 1);
    host_settles(h, SEC(60));
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(host_run(h)->token, 2);
}

/* The first engine stands still; the second takes its run and ends it. When
 * the first wakes up it must neither write nor send. */
static void an_engine_that_stood_still_writes_and_sends_nothing(void **state)
{
    host_t *h = host_with(*state, FLOW("t", GET_ORDER MAKE_ITEM("item/A")));
    apr_time_t end;
    int starts;

    host_put(h, "t", "k1", "p1");
    h->peer->delay_us = SEC(1);
    host_start(h, 0);
    host_pass(h, 1500000); /* token, then the order is asked for */
    assert_int_equal(amzx_engine_live(h->node[0].engine), 1);
    host_start(h, 1);
    end = host_clock + SEC(60);
    while (host_clock < end && host_runs(h, AMZX_RUN_DONE) == 0) {
        if (!host_turn(h, 1)) {
            host_clock += 100000;
        }
    }
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 1);
    assert_int_equal(peer_things(h->peer, "item"), 1);
    starts = h->peer->starts;
    host_turn(h, 0);
    assert_int_equal(amzx_engine_live(h->node[0].engine), 0);
    host_turn(h, 0);
    assert_int_equal(h->peer->starts, starts);
    assert_int_equal(host_run(h)->token, 2);
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
}

/* The clock is set forward: others think the lease is over. */
static void a_lost_lease_sends_nothing_more(void **state)
{
    host_t *h = host_with(*state, FLOW("t", GET_ORDER MAKE_ITEM("item/A")));

    host_put(h, "t", "k1", "p1");
    h->peer->delay_us = SEC(1);
    host_start(h, 0);
    host_start(h, 1);
    host_pass(h, 1500000);
    host_clock += SEC(30);
    host_mono_off -= SEC(30);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(h->peer->parallel, 0);
}

static void a_stopped_engine_finishes_what_is_out_and_gives_back(void **state)
{
    host_t *h = host_with(*state, FLOW("t", MAKE_ITEM("item/A") NAP));
    node_t *n = &h->node[0];
    int i;

    for (i = 0; i < 3; i++) {
        const char *key = apr_psprintf(h->p, "k%d", i);

        host_put(h, "t", key, key);
    }
    host_start(h, 0);
    h->peer->delay_us = SEC(1);
    host_pass(h, 1500000);
    assert_int_equal(h->peer->in_flight, 1);
    amzx_engine_stop(n->engine);
    host_pass(h, SEC(2));
    assert_int_equal(amzx_engine_live(n->engine), 0);
    assert_int_equal(h->peer->in_flight, 0);
    assert_int_equal(host_runs(h, AMZX_RUN_RUNNING), 0);
    amzx_engine_run(n->engine); /* only the last words are left */
    host_kill(h, 0);
    host_start(h, 1);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 3);
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(peer_count(h->peer, "PUT"), 1);
}

static void a_call_beyond_the_drain_time_is_abandoned(void **state)
{
    host_t *h = host_with(*state, FLOW("t", MAKE_ITEM("item/A")));
    node_t *n = &h->node[0];

    host_put(h, "t", "k1", "p1");
    peer_says(h->peer, "PUT", PEER_LOSE_AFTER, 1);
    h->peer->delay_us = SEC(1);
    host_start(h, 0);
    host_pass(h, 1500000);
    h->site->drain_us = 0;
    amzx_engine_stop(n->engine);
    amzx_engine_run(n->engine);
    assert_int_equal(h->peer->in_flight, 0);
    assert_int_equal(host_runs(h, AMZX_RUN_READY), 1);
    assert_int_equal(host_intent(h, 0)->state, AMZX_INTENT_SENDING);
    host_kill(h, 0);
    host_start(h, 1);
    host_settles(h, SEC(60));
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
}

/* ---- versions ----------------------------------------------------------- */

static void a_run_keeps_the_definition_it_began_with(void **state)
{
    host_t *h = host_with(*state, FLOW("t", NAP MAKE_ITEM("item/A")));

    host_put(h, "t", "k1", "p1");
    host_start(h, 0);
    host_pass(h, SEC(1));
    host_kill(h, 0);
    host_clock += SEC(11);
    host_flow(h, "t", FLOW_HEAD("t", "2") "<triggers><manual id='go'/>"
              "</triggers><steps><log id='x' message='new'/></steps>"
              "</workflow>");
    host_start(h, 1);
    host_put(h, "t", "k2", "p2");
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 2);
    assert_int_equal(peer_things(h->peer, "item"), 1);
}

/* ---- children ----------------------------------------------------------- */

#define KID                                                                  \
    FLOW_HEAD("kid", "1") "<triggers><manual id='go'/></triggers><input>"    \
    "<field name='a' type='string' from='{{ body.a }}' pattern='[a-z]+'/>"   \
    "</input><steps>" GET_ORDER "</steps></workflow>"

static void a_parent_hears_of_its_childs_end_at_once(void **state)
{
    host_t *h = host_with(*state, FLOW(
        "t", "<run id='r' workflow='kid' run-key='kid/1'>"
        "<arg name='a' value='x'/></run>"
        "<fail id='f' if=\"{{ r.outcome != 'done' }}\" code='x' "
        "message='no'/>"));
    apr_time_t began = host_clock;

    host_flow(h, "kid", KID);
    host_put(h, "t", "k1", "p1");
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 2);
    assert_true(host_clock - began < SEC(5));
}

static void a_detached_child_runs_once_for_all_that_start_it(void **state)
{
    host_t *h = host_with(*state, FLOW(
        "t", "<run id='r' workflow='kid' mode='detach' run-key='kid/1'>"
        "<arg name='a' value='x'/></run>"));

    host_flow(h, "kid", KID);
    host_put(h, "t", "k1", "p1");
    host_put(h, "t", "k2", "p2");
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 3);
}

/* It failed the whole turn, again and again. */
static void a_child_that_is_refused_is_its_parents_trouble(void **state)
{
    host_t *h = host_with(*state, FLOW(
        "t", "<run id='r' workflow='kid' run-key='kid/1'>"
        "<arg name='a' value='123'/></run>"));

    host_flow(h, "kid", KID);
    host_flow(h, "u", FLOW("u", GET_ORDER));
    host_put(h, "t", "k1", "p1");
    host_put(h, "u", "k2", "p2");
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 1);
    assert_int_equal(host_runs(h, AMZX_RUN_DEAD), 1);
}

/* ---- reviews ------------------------------------------------------------ */

#define REVIEW                                                               \
    FLOW("t", "<review id='r' title='Look' queue='q' timeout='PT1H' "        \
         "on-timeout='no'><option name='yes' label='Y'/>"                    \
         "<option name='no' label='N'/></review>"                            \
         "<fail id='f' if=\"{{ r.choice == 'no' }}\" code='x.no' "           \
         "message='no'/>" MAKE_ITEM("item/A"))

static void a_person_decides_a_review(void **state)
{
    host_t *h = host_with(*state, REVIEW);
    amzx_review_t *r = NULL;
    int is_done = 0;

    host_put(h, "t", "k1", "p1");
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_REVIEW);
    assert_ok(h->f, amzx_review_of(&r, h->f->db, &h->f->st, host_run(h)->id,
                                   "r", &h->f->fault, h->p));
    r->choice = "yes";
    r->by = "kim";
    r->resolved_at = host_clock;
    in_txn(h->f, amzx_review_decide(&is_done, txn, &h->f->st, r,
                                    &h->f->fault, h->p));
    in_txn(h->f, amzx_run_move(&is_done, txn, "acme", r->run_id,
                               AMZX_EV_WAKE, host_clock, &h->f->fault,
                               h->p));
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(peer_things(h->peer, "item"), 1);
}

static void a_review_that_nobody_looks_at_times_out(void **state)
{
    host_t *h = host_with(*state, REVIEW);

    host_put(h, "t", "k1", "p1");
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_REVIEW);
    host_clock += SEC(3601);
    host_pass(h, SEC(12));
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DEAD);
    assert_string_equal(host_run(h)->code, "x.no");
}

static void a_wait_takes_its_time_and_no_memory(void **state)
{
    host_t *h = host_with(*state, FLOW("t", NAP));

    host_put(h, "t", "k1", "p1");
    host_start(h, 0);
    host_pass(h, SEC(2));
    assert_int_equal(amzx_engine_live(h->node[0].engine), 0);
    assert_int_equal(host_run(h)->state, AMZX_RUN_WAITING);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_true(host_run(h)->finished_at - host_run(h)->started_at
                >= SEC(20));
}

static const struct CMUnitTest tests[] = {
    TEST(a_delivery_starts_a_run_of_each_workflow),
    TEST(a_bad_delivery_is_refused_with_its_place),
    TEST(a_long_reason_of_refusal_stops_nothing),
    TEST(one_run_of_a_partition_at_a_time),
    TEST(memory_holds_no_more_runs_than_allowed),
    TEST(a_full_engine_does_not_spin),
    TEST(a_run_of_a_dead_engine_goes_on_in_another),
    TEST(an_engine_that_stood_still_writes_and_sends_nothing),
    TEST(a_lost_lease_sends_nothing_more),
    TEST(a_stopped_engine_finishes_what_is_out_and_gives_back),
    TEST(a_call_beyond_the_drain_time_is_abandoned),
    TEST(a_run_keeps_the_definition_it_began_with),
    TEST(a_parent_hears_of_its_childs_end_at_once),
    TEST(a_detached_child_runs_once_for_all_that_start_it),
    TEST(a_child_that_is_refused_is_its_parents_trouble),
    TEST(a_person_decides_a_review),
    TEST(a_review_that_nobody_looks_at_times_out),
    TEST(a_wait_takes_its_time_and_no_memory),
};

FIXTURE_MAIN(tests)
