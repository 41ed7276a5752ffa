/* SPDX-License-Identifier: Apache-2.0 */
/* A tick's writes at once: the same rows as one by one, behind the fence. */
#include "store_fixture.h"

#include "amzx_batch.h"

#define NOW APR_INT64_C(1750000000000000)
#define MINUTE apr_time_from_sec(60)
#define ODD_JSON "{\"x\":\"a\\\\b \\u0001\"}"

static apr_array_header_t *claim(fixture_t *f, int max)
{
    amzx_claim_t mine = { "me", NOW, MINUTE, max };
    apr_array_header_t *out = NULL;

    in_txn(f, amzx_run_claim(&out, txn, &f->st, &mine, &f->fault, f->p));
    return out;
}

static apr_array_header_t *claim_some(fixture_t *f, int count)
{
    apr_array_header_t *out;
    int i;

    for (i = 0; i < count; i++) {
        const char *id = apr_psprintf(f->p, "run_%d", i);
        amzx_run_t run = fixture_a_run(id, "a", id, NOW);

        fixture_put_run(f, &run);
    }
    out = claim(f, count);
    assert_int_equal(out->nelts, count);
    return out;
}

static amzx_run_t *nth(apr_array_header_t *runs, int n)
{
    return &APR_ARRAY_IDX(runs, n, amzx_run_t);
}

static void flush(fixture_t *f, amzx_batch_t *batch)
{
    in_txn(f, amzx_batch_flush(batch, txn, NOW + 7, &f->fault, f->p));
}

static amzx_entry_t an_entry(apr_int64_t seq, const char *data)
{
    amzx_entry_t e = { seq, "book/posted", "result", NOW, "set a", "h", data };

    return e;
}

static amzx_intent_t an_intent(const char *key, const char *run_id)
{
    amzx_intent_t in;

    memset(&in, 0, sizeof(in));
    in.key = key;
    in.tenant = "a";
    in.run_id = run_id;
    in.connection = "books";
    in.op = "invoice.create";
    in.natural = "order-1";
    in.method = "PUT";
    in.path = "/Invoices";
    in.body = "{\"odd\":\"\\\"\303\274\\n\001\"}";
    return in;
}

static amzx_run_t *get(fixture_t *f, const char *id)
{
    amzx_run_t *run = NULL;

    assert_ok(f, amzx_run_get(&run, f->db, &f->st, "a", id, &f->fault, f->p));
    return run;
}

static int journal_count(fixture_t *f, const char *id)
{
    apr_array_header_t *out = NULL;

    assert_ok(f, amzx_journal_read(&out, f->db, &f->st, id, &f->fault,
                                   f->p));
    return out->nelts;
}

/* One run is done, one dead, one asks; each brings what goes with that. */
static amzx_batch_t *a_batch_of_three(fixture_t *f, apr_array_header_t *runs,
                                      amzx_intent_t *in)
{
    amzx_batch_t *batch = amzx_batch_make(&f->st, f->p);
    amzx_entry_t first = an_entry(1, ODD_JSON);
    amzx_entry_t second = an_entry(2, NULL);
    amzx_run_t *run = nth(runs, 0);
    amzx_dead_t dead = { 0 };
    amzx_review_t review = { 0 };

    assert_int_equal(amzx_batch_count(batch), 0);
    amzx_batch_entry(batch, run, &first);
    amzx_batch_entry(batch, run, &second);
    in->state = AMZX_INTENT_UNKNOWN;
    amzx_batch_intent(batch, run, in);
    in->state = AMZX_INTENT_APPLIED;
    in->result = "{\"id\":1}";
    amzx_batch_intent(batch, run, in);
    run->outcome = "done";
    run->seq = 2;
    run->detail = "it's \"done\" \\ ok";
    amzx_batch_save(batch, run, AMZX_EV_FINISH);
    run = nth(runs, 1);
    dead.id = "dead_1";
    dead.tenant = "a";
    dead.run_id = run->id;
    dead.workflow = "orders";
    dead.created_at = NOW;
    run->code = "validation.x";
    amzx_batch_dead(batch, run, &dead);
    amzx_batch_save(batch, run, AMZX_EV_DIE);
    run = nth(runs, 2);
    review.id = "rev_1";
    review.tenant = "a";
    review.run_id = run->id;
    review.path = "ask";
    review.created_at = NOW;
    amzx_batch_review(batch, run, &review);
    amzx_batch_event(batch, run, "emit", "order.asked", "{}");
    run->due_at = 0;
    amzx_batch_save(batch, run, AMZX_EV_ASK);
    assert_int_equal(amzx_batch_count(batch), 3);
    return batch;
}

static void a_batch_writes_all_that_belongs_to_its_runs(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs = claim_some(f, 3);
    amzx_intent_t in = an_intent("key_1", "run_0");
    amzx_batch_t *batch = a_batch_of_three(f, runs, &in);
    amzx_intent_t *stored = NULL;
    apr_array_header_t *out = NULL;

    flush(f, batch);
    assert_int_equal(amzx_batch_is_held(batch, "run_0"), 1);
    assert_int_equal(amzx_batch_is_held(batch, "run_9"), -1);
    assert_int_equal(get(f, "run_0")->state, AMZX_RUN_DONE);
    assert_string_equal(get(f, "run_0")->detail, nth(runs, 0)->detail);
    assert_true(get(f, "run_0")->finished_at == NOW + 7);
    assert_int_equal(get(f, "run_0")->seq, 2);
    assert_int_equal(get(f, "run_1")->state, AMZX_RUN_DEAD);
    assert_int_equal(get(f, "run_2")->state, AMZX_RUN_REVIEW);
    assert_true(get(f, "run_2")->finished_at == 0);
    assert_ok(f, amzx_journal_read(&out, f->db, &f->st, "run_0", &f->fault,
                                   f->p));
    assert_int_equal(out->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_entry_t).data, ODD_JSON);
    assert_null(APR_ARRAY_IDX(out, 1, amzx_entry_t).data);
    assert_ok(f, amzx_intent_get(&stored, f->db, &f->st, "key_1", &f->fault,
                                 f->p));
    assert_int_equal(stored->state, AMZX_INTENT_APPLIED);
    assert_string_equal(stored->body, in.body);
    assert_string_equal(stored->result, in.result);
    assert_ok(f, amzx_dead_list(&out, f->db, "a", 9, &f->fault, f->p));
    assert_int_equal(out->nelts, 1);
    assert_ok(f, amzx_review_list(&out, f->db, &f->st, "a", 9, &f->fault,
                                  f->p));
    assert_int_equal(out->nelts, 1);
}

static void what_belongs_to_a_lost_run_is_left_out(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs = claim_some(f, 2);
    amzx_batch_t *batch = amzx_batch_make(&f->st, f->p);
    amzx_entry_t entry = an_entry(1, "{}");
    amzx_intent_t in = an_intent("key_0", "run_0");
    amzx_intent_t *stored = NULL;
    apr_array_header_t *out = NULL;
    amzx_dead_t dead = { 0 };
    amzx_run_t old = *nth(runs, 0);
    apr_int64_t count = 0;

    old.token--; /* somebody else has claimed it since */
    amzx_batch_entry(batch, &old, &entry); /* no save: one is added */
    amzx_batch_intent(batch, &old, &in);
    dead.id = "dead_1";
    dead.tenant = "a";
    dead.run_id = "run_0";
    dead.workflow = "orders";
    amzx_batch_dead(batch, &old, &dead);
    amzx_batch_event(batch, &old, "emit", "x", "{}");
    amzx_batch_entry(batch, nth(runs, 1), &entry);
    amzx_batch_save(batch, nth(runs, 1), AMZX_EVENTS);
    flush(f, batch);
    assert_int_equal(amzx_batch_is_held(batch, "run_0"), 0);
    assert_int_equal(amzx_batch_is_held(batch, "run_1"), 1);
    assert_int_equal(journal_count(f, "run_0"), 0);
    assert_int_equal(journal_count(f, "run_1"), 1);
    assert_int_equal(get(f, "run_1")->state, AMZX_RUN_RUNNING);
    assert_ok(f, amzx_intent_get(&stored, f->db, &f->st, "key_0", &f->fault,
                                 f->p));
    assert_null(stored);
    assert_ok(f, amzx_dead_list(&out, f->db, "a", 9, &f->fault, f->p));
    assert_int_equal(out->nelts, 0);
    in_txn(f, amzx_run_release_all(&count, txn, "me", NOW, &f->fault, f->p));
    assert_int_equal(count, 2);
    flush(f, batch);
    assert_int_equal(amzx_batch_is_held(batch, "run_1"), 0);
}

static void a_batch_can_be_flushed_again_after_a_failure(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs = claim_some(f, 1);
    amzx_batch_t *batch = amzx_batch_make(&f->st, f->p);
    amzx_entry_t entry = an_entry(1, "{}");
    amzx_txn_t *open = NULL;

    amzx_batch_entry(batch, nth(runs, 0), &entry);
    amzx_batch_save(batch, nth(runs, 0), AMZX_EV_FINISH);
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    assert_ok(f, amzx_batch_flush(batch, open, NOW, &f->fault, f->p));
    amzx_txn_end(open, APR_EGENERAL, NULL);
    assert_int_equal(journal_count(f, "run_0"), 0);
    flush(f, batch);
    assert_int_equal(amzx_batch_is_held(batch, "run_0"), 1);
    assert_int_equal(journal_count(f, "run_0"), 1);
    assert_int_equal(get(f, "run_0")->state, AMZX_RUN_DONE);
}

static void a_batch_lets_the_next_of_a_partition_come(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *out = NULL;
    amzx_batch_t *batch = amzx_batch_make(&f->st, f->p);
    amzx_run_t first = fixture_a_run("run_1", "a", "p", NOW);
    amzx_run_t second = fixture_a_run("run_2", "a", "p", NOW);

    fixture_put_run(f, &first);
    fixture_put_run(f, &second);
    out = claim(f, 9);
    assert_int_equal(out->nelts, 1);
    amzx_batch_save(batch, nth(out, 0), AMZX_EV_FINISH);
    flush(f, batch);
    out = claim(f, 9);
    assert_int_equal(out->nelts, 1);
    assert_string_equal(nth(out, 0)->id, "run_2");
}

static const struct CMUnitTest tests[] = {
    TEST(a_batch_writes_all_that_belongs_to_its_runs),
    TEST(what_belongs_to_a_lost_run_is_left_out),
    TEST(a_batch_can_be_flushed_again_after_a_failure),
    TEST(a_batch_lets_the_next_of_a_partition_come),
};

FIXTURE_MAIN(tests)
