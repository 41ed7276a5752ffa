# Sources of lib/base: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
base_sources = \
    lib/base/amzx_aead.h \
    lib/base/amzx_counter.c \
    lib/base/amzx_counter.def \
    lib/base/amzx_counter.h \
    lib/base/amzx_crypto.c \
    lib/base/amzx_crypto.h \
    lib/base/amzx_dec.c \
    lib/base/amzx_dec.h \
    lib/base/amzx_dec_round.c \
    lib/base/amzx_dec_text.c \
    lib/base/amzx_dec_wide.c \
    lib/base/amzx_dec_wide.h \
    lib/base/amzx_encode.c \
    lib/base/amzx_env.c \
    lib/base/amzx_env.h \
    lib/base/amzx_fault.c \
    lib/base/amzx_fault.h \
    lib/base/amzx_id.c \
    lib/base/amzx_id.h \
    lib/base/amzx_json.c \
    lib/base/amzx_json.h \
    lib/base/amzx_json_write.c \
    lib/base/amzx_money.c \
    lib/base/amzx_money.h \
    lib/base/amzx_op.c \
    lib/base/amzx_op.h \
    lib/base/amzx_problem.c \
    lib/base/amzx_secret.c \
    lib/base/amzx_site.c \
    lib/base/amzx_site.h \
    lib/base/amzx_str.c \
    lib/base/amzx_str.h \
    lib/base/amzx_time.c \
    lib/base/amzx_time.h \
    lib/base/amzx_time_text.c \
    lib/base/amzx_tz.c \
    lib/base/amzx_tz_rule.c \
    lib/base/amzx_tz_rule.h \
    lib/base/amzx_val.c \
    lib/base/amzx_val.h \
    lib/base/amzx_val_tree.c \
    lib/base/amzx_xml.c \
    lib/base/amzx_xml.h
