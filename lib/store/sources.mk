# Sources of lib/store: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
store_sources = \
    lib/store/amzx_batch.h
