/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of statements and the steps of the schema, as tables. */
#include "amzx_db_private.h"

#define SAME NULL
#define X(name, binds, sqlite, pgsql) \
    [AMZX_SQL_##name] = { #name, binds, { sqlite, pgsql } },

const amzx_sql_t amzx_sql_table[AMZX_SQL_COUNT] = {
#include "amzx_sql.def"
};

#undef X
#undef SAME

/* The same definitions, read once for each dialect. */
#define BOTH(version, text) { version, text },
#define INT "INTEGER"
#define TEXT "TEXT"
#define STRICT " STRICT"
#define SQLITE(version, text) { version, text },
#define PGSQL(version, text)

static const amzx_step_t sqlite_steps[] = {
#include "amzx_migrations.def"
    { 0, NULL }
};

#undef INT
#undef TEXT
#undef STRICT
#undef SQLITE
#undef PGSQL
/* Keys are compared byte by byte, whatever locale the database has. */
#define INT "BIGINT"
#define TEXT "TEXT COLLATE \"C\""
#define STRICT ""
#define SQLITE(version, text)
#define PGSQL(version, text) { version, text },

static const amzx_step_t pgsql_steps[] = {
#include "amzx_migrations.def"
    { 0, NULL }
};

const char *amzx_sql_text(amzx_sql_e id, amzx_dialect_e dialect)
{
    const amzx_sql_t *sql = &amzx_sql_table[id];

    return sql->text[dialect] ? sql->text[dialect]
                              : sql->text[AMZX_DIALECT_SQLITE];
}

const amzx_step_t *amzx_schema_steps(amzx_dialect_e dialect)
{
    return dialect == AMZX_DIALECT_SQLITE ? sqlite_steps : pgsql_steps;
}

int amzx_schema_version(void)
{
    const amzx_step_t *step = sqlite_steps;
    int version = 0;

    for (; step->text; step++) {
        version = step->version > version ? step->version : version;
    }
    return version;
}
