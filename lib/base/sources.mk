# Sources of lib/base: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
base_sources = \
    lib/base/amzx_aead.h \
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
    lib/base/amzx_secret.c \
    lib/base/amzx_str.c \
    lib/base/amzx_str.h \
    lib/base/amzx_time.c \
    lib/base/amzx_time.h \
    lib/base/amzx_time_text.c \
    lib/base/amzx_val.c \
    lib/base/amzx_val.h \
    lib/base/amzx_val_tree.c
