# Sources of lib/store: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
store_sources = \
    lib/store/amzx_batch.c \
    lib/store/amzx_batch.h \
    lib/store/amzx_batch_arrays.c \
    lib/store/amzx_batch_private.h \
    lib/store/amzx_bucket.c \
    lib/store/amzx_dead.c \
    lib/store/amzx_inbox.c \
    lib/store/amzx_intent.c \
    lib/store/amzx_journal.c \
    lib/store/amzx_misc.c \
    lib/store/amzx_review.c \
    lib/store/amzx_run.c \
    lib/store/amzx_run_claim.c \
    lib/store/amzx_run_read.c \
    lib/store/amzx_run_state.c \
    lib/store/amzx_store.c \
    lib/store/amzx_store.h \
    lib/store/amzx_store_private.h \
    lib/store/amzx_store_rows.h \
    lib/store/amzx_token_store.c \
    lib/store/amzx_writer.c \
    lib/store/amzx_writer.h
