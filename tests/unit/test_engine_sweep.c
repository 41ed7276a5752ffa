/* SPDX-License-Identifier: Apache-2.0 */
/* Orders become paid invoices, whenever the engine dies on the way: it is
 * killed at each moment it looks at the clock, and the books and journals are
 * those of the calm run. AMZX_SWEEP=all tries every moment. */
#include "engine_host.h"

/* A prime, so that all kinds of moments come about. */
#define STRIDE 23

static const char *calm_books;
static const char *calm_history;
static long calm_looks;
static apr_pool_t *calm_pool;

static void check_key(peer_t *peer, const amzx_http_request_t *req, void *ctx)
{
    host_t *h = ctx;
    const char *key = peer_header(req, "Idempotency-Key");
    apr_array_header_t *runs;
    int i;
    int k;

    (void)peer;
    if (key == NULL) {
        return;
    }
    runs = host_all(h);
    for (i = 0; i < runs->nelts; i++) {
        const amzx_run_t *run = &APR_ARRAY_IDX(runs, i, amzx_run_t);
        apr_array_header_t *intents = NULL;

        assert_ok(h->f, amzx_intent_of_run(&intents, h->f->db, &h->f->st,
                                           run->id, &h->f->fault, h->p));
        for (k = 0; k < intents->nelts; k++) {
            const amzx_intent_t *in = &APR_ARRAY_IDX(intents, k,
                                                     amzx_intent_t);
            amzx_digest_t *d = amzx_digest_new(h->p);
            const char *gen = apr_itoa(h->p, in->gen);

            amzx_digest_part(d, in->tenant, strlen(in->tenant));
            amzx_digest_part(d, in->key, strlen(in->key));
            amzx_digest_part(d, gen, strlen(gen));
            if (strcmp(amzx_digest_hex(d, h->p), key) == 0) {
                assert_int_equal(in->state, AMZX_INTENT_SENDING);
                assert_int_equal(run->state, AMZX_RUN_RUNNING);
                assert_int_equal(strlen(in->body), req->body_len);
                assert_memory_equal(in->body, req->body, req->body_len);
                return;
            }
        }
    }
    fail_msg("nothing committed tells of what is being sent");
}

static void an_order_becomes_a_paid_invoice(void **state)
{
    host_t *h = host_shipped(*state);

    h->peer->on_start = check_key;
    h->peer->on_start_ctx = h;
    host_notify(h, ORDER);
    host_start(h, 0);
    host_settles(h, SEC(60));
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 1);
    assert_int_equal(peer_things(h->peer, "invoice"), 1);
    assert_int_equal(peer_things(h->peer, "payment"), 1);
    assert_int_equal(peer_things(h->peer, "contact"), 1);
    assert_int_equal(peer_things(h->peer, "item"), 1);
    assert_string_equal(host_run(h)->outcome, "done");
    calm_looks = h->node[0].looks;
    calm_books = peer_books(h->peer, calm_pool);
    calm_history = host_history(h, calm_pool);
    assert_non_null(strstr(calm_books, "\"Status\":\"PAID\""));
}

/* One world in which engine 0 dies at that look, and another follows. */
static void die_at(void **state, long at, int is_same_host)
{
    host_t *h = host_shipped(*state);
    apr_pool_t *p;

    apr_pool_create(&p, h->p);
    host_notify(h, ORDER);
    h->node[0].crash_at = at;
    host_start(h, 0);
    if (h->node[0].engine != NULL) {
        host_go(h, SEC(60));
    }
    assert_true(h->node[0].has_crashed);
    assert_null(h->node[0].engine);
    if (is_same_host) {
        host_clock += SEC(1);
    }
    host_start(h, 1);
    if (!host_go(h, SEC(300))) {
        fail_msg("death at %ld: stuck: %s", at, host_history(h, p));
    }
    if (strcmp(peer_books(h->peer, p), calm_books) != 0) {
        fail_msg("death at %ld: the books are\n%s", at,
                 peer_books(h->peer, p));
    }
    if (strcmp(host_history(h, p), calm_history) != 0) {
        fail_msg("death at %ld: the history is\n%s\nnot\n%s", at,
                 host_history(h, p), calm_history);
    }
    assert_int_equal(h->peer->parallel, 0);
    host_kill(h, 1);
}

static void a_death_at_any_moment_changes_nothing(void **state)
{
    const char *all = getenv("AMZX_SWEEP");
    long step = all && strcmp(all, "all") == 0 ? 1 : STRIDE;
    long at;
    int n = 0;

    assert_true(calm_looks > 100);
    for (at = 1; at <= calm_looks; at += step) {
        void *world = NULL;

        assert_int_equal(fixture_setup(&world), 0);
        die_at(&world, at, n % 2);
        fixture_teardown(&world);
        n++;
    }
    (void)state;
    print_message("%d deaths among %ld moments\n", n, calm_looks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_order_becomes_a_paid_invoice),
        cmocka_unit_test(a_death_at_any_moment_changes_nothing),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&calm_pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(calm_pool);
    apr_terminate();
    return failed != 0;
}
