/* SPDX-License-Identifier: Apache-2.0 */
/* A million random decimal operations against an independent implementation:
 * tests/oracle/decimals.py computes with Python's standard library, this
 * program repeats each operation and compares. AMZX_ORACLE_SEED and
 * AMZX_ORACLE_COUNT change the run. */
#include "base_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "amzx_dec.h"
#include "amzx_str.h"

#define FIELDS_MAX 32

static const char *const default_seed = "20260131";
static const char *const default_count = "1000000";

/* The fields of a line between tabs. */
static int fields_of(char **field, char *line)
{
    int n = 0;

    for (;;) {
        field[n++] = line;
        line = strpbrk(line, "\t\n");
        if (line == NULL || *line == '\n' || n == FIELDS_MAX) {
            if (line != NULL) {
                *line = '\0';
            }
            return n;
        }
        *line++ = '\0';
    }
}

static amzx_dec_t dec(const char *s)
{
    amzx_dec_t d;

    if (amzx_dec_parse(&d, s, strlen(s)) != APR_SUCCESS) {
        fail_msg("operand refused: %s", s);
    }
    return d;
}

/* The result as the oracle writes it. */
static const char *text_of(char out[AMZX_DEC_TEXT], apr_status_t rv,
                           amzx_dec_t d, int is_canon)
{
    if (rv != APR_SUCCESS) {
        return rv == APR_ERANGE ? "range" : rv == APR_EINVAL ? "bad" : "?";
    }
    if (is_canon) {
        amzx_dec_text_canon(out, d);
    }
    else {
        amzx_dec_text(out, d);
    }
    return out;
}

typedef apr_status_t (*binary_fn)(amzx_dec_t *, amzx_dec_t, amzx_dec_t);

static const struct {
    const char *name;
    binary_fn fn;
} binaries[] = {
    {"add", amzx_dec_add}, {"sub", amzx_dec_sub}, {"mul", amzx_dec_mul},
    {"div", amzx_dec_div}, {"mod", amzx_dec_mod},
};

static int small_int(const char *s)
{
    apr_int64_t n;

    if (amzx_int_parse(&n, s) != APR_SUCCESS || n < -100 || n > 100) {
        fail_msg("not a small number: %s", s);
    }
    return (int)n;
}

static int allocation_agrees(char **f, int n)
{
    amzx_dec_t weights[FIELDS_MAX];
    amzx_dec_t parts[FIELDS_MAX];
    char text[AMZX_DEC_TEXT];
    int count = small_int(f[3]);
    apr_status_t rv;
    int i;

    if (count < 1 || 4 + count >= n) {
        fail_msg("a short allocation");
    }
    for (i = 0; i < count; i++) {
        weights[i] = dec(f[4 + i]);
    }
    rv = amzx_dec_allocate(parts, dec(f[1]), weights, (apr_size_t)count,
                           small_int(f[2]));
    if (n != 4 + 2 * count) {
        return strcmp(f[4 + count], text_of(text, rv, parts[0], 0)) == 0;
    }
    for (i = 0; i < count; i++) {
        if (strcmp(f[4 + count + i], text_of(text, rv, parts[i], 0)) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Does our result of a line's operation equal its last field? */
static int agrees(char **f, int n)
{
    char text[AMZX_DEC_TEXT];
    const char *want = f[n - 1];
    amzx_dec_t out;
    apr_status_t rv;
    size_t i;

    for (i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
        if (n == 4 && strcmp(f[0], binaries[i].name) == 0) {
            rv = binaries[i].fn(&out, dec(f[1]), dec(f[2]));
            return strcmp(want, text_of(text, rv, out, 1)) == 0;
        }
    }
    if (n == 4 && strcmp(f[0], "cmp") == 0) {
        return amzx_dec_cmp(dec(f[1]), dec(f[2])) == small_int(want)
               && amzx_dec_cmp(dec(f[2]), dec(f[1])) == -small_int(want);
    }
    if (n == 5 && strcmp(f[0], "round") == 0) {
        rv = amzx_dec_round(&out, dec(f[1]), small_int(f[2]),
                            (amzx_round_e)amzx_round_of(f[3]));
        return strcmp(want, text_of(text, rv, out, 0)) == 0;
    }
    if (n == 6 && strcmp(f[0], "div_round") == 0) {
        rv = amzx_dec_div_round(&out, dec(f[1]), dec(f[2]), small_int(f[3]),
                                (amzx_round_e)amzx_round_of(f[4]));
        return strcmp(want, text_of(text, rv, out, 0)) == 0;
    }
    if (n == 3 && strcmp(f[0], "parse") == 0) {
        rv = amzx_dec_parse(&out, f[1], strlen(f[1]));
        return strcmp(want, text_of(text, rv, out, 1)) == 0;
    }
    if (n == 3 && strcmp(f[0], "print") == 0) {
        return strcmp(want, text_of(text, APR_SUCCESS, dec(f[1]), 0)) == 0;
    }
    if (n > 4 && strcmp(f[0], "allocate") == 0) {
        return allocation_agrees(f, n);
    }
    fail_msg("an unknown operation: %s", f[0]);
    return 0;
}

/* Start the oracle; NULL when there is no Python. */
static FILE *oracle(apr_proc_t *proc, const char *seed, const char *count,
                    apr_pool_t *p)
{
    const char *python = getenv("AMZX_PYTHON");
    const char *source = getenv("AMZX_SRCDIR");
    const char *args[5] = {NULL, NULL, NULL, NULL, NULL};
    apr_procattr_t *attr;
    apr_os_file_t fd;

    if (apr_procattr_create(&attr, p) != APR_SUCCESS
        || apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK,
                               APR_NO_PIPE) != APR_SUCCESS
        || apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH) != APR_SUCCESS
        || apr_procattr_error_check_set(attr, 1) != APR_SUCCESS) {
        return NULL;
    }
    args[0] = python != NULL && *python != '\0' ? python : "python3";
    args[1] = apr_pstrcat(p, source != NULL ? source : ".",
                          "/tests/oracle/decimals.py", NULL);
    args[2] = seed;
    args[3] = count;
    if (apr_proc_create(proc, args[0], args, NULL, attr, p) != APR_SUCCESS
        || apr_os_file_get(&fd, proc->out) != APR_SUCCESS) {
        return NULL;
    }
    return fdopen(dup(fd), "r");
}

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : otherwise;
}

static void a_million_random_operations_agree_with_python(void **state)
{
    const char *seed = setting("AMZX_ORACLE_SEED", default_seed);
    const char *count = setting("AMZX_ORACLE_COUNT", default_count);
    apr_exit_why_e why;
    apr_int64_t want;
    apr_int64_t seen = 0;
    char line[4096];
    apr_proc_t proc;
    int wrong = 0;
    int code = 0;
    FILE *in;

    assert_int_equal(amzx_int_parse(&want, count), APR_SUCCESS);
    in = oracle(&proc, seed, count, *state);
    if (in == NULL) {
        print_message("no Python 3 here: it is the oracle of this test\n");
        skip();
    }
    while (fgets(line, sizeof(line), in) != NULL) {
        char *field[FIELDS_MAX];
        char copy[sizeof(line)];

        memcpy(copy, line, sizeof(copy));
        seen++;
        if (!agrees(field, fields_of(field, copy)) && ++wrong <= 20) {
            print_error("seed %s, line %ld: %s", seed, (long)seen, line);
        }
    }
    fclose(in);
    apr_file_close(proc.out);
    apr_proc_wait(&proc, &code, &why, APR_WAIT);
    assert_int_equal(code, 0);
    assert_int_equal(seen, want);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_million_random_operations_agree_with_python),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
