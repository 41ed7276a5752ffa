/* SPDX-License-Identifier: Apache-2.0 */
/* The small tables of lib/store: held by one at a time, settled once. */
#include "store_fixture.h"

#define NOW APR_INT64_C(1750000000000000)
#define MINUTE apr_time_from_sec(60)

static void a_bucket_is_made_and_kept(void **state)
{
    fixture_t *f = *state;
    apr_int64_t held = -1;
    amzx_bucket_t b;

    in_txn(f, amzx_bucket_lock(&b, txn, "acme/books/minute", &f->fault,
                               f->p));
    assert_int_equal(b.remaining, -1);
    b.tat = NOW;
    b.blocked_until = NOW + MINUTE;
    b.reason = "429";
    b.used = 17;
    b.day = 20000;
    b.remaining = 4983;
    in_txn(f, amzx_bucket_save(txn, &b, &f->fault, f->p));
    memset(&b, 0, sizeof(b));
    in_txn(f, amzx_bucket_lock(&b, txn, "acme/books/minute", &f->fault,
                               f->p));
    assert_true(b.tat == NOW && b.blocked_until == NOW + MINUTE);
    assert_string_equal(b.reason, "429");
    assert_int_equal(b.used, 17);
    assert_int_equal(b.remaining, 4983);
    in_txn(f, amzx_slot_set(txn, "s", "e1", 3, NOW + 10, &f->fault, f->p));
    in_txn(f, amzx_slot_set(txn, "s", "e1", 2, NOW + 10, &f->fault, f->p));
    in_txn(f, amzx_slot_set(txn, "s", "e2", 4, NOW + 10, &f->fault, f->p));
    in_txn(f, amzx_slot_others(&held, txn, "s", "e2", NOW, &f->fault, f->p));
    assert_int_equal(held, 2);
    in_txn(f, amzx_slot_others(&held, txn, "s", "e3", NOW + 10, &f->fault,
                               f->p));
    assert_int_equal(held, 0); /* their leases are over */
}

static int lock_token(fixture_t *f, const char *owner, apr_time_t now)
{
    amzx_token_row_t wanted = { 0 };
    int is_mine = -1;

    wanted.tenant = "acme";
    wanted.connection = "books";
    wanted.lock_owner = owner;
    wanted.lock_until = now + MINUTE;
    in_txn(f, amzx_token_lock(&is_mine, txn, &wanted, now, &f->fault, f->p));
    return is_mine;
}

static void one_refreshes_a_token_at_a_time(void **state)
{
    fixture_t *f = *state;
    amzx_token_row_t row;
    int is_mine = -1;

    assert_ok(f, amzx_token_get(&row, f->db, &f->st, "acme", "books",
                                &f->fault, f->p));
    assert_int_equal(row.generation, 0);
    assert_string_equal(row.refresh, "");
    assert_int_equal(lock_token(f, "e1", NOW), 1);
    assert_int_equal(lock_token(f, "e2", NOW + 1), 0);
    row.access = "aaa";
    row.access_until = NOW + MINUTE;
    row.refresh = "rrr";
    in_txn(f, amzx_token_save(&is_mine, txn, &f->st, &row, "e2", &f->fault,
                              f->p));
    assert_int_equal(is_mine, 0);
    in_txn(f, amzx_token_save(&is_mine, txn, &f->st, &row, "e1", &f->fault,
                              f->p));
    assert_int_equal(is_mine, 1);
    assert_ok(f, amzx_token_get(&row, f->db, &f->st, "acme", "books",
                                &f->fault, f->p));
    assert_string_equal(row.access, "aaa");
    assert_string_equal(row.refresh, "rrr");
    assert_string_equal(row.refresh_prev, "");
    assert_int_equal(row.generation, 1);
    assert_null(row.lock_owner);
    assert_int_equal(lock_token(f, "e2", NOW + 2), 1);
    /* e2 died: its lock ends with its time, and its late save is refused */
    assert_int_equal(lock_token(f, "e1", NOW + 3 + MINUTE), 1);
    in_txn(f, amzx_token_save(&is_mine, txn, &f->st, &row, "e2", &f->fault,
                              f->p));
    assert_int_equal(is_mine, 0);
}

static int resolve(fixture_t *f, const char *tenant, const char *resolution,
                   const char *by)
{
    amzx_dead_t dead = { 0 };
    int is_done = -1;

    dead.tenant = tenant;
    dead.run_id = "run_1";
    dead.resolution = resolution;
    dead.by = by;
    dead.resolved_at = NOW;
    in_txn(f, amzx_dead_resolve(&is_done, txn, &dead, &f->fault, f->p));
    return is_done;
}

static void a_dead_letter_is_resolved_once(void **state)
{
    fixture_t *f = *state;
    amzx_dead_t d;
    apr_array_header_t *out = NULL;

    memset(&d, 0, sizeof(d));
    d.id = "dead_1";
    d.tenant = "acme";
    d.run_id = "run_1";
    d.workflow = "orders";
    d.version = 3;
    d.code = "validation.account_code";
    d.created_at = NOW;
    in_txn(f, amzx_dead_put(txn, &d, &f->fault, f->p));
    in_txn(f, amzx_dead_put(txn, &d, &f->fault, f->p));
    assert_ok(f, amzx_dead_list(&out, f->db, "acme", 9, &f->fault, f->p));
    assert_int_equal(out->nelts, 1);
    assert_int_equal(APR_ARRAY_IDX(out, 0, amzx_dead_t).version, 3);
    assert_int_equal(resolve(f, "other", "discarded", "eve"), 0);
    assert_int_equal(resolve(f, "acme", "replayed", "ann"), 1);
    assert_int_equal(resolve(f, "acme", "replayed", "bob"), 0);
    assert_ok(f, amzx_dead_list(&out, f->db, "acme", 9, &f->fault, f->p));
    assert_int_equal(out->nelts, 0);
}

static amzx_review_t a_review(const char *id)
{
    amzx_review_t r;

    memset(&r, 0, sizeof(r));
    r.id = id;
    r.tenant = "acme";
    r.run_id = "run_1";
    r.path = "ask";
    r.queue = "tax";
    r.title = "Which rate?";
    r.shown = "[{\"label\":\"Buyer\",\"value\":\"M\303\274ller\"}]";
    r.options = "[{\"name\":\"ok\",\"label\":\"OK\"}]";
    r.created_at = NOW;
    return r;
}

static int decide(fixture_t *f, const char *id, const char *choice,
                  const char *by)
{
    amzx_review_t decision = { 0 };
    int is_done = -1;

    decision.tenant = "acme";
    decision.id = id;
    decision.choice = choice;
    decision.edited = "{\"rate\":20}";
    decision.by = by;
    decision.note = "seen";
    decision.resolved_at = NOW + 9;
    in_txn(f, amzx_review_decide(&is_done, txn, &f->st, &decision, &f->fault,
                                 f->p));
    return is_done;
}

/* The run of a_review() waits for a person. */
static void run_asks(fixture_t *f)
{
    amzx_run_t run = fixture_a_run("run_1", "acme", "p", NOW);
    amzx_claim_t mine = { "me", NOW, MINUTE, 1 };
    apr_array_header_t *out = NULL;
    int is_held = 0;

    fixture_put_run(f, &run);
    in_txn(f, amzx_run_claim(&out, txn, &f->st, &mine, &f->fault, f->p));
    assert_int_equal(out->nelts, 1);
    in_txn(f, amzx_run_save(&is_held, txn, &APR_ARRAY_IDX(out, 0, amzx_run_t),
                            AMZX_EV_ASK, NOW, &f->fault, f->p));
    assert_int_equal(is_held, 1);
}

static void a_review_is_asked_once_and_decided_once(void **state)
{
    fixture_t *f = *state;
    amzx_review_t r = a_review("rev_1");
    amzx_review_t again = a_review("rev_2");
    amzx_review_t *got = NULL;
    apr_array_header_t *out = NULL;

    run_asks(f);
    in_txn(f, amzx_review_put(txn, &f->st, &r, &f->fault, f->p));
    in_txn(f, amzx_review_put(txn, &f->st, &again, &f->fault, f->p));
    again.run_id = "run_2"; /* which does not wait: not listed */
    in_txn(f, amzx_review_put(txn, &f->st, &again, &f->fault, f->p));
    assert_ok(f, amzx_review_list(&out, f->db, &f->st, "acme", 9, &f->fault,
                                  f->p));
    assert_int_equal(out->nelts, 1);
    assert_ok(f, amzx_review_of(&got, f->db, &f->st, "run_1", "ask",
                                &f->fault, f->p));
    assert_string_equal(got->id, "rev_1");
    assert_string_equal(got->shown, r.shown);
    assert_null(got->choice);
    assert_int_equal(decide(f, "rev_1", "ok", "ann"), 1);
    assert_int_equal(decide(f, "rev_1", "no", "bob"), 0);
    assert_int_equal(decide(f, "rev_9", "no", "bob"), 0);
    assert_ok(f, amzx_review_get(&got, f->db, &f->st, "acme", "rev_1",
                                 &f->fault, f->p));
    assert_string_equal(got->choice, "ok");
    assert_string_equal(got->by, "ann");
    assert_string_equal(got->edited, "{\"rate\":20}");
    assert_string_equal(got->note, "seen");
    assert_true(got->resolved_at == NOW + 9);
    assert_ok(f, amzx_review_get(&got, f->db, &f->st, "other", "rev_1",
                                 &f->fault, f->p));
    assert_null(got);
    assert_ok(f, amzx_review_list(&out, f->db, &f->st, "acme", 9, &f->fault,
                                  f->p));
    assert_int_equal(out->nelts, 0);
}

static int take_cursor(fixture_t *f, amzx_cursor_t *c, const char *owner,
                       apr_time_t now)
{
    int is_mine = -1;

    c->tenant = "acme";
    c->workflow = "orders";
    c->trigger = "poll";
    c->owner = owner;
    c->lease_until = now + MINUTE;
    in_txn(f, amzx_cursor_take(&is_mine, c, txn, now, &f->fault, f->p));
    return is_mine;
}

static void a_poll_belongs_to_one_engine_at_a_time(void **state)
{
    fixture_t *f = *state;
    amzx_cursor_t c;
    amzx_cursor_t late;
    int is_mine = -1;

    assert_int_equal(take_cursor(f, &late, "e1", NOW), 1);
    assert_null(late.value);
    assert_int_equal(take_cursor(f, &c, "e2", NOW + 1), 0);
    /* e1 is away for longer than its lease */
    assert_int_equal(take_cursor(f, &c, "e2", NOW + 2 + MINUTE), 1);
    c.value = "2026-01-01T00:00:00Z";
    c.due_at = NOW + 3 * MINUTE;
    in_txn(f, amzx_cursor_save(&is_mine, txn, &late, "e1", &f->fault, f->p));
    assert_int_equal(is_mine, 0);
    in_txn(f, amzx_cursor_save(&is_mine, txn, &c, "e2", &f->fault, f->p));
    assert_int_equal(is_mine, 1);
    assert_int_equal(take_cursor(f, &c, "e1", NOW + 3 * MINUTE - 1), 0);
    assert_int_equal(take_cursor(f, &c, "e1", NOW + 3 * MINUTE), 1);
    assert_string_equal(c.value, "2026-01-01T00:00:00Z");
}

static void a_definition_never_changes_under_its_version(void **state)
{
    fixture_t *f = *state;
    amzx_txn_t *open = NULL;
    const char *text = "x";
    apr_status_t got;

    in_txn(f, amzx_definition_put(txn, "orders", 1, "sha1", "<workflow/>",
                                  NOW, &f->fault, f->p));
    in_txn(f, amzx_definition_put(txn, "orders", 1, "sha1", "<workflow/>",
                                  NOW, &f->fault, f->p));
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    got = amzx_definition_put(open, "orders", 1, "sha2", "<other/>", NOW,
                             &f->fault, f->p);
    assert_int_equal(got, APR_EEXIST);
    assert_string_equal(f->fault.code, "config.version_changed");
    amzx_txn_end(open, got, NULL);
    assert_ok(f, amzx_definition_get(&text, f->db, "orders", "sha1",
                                     &f->fault, f->p));
    assert_string_equal(text, "<workflow/>");
    assert_ok(f, amzx_definition_get(&text, f->db, "orders", "sha2",
                                     &f->fault, f->p));
    assert_null(text);
}

static void an_event_is_emitted_once_per_place(void **state)
{
    fixture_t *f = *state;
    amzx_bind_t again[] = { AMZX_S("run_1"), AMZX_S("emit[1]"),
                            AMZX_S("acme"),  AMZX_S("order.booked"),
                            AMZX_S("x"),     AMZX_I(NOW) };
    amzx_outgoing_t event = { "acme", "run_1", "emit[1]", "order.booked",
                              "{}", NOW };
    apr_int64_t count = -1;

    in_txn(f, amzx_event_put(txn, &f->st, &event, &f->fault, f->p));
    in_txn(f, amzx_txn_exec(&count, txn, AMZX_SQL_EVENT_PUT, again, 6,
                            &f->fault, f->p));
    assert_int_equal(count, 0);
    again[1].s = "emit[2]";
    in_txn(f, amzx_txn_exec(&count, txn, AMZX_SQL_EVENT_PUT, again, 6,
                            &f->fault, f->p));
    assert_int_equal(count, 1);
}

static const struct CMUnitTest tests[] = {
    TEST(a_bucket_is_made_and_kept),
    TEST(one_refreshes_a_token_at_a_time),
    TEST(a_dead_letter_is_resolved_once),
    TEST(a_review_is_asked_once_and_decided_once),
    TEST(a_poll_belongs_to_one_engine_at_a_time),
    TEST(a_definition_never_changes_under_its_version),
    TEST(an_event_is_emitted_once_per_place),
};

FIXTURE_MAIN(tests)
