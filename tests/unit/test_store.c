/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of lib/store: kept once, sealed, moved by rule. */
#include "store_fixture.h"

#define NOW APR_INT64_C(1750000000000000)
#define MINUTE apr_time_from_sec(60)

/* A column as it is stored. */
static const char *get_raw(fixture_t *f, amzx_sql_e id, amzx_bind_t bind,
                           int column)
{
    amzx_rows_t *rows = NULL;

    assert_ok(f, amzx_db_query(&rows, f->db, id, &bind, 1, &f->fault, f->p));
    return amzx_rows_text(rows, 0, column);
}

static const char *raw_intent_body(fixture_t *f, const char *key)
{
    amzx_bind_t bind = AMZX_S(key);

    return get_raw(f, AMZX_SQL_INTENT_GET, bind, 10);
}

static amzx_delivery_t a_delivery(const char *id, const char *delivery)
{
    amzx_delivery_t d;

    memset(&d, 0, sizeof(d));
    d.id = id;
    d.tenant = "acme";
    d.source = "amazon.notifications";
    d.delivery = delivery;
    d.content_type = "application/json";
    d.body = "{\"Buyer\":\"M\303\274ller\",\"n\":\"a\\\\b\"}";
    d.body_len = strlen(d.body);
    d.received_at = NOW;
    return d;
}

static int put_delivery(fixture_t *f, const amzx_delivery_t *d)
{
    int is_new = -1;

    in_txn(f, amzx_inbox_put(&is_new, txn, &f->st, d, &f->fault, f->p));
    return is_new;
}

static void a_delivery_is_kept_once(void **state)
{
    fixture_t *f = *state;
    amzx_delivery_t d = a_delivery("in_1", "n-1");
    amzx_delivery_t again = a_delivery("in_2", "n-1");
    amzx_delivery_t other = a_delivery("in_3", "n-1");
    apr_array_header_t *out = NULL;
    apr_time_t oldest = 0;
    apr_int64_t count = 0;
    amzx_delivery_t *got;

    assert_int_equal(put_delivery(f, &d), 1);
    assert_int_equal(put_delivery(f, &again), 0);
    assert_int_equal(put_delivery(f, &again), 0);
    other.tenant = "other";
    other.received_at = NOW + 1;
    assert_int_equal(put_delivery(f, &other), 1);
    assert_ok(f, amzx_inbox_backlog(&count, &oldest, f->db, &f->fault, f->p));
    assert_int_equal(count, 2);
    assert_true(oldest == NOW);
    in_txn(f, amzx_inbox_take(&out, txn, &f->st, 10, &f->fault, f->p));
    assert_int_equal(out->nelts, 2);
    got = &APR_ARRAY_IDX(out, 0, amzx_delivery_t);
    assert_string_equal(got->id, "in_1");
    assert_int_equal(got->copies, 2);
    assert_string_equal(got->body, d.body);
    assert_int_equal(got->body_len, d.body_len);
    assert_string_equal(got->content_type, "application/json");
    assert_null(got->trace);
    in_txn(f, amzx_inbox_close(txn, "in_1", "done", "1 run", NOW, &f->fault,
                               f->p));
    in_txn(f, amzx_inbox_take(&out, txn, &f->st, 10, &f->fault, f->p));
    assert_int_equal(out->nelts, 1);
}

static void a_delivery_is_closed_once(void **state)
{
    fixture_t *f = *state;
    amzx_delivery_t d = a_delivery("in_1", "n-1");
    amzx_txn_t *open = NULL;
    apr_status_t got;

    put_delivery(f, &d);
    in_txn(f, amzx_inbox_close(txn, "in_1", "refused", "no", NOW, &f->fault,
                               f->p));
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    got = amzx_inbox_close(open, "in_1", "done", NULL, NOW, &f->fault, f->p);
    assert_string_equal(f->fault.code, "store.transition");
    assert_int_not_equal(amzx_txn_end(open, got, &f->fault), APR_SUCCESS);
}

static apr_array_header_t *claim(fixture_t *f, int max)
{
    amzx_claim_t mine = { "me", NOW, MINUTE, max };
    apr_array_header_t *out = NULL;

    in_txn(f, amzx_run_claim(&out, txn, &f->st, &mine, &f->fault, f->p));
    return out;
}

static apr_array_header_t *list(fixture_t *f, const char *workflow,
                                const char *state, const char *before,
                                int max)
{
    amzx_run_filter_t filter = { "acme", workflow, state, before, max };
    apr_array_header_t *out = NULL;

    assert_ok(f, amzx_run_list(&out, f->db, &filter, &f->fault, f->p));
    return out;
}

static void write_keys(fixture_t *f, const char *name, const char *line,
                       const amzx_keyring_t **ring)
{
    const char *path = apr_pstrcat(f->p, f->dir, "/", name, NULL);
    amzx_keyring_t *loaded = NULL;
    apr_file_t *file = NULL;

    assert_int_equal(apr_file_open(&file, path,
                                   APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                                   APR_FPROT_UREAD | APR_FPROT_UWRITE, f->p),
                     APR_SUCCESS);
    apr_file_puts(line, file);
    apr_file_close(file);
    assert_ok(f, amzx_keyring_load(&loaded, path, &f->fault, f->p));
    *ring = loaded;
}

static void bodies_are_sealed_at_rest(void **state)
{
    fixture_t *f = *state;
    amzx_delivery_t d = a_delivery("in_1", "n-1");
    amzx_run_t run = fixture_a_run("run_1", "acme", "p", NOW);
    apr_array_header_t *out = NULL;
    amzx_run_t *got = NULL;
    amzx_bind_t one = AMZX_I(1);

    write_keys(f, "keys", "k1 MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n",
               &f->st.ring);
    put_delivery(f, &d);
    fixture_put_run(f, &run);
    assert_int_equal(strncmp(get_raw(f, AMZX_SQL_INBOX_TAKE, one, 5),
                             "s1.k1.", 6), 0);
    in_txn(f, amzx_inbox_take(&out, txn, &f->st, 1, &f->fault, f->p));
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_delivery_t).body, d.body);
    assert_ok(f, amzx_run_get(&got, f->db, &f->st, "acme", "run_1",
                              &f->fault, f->p));
    assert_string_equal(got->input, run.input);
    assert_ok(f, amzx_run_get(&got, f->db, &f->st, "other", "run_1",
                              &f->fault, f->p));
    assert_null(got); /* of another tenant */
}

static void without_its_key_a_run_is_parked_and_a_delivery_waits(void **state)
{
    fixture_t *f = *state;
    amzx_delivery_t d = a_delivery("in_1", "n-1");
    amzx_run_t run = fixture_a_run("run_1", "acme", "p", NOW);
    amzx_run_t plain = fixture_a_run("run_2", "acme", "q", NOW);
    const amzx_keyring_t *right;
    apr_array_header_t *out = NULL;
    apr_int64_t count = 0;

    f->env.log_level = AMZX_LOG_CRIT;
    fixture_put_run(f, &plain); /* before there were keys */
    write_keys(f, "keys", "k1 MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n",
               &f->st.ring);
    right = f->st.ring;
    put_delivery(f, &d);
    fixture_put_run(f, &run);
    write_keys(f, "other", "k2 MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n",
               &f->st.ring);
    in_txn(f, amzx_inbox_take(&out, txn, &f->st, 1, &f->fault, f->p));
    assert_int_equal(out->nelts, 0);
    out = claim(f, 10);
    assert_int_equal(out->nelts, 1); /* the readable one goes on */
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_run_t).id, "run_2");
    out = list(f, NULL, "parked", NULL, 9);
    assert_int_equal(out->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_run_t).code, "config.key");
    f->st.ring = right;
    in_txn(f, amzx_run_wake_parked(&count, txn, "acme", "config", NOW,
                                   &f->fault, f->p));
    assert_int_equal(count, 1);
    out = claim(f, 10);
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_run_t).input, run.input);
    in_txn(f, amzx_inbox_take(&out, txn, &f->st, 1, &f->fault, f->p));
    assert_int_equal(out->nelts, 1);
}

static void only_listed_transitions_exist(void **state)
{
    int s;

    (void)state;
    assert_int_equal(amzx_run_next(AMZX_RUN_READY, AMZX_EV_CLAIM),
                     AMZX_RUN_RUNNING);
    assert_int_equal(amzx_run_next(AMZX_RUN_DEAD, AMZX_EV_REPLAY),
                     AMZX_RUN_READY);
    for (s = 0; s < AMZX_RUN_STATES; s++) {
        int running = s == AMZX_RUN_RUNNING;

        assert_int_equal(amzx_run_state_of(
                             amzx_run_state_name((amzx_run_state_e)s)),
                         s);
        assert_int_equal(amzx_run_next((amzx_run_state_e)s, AMZX_EV_FINISH),
                         running ? AMZX_RUN_DONE : -1);
        assert_int_equal(amzx_run_next((amzx_run_state_e)s, AMZX_EVENTS), -1);
        assert_true(s == AMZX_RUN_DEAD
                    || amzx_run_next((amzx_run_state_e)s, AMZX_EV_REPLAY)
                           == -1);
    }
    assert_int_equal(amzx_run_next(AMZX_RUN_DONE, AMZX_EV_CANCEL), -1);
    assert_int_equal(amzx_run_state_of("gone"), -1);
    assert_int_equal(amzx_run_state_of(NULL), -1);
}

static void journal_rows_come_back_in_order(void **state)
{
    fixture_t *f = *state;
    amzx_run_t run = fixture_a_run("run_1", "acme", "p", NOW);
    apr_array_header_t *out = NULL;
    amzx_entry_t e[3];
    amzx_run_t *claimed;
    int i;

    fixture_put_run(f, &run);
    out = claim(f, 1);
    claimed = &APR_ARRAY_IDX(out, 0, amzx_run_t);
    memset(e, 0, sizeof(e));
    for (i = 0; i < 3; i++) {
        e[i].seq = i + 1;
        e[i].path = i == 1 ? "book/posted" : "start";
        e[i].kind = "result";
        e[i].at = NOW + i;
        e[i].data = i == 2 ? NULL : "{\"total\":12.30}";
        e[i].hash = i == 0 ? "h" : NULL;
    }
    in_txn(f, amzx_journal_append(txn, &f->st, claimed, e, 3, &f->fault,
                                  f->p));
    assert_ok(f, amzx_journal_read(&out, f->db, &f->st, "run_1", &f->fault,
                                   f->p));
    assert_int_equal(out->nelts, 3);
    assert_string_equal(APR_ARRAY_IDX(out, 1, amzx_entry_t).path,
                        "book/posted");
    assert_string_equal(APR_ARRAY_IDX(out, 1, amzx_entry_t).data, e[1].data);
    assert_null(APR_ARRAY_IDX(out, 2, amzx_entry_t).data);
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_entry_t).hash, "h");
}

static void a_journal_refuses_an_old_token_and_a_second_seq(void **state)
{
    fixture_t *f = *state;
    amzx_run_t run = fixture_a_run("run_1", "acme", "p", NOW);
    amzx_entry_t e = { 1, "start", "start", NOW, NULL, NULL, "{}" };
    apr_array_header_t *out = NULL;
    amzx_txn_t *open = NULL;
    amzx_run_t old;
    apr_status_t got;

    fixture_put_run(f, &run);
    out = claim(f, 1);
    old = APR_ARRAY_IDX(out, 0, amzx_run_t);
    in_txn(f, amzx_journal_append(txn, &f->st, &old, &e, 1, &f->fault, f->p));
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    got = amzx_journal_append(open, &f->st, &old, &e, 1, &f->fault, f->p);
    assert_int_not_equal(got, APR_SUCCESS);
    amzx_txn_end(open, got, NULL);
    old.token--;
    e.seq = 2;
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    got = amzx_journal_append(open, &f->st, &old, &e, 1, &f->fault, f->p);
    assert_string_equal(f->fault.code, "store.fenced");
    amzx_txn_end(open, got, NULL);
}

static amzx_intent_t an_intent(const char *key, const char *body)
{
    amzx_intent_t in;

    memset(&in, 0, sizeof(in));
    in.key = key;
    in.tenant = "acme";
    in.run_id = "run_1";
    in.connection = "books";
    in.op = "invoice.create";
    in.natural = "order-1";
    in.state = AMZX_INTENT_SENDING;
    in.gen = 1;
    in.method = "PUT";
    in.path = "/Invoices?where=Name";
    in.body = body;
    in.first_sent_at = NOW;
    return in;
}

static void an_intent_keeps_its_bytes_and_takes_its_outcome(void **state)
{
    fixture_t *f = *state;
    amzx_intent_t in = an_intent("k1", "{\"Total\":1.10}");
    amzx_intent_t *got = NULL;
    apr_array_header_t *out = NULL;
    const char *before;

    in_txn(f, amzx_intent_save(txn, &f->st, &in, NOW, &f->fault, f->p));
    before = raw_intent_body(f, "k1");
    in.state = AMZX_INTENT_APPLIED;
    in.remote_id = "6d1a";
    in.result = "{\"id\":\"6d1a\"}";
    in.saw_5xx = 7;
    in_txn(f, amzx_intent_save(txn, &f->st, &in, NOW + 5, &f->fault, f->p));
    /* the same bytes are not written again, though a new seal differs */
    assert_string_equal(raw_intent_body(f, "k1"),
                        before);
    assert_ok(f, amzx_intent_get(&got, f->db, &f->st, "k1", &f->fault, f->p));
    assert_int_equal(got->state, AMZX_INTENT_APPLIED);
    assert_string_equal(got->body, in.body);
    assert_string_equal(got->path, in.path);
    assert_string_equal(got->result, in.result);
    assert_int_equal(got->saw_5xx, 1);
    assert_true(got->created_at == NOW);
    assert_true(got->updated_at == NOW + 5);
    in.gen = 2;
    in.body = "{\"Total\":2.20}";
    in.body_sha = NULL;
    in_txn(f, amzx_intent_save(txn, &f->st, &in, NOW + 6, &f->fault, f->p));
    assert_ok(f, amzx_intent_of_run(&out, f->db, &f->st, "run_1", &f->fault,
                                    f->p));
    assert_int_equal(out->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_intent_t).body, in.body);
    assert_ok(f, amzx_intent_get(&got, f->db, &f->st, "none", &f->fault,
                                 f->p));
    assert_null(got);
}

static void runs_are_listed_by_page_and_counted_by_state(void **state)
{
    fixture_t *f = *state;
    apr_int64_t counts[AMZX_RUN_STATES];
    apr_array_header_t *out = NULL;
    amzx_run_t run;
    amzx_run_t *got = NULL;
    int i;

    for (i = 0; i < 5; i++) {
        run = fixture_a_run(apr_psprintf(f->p, "run_%d", i), "acme",
                            apr_psprintf(f->p, "p%d", i), NOW);
        run.workflow = i % 2 ? "orders" : "refunds";
        assert_int_equal(fixture_put_run(f, &run), 1);
        assert_int_equal(fixture_put_run(f, &run), 0); /* same key */
    }
    out = list(f, NULL, NULL, NULL, 2);
    assert_int_equal(out->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(out, 0, amzx_run_t).id, "run_4");
    out = list(f, NULL, NULL, "run_3", 9);
    assert_int_equal(out->nelts, 3);
    out = list(f, "orders", "ready", NULL, 9);
    assert_int_equal(out->nelts, 2);
    assert_ok(f, amzx_run_counts(counts, f->db, "acme", &f->fault, f->p));
    assert_int_equal(counts[AMZX_RUN_READY], 5);
    assert_ok(f, amzx_run_counts(counts, f->db, "other", &f->fault, f->p));
    assert_int_equal(counts[AMZX_RUN_READY], 0);
    assert_ok(f, amzx_run_counts(counts, f->db, NULL, &f->fault, f->p));
    assert_int_equal(counts[AMZX_RUN_READY], 5);
    assert_ok(f, amzx_run_by_key(&got, f->db, &f->st, "acme", "orders",
                                 "run_1", &f->fault, f->p));
    assert_string_equal(got->id, "run_1");
    assert_string_equal(got->input, run.input);
}

static const struct CMUnitTest tests[] = {
    TEST(a_delivery_is_kept_once),
    TEST(a_delivery_is_closed_once),
    TEST(bodies_are_sealed_at_rest),
    TEST(without_its_key_a_run_is_parked_and_a_delivery_waits),
    TEST(only_listed_transitions_exist),
    TEST(journal_rows_come_back_in_order),
    TEST(a_journal_refuses_an_old_token_and_a_second_seq),
    TEST(an_intent_keeps_its_bytes_and_takes_its_outcome),
    TEST(runs_are_listed_by_page_and_counted_by_state),
};

FIXTURE_MAIN(tests)
