/* SPDX-License-Identifier: Apache-2.0 */
/* Effects happen once: whatever becomes of requests and answers, the peer
 * holds one thing, or a person is asked. */
#include "engine_host.h"

#define PUT_ITEM "PUT https://api.xero.example/Items"
#define GET_ITEM "GET https://api.xero.example/Items"
#define PUT_PAY "PUT https://api.xero.example/Payments"
#define PUT_INVOICE "PUT https://api.xero.example/Invoices"

static host_t *item_world(void **state)
{
    host_t *h = host_with(*state, FLOW("t", MAKE_ITEM("item/A")));

    host_put(h, "t", "k1", "p1");
    return h;
}

static void one_item_and_done(host_t *h)
{
    host_start(h, 0);
    host_settles(h, SEC(400));
    assert_string_equal(amzx_run_state_name(host_run(h)->state), "done");
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(host_intent(h, 0)->state, AMZX_INTENT_APPLIED);
    assert_int_equal(h->peer->parallel, 0);
}

static int keys_differ(const host_t *h, int a, int b)
{
    assert_true(h->peer->keys->nelts > a && h->peer->keys->nelts > b);
    return strcmp(APR_ARRAY_IDX(h->peer->keys, a, char *),
                  APR_ARRAY_IDX(h->peer->keys, b, char *)) != 0;
}

static void a_lost_answer_sends_the_same_bytes_again(void **state)
{
    host_t *h = item_world(state);

    peer_says(h->peer, PUT_ITEM, PEER_LOSE_AFTER, 1);
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 2);
    assert_false(keys_differ(h, 0, 1));
    assert_int_equal(peer_count(h->peer, GET_ITEM), 0);
    assert_int_equal(host_intent(h, 0)->tries, 2);
}

static void a_lost_request_is_sent_again(void **state)
{
    host_t *h = item_world(state);

    peer_says(h->peer, PUT_ITEM, PEER_LOSE_BEFORE, 2);
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 3);
    assert_false(keys_differ(h, 0, 2));
}

static void after_three_lost_answers_the_peer_is_asked(void **state)
{
    host_t *h = item_world(state);

    peer_says(h->peer, PUT_ITEM, PEER_LOSE_AFTER, 3);
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 3);
    assert_int_equal(peer_count(h->peer, GET_ITEM), 1);
}

static void nothing_found_sends_with_a_new_key(void **state)
{
    host_t *h = item_world(state);

    peer_says(h->peer, PUT_ITEM, PEER_LOSE_BEFORE, 3);
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 4);
    assert_true(keys_differ(h, 2, 3));
    assert_int_equal(host_intent(h, 0)->gen, 1);
}

static void an_error_of_the_server_is_not_sent_again_blindly(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, PUT_ITEM, PEER_SAY_AFTER, 1);

    r->status = 500;
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
    assert_int_equal(peer_count(h->peer, GET_ITEM), 1);
}

static void an_error_before_the_deed_ends_in_a_new_key(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, PUT_ITEM, PEER_SAY, 1);

    r->status = 503;
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 2);
    assert_true(keys_differ(h, 0, 1));
}

static void no_connection_is_tried_again_with_the_same_key(void **state)
{
    host_t *h = item_world(state);

    peer_says(h->peer, PUT_ITEM, PEER_REFUSE, 4);
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 5);
    assert_false(keys_differ(h, 0, 4));
    assert_int_equal(peer_count(h->peer, GET_ITEM), 0);
    assert_int_equal(host_intent(h, 0)->gen, 0);
    assert_int_equal(host_intent(h, 0)->tries, 1);
}

/* The second send certainly did nothing, but the first may have. */
static void a_refused_resend_leaves_the_first_send_open(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r;

    peer_says(h->peer, PUT_ITEM, PEER_LOSE_AFTER, 1);
    r = peer_says(h->peer, PUT_ITEM, PEER_SAY, 1);
    r->status = 429;
    r->header[0] = "Retry-After";
    r->header[1] = "3600";
    r->header[2] = "X-Rate-Limit-Problem";
    r->header[3] = "day";
    host_start(h, 0);
    host_go(h, SEC(10));
    assert_int_equal(host_intent(h, 0)->state, AMZX_INTENT_UNKNOWN);
    assert_int_equal(host_run(h)->state, AMZX_RUN_WAITING);
    host_clock += SEC(3600);
    host_settles(h, SEC(60));
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 2);
    assert_int_equal(peer_count(h->peer, GET_ITEM), 1);
}

static void a_throttled_first_send_was_certainly_not_done(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, PUT_ITEM, PEER_SAY, 1);

    r->status = 429;
    r->header[0] = "Retry-After";
    r->header[1] = "3600";
    r->header[2] = "X-Rate-Limit-Problem";
    r->header[3] = "minute";
    host_start(h, 0);
    host_go(h, SEC(10));
    assert_int_equal(host_intent(h, 0)->state, AMZX_INTENT_PLANNED);
    assert_true(host_run(h)->due_at >= host_clock + SEC(3500));
    host_clock += SEC(3600);
    host_settles(h, SEC(60));
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(peer_count(h->peer, GET_ITEM), 0);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 2);
    assert_false(keys_differ(h, 0, 1));
}

static void a_short_throttle_waits_in_memory(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, PUT_ITEM, PEER_SAY, 1);

    r->status = 429;
    r->header[0] = "X-Rate-Limit-Problem";
    r->header[1] = "concurrent";
    one_item_and_done(h);
    assert_int_equal(host_run(h)->token, 1); /* claimed once */
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 2);
}

static void ours_found_after_a_taken_key_is_adopted(void **state)
{
    host_t *h = item_world(state);

    /* the answer is lost, and the key is forgotten before the next send */
    peer_says(h->peer, PUT_ITEM, PEER_LOSE_AFTER, 1);
    host_start(h, 0);
    while (peer_things(h->peer, "item") == 0) {
        host_pass(h, 20000);
    }
    host_kill(h, 0);
    host_clock += SEC(400);
    host_start(h, 1);
    host_settles(h, SEC(60));
    assert_string_equal(amzx_run_state_name(host_run(h)->state), "done");
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
    assert_int_equal(peer_count(h->peer, GET_ITEM), 1);
}

static void a_foreign_document_of_our_number_parks_the_run(void **state)
{
    host_t *h = host_shipped(*state);
    amzx_val_t *v = amzx_val_obj(4, h->p);
    peer_thing_t *t;

    amzx_val_put_str(v, "InvoiceNumber", "AMZ-" ORDER, h->p);
    amzx_val_put_str(v, "Type", "ACCREC", h->p);
    amzx_val_put_str(v, "Reference", "by hand", h->p);
    amzx_val_put(v, "Total", amzx_val_num(amzx_dec_from_int(1), h->p), h->p);
    t = peer_add(h->peer, "invoice", v, "InvoiceID", "AMZ-" ORDER);
    host_notify(h, ORDER);
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_PARKED);
    assert_string_equal(host_run(h)->code, "intent.review");
    assert_int_equal(peer_things(h->peer, "invoice"), 1);
    assert_int_equal(peer_things(h->peer, "payment"), 0);
    /* A person gives the foreign one another number and wakes the run. */
    t->number = "BY-HAND-1";
    amzx_val_put_str(t->v, "InvoiceNumber", t->number, h->p);
    {
        int is_done = 0;

        in_txn(h->f, amzx_run_move(&is_done, txn, "acme", host_run(h)->id,
                                   AMZX_EV_WAKE, host_clock, &h->f->fault,
                                   h->p));
        assert_int_equal(is_done, 1);
    }
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(peer_things(h->peer, "invoice"), 2);
    assert_int_equal(peer_things(h->peer, "payment"), 1);
}

static void a_payment_is_looked_up_twice_before_a_new_key(void **state)
{
    host_t *h = host_shipped(*state);

    peer_says(h->peer, PUT_PAY, PEER_LOSE_BEFORE, 3);
    host_notify(h, ORDER);
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(peer_things(h->peer, "payment"), 1);
    assert_int_equal(peer_count(h->peer, PUT_PAY), 4);
    assert_int_equal(peer_count(h->peer,
                                "GET https://api.xero.example/Invoices/"), 2);
}

static void a_payment_with_a_cached_error_is_found(void **state)
{
    host_t *h = host_shipped(*state);
    peer_rule_t *r = peer_says(h->peer, PUT_PAY, PEER_SAY_AFTER, 1);

    r->status = 500;
    host_notify(h, ORDER);
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(peer_things(h->peer, "payment"), 1);
    assert_int_equal(peer_count(h->peer, PUT_PAY), 1);
}

static void a_refusal_is_the_steps_business(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, PUT_ITEM, PEER_SAY, 1);
    int is_done = 0;

    r->status = 400;
    r->body = "{\"Elements\":[{\"ValidationErrors\":[{\"Message\":"
              "\"Account code '9' is not a valid code for this document.\""
              "}]}]}";
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DEAD);
    assert_int_equal(host_intent(h, 0)->state, AMZX_INTENT_REJECTED);
    /* Replayed by a person: a new key, or Xero would repeat the refusal. */
    in_txn(h->f, amzx_run_move(&is_done, txn, "acme", host_run(h)->id,
                               AMZX_EV_REPLAY, host_clock, &h->f->fault,
                               h->p));
    host_settles(h, SEC(60));
    assert_true(keys_differ(h, 0, peer_count(h->peer, PUT_ITEM) - 1)
                || host_run(h)->state == AMZX_RUN_DEAD);
}

static void an_idempotency_conflict_is_looked_up(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, PUT_ITEM, PEER_SAY_AFTER, 1);

    r->status = 400;
    r->body = "{\"Message\":\"Idempotency Key: K is used with a different "
              "request.\"}";
    one_item_and_done(h);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
    assert_int_equal(peer_count(h->peer, GET_ITEM), 1);
}

static void two_runs_of_one_key_do_it_once(void **state)
{
    host_t *h = item_world(state);

    host_put(h, "t", "k2", "p2");
    host_put(h, "t", "k3", "p3");
    h->peer->delay_us = SEC(1);
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 3);
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
    assert_int_equal(h->peer->parallel, 0);
}

static void two_engines_with_one_key_do_it_once(void **state)
{
    host_t *h = item_world(state);

    host_start(h, 0);
    host_start(h, 1);
    host_put(h, "t", "k2", "p2");
    h->peer->delay_us = SEC(3);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 2);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
    assert_int_equal(h->peer->parallel, 0);
}

static void a_stale_token_is_renewed_under_way(void **state)
{
    host_t *h = item_world(state);

    h->peer->bad_tokens = 1; /* the first one is expired from the start */
    one_item_and_done(h);
    assert_int_equal(h->peer->tokens, 2);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
}

static void a_revoked_connection_waits_for_a_person(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, "token.example", PEER_SAY, -1);
    apr_int64_t count = 0;

    r->status = 400;
    r->body = "{\"error\":\"invalid_grant\"}";
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_PARKED);
    assert_string_equal(host_run(h)->code, "auth.revoked");
    assert_int_equal(h->peer->effects, 0);
    /* Connected anew: another seed in the file, and the runs are woken. */
    r->count = 0;
    host_write(h->xero->credential_file, "{\"client_id\":\"id\","
               "\"client_secret\":\"secret\",\"refresh_token\":\"seed2\"}");
    host_clock += SEC(60);
    in_txn(h->f, amzx_run_wake_parked(&count, txn, "acme", "auth.revoked",
                                      host_clock, &h->f->fault, h->p));
    assert_int_equal(count, 1);
    host_settles(h, SEC(60));
    assert_int_equal(host_run(h)->state, AMZX_RUN_DONE);
    assert_int_equal(peer_things(h->peer, "item"), 1);
}

static void a_token_that_does_not_come_parks_the_run(void **state)
{
    host_t *h = item_world(state);
    peer_rule_t *r = peer_says(h->peer, "token.example", PEER_HANG, 1);

    host_start(h, 0);
    host_pass(h, SEC(6));
    assert_int_equal(amzx_engine_live(h->node[0].engine), 0);
    assert_int_equal(host_run(h)->state, AMZX_RUN_WAITING);
    assert_string_equal(host_run(h)->code, "auth.pending");
    assert_int_equal(r->count, 0);
    host_kill(h, 0);
    host_clock += SEC(100);
    host_start(h, 1);
    host_settles(h, SEC(60));
    assert_int_equal(peer_things(h->peer, "item"), 1);
}

static void an_applied_effect_is_not_sent_by_a_replay(void **state)
{
    host_t *h = item_world(state);

    one_item_and_done(h);
    host_put(h, "t", "again", "p9");
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 2);
    assert_int_equal(peer_count(h->peer, PUT_ITEM), 1);
}

static const struct CMUnitTest tests[] = {
    TEST(a_lost_answer_sends_the_same_bytes_again),
    TEST(a_lost_request_is_sent_again),
    TEST(after_three_lost_answers_the_peer_is_asked),
    TEST(nothing_found_sends_with_a_new_key),
    TEST(an_error_of_the_server_is_not_sent_again_blindly),
    TEST(an_error_before_the_deed_ends_in_a_new_key),
    TEST(no_connection_is_tried_again_with_the_same_key),
    TEST(a_refused_resend_leaves_the_first_send_open),
    TEST(a_throttled_first_send_was_certainly_not_done),
    TEST(a_short_throttle_waits_in_memory),
    TEST(ours_found_after_a_taken_key_is_adopted),
    TEST(a_foreign_document_of_our_number_parks_the_run),
    TEST(a_payment_is_looked_up_twice_before_a_new_key),
    TEST(a_payment_with_a_cached_error_is_found),
    TEST(a_refusal_is_the_steps_business),
    TEST(an_idempotency_conflict_is_looked_up),
    TEST(two_runs_of_one_key_do_it_once),
    TEST(two_engines_with_one_key_do_it_once),
    TEST(a_stale_token_is_renewed_under_way),
    TEST(a_revoked_connection_waits_for_a_person),
    TEST(a_token_that_does_not_come_parks_the_run),
    TEST(an_applied_effect_is_not_sent_by_a_replay),
};

FIXTURE_MAIN(tests)
