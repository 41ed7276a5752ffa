/* SPDX-License-Identifier: Apache-2.0 */
/* <tables>: columns, rows, cells. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

const amzx_table_t *amzx_build_table(amzx_build_t *b, const char *name)
{
    int i;

    for (i = 0; i < b->flow->tables->nelts; i++) {
        const amzx_table_t *t =
            APR_ARRAY_IDX(b->flow->tables, i, const amzx_table_t *);

        if (strcmp(amzx_table_name(t), name) == 0) {
            return t;
        }
    }
    return NULL;
}

static int count_of(char **list)
{
    int n = 0;

    while (list[n]) {
        n++;
    }
    return n;
}

static int is_column(char **columns, const char *name)
{
    for (; *columns; columns++) {
        if (strcmp(*columns, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The cells of a row in the order of the columns; 0 when one is missing. */
static int cells_of(amzx_build_t *b, const amzx_xelem_t *row,
                    const char *table, char **columns, const char **cells)
{
    int is_whole = 1;
    int i;

    for (i = 0; columns[i]; i++) {
        cells[i] = amzx_xattr(row, columns[i], NULL);
        if (!cells[i]) {
            is_whole = 0;
            amzx_build_error(b, row, "lint.table_row", NULL,
                             "a row of table %s has no %s", table,
                             columns[i]);
        }
    }
    return is_whole;
}

static int has_only(amzx_build_t *b, const amzx_xelem_t *row,
                    const char *table, char **match, char **give)
{
    const amzx_xattr_t *a;
    int is_good = 1;
    int i;

    for (a = row->attrs; a; a = a->next) {
        amzx_near_t near_;

        if (a->ns || is_column(match, a->name) || is_column(give, a->name)) {
            continue;
        }
        amzx_near_init(&near_, a->name);
        for (i = 0; match[i]; i++) {
            amzx_near_try(&near_, match[i]);
        }
        for (i = 0; give[i]; i++) {
            amzx_near_try(&near_, give[i]);
        }
        amzx_build_error(b, row, "lint.table_row",
                         amzx_near_hint(&near_, b->pool),
                         "table %s has no column %s", table, a->name);
        is_good = 0;
    }
    return is_good;
}

static const char **room_for(amzx_build_t *b, char **columns)
{
    return apr_pcalloc(b->pool, sizeof(char *)
                                    * ((apr_size_t)count_of(columns) + 1));
}

static void add_rows(amzx_build_t *b, const amzx_xelem_t *e,
                     amzx_table_t *table, char **match, char **give)
{
    const char **keys = room_for(b, match);
    const char **values = room_for(b, give);
    const char *name = amzx_table_name(table);
    const amzx_xelem_t *row;
    amzx_fault_t fault;

    for (row = amzx_xchild(e, "row"); row; row = amzx_xnext(row)) {
        int is_good = has_only(b, row, name, match, give);

        is_good &= cells_of(b, row, name, match, keys);
        is_good &= cells_of(b, row, name, give, values);
        if (!is_good) {
            continue;
        }
        amzx_fault_clear(&fault);
        if (amzx_table_add_row(table, keys, values, &fault, b->pool)
            != APR_SUCCESS) {
            amzx_build_error(b, row, "lint.table_row", NULL, "table %s: %s",
                             name, fault.detail);
        }
    }
}

static void add_table(amzx_build_t *b, const amzx_xelem_t *e)
{
    char **match = amzx_split(amzx_xattr(e, "match", ""), " \t\n", b->pool);
    char **give = amzx_split(amzx_xattr(e, "give", ""), " \t\n", b->pool);
    amzx_table_t *table = NULL;
    amzx_table_spec_t spec;
    amzx_fault_t fault;

    spec.name = amzx_xattr(e, "name", "");
    spec.match = (const char *const *)match;
    spec.match_count = count_of(match);
    spec.give = (const char *const *)give;
    spec.give_count = count_of(give);
    spec.miss_is_null = strcmp(amzx_xattr(e, "on-miss", "error"), "null")
                        == 0;
    if (amzx_build_table(b, spec.name)) {
        amzx_build_error(b, e, "lint.duplicate_id", NULL,
                         "there are two tables %s", spec.name);
        return;
    }
    amzx_fault_clear(&fault);
    if (amzx_table_make(&table, &spec, &fault, b->pool) != APR_SUCCESS) {
        amzx_build_error(b, e, "lint.table", NULL, "table %s: %s", spec.name,
                         fault.detail);
        return;
    }
    add_rows(b, e, table, match, give);
    if (amzx_table_rows(table) == 0 && !spec.miss_is_null) {
        amzx_build_warn(b, e, "lint.table", NULL,
                        "table %s has no row, every lookup will fail",
                        spec.name);
    }
    APR_ARRAY_PUSH(b->flow->tables, const amzx_table_t *) = table;
}

void amzx_build_tables(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "tables");
    const amzx_xelem_t *e;

    if (!part) {
        return;
    }
    for (e = amzx_xchild(part, "table"); e; e = amzx_xnext(e)) {
        add_table(b, e);
    }
}
