# Sources of lib/db: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
db_sources = \
    lib/db/amzx_db.c \
    lib/db/amzx_db.h \
    lib/db/amzx_db_files.c \
    lib/db/amzx_db_lock.c \
    lib/db/amzx_db_lock.h \
    lib/db/amzx_db_pool.c \
    lib/db/amzx_db_private.h \
    lib/db/amzx_dbd.c \
    lib/db/amzx_dbd_pgsql.c \
    lib/db/amzx_dbd_sqlite.c \
    lib/db/amzx_migrations.def \
    lib/db/amzx_rows.c \
    lib/db/amzx_schema.c \
    lib/db/amzx_sql.c \
    lib/db/amzx_sql.def
