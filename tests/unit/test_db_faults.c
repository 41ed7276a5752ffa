/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong outside: disks, permissions, locks, lost servers. */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "amzx_db_lock.h"
#include "amzx_db_private.h"

static const char *path_of(fixture_t *f)
{
    return f->dsn + strlen("sqlite:");
}

static void only_sqlite(fixture_t *f)
{
    if (amzx_db_dialect(f->db) != AMZX_DIALECT_SQLITE) {
        skip();
    }
}

static void only_pgsql(fixture_t *f)
{
    if (amzx_db_dialect(f->db) != AMZX_DIALECT_PGSQL) {
        skip();
    }
}

/* A row of some size in a transaction of its own. */
static apr_status_t put(fixture_t *f, const char *name, apr_size_t size)
{
    char *text = apr_palloc(f->p, size + 1);
    amzx_bind_t binds[] = { AMZX_S(name), AMZX_I(1), AMZX_S("sha"),
                            AMZX_S(text), AMZX_I(1) };
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    memset(text, 'x', size);
    text[size] = '\0';
    amzx_fault_clear(&f->fault);
    rv = amzx_txn_begin(&txn, f->db, &f->fault, f->p);
    if (rv == APR_SUCCESS) {
        rv = amzx_txn_exec(NULL, txn, AMZX_SQL_DEFINITION_PUT, binds, 5,
                           &f->fault, f->p);
    }
    return amzx_txn_end(txn, rv, &f->fault);
}

static int has(fixture_t *f, const char *name)
{
    amzx_bind_t binds[] = { AMZX_S(name), AMZX_S("sha") };
    amzx_rows_t *rows = NULL;

    assert_ok(f, amzx_db_query(&rows, f->db, AMZX_SQL_DEFINITION_GET, binds,
                               2, &f->fault, f->p));
    return amzx_rows_count(rows);
}

/* ---- SQLite -------------------------------------------------------------- */

static void a_full_disk_is_transient_and_loses_nothing(void **state)
{
    fixture_t *f = *state;
    struct rlimit old;
    struct rlimit small;
    apr_status_t rv = APR_SUCCESS;
    int stored = 0;
    int i;

    only_sqlite(f);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1500 * 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (i = 0; rv == APR_SUCCESS && i < 1000; i++) {
        rv = put(f, apr_psprintf(f->p, "n%d", i), 100 * 1024);
        stored += rv == APR_SUCCESS;
    }
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_not_equal(rv, APR_SUCCESS);
    assert_string_equal(f->fault.code, "database.full");
    assert_int_equal(f->fault.klass, AMZX_FAULT_TRANSIENT);
    assert_in_range(stored, 5, 100);
    for (i = 0; i < stored; i++) {
        assert_int_equal(has(f, apr_psprintf(f->p, "n%d", i)), 1);
    }
    assert_int_equal(has(f, apr_psprintf(f->p, "n%d", stored)), 0);
    assert_ok(f, put(f, "after", 100 * 1024)); /* there is room again */
}

static void a_database_of_another_user_is_read_only(void **state)
{
    fixture_t *f = *state;
    apr_status_t rv;

    only_sqlite(f);
    assert_ok(f, put(f, "x", 1));
    amzx_db_close(f->db);
    assert_ok(f, amzx_db_open(&f->db, f->dsn, &f->env, &f->fault, f->p));
    chmod(f->dir, 0555);
    chmod(path_of(f), 0444);
    chmod(apr_pstrcat(f->p, path_of(f), ".lock", NULL), 0666);
    if (geteuid() == 0) {
        assert_int_equal(seteuid(65534), 0);
        rv = put(f, "y", 1);
        assert_int_equal(seteuid(0), 0);
    }
    else {
        rv = put(f, "y", 1);
    }
    assert_int_not_equal(rv, APR_SUCCESS);
    assert_string_equal(f->fault.code, "database.readonly");
    assert_int_equal(f->fault.klass, AMZX_FAULT_CONFIG);
    chmod(f->dir, 0700);
    chmod(path_of(f), 0600);
    assert_ok(f, put(f, "z", 1)); /* it recovers by itself */
}

static void a_database_without_a_file_needs_a_migration(void **state)
{
    fixture_t *f = *state;
    amzx_db_t *db = NULL;

    only_sqlite(f);
    assert_ok(f, amzx_db_open(&db,
                              apr_pstrcat(f->p, "sqlite:", f->dir,
                                          "/sub/none.db", NULL),
                              &f->env, &f->fault, f->p));
    assert_fault(f, amzx_db_verify(db, &f->fault, f->p), "config.schema");
    assert_ok(f, amzx_db_migrate(db, &f->fault, f->p));
    assert_ok(f, amzx_db_verify(db, &f->fault, f->p));
}

static void a_damaged_file_is_corrupt(void **state)
{
    fixture_t *f = *state;
    char noise[8192];
    int fd;

    only_sqlite(f);
    assert_ok(f, put(f, "x", 1));
    amzx_db_close(f->db);
    assert_ok(f, amzx_db_open(&f->db, f->dsn, &f->env, &f->fault, f->p));
    memset(noise, 'z', sizeof(noise));
    fd = open(path_of(f), O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, noise, sizeof(noise)), sizeof(noise));
    close(fd);
    assert_int_not_equal(put(f, "y", 1), APR_SUCCESS);
    assert_string_equal(f->fault.code, "database.corrupt");
    assert_int_equal(f->fault.klass, AMZX_FAULT_CONFIG);
}

static void a_foreign_lock_on_the_file_is_busy(void **state)
{
    fixture_t *f = *state;
    sqlite3 *other = NULL;

    only_sqlite(f);
    assert_int_equal(sqlite3_open(path_of(f), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_not_equal(put(f, "x", 1), APR_SUCCESS);
    assert_string_equal(f->fault.code, "database.busy");
    assert_int_equal(f->fault.klass, AMZX_FAULT_TRANSIENT);
    assert_int_equal(has(f, "x"), 0); /* reading goes on */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(f, put(f, "x", 1));
    sqlite3_close(other);
}

static void the_writers_lock_excludes_and_dies_with_its_holder(void **state)
{
    fixture_t *f = *state;
    amzx_db_lock_t *mine;
    amzx_db_lock_t *yours;
    int pipes[2];
    char byte = 0;
    pid_t child;

    only_sqlite(f);
    mine = amzx_db_lock_make(path_of(f), f->p);
    yours = amzx_db_lock_make(path_of(f), f->p);
    amzx_db_lock_patience(yours, 20 * 1000);
    assert_ok(f, amzx_db_lock_take(mine, &f->fault));
    assert_fault(f, amzx_db_lock_take(yours, &f->fault), "database.busy");
    amzx_db_lock_give(mine);
    assert_ok(f, amzx_db_lock_take(yours, &f->fault));
    amzx_db_lock_drop(yours);
    amzx_db_lock_drop(mine);
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        amzx_db_lock_take(mine, NULL);
        if (write(pipes[1], "x", 1) == 1) {
            pause();
        }
        _exit(0);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_fault(f, amzx_db_lock_take(yours, &f->fault), "database.busy");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_ok(f, amzx_db_lock_take(yours, &f->fault));
    amzx_db_lock_drop(yours);
    close(pipes[0]);
    close(pipes[1]);
}

static mode_t mode_of(fixture_t *f, const char *path, uid_t *uid)
{
    struct stat st;

    (void)f;
    assert_int_equal(stat(path, &st), 0);
    *uid = st.st_uid;
    return st.st_mode & 07777;
}

static void root_prepares_files_for_the_run_user(void **state)
{
    fixture_t *f = *state;
    uid_t uid = geteuid() == 0 ? 65534 : geteuid();
    gid_t gid = geteuid() == 0 ? 65534 : getegid();
    const char *folder = apr_pstrcat(f->p, f->dir, "/state", NULL);
    const char *path = apr_pstrcat(f->p, folder, "/a.db", NULL);
    const char *dsn = apr_pstrcat(f->p, "sqlite:", path, NULL);
    amzx_db_t *db = NULL;
    uid_t owner = 0;

    only_sqlite(f);
    umask(0);
    assert_ok(f, amzx_db_prepare_files(dsn, uid, gid, &f->fault, f->p));
    assert_int_equal(mode_of(f, folder, &owner), 0700);
    assert_int_equal(owner, uid);
    assert_ok(f, amzx_db_open(&db, dsn, &f->env, &f->fault, f->p));
    assert_ok(f, amzx_db_migrate(db, &f->fault, f->p));
    /* while the connection is open, -wal and -shm are there */
    assert_int_equal(mode_of(f, apr_pstrcat(f->p, path, "-wal", NULL),
                             &owner), 0600);
    assert_int_equal(owner, uid); /* SQLite itself gives these away */
    amzx_db_close(db);
    assert_ok(f, amzx_db_prepare_files(dsn, uid, gid, &f->fault, f->p));
    assert_int_equal(mode_of(f, path, &owner), 0600);
    assert_int_equal(owner, uid);
    assert_int_equal(mode_of(f, apr_pstrcat(f->p, path, ".lock", NULL),
                             &owner), 0600);
    assert_int_equal(owner, uid);
    umask(022);
}

static void links_and_open_folders_are_refused(void **state)
{
    fixture_t *f = *state;
    const char *folder = apr_pstrcat(f->p, f->dir, "/state", NULL);
    const char *path = apr_pstrcat(f->p, folder, "/a.db", NULL);
    const char *dsn = apr_pstrcat(f->p, "sqlite:", path, NULL);
    const char *victim = apr_pstrcat(f->p, f->dir, "/victim", NULL);
    uid_t owner = 1;
    int fd;

    only_sqlite(f);
    fd = open(victim, O_CREAT | O_WRONLY, 0644);
    close(fd);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(symlink(victim, path), 0);
    assert_int_not_equal(amzx_db_prepare_files(dsn, geteuid(), getegid(),
                                               &f->fault, f->p),
                         APR_SUCCESS);
    unlink(path);
    assert_int_equal(link(victim, path), 0);
    assert_fault(f, amzx_db_prepare_files(dsn, geteuid(), getegid(),
                                          &f->fault, f->p),
                 "config.database");
    unlink(path);
    chmod(folder, 0777);
    assert_fault(f, amzx_db_prepare_files(dsn, geteuid(), getegid(),
                                          &f->fault, f->p),
                 "config.database");
    assert_int_equal(mode_of(f, victim, &owner), 0644); /* untouched */
}

/* ---- PostgreSQL ---------------------------------------------------------- */

/* End all connections of this test; waits until they are gone. */
static void cut(fixture_t *f)
{
    char *out = NULL;

    assert_int_equal(
        fixture_psql(f, &out,
                     "SELECT count(pg_terminate_backend(pid, 5000)) FROM"
                     " pg_stat_activity WHERE application_name = 'amzxero'"),
        0);
    assert_int_not_equal(strcmp(out, "0"), 0);
}

static void a_lost_connection_comes_back_between_statements(void **state)
{
    fixture_t *f = *state;

    only_pgsql(f);
    assert_ok(f, put(f, "x", 1));
    cut(f);
    assert_int_equal(has(f, "x"), 1);
    cut(f);
    assert_ok(f, put(f, "y", 1)); /* noticed at BEGIN */
    assert_int_equal(has(f, "y"), 1);
}

static void a_connection_lost_inside_a_transaction_fails_it(void **state)
{
    fixture_t *f = *state;
    amzx_bind_t binds[] = { AMZX_S("in"), AMZX_I(1), AMZX_S("sha"),
                            AMZX_S("t"), AMZX_I(1) };
    amzx_txn_t *txn = NULL;

    only_pgsql(f);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_ok(f, amzx_txn_exec(NULL, txn, AMZX_SQL_DEFINITION_PUT, binds, 5,
                               &f->fault, f->p));
    cut(f);
    assert_fault(f, amzx_txn_exec(NULL, txn, AMZX_SQL_DEFINITION_PUT, binds,
                                  5, &f->fault, f->p),
                 "database.lost");
    assert_int_equal(f->fault.klass, AMZX_FAULT_TRANSIENT);
    assert_fault(f, amzx_txn_end(txn, APR_SUCCESS, &f->fault),
                 "database.lost");
    assert_int_equal(has(f, "in"), 0);
    assert_ok(f, put(f, "in", 1));
}

static void a_commit_that_is_lost_is_never_a_success(void **state)
{
    fixture_t *f = *state;
    amzx_bind_t binds[] = { AMZX_S("c"), AMZX_I(1), AMZX_S("sha"),
                            AMZX_S("t"), AMZX_I(1) };
    amzx_txn_t *txn = NULL;

    only_pgsql(f);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_ok(f, amzx_txn_exec(NULL, txn, AMZX_SQL_DEFINITION_PUT, binds, 5,
                               &f->fault, f->p));
    cut(f);
    assert_fault(f, amzx_txn_end(txn, APR_SUCCESS, &f->fault),
                 "database.lost");
    assert_int_equal(has(f, "c"), 0);
}

static void a_restarted_server_is_found_again(void **state)
{
    fixture_t *f = *state;

    only_pgsql(f);
    if (!fixture_pg_dir) {
        skip(); /* not ours to restart */
    }
    assert_ok(f, put(f, "x", 1));
    assert_int_equal(fixture_pg("restart", f->p), 0);
    assert_ok(f, put(f, "y", 1));
    assert_int_equal(has(f, "x"), 1);
}

static void a_server_that_is_away_is_transient(void **state)
{
    fixture_t *f = *state;
    amzx_db_t *db = NULL;

    only_pgsql(f);
    assert_ok(f, amzx_db_open(&db, "pgsql:host=127.0.0.1 port=1 user=nobody"
                              " dbname=none", &f->env, &f->fault, f->p));
    assert_fault(f, amzx_db_verify(db, &f->fault, f->p), "database.lost");
    assert_int_equal(f->fault.klass, AMZX_FAULT_TRANSIENT);
}

static void a_lock_that_others_hold_too_long_is_busy(void **state)
{
    fixture_t *f = *state;
    amzx_bind_t binds[] = { AMZX_S("b") };
    amzx_db_t *other = fixture_connect(f, f->p);
    amzx_txn_t *mine = NULL;
    amzx_txn_t *theirs = NULL;
    amzx_rows_t *rows = NULL;
    amzx_bucket_t b;

    only_pgsql(f);
    in_txn(f, amzx_bucket_lock(&b, txn, "b", &f->fault, f->p));
    assert_ok(f, amzx_txn_begin(&theirs, other, &f->fault, f->p));
    assert_ok(f, amzx_txn_query(&rows, theirs, AMZX_SQL_BUCKET_LOCK, binds,
                                1, &f->fault, f->p));
    assert_ok(f, amzx_txn_begin(&mine, f->db, &f->fault, f->p));
    assert_ok(f, f->db->driver->text(f->db, "SET LOCAL lock_timeout = '50ms'",
                                     &f->fault));
    assert_fault(f, amzx_txn_query(&rows, mine, AMZX_SQL_BUCKET_LOCK, binds, 1,
                                   &f->fault, f->p),
                 "database.busy");
    amzx_txn_end(mine, APR_EGENERAL, NULL);
    amzx_txn_end(theirs, APR_SUCCESS, NULL);
}

static const struct CMUnitTest tests[] = {
    TEST(a_full_disk_is_transient_and_loses_nothing),
    TEST(a_database_of_another_user_is_read_only),
    TEST(a_database_without_a_file_needs_a_migration),
    TEST(a_damaged_file_is_corrupt),
    TEST(a_foreign_lock_on_the_file_is_busy),
    TEST(the_writers_lock_excludes_and_dies_with_its_holder),
    TEST_BARE(root_prepares_files_for_the_run_user),
    TEST_BARE(links_and_open_folders_are_refused),
    TEST(a_lost_connection_comes_back_between_statements),
    TEST(a_connection_lost_inside_a_transaction_fails_it),
    TEST(a_commit_that_is_lost_is_never_a_success),
    TEST(a_restarted_server_is_found_again),
    TEST(a_server_that_is_away_is_transient),
    TEST(a_lock_that_others_hold_too_long_is_busy),
};

FIXTURE_MAIN(tests)
