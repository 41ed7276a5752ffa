/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens: lost answers, refused grants, broken files and databases. */
#include "token_case.h"

#include <sqlite3.h>

static void assert_given(const node_t *n, amzx_fault_class_e klass,
                         const char *code)
{
    assert_int_equal(n->fault.klass, klass);
    assert_string_equal(n->fault.code, code);
}

/* A connection that has rotated twice: row r2, before it r1. */
static amzx_conn_t *rotated(fixture_t *f, node_t *n)
{
    amzx_conn_t *c = xero(f);

    ask(n, c);
    grant(n, "a1", "r1", 1800);
    pass(SEC(1800), n, NULL);
    ask(n, c);
    grant(n, "a2", "r2", 1800);
    return c;
}

static void a_lost_answer_is_asked_for_again_with_the_same_token(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    lose(n, "network.timeout");
    assert_int_equal(n->ready, 1);
    assert_null(ask(n, c));
    assert_given(n, AMZX_FAULT_TRANSIENT, "network.timeout");
    assert_in_range(n->fault.retry_after_us, 1, SEC(2));
    assert_int_equal(n->sent, 1);
    pass(SEC(2), n, NULL);
    assert_null(ask(n, c));
    assert_int_equal(n->sent, 2);
    assert_non_null(strstr(n->body, "refresh_token=seed"));
    grant(n, "a1", "r1", 1800);
    assert_string_equal(get(n, c), "a1");
}

static void failures_in_a_row_wait_longer_and_longer(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);
    apr_interval_time_t wait = 0;
    int i;

    for (i = 0; i < 10; i++) {
        ask(n, c);
        answer(n, 500, NULL, "");
        assert_null(get(n, c));
        wait = n->fault.retry_after_us;
        assert_true(wait <= SEC(90));
        pass(wait, n, NULL);
    }
    assert_true(wait >= SEC(30));
}

static void retry_after_of_the_token_endpoint_is_kept(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    answer(n, 429, "25", "");
    assert_null(get(n, c));
    assert_int_equal(n->fault.klass, AMZX_FAULT_TRANSIENT);
    assert_int_equal(n->fault.retry_after_us, SEC(25));
    pass(SEC(24), n, NULL);
    ask(n, c);
    assert_int_equal(n->sent, 1);
    pass(SEC(1), n, NULL);
    ask(n, c);
    assert_int_equal(n->sent, 2);
}

/* ---- invalid_grant ------------------------------------------------------- */

static void the_token_before_is_tried_once_in_its_grace_time(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = rotated(f, n);

    pass(SEC(1750), n, NULL);
    ask(n, c);
    assert_non_null(strstr(n->body, "refresh_token=r2"));
    refuse(n, "invalid_grant");
    assert_int_equal(n->sent, 4);
    assert_non_null(strstr(n->body, "refresh_token=r1"));
    grant(n, "a3", "r3", 1800);
    assert_string_equal(get(n, c), "a3");
    assert_string_equal(row_of(f, c).refresh, "r3");
    assert_string_equal(row_of(f, c).refresh_prev, "r1");
}

static void after_its_grace_time_it_is_not_tried(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = rotated(f, n);

    pass(SEC(1801), n, NULL);
    ask(n, c);
    refuse(n, "invalid_grant");
    assert_int_equal(n->sent, 3);
    assert_null(get(n, c));
    assert_given(n, AMZX_FAULT_AUTH, "auth.revoked");
}

static void a_revoked_connection_waits_for_a_person_and_a_new_file(
    void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = rotated(f, n);
    int i;

    pass(SEC(1750), n, NULL);
    ask(n, c);
    refuse(n, "invalid_grant");
    refuse(n, "invalid_grant");
    assert_null(get(n, c));
    assert_given(n, AMZX_FAULT_AUTH, "auth.revoked");
    assert_string_equal(row_of(f, c).state, "reconnect");
    for (i = 0; i < 20; i++) {
        pass(SEC(40), n, m);
        ask(n, c);
        ask(m, c);
    }
    assert_int_equal(n->sent, 4); /* never in a loop */
    assert_int_equal(m->sent, 0);
    assert_null(get(m, c));
    assert_given(m, AMZX_FAULT_AUTH, "auth.revoked");
    write_credential(c, "fresh");
    pass(SEC(31), n, m);
    ask(n, c);
    assert_int_equal(n->sent, 5);
    assert_non_null(strstr(n->body, "refresh_token=fresh"));
    grant(n, "b1", "s1", 1800);
    assert_string_equal(get(n, c), "b1");
    assert_string_equal(row_of(f, c).state, "ok");
    pass(SEC(31), m, NULL);
    ask(m, c);
    assert_string_equal(get(m, c), "b1");
}

static void a_new_file_does_not_fall_back_on_the_old_chain(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = rotated(f, n);

    write_credential(c, "fresh");
    ask(m, c); /* the row's token belongs to the old file */
    assert_int_equal(m->sent, 1);
    assert_non_null(strstr(m->body, "refresh_token=fresh"));
    refuse(m, "invalid_grant");
    assert_int_equal(m->sent, 1);
    assert_null(get(m, c));
    assert_given(m, AMZX_FAULT_AUTH, "auth.revoked");
}

static void a_refused_grant_yields_to_a_newer_pair_of_another(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    ask(m, c);
    pass(SEC(93), m, NULL);
    grant(m, "a1", "r1", 1800);
    refuse(n, "invalid_grant"); /* the engine that slept is told so */
    pass(SEC(1), n, NULL);
    assert_string_equal(get(n, c), "a1");
    assert_string_equal(row_of(f, c).state, "ok");
    assert_int_equal(n->sent, 1);
}

/* ---- files and clients --------------------------------------------------- */

static void a_missing_or_broken_file_is_looked_at_again(void **state)
{
    static const char *const bad[] = {
        "not json", "{\"client_id\":\"x\"}",
        "{\"client_id\":\"x\",\"client_secret\":\"y\"}"
    };
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = connection(f, "xero.accounting", "refresh_token");
    size_t i;

    ask(n, c);
    assert_null(get(n, c));
    assert_given(n, AMZX_FAULT_CONFIG, "config.credential");
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_file(c->credential_file, bad[i]);
        pass(SEC(31), n, NULL);
        ask(n, c);
        assert_null(get(n, c));
        assert_given(n, AMZX_FAULT_CONFIG, "config.credential");
        assert_null(strstr(n->fault.detail, "\"y\""));
    }
    write_credential(c, "seed");
    ask(n, c);
    assert_int_equal(n->sent, 0); /* not at every call */
    pass(SEC(31), n, NULL);
    ask(n, c);
    assert_int_equal(n->sent, 1);
    c = connection(f, "xero.accounting", "refresh_token");
    c->name = "none";
    c->credential_file = "";
    ask(n, c);
    assert_null(get(n, c));
    assert_given(n, AMZX_FAULT_CONFIG, "config.credential");
}

static void a_client_the_peer_refuses_is_a_matter_of_configuration(
    void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    refuse(n, "invalid_client");
    assert_null(get(n, c));
    assert_given(n, AMZX_FAULT_CONFIG, "config.credential");
    assert_string_equal(row_of(f, c).state, "ok"); /* no one must reconnect */
}

static void an_answer_without_a_token_is_tried_again(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    answer(n, 200, NULL, "{\"access_token\":");
    assert_null(get(n, c));
    assert_int_equal(n->fault.klass, AMZX_FAULT_TRANSIENT);
}

/* ---- the database -------------------------------------------------------- */

static void sql(fixture_t *f, const char *text)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(strchr(f->dsn, ':') + 1, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_pair_is_used_only_once_it_is_stored(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    if (fixture_server != NULL) {
        skip(); /* the trigger below is SQLite's */
    }
    ask(n, c);
    sql(f, "CREATE TRIGGER full BEFORE UPDATE OF access ON token BEGIN "
           "SELECT RAISE(ABORT, 'no room'); END");
    grant(n, "a1", "r1", 1800);
    assert_null(get(n, c));
    pass(SEC(5), n, NULL);
    assert_null(get(n, c));
    assert_int_equal(n->ready, 0);
    sql(f, "DROP TRIGGER full");
    pass(SEC(2), n, NULL);
    assert_string_equal(get(n, c), "a1");
    assert_string_equal(row_of(f, c).refresh, "r1");
    assert_int_equal(n->sent, 1);
}

static const struct CMUnitTest tests[] = {
    TEST(a_lost_answer_is_asked_for_again_with_the_same_token),
    TEST(failures_in_a_row_wait_longer_and_longer),
    TEST(retry_after_of_the_token_endpoint_is_kept),
    TEST(the_token_before_is_tried_once_in_its_grace_time),
    TEST(after_its_grace_time_it_is_not_tried),
    TEST(a_revoked_connection_waits_for_a_person_and_a_new_file),
    TEST(a_new_file_does_not_fall_back_on_the_old_chain),
    TEST(a_refused_grant_yields_to_a_newer_pair_of_another),
    TEST(a_missing_or_broken_file_is_looked_at_again),
    TEST(a_client_the_peer_refuses_is_a_matter_of_configuration),
    TEST(an_answer_without_a_token_is_tried_again),
    TEST(a_pair_is_used_only_once_it_is_stored),
};

FIXTURE_MAIN(tests)
