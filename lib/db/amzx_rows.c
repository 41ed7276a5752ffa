/* SPDX-License-Identifier: Apache-2.0 */
/* Results in memory, typed by column. */
#include <string.h>
#include <apr_strings.h>

#include "amzx_db_private.h"
#include "amzx_str.h"

amzx_rows_t *amzx_rows_make(int columns, apr_pool_t *p)
{
    amzx_rows_t *rows = apr_pcalloc(p, sizeof(*rows));

    rows->pool = p;
    rows->columns = columns;
    return rows;
}

amzx_cell_t *amzx_rows_add(amzx_rows_t *rows)
{
    apr_size_t size = (apr_size_t)rows->columns * sizeof(amzx_cell_t);
    amzx_cell_t *cells;
    int i;

    if (rows->count == rows->room) {
        int room = rows->room ? rows->room * 2 : 8;

        cells = apr_palloc(rows->pool, (apr_size_t)room * size);
        if (rows->count) {
            memcpy(cells, rows->cells, (apr_size_t)rows->count * size);
        }
        rows->cells = cells;
        rows->room = room;
    }
    cells = rows->cells + rows->count * rows->columns;
    rows->count++;
    memset(cells, 0, size);
    for (i = 0; i < rows->columns; i++) {
        cells[i].type = 'n';
    }
    return cells;
}

static const amzx_cell_t *cell_at(const amzx_rows_t *rows, int row,
                                  int column)
{
    static const amzx_cell_t null_cell = { 'n', 0, NULL };

    if (!rows || row < 0 || row >= rows->count || column < 0
        || column >= rows->columns) {
        return &null_cell;
    }
    return &rows->cells[row * rows->columns + column];
}

int amzx_rows_count(const amzx_rows_t *rows)
{
    return rows ? rows->count : 0;
}

const char *amzx_rows_text(const amzx_rows_t *rows, int row, int column)
{
    const amzx_cell_t *cell = cell_at(rows, row, column);

    if (cell->type == 'i') {
        return apr_psprintf(rows->pool, "%" APR_INT64_T_FMT, cell->i);
    }
    return cell->s;
}

apr_int64_t amzx_rows_int(const amzx_rows_t *rows, int row, int column)
{
    const amzx_cell_t *cell = cell_at(rows, row, column);
    apr_int64_t n = 0;

    if (cell->type == 'i') {
        return cell->i;
    }
    if (cell->type == 's' && amzx_int_parse(&n, cell->s) != APR_SUCCESS) {
        n = 0;
    }
    return n;
}

int amzx_rows_is_null(const amzx_rows_t *rows, int row, int column)
{
    return cell_at(rows, row, column)->type == 'n';
}
