# Sources of lib/expr: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
expr_sources = \
    lib/expr/amzx_expr.c \
    lib/expr/amzx_expr.h \
    lib/expr/amzx_expr_call.c \
    lib/expr/amzx_expr_case.c \
    lib/expr/amzx_expr_catalogue.c \
    lib/expr/amzx_expr_compare.c \
    lib/expr/amzx_expr_date.c \
    lib/expr/amzx_expr_eval.c \
    lib/expr/amzx_expr_func.def \
    lib/expr/amzx_expr_group.c \
    lib/expr/amzx_expr_int.h \
    lib/expr/amzx_expr_lex.c \
    lib/expr/amzx_expr_list.c \
    lib/expr/amzx_expr_number.c \
    lib/expr/amzx_expr_other.c \
    lib/expr/amzx_expr_parse.c \
    lib/expr/amzx_expr_prim.c \
    lib/expr/amzx_expr_regex.c \
    lib/expr/amzx_expr_regex.h \
    lib/expr/amzx_expr_run.c \
    lib/expr/amzx_expr_similar.c \
    lib/expr/amzx_expr_text.c \
    lib/expr/amzx_expr_value.c \
    lib/expr/amzx_expr_visit.c
