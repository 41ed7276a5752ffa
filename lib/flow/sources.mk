# Sources of lib/flow: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
flow_sources = \
    lib/flow/amzx_admit.c \
    lib/flow/amzx_build.c \
    lib/flow/amzx_build.h \
    lib/flow/amzx_build_call.c \
    lib/flow/amzx_build_head.c \
    lib/flow/amzx_build_names.c \
    lib/flow/amzx_build_rules.c \
    lib/flow/amzx_build_simple.c \
    lib/flow/amzx_build_steps.c \
    lib/flow/amzx_build_tables.c \
    lib/flow/amzx_build_triggers.c \
    lib/flow/amzx_build_unused.c \
    lib/flow/amzx_convert.c \
    lib/flow/amzx_flow.c \
    lib/flow/amzx_flow.h \
    lib/flow/amzx_flow_load.c \
    lib/flow/amzx_keep.c \
    lib/flow/amzx_keep.h \
    lib/flow/amzx_machine.c \
    lib/flow/amzx_machine.h \
    lib/flow/amzx_mapping.c \
    lib/flow/amzx_model.h \
    lib/flow/amzx_near.c \
    lib/flow/amzx_run.h \
    lib/flow/amzx_run_begin.c \
    lib/flow/amzx_run_call.c \
    lib/flow/amzx_run_frame.c \
    lib/flow/amzx_run_journal.c \
    lib/flow/amzx_run_retry.c \
    lib/flow/amzx_run_step.c \
    lib/flow/amzx_run_unwind.c \
    lib/flow/amzx_run_wait.c \
    lib/flow/amzx_slots.c \
    lib/flow/amzx_table.c \
    lib/flow/amzx_table.h \
    lib/flow/amzx_table_cell.c \
    lib/flow/amzx_table_cell.h \
    lib/flow/amzx_zones.c
