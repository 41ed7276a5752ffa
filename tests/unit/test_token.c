/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens: how they come, are shared, renewed and kept safe. */
#include "token_case.h"

#include "amzx_crypto.h"

static void the_first_pair_comes_from_the_credential_file(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);
    amzx_token_row_t row;

    assert_null(get(n, c));
    assert_int_equal(n->sent, 0); /* nothing happens inside get */
    assert_null(ask(n, c));
    assert_int_equal(n->sent, 1);
    assert_string_equal(n->url, c->token_url);
    assert_non_null(strstr(n->body, "grant_type=refresh_token"));
    assert_non_null(strstr(n->body, "refresh_token=seed"));
    assert_null(ask(n, c));
    grant(n, "a1", "r1", 1800);
    assert_int_equal(n->ready, 1);
    assert_string_equal(get(n, c), "a1");
    row = row_of(f, c);
    assert_int_equal(row.generation, 1);
    assert_string_equal(row.access, "a1");
    assert_string_equal(row.refresh, "r1");
    assert_string_equal(row.refresh_prev, "seed");
    assert_string_equal(row.state, "ok");
    assert_int_equal(row.access_until, clock_us + SEC(1800));
    assert_string_equal(row.seed_sha, amzx_sha256_hex("seed", 4, f->p));
}

static void each_refresh_uses_the_newest_refresh_token(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);
    amzx_token_row_t row;

    ask(n, c);
    grant(n, "a1", "r1", 1800);
    pass(SEC(1790), n, NULL);
    assert_null(ask(n, c)); /* less than a minute left */
    assert_non_null(strstr(n->body, "refresh_token=r1"));
    grant(n, "a2", "r2", 1800);
    assert_string_equal(get(n, c), "a2");
    row = row_of(f, c);
    assert_string_equal(row.refresh, "r2");
    assert_string_equal(row.refresh_prev, "r1");
    assert_int_equal(row.refreshed_at, clock_us);
}

static void a_pair_that_does_not_rotate_is_kept(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = connection(f, "amazon.spapi", "refresh_token");
    amzx_token_row_t row;

    write_credential(c, "Atzr|1");
    ask(n, c);
    assert_non_null(strstr(n->body, "refresh_token=Atzr%7C1"));
    grant(n, "Atza|1", "Atzr|1", 3600);
    assert_string_equal(get(n, c), "Atza|1");
    pass(SEC(3600), n, NULL);
    ask(n, c);
    grant(n, "Atza|2", NULL, 3600);
    row = row_of(f, c);
    assert_string_equal(row.refresh, "Atzr|1");
    assert_string_equal(row.refresh_prev, "");
    assert_int_equal(row.generation, 2);
}

static void client_credentials_need_no_refresh_token(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = connection(f, "xero.accounting", "client_credentials");

    write_credential(c, NULL);
    ask(n, c);
    assert_non_null(strstr(n->body, "grant_type=client_credentials"));
    assert_non_null(strstr(n->body, "scope=one"));
    assert_null(strstr(n->body, "refresh_token"));
    grant(n, "a1", NULL, 1800);
    assert_string_equal(get(n, c), "a1");
    assert_string_equal(row_of(f, c).refresh, "");
    ask(m, c);
    assert_string_equal(get(m, c), "a1");
    assert_int_equal(m->sent, 0);
}

/* ---- the fleet ----------------------------------------------------------- */

static void another_engine_takes_the_stored_token(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    grant(n, "a1", "r1", 1800);
    ask(m, c);
    assert_int_equal(m->sent, 0);
    assert_int_equal(m->ready, 1);
    assert_string_equal(get(m, c), "a1");
}

static void only_one_engine_refreshes(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    ask(m, c);
    pass(SEC(20), n, m);
    assert_null(get(m, c));
    assert_int_equal(n->sent, 1);
    assert_int_equal(m->sent, 0);
    grant(n, "a1", "r1", 1800);
    pass(SEC(1), n, m);
    assert_int_equal(m->sent, 0);
    assert_string_equal(get(m, c), "a1");
}

static void the_lock_of_a_dead_engine_ends(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    ask(m, c);
    pass(SEC(89), m, NULL);
    assert_int_equal(m->sent, 0);
    pass(SEC(4), m, NULL);
    assert_int_equal(m->sent, 1);
}

static void a_late_pair_never_replaces_a_newer_one(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    ask(m, c);
    pass(SEC(93), m, NULL);
    grant(m, "a2", "r2", 1800);
    grant(n, "a1", "r1", 1800); /* of an engine that had been asleep */
    pass(SEC(3), n, m);
    assert_string_equal(row_of(f, c).refresh, "r2");
    assert_string_equal(get(n, c), "a2");
    assert_int_equal(n->sent, 1);
}

static void a_late_pair_is_stored_when_nobody_has_a_newer_one(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    ask(m, c);
    pass(SEC(93), m, NULL);
    assert_int_equal(m->sent, 1); /* holds the lock now */
    grant(n, "a1", "r1", 1800);
    assert_null(get(n, c));
    lose(m, "network.timeout"); /* gives the lock back */
    pass(SEC(3), n, NULL);
    assert_string_equal(get(n, c), "a1");
    assert_string_equal(row_of(f, c).refresh, "r1");
}

static void a_stopped_engine_gives_the_lock_back(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    amzx_tokens_stop(n->tokens);
    assert_int_equal(n->cancelled, 1);
    assert_null(get(n, c));
    assert_int_equal(n->fault.klass, AMZX_FAULT_TRANSIENT);
    ask(m, c);
    assert_int_equal(m->sent, 1);
}

/* ---- renewing ------------------------------------------------------------ */

static void a_token_is_renewed_while_the_old_one_serves(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    grant(n, "a1", "r1", 1800);
    pass(SEC(1400), n, NULL);
    assert_string_equal(ask(n, c), "a1");
    assert_int_equal(n->sent, 1);
    pass(SEC(110), n, NULL); /* 290 s before its end */
    assert_string_equal(ask(n, c), "a1");
    assert_int_equal(n->sent, 2);
    assert_string_equal(ask(n, c), "a1");
    assert_int_equal(n->sent, 2);
    grant(n, "a2", "r2", 1800);
    assert_string_equal(ask(n, c), "a2");
    assert_int_equal(n->sent, 2);
}

static void a_failed_renewal_leaves_the_old_token(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    grant(n, "a1", "r1", 1800);
    pass(SEC(1510), n, NULL);
    ask(n, c);
    answer(n, 503, NULL, "down");
    assert_string_equal(ask(n, c), "a1");
    assert_int_equal(n->sent, 2); /* not at once again */
    pass(SEC(2), n, NULL);
    assert_string_equal(ask(n, c), "a1");
    assert_int_equal(n->sent, 3);
}

static void a_very_short_token_is_used_all_the_same(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    amzx_conn_t *c = xero(f);

    ask(n, c);
    grant(n, "a1", "r1", 40);
    assert_string_equal(ask(n, c), "a1");
    pass(SEC(15), n, NULL);
    assert_string_equal(ask(n, c), "a1");
    assert_int_equal(n->sent, 1);
    pass(SEC(16), n, NULL);
    assert_null(ask(n, c));
    assert_int_equal(n->sent, 2);
}

static void a_refused_token_is_dropped_once(void **state)
{
    fixture_t *f = *state;
    node_t *n = node(f, "e1");
    node_t *m = node(f, "e2");
    amzx_conn_t *c = xero(f);
    const char *a1;

    ask(n, c);
    grant(n, "a1", "r1", 1800);
    ask(m, c);
    a1 = get(n, c);
    amzx_tokens_expired(n->tokens, c, a1);
    assert_null(ask(n, c)); /* the row's token is the refused one */
    assert_int_equal(n->sent, 2);
    grant(n, "a2", "r2", 1800);
    assert_string_equal(a1, "a1"); /* still readable for its callers */
    amzx_tokens_expired(n->tokens, c, a1); /* a second call's 401 */
    assert_string_equal(get(n, c), "a2");
    amzx_tokens_expired(m->tokens, c, get(m, c));
    ask(m, c);
    assert_string_equal(get(m, c), "a2"); /* from the row */
    assert_int_equal(m->sent, 0);
}

static const struct CMUnitTest tests[] = {
    TEST(the_first_pair_comes_from_the_credential_file),
    TEST(each_refresh_uses_the_newest_refresh_token),
    TEST(a_pair_that_does_not_rotate_is_kept),
    TEST(client_credentials_need_no_refresh_token),
    TEST(another_engine_takes_the_stored_token),
    TEST(only_one_engine_refreshes),
    TEST(the_lock_of_a_dead_engine_ends),
    TEST(a_late_pair_never_replaces_a_newer_one),
    TEST(a_late_pair_is_stored_when_nobody_has_a_newer_one),
    TEST(a_stopped_engine_gives_the_lock_back),
    TEST(a_token_is_renewed_while_the_old_one_serves),
    TEST(a_failed_renewal_leaves_the_old_token),
    TEST(a_very_short_token_is_used_all_the_same),
    TEST(a_refused_token_is_dropped_once),
};

FIXTURE_MAIN(tests)
