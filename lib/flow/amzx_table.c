/* SPDX-License-Identifier: Apache-2.0 */
/* Decision tables: cells are read once; an index per column finds the rows
 * that may fit, in their order, without trying all. */
#include "amzx_table.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "amzx_table_cell.h"

/* Tables up to this size are simply tried row by row. */
#define INDEX_FROM 17

typedef struct {
    const amzx_cell_t *cell;
    const amzx_val_t *give;
} row_t;

/* Rows by the text their cell equals; rows that fit more than texts. */
typedef struct {
    apr_hash_t *by_text; /**< text to array of row numbers, ascending */
    apr_array_header_t *wild;
} index_t;

struct amzx_table_t {
    apr_pool_t *pool;
    const char *name;
    const char **match;
    int match_count;
    const char **give;
    int give_count;
    int miss_is_null;
    apr_array_header_t *rows;
    index_t *index;
};

static apr_status_t bad_columns(amzx_fault_t *fault, const char *table,
                                const char *what)
{
    return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                          "workflow.table", "table `%s`: %s",
                          table ? table : "", what);
}

static const char **copy_names(const char *const *name, int count,
                               apr_pool_t *p)
{
    const char **out = apr_pcalloc(p, ((apr_size_t)count + 1) * sizeof *out);
    int i;

    for (i = 0; i < count; ++i) {
        out[i] = apr_pstrdup(p, name[i]);
    }
    return out;
}

static int is_name_list(const char *const *name, int count)
{
    int i, k;

    for (i = 0; i < count; ++i) {
        if (!name[i] || !*name[i]) {
            return 0;
        }
        for (k = 0; k < i; ++k) {
            if (strcmp(name[i], name[k]) == 0) {
                return 0;
            }
        }
    }
    return 1;
}

apr_status_t amzx_table_make(amzx_table_t **out, const amzx_table_spec_t *spec,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_table_t *t;
    int i;

    *out = NULL;
    if (!spec->name || !*spec->name) {
        return bad_columns(fault, NULL, "it has no name");
    }
    if (spec->match_count < 1 || spec->match_count > AMZX_TABLE_COLUMNS
        || spec->give_count < 1 || spec->give_count > AMZX_TABLE_COLUMNS) {
        return bad_columns(fault, spec->name, "1 to 16 columns to match and "
                           "as many to give are needed");
    }
    if (!is_name_list(spec->match, spec->match_count)
        || !is_name_list(spec->give, spec->give_count)) {
        return bad_columns(fault, spec->name, "a column is named twice or "
                           "not at all");
    }
    t = apr_pcalloc(p, sizeof *t);
    t->pool = p;
    t->name = apr_pstrdup(p, spec->name);
    t->match = copy_names(spec->match, spec->match_count, p);
    t->match_count = spec->match_count;
    t->give = copy_names(spec->give, spec->give_count, p);
    t->give_count = spec->give_count;
    t->miss_is_null = spec->miss_is_null;
    t->rows = apr_array_make(p, 16, sizeof(row_t));
    t->index = apr_pcalloc(p, (apr_size_t)t->match_count * sizeof *t->index);
    for (i = 0; i < t->match_count; ++i) {
        t->index[i].by_text = apr_hash_make(p);
        t->index[i].wild = apr_array_make(p, 4, sizeof(int));
    }
    *out = t;
    return APR_SUCCESS;
}

static void remember_row(index_t *index, const char *text, int row,
                         apr_pool_t *p)
{
    apr_array_header_t *rows = apr_hash_get(index->by_text, text,
                                            APR_HASH_KEY_STRING);

    if (!rows) {
        rows = apr_array_make(p, 1, sizeof(int));
        apr_hash_set(index->by_text, text, APR_HASH_KEY_STRING, rows);
    }
    if (rows->nelts == 0
        || APR_ARRAY_IDX(rows, rows->nelts - 1, int) != row) {
        APR_ARRAY_PUSH(rows, int) = row;
    }
}

static void index_cell(index_t *index, const amzx_cell_t *cell, int row,
                       apr_pool_t *p)
{
    char canon[AMZX_DEC_TEXT];
    int i;

    for (i = 0; i < cell->count; ++i) {
        if (cell->form[i].form != AMZX_FORM_EQUAL) {
            APR_ARRAY_PUSH(index->wild, int) = row;
            return;
        }
    }
    for (i = 0; i < cell->count; ++i) {
        remember_row(index, cell->form[i].text, row, p);
        if (cell->form[i].is_num) { /* number keys ask by this text */
            amzx_dec_text_canon(canon, cell->form[i].low);
            remember_row(index, apr_pstrdup(p, canon), row, p);
        }
    }
}

apr_status_t amzx_table_add_row(amzx_table_t *table, const char *const *match,
                                const char *const *give, amzx_fault_t *fault,
                                apr_pool_t *p)
{
    amzx_cell_t *cell = apr_pcalloc(table->pool, (apr_size_t)table->match_count
                               * sizeof *cell);
    amzx_val_t *obj;
    row_t *row;
    int i;

    (void)p;
    if (table->rows->nelts >= AMZX_TABLE_ROWS) {
        return bad_columns(fault, table->name, "it has too many rows");
    }
    for (i = 0; i < table->match_count; ++i) {
        if (amzx_cell_read(&cell[i], match[i], table->pool) != APR_SUCCESS) {
            return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                                  "workflow.table", "table `%s`, row %d, "
                                  "column `%s`: `%s` is no range of numbers",
                                  table->name, table->rows->nelts + 1,
                                  table->match[i], match[i]);
        }
    }
    obj = amzx_val_obj((apr_size_t)table->give_count, table->pool);
    for (i = 0; i < table->give_count; ++i) {
        amzx_val_put_ref(obj, table->give[i],
                         amzx_val_str(give[i], table->pool), table->pool);
    }
    for (i = 0; i < table->match_count; ++i) {
        index_cell(&table->index[i], &cell[i], table->rows->nelts,
                   table->pool);
    }
    row = apr_array_push(table->rows);
    row->cell = cell;
    row->give = obj;
    return APR_SUCCESS;
}

static int fits_row(const amzx_table_t *t, const row_t *row,
                    const amzx_key_t *key)
{
    int i;

    for (i = 0; i < t->match_count; ++i) {
        if (!amzx_cell_fits(&row->cell[i], &key[i])) {
            return 0;
        }
    }
    return 1;
}

/* The rows that may fit come from the column with the fewest of them. */
static const apr_array_header_t *narrow(const apr_array_header_t **wild,
                                        const amzx_table_t *t,
                                        const amzx_key_t *key)
{
    const apr_array_header_t *best = NULL;
    int least = -1;
    int i;

    for (i = 0; i < t->match_count; ++i) {
        const apr_array_header_t *rows =
            apr_hash_get(t->index[i].by_text, key[i].text, APR_HASH_KEY_STRING);
        int count = t->index[i].wild->nelts + (rows ? rows->nelts : 0);

        if (least < 0 || count < least) {
            least = count;
            best = rows;
            *wild = t->index[i].wild;
        }
    }
    return best;
}

static const row_t *first_fit(const amzx_table_t *t, const amzx_key_t *key)
{
    const apr_array_header_t *wild = NULL;
    const apr_array_header_t *rows;
    int i = 0, k = 0, n;

    if (t->rows->nelts < INDEX_FROM) {
        for (i = 0; i < t->rows->nelts; ++i) {
            const row_t *row = &APR_ARRAY_IDX(t->rows, i, row_t);

            if (fits_row(t, row, key)) {
                return row;
            }
        }
        return NULL;
    }
    rows = narrow(&wild, t, key);
    for (;;) { /* both lists ascend: take the lower number */
        int has_row = rows && i < rows->nelts;
        int has_wild = k < wild->nelts;

        if (!has_row && !has_wild) {
            return NULL;
        }
        if (has_row && (!has_wild || APR_ARRAY_IDX(rows, i, int)
                                     < APR_ARRAY_IDX(wild, k, int))) {
            n = APR_ARRAY_IDX(rows, i++, int);
        }
        else {
            n = APR_ARRAY_IDX(wild, k++, int);
        }
        if (fits_row(t, &APR_ARRAY_IDX(t->rows, n, row_t), key)) {
            return &APR_ARRAY_IDX(t->rows, n, row_t);
        }
    }
}

apr_status_t amzx_table_lookup(const amzx_val_t **row,
                               const amzx_table_t *table,
                               const amzx_val_t *const *keys, int count,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_key_t key[AMZX_TABLE_COLUMNS];
    const row_t *found;
    int i;

    (void)p;
    *row = &amzx_val_null;
    if (count != table->match_count) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "expr.type", "table `%s` is asked with %d keys, "
                              "not %d", table->name, table->match_count,
                              count);
    }
    for (i = 0; i < count; ++i) {
        if (!amzx_cell_key(&key[i], keys[i])) {
            return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                  "expr.type", "table `%s`: the key for `%s` "
                                  "is %s", table->name, table->match[i],
                                  amzx_val_type_name(keys[i]->type));
        }
    }
    found = first_fit(table, key);
    if (found) {
        *row = found->give;
        return APR_SUCCESS;
    }
    if (table->miss_is_null) {
        return APR_SUCCESS;
    }
    return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                          "mapping.table_miss", "no row of table `%s` fits "
                          "the given %s%s", table->name, table->match[0],
                          count > 1 ? " and the other keys" : "");
}

const char *amzx_table_name(const amzx_table_t *table)
{
    return table->name;
}

int amzx_table_keys(const amzx_table_t *table)
{
    return table->match_count;
}

int amzx_table_rows(const amzx_table_t *table)
{
    return table->rows->nelts;
}

const char *amzx_table_give(const amzx_table_t *table, int i)
{
    return i >= 0 && i < table->give_count ? table->give[i] : NULL;
}
