# Sources of lib/flow: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
flow_sources = \
    lib/flow/amzx_table.c \
    lib/flow/amzx_table.h \
    lib/flow/amzx_table_cell.c \
    lib/flow/amzx_table_cell.h
