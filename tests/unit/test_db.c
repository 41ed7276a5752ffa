/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, statements, transactions and the schema. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "amzx_db_private.h"

static int is_pgsql(const fixture_t *f)
{
    return amzx_db_dialect(f->db) == AMZX_DIALECT_PGSQL;
}

/* Each statement is run in a transaction that is rolled back, so that the
 * server has parsed it, found its columns and typed its values. */
static void every_statement_runs_in_this_dialect(void **state)
{
    fixture_t *f = *state;
    int id;

    for (id = 0; id < AMZX_SQL_COUNT; id++) {
        const amzx_sql_t *sql = &amzx_sql_table[id];
        int count = (int)strlen(sql->binds);
        amzx_bind_t binds[32];
        amzx_txn_t *txn = NULL;
        amzx_rows_t *rows = NULL;
        apr_status_t rv;
        int i;

        assert_in_range(count, 0, 31);
        for (i = 0; i < count; i++) {
            binds[i].type = sql->binds[i];
            binds[i].i = 100;
            binds[i].s = "[]"; /* fits a text and a list */
        }
        assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
        rv = amzx_txn_query(&rows, txn, (amzx_sql_e)id, binds, count,
                            &f->fault, f->p);
        if (rv != APR_SUCCESS) {
            fail_msg("%s: %s", sql->name, f->fault.detail);
        }
        amzx_txn_end(txn, APR_EGENERAL, NULL);
    }
    assert_in_range(AMZX_SQL_COUNT, 60, 500);
}

/* Tables with a row for each connection, trigger or limit, not each order. */
static int is_small(const char *step)
{
    return strcmp(step, "SCAN token") == 0 || strcmp(step, "SCAN poll") == 0
           || strcmp(step, "SCAN slot") == 0;
}

/* SQLite plans do not depend on the data: none may read a table through. */
static void every_statement_is_served_by_an_index(void **state)
{
    fixture_t *f = *state;
    sqlite3 *db = NULL;
    int searches = 0;
    int id;

    if (is_pgsql(f)) {
        skip();
    }
    assert_int_equal(sqlite3_open(f->dsn + strlen("sqlite:"), &db),
                     SQLITE_OK);
    for (id = 0; id < AMZX_SQL_COUNT; id++) {
        const char *name = amzx_sql_table[id].name;
        sqlite3_stmt *plan = NULL;
        const char *text = apr_pstrcat(
            f->p, "EXPLAIN QUERY PLAN ",
            amzx_sql_text((amzx_sql_e)id, AMZX_DIALECT_SQLITE), NULL);

        assert_int_equal(sqlite3_prepare_v2(db, text, -1, &plan, NULL),
                         SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(plan, 3);

            searches += strncmp(step, "SEARCH ", 7) == 0;
            if ((strncmp(step, "SCAN ", 5) == 0 && !strstr(step, " INDEX ")
                 && !strstr(step, "CONSTANT ROW") && !strstr(step, "subquery")
                 && !is_small(step) && strcmp(step, "SCAN tenants") != 0
                 && strcmp(step, "SCAN lanes") != 0)
                || strstr(step, "B-TREE FOR ORDER BY")) {
                fail_msg("%s: %s", name, step);
            }
        }
        sqlite3_finalize(plan);
    }
    sqlite3_close(db);
    assert_in_range(searches, 40, 1000);
}

static void no_statement_has_a_percent_sign(void **state)
{
    int id;

    (void)state;
    for (id = 0; id < AMZX_SQL_COUNT; id++) {
        assert_null(strchr(amzx_sql_text((amzx_sql_e)id, AMZX_DIALECT_PGSQL),
                           '%'));
    }
}

static void migrating_twice_changes_nothing(void **state)
{
    fixture_t *f = *state;

    assert_ok(f, amzx_db_migrate(f->db, &f->fault, f->p));
    assert_ok(f, amzx_db_verify(f->db, &f->fault, f->p));
    assert_ok(f, amzx_db_probe(f->db, &f->fault, f->p));
}

static void a_database_without_schema_is_refused(void **state)
{
    fixture_t *f = *state;

    assert_fault(f, amzx_db_verify(f->db, &f->fault, f->p), "config.schema");
    assert_int_equal(f->fault.klass, AMZX_FAULT_CONFIG);
}

static void a_newer_schema_is_refused(void **state)
{
    fixture_t *f = *state;
    amzx_bind_t binds[] = { AMZX_I(amzx_schema_version() + 1), AMZX_I(1) };
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    rv = amzx_txn_exec(NULL, txn, AMZX_SQL_SCHEMA_PUT, binds, 2, &f->fault,
                       f->p);
    assert_ok(f, amzx_txn_end(txn, rv, &f->fault));
    assert_fault(f, amzx_db_verify(f->db, &f->fault, f->p), "config.schema");
    assert_fault(f, amzx_db_migrate(f->db, &f->fault, f->p),
                 "config.schema");
}

typedef struct {
    fixture_t *f;
    apr_status_t rv;
    amzx_fault_t fault;
} migration_t;

static void *APR_THREAD_FUNC migrate_in_thread(apr_thread_t *thread,
                                               void *data)
{
    migration_t *m = data;
    apr_pool_t *p = NULL;
    amzx_db_t *db = NULL;

    (void)thread;
    apr_pool_create(&p, NULL);
    m->rv = amzx_db_open(&db, m->f->dsn, &m->f->env, &m->fault, p);
    if (m->rv == APR_SUCCESS) {
        m->rv = amzx_db_migrate(db, &m->fault, p);
    }
    apr_pool_destroy(p);
    return NULL;
}

static void many_may_migrate_at_once(void **state)
{
    fixture_t *f = *state;
    migration_t m[6];
    apr_thread_t *thread[6];
    int i;

    for (i = 0; i < 6; i++) {
        m[i].f = f;
        apr_thread_create(&thread[i], NULL, migrate_in_thread, &m[i], f->p);
    }
    for (i = 0; i < 6; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, thread[i]);
    }
    for (i = 0; i < 6; i++) {
        if (m[i].rv != APR_SUCCESS) {
            fail_msg("%s: %s", m[i].fault.code, m[i].fault.detail);
        }
    }
    assert_ok(f, amzx_db_verify(f->db, &f->fault, f->p));
}

static apr_status_t put_definition(fixture_t *f, amzx_txn_t *txn,
                                   const char *name)
{
    amzx_bind_t binds[] = { AMZX_S(name), AMZX_I(1), AMZX_S("sha"),
                            AMZX_S("text"), AMZX_I(1) };

    return amzx_txn_exec(NULL, txn, AMZX_SQL_DEFINITION_PUT, binds, 5,
                         &f->fault, f->p);
}

static int has_definition(fixture_t *f, const char *name)
{
    amzx_bind_t binds[] = { AMZX_S(name), AMZX_S("sha") };
    amzx_rows_t *rows = NULL;

    assert_ok(f, amzx_db_query(&rows, f->db, AMZX_SQL_DEFINITION_GET, binds,
                               2, &f->fault, f->p));
    return amzx_rows_count(rows);
}

static apr_status_t fail_a_statement(fixture_t *f, amzx_txn_t *txn)
{
    amzx_bind_t binds[] = { AMZX_I(1), AMZX_I(1) }; /* version 1 is taken */

    return amzx_txn_exec(NULL, txn, AMZX_SQL_SCHEMA_PUT, binds, 2, &f->fault,
                         f->p);
}

static void a_failed_statement_fails_the_whole_transaction(void **state)
{
    fixture_t *f = *state;
    amzx_txn_t *txn = NULL;

    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_ok(f, put_definition(f, txn, "before"));
    assert_fault(f, fail_a_statement(f, txn), "database.error");
    assert_null(strstr(f->fault.detail, "Key ("));
    assert_fault(f, put_definition(f, txn, "after"), "database.error");
    /* the caller forgot: the end remembers */
    assert_fault(f, amzx_txn_end(txn, APR_SUCCESS, &f->fault),
                 "database.error");
    assert_int_equal(has_definition(f, "before"), 0);
    assert_int_equal(has_definition(f, "after"), 0);
}

static void an_error_of_the_caller_rolls_back(void **state)
{
    fixture_t *f = *state;
    amzx_txn_t *txn = NULL;

    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_ok(f, put_definition(f, txn, "gone"));
    assert_int_equal(amzx_txn_end(txn, APR_EINVAL, &f->fault), APR_EINVAL);
    assert_int_equal(has_definition(f, "gone"), 0);
    assert_int_equal(amzx_txn_end(NULL, APR_SUCCESS, NULL), APR_SUCCESS);
}

static void a_transaction_ends_with_its_pool(void **state)
{
    fixture_t *f = *state;
    amzx_txn_t *txn = NULL;
    apr_pool_t *p = NULL;

    apr_pool_create(&p, f->p);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, p));
    assert_ok(f, put_definition(f, txn, "lost"));
    apr_pool_destroy(p);
    assert_int_equal(has_definition(f, "lost"), 0);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_fault(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p),
                 "database.error"); /* one at a time */
}

static void values_are_typed_and_null_is_not_empty(void **state)
{
    fixture_t *f = *state;
    const char *odd = "quote ' percent % backslash \\ umlaut \303\244 \"";
    amzx_bind_t put[] = { AMZX_S("n"),  AMZX_S(odd), AMZX_I(-5),
                          AMZX_I(APR_INT64_C(9007199254740993)), AMZX_I(7) };
    amzx_bind_t wrong[] = { AMZX_S("n"), AMZX_S("1") };
    amzx_bind_t get[] = { AMZX_S("n") };
    amzx_rows_t *rows = NULL;
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    rv = amzx_txn_exec(NULL, txn, AMZX_SQL_NODE_BEAT, put, 5, &f->fault,
                       f->p);
    assert_ok(f, amzx_txn_end(txn, rv, &f->fault));
    assert_ok(f, amzx_db_query(&rows, f->db, AMZX_SQL_NODE_LATEST, NULL, 0,
                               &f->fault, f->p));
    assert_int_equal(amzx_rows_int(rows, 0, 0), 7);
    assert_string_equal(amzx_rows_text(rows, 0, 0), "7");
    assert_ok(f, amzx_db_query(&rows, f->db, AMZX_SQL_NODES, get, 0,
                               &f->fault, f->p));
    assert_string_equal(amzx_rows_text(rows, 0, 1), odd);
    assert_int_equal(amzx_rows_int(rows, 0, 2), -5);
    assert_true(amzx_rows_int(rows, 0, 3) == APR_INT64_C(9007199254740993));
    assert_null(amzx_rows_text(rows, 1, 0)); /* there is no such row */
    assert_fault(f, amzx_db_query(&rows, f->db, AMZX_SQL_NODE_LATEST, wrong,
                                  1, &f->fault, f->p),
                 "database.error");
    put[1].s = NULL;
    put[0].s = "m";
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    rv = amzx_txn_exec(NULL, txn, AMZX_SQL_NODE_BEAT, put, 5, &f->fault,
                       f->p);
    assert_ok(f, amzx_txn_end(txn, rv, &f->fault));
    assert_ok(f, amzx_db_query(&rows, f->db, AMZX_SQL_NODES, get, 0,
                               &f->fault, f->p));
    assert_true(amzx_rows_is_null(rows, 0, 1));
    assert_false(amzx_rows_is_null(rows, 1, 1));
}

static void a_malformed_name_of_a_database_is_refused(void **state)
{
    fixture_t *f = *state;
    amzx_db_t *db = NULL;

    assert_fault(f, amzx_db_open(&db, "sqlite:relative.db", &f->env,
                                 &f->fault, f->p),
                 "config.database");
    assert_fault(f, amzx_db_open(&db, "mysql:x", &f->env, &f->fault, f->p),
                 "config.database");
    assert_null(db);
}

static void the_pool_lends_each_connection_once(void **state)
{
    fixture_t *f = *state;
    amzx_db_pool_t *pool = NULL;
    amzx_db_t *a = NULL;
    amzx_db_t *b = NULL;
    amzx_db_t *c = NULL;

    assert_int_equal(amzx_db_pool_create(&pool, f->dsn, 2, &f->env, f->p),
                     APR_SUCCESS);
    assert_ok(f, amzx_db_pool_get(&a, pool, &f->fault));
    assert_ok(f, amzx_db_pool_get(&b, pool, &f->fault));
    assert_ptr_not_equal(a, b);
    assert_ok(f, amzx_db_probe(a, &f->fault, f->p));
    assert_fault(f, amzx_db_pool_get(&c, pool, &f->fault),
                 "limit.connections");
    assert_int_equal(f->fault.status, APR_TIMEUP);
    amzx_db_pool_put(pool, a);
    assert_ok(f, amzx_db_pool_get(&c, pool, &f->fault));
    assert_ptr_equal(c, a);
}

static void the_clock_of_the_database_is_near_ours(void **state)
{
    fixture_t *f = *state;
    apr_time_t now = 0;
    apr_time_t ours;

    assert_ok(f, amzx_db_now(&now, f->db, &f->fault, f->p));
    ours = amzx_now(&f->env);
    assert_true(now > ours - apr_time_from_sec(60));
    assert_true(now <= ours + apr_time_from_sec(60));
    assert_true(is_pgsql(f) || now <= ours);
}

static const struct CMUnitTest tests[] = {
    TEST(every_statement_runs_in_this_dialect),
    TEST(every_statement_is_served_by_an_index),
    TEST(no_statement_has_a_percent_sign),
    TEST(migrating_twice_changes_nothing),
    TEST_BARE(a_database_without_schema_is_refused),
    TEST(a_newer_schema_is_refused),
    TEST_BARE(many_may_migrate_at_once),
    TEST(a_failed_statement_fails_the_whole_transaction),
    TEST(an_error_of_the_caller_rolls_back),
    TEST(a_transaction_ends_with_its_pool),
    TEST(values_are_typed_and_null_is_not_empty),
    TEST(a_malformed_name_of_a_database_is_refused),
    TEST(the_pool_lends_each_connection_once),
    TEST(the_clock_of_the_database_is_near_ours),
};

FIXTURE_MAIN(tests)
