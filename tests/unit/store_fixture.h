/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file store_fixture.h  A database for tests of lib/db and lib/store: a
 * SQLite file of its own for each test, or a schema of its own on a private
 * PostgreSQL server that the test program starts.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "amzx_id.h"
#include "amzx_store.h"
#include "amzx_str.h"

typedef struct {
    apr_pool_t *p;
    amzx_env_t env;
    amzx_store_t st;
    amzx_db_t *db;
    const char *dir;
    const char *dsn;
    amzx_fault_t fault;
} fixture_t;

/* NULL: tests run on SQLite. Else libpq keywords of the server. */
extern const char *fixture_server;
const char *fixture_server = NULL;

static const char *fixture_pg_dir = NULL;
static int fixture_count = 0;

/** Fails the test with the fault's own words. */
#define assert_ok(f, call)                                                  \
    do {                                                                    \
        amzx_fault_clear(&(f)->fault);                                      \
        if ((call) != APR_SUCCESS) {                                        \
            fail_msg("%s: %s: %s", #call, (f)->fault.code,                  \
                     (f)->fault.detail);                                    \
        }                                                                   \
    } while (0)

/** The call must fail with that code. */
#define assert_fault(f, call, wanted)                                       \
    do {                                                                    \
        amzx_fault_clear(&(f)->fault);                                      \
        if ((call) == APR_SUCCESS) {                                        \
            fail_msg("%s succeeded", #call);                                \
        }                                                                   \
        assert_string_equal((f)->fault.code, wanted);                       \
    } while (0)

/** Run a program to its end; *out gets its first line when not NULL. */
static inline int fixture_run(char **out, const char *const *args,
                              apr_pool_t *p)
{
    apr_procattr_t *attr = NULL;
    apr_exit_why_e why = APR_PROC_EXIT;
    apr_proc_t proc;
    char line[512] = "";
    int code = 0;

    apr_procattr_create(&attr, p);
    apr_procattr_io_set(attr, APR_NO_PIPE,
                        out ? APR_FULL_BLOCK : APR_NO_PIPE, APR_NO_PIPE);
    apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH);
    if (apr_proc_create(&proc, args[0], args, NULL, attr, p) != APR_SUCCESS) {
        return -1;
    }
    if (out) {
        apr_file_gets(line, sizeof(line), proc.out);
        line[strcspn(line, "\n")] = '\0';
        *out = apr_pstrdup(p, line);
    }
    apr_proc_wait(&proc, &code, &why, APR_WAIT);
    return APR_PROC_CHECK_EXIT(why) ? code : -1;
}

static inline const char *fixture_script(apr_pool_t *p)
{
    const char *top = getenv("AMZX_SRCDIR");

    return apr_pstrcat(p, top ? top : ".", "/tests/lib/pg.sh", NULL);
}

static inline int fixture_pg(const char *command, apr_pool_t *p)
{
    const char *args[] = { "/bin/sh", fixture_script(p), command,
                           fixture_pg_dir, NULL };

    return fixture_run(NULL, args, p);
}

/** Start the private server, or say why there is none. */
static inline int fixture_pg_start(apr_pool_t *p)
{
    char dir[] = "/tmp/amzx-pg-XXXXXX";
    const char *args[] = { "/bin/sh", fixture_script(p), "start", NULL,
                           apr_psprintf(p, "%d", (int)getpid()), NULL };
    char *params = NULL;

    fixture_server = getenv("AMZX_TEST_PGSQL"); /* one that runs already */
    if (fixture_server) {
        return 1;
    }
    if (!mkdtemp(dir)) {
        return 0;
    }
    fixture_pg_dir = args[3] = apr_pstrdup(p, dir);
    if (fixture_run(&params, args, p) != 0 || !params[0]) {
        printf("[  SKIPPED ] PostgreSQL: no server could be started\n");
        rmdir(dir);
        return 0;
    }
    fixture_server = params;
    return 1;
}

static inline void fixture_remove(const char *dir, apr_pool_t *p)
{
    const char *args[] = { "/bin/rm", "-rf", dir, NULL };

    fixture_run(NULL, args, p);
}

static inline void fixture_pg_stop(apr_pool_t *p)
{
    if (fixture_server && fixture_pg_dir) {
        fixture_pg("stop", p);
        fixture_remove(fixture_pg_dir, p);
        fixture_server = NULL;
    }
}

/** A second connection to the database of the test, in a pool of its own. */
static inline amzx_db_t *fixture_connect(fixture_t *f, apr_pool_t *p)
{
    amzx_db_t *db = NULL;

    assert_ok(f, amzx_db_open(&db, f->dsn, &f->env, &f->fault, p));
    return db;
}

/** One statement of the PostgreSQL server's owner, through psql. */
static inline int fixture_psql(fixture_t *f, char **out, const char *sql)
{
    const char *args[] = { "/usr/bin/env", "psql", "-qAtX", "-c", sql,
                           fixture_server, NULL };

    return fixture_run(out, args, f->p);
}

static inline int fixture_bare(void **state)
{
    char dir[] = "/tmp/amzx-test-XXXXXX";
    apr_pool_t *p = NULL;
    fixture_t *f;

    apr_pool_create(&p, NULL);
    f = apr_pcalloc(p, sizeof(*f));
    f->p = p;
    amzx_env_init(&f->env, "test");
    f->env.log_level = AMZX_LOG_ERR;
    f->st.env = &f->env;
    if (!mkdtemp(dir)) {
        return -1;
    }
    f->dir = apr_pstrdup(p, dir);
    f->dsn = apr_pstrcat(p, "sqlite:", dir, "/amzxero.db", NULL);
    if (fixture_server) {
        const char *schema = apr_psprintf(p, "t%d_%d", (int)getpid(),
                                          ++fixture_count);

        if (fixture_psql(f, NULL, apr_pstrcat(p, "CREATE SCHEMA ", schema,
                                              NULL)) != 0) {
            return -1;
        }
        f->dsn = apr_pstrcat(p, "pgsql:", fixture_server,
                             " options=-csearch_path=", schema, NULL);
    }
    *state = f;
    return amzx_db_open(&f->db, f->dsn, &f->env, &f->fault, p);
}

static inline int fixture_setup(void **state)
{
    fixture_t *f;

    if (fixture_bare(state) != 0) {
        return -1;
    }
    f = *state;
    if (amzx_db_migrate(f->db, &f->fault, f->p) != APR_SUCCESS) {
        printf("%s: %s\n", f->fault.code, f->fault.detail);
        return -1;
    }
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_t *f = *state;
    apr_pool_t *p = NULL;
    const char *dir;

    apr_pool_create(&p, NULL);
    dir = apr_pstrdup(p, f->dir);
    apr_pool_destroy(f->p);
    fixture_remove(dir, p);
    apr_pool_destroy(p);
    return 0;
}

/** Do some writes in a transaction that must succeed; body uses txn and rv. */
#define in_txn(f, body)                                                     \
    do {                                                                    \
        amzx_txn_t *txn = NULL;                                             \
        apr_status_t rv;                                                    \
                                                                            \
        assert_ok(f, amzx_txn_begin(&txn, (f)->db, &(f)->fault, (f)->p));   \
        rv = (body);                                                        \
        assert_ok(f, amzx_txn_end(txn, rv, &(f)->fault));                   \
    } while (0)

/** A ready run with a key of its own. */
static inline amzx_run_t fixture_a_run(const char *id, const char *tenant,
                                       const char *part, apr_time_t due)
{
    amzx_run_t run;

    memset(&run, 0, sizeof(run));
    run.id = run.run_key = id;
    run.tenant = tenant;
    run.workflow = "orders";
    run.version = 1;
    run.sha = "abc";
    run.partition = part;
    run.due_at = due;
    run.trigger = "order";
    run.origin = "rest";
    run.input = "{\"order\":\"\303\244\"}";
    run.created_at = due;
    return run;
}

static inline int fixture_put_run(fixture_t *f, const amzx_run_t *run)
{
    int is_new = 0;

    in_txn(f, amzx_run_put(&is_new, txn, &f->st, run, &f->fault, f->p));
    return is_new;
}

/** The tests on SQLite, and again on PostgreSQL when there is one. */
static inline int fixture_both(const struct CMUnitTest *tests,
                               size_t count)
{
    apr_pool_t *p = NULL;
    int failed;

    apr_pool_create(&p, NULL);
    failed = _cmocka_run_group_tests("sqlite", tests, count, NULL, NULL);
    if (fixture_pg_start(p)) {
        failed += _cmocka_run_group_tests("pgsql", tests, count, NULL, NULL);
        fixture_pg_stop(p);
    }
    apr_pool_destroy(p);
    apr_terminate();
    return failed != 0;
}

#define FIXTURE_MAIN(tests)                                                 \
    int main(void)                                                          \
    {                                                                       \
        apr_initialize();                                                   \
        return fixture_both(tests, sizeof(tests) / sizeof((tests)[0]));     \
    }

#define TEST(name)                                                          \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define TEST_BARE(name)                                                     \
    cmocka_unit_test_setup_teardown(name, fixture_bare, fixture_teardown)

#endif
