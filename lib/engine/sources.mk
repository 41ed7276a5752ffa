engine_sources = \
    lib/engine/amzx_breaker.c \
    lib/engine/amzx_breaker.h \
    lib/engine/amzx_gcra.c \
    lib/engine/amzx_gcra.h \
    lib/engine/amzx_limit.c \
    lib/engine/amzx_limit.h \
    lib/engine/amzx_limit_int.h \
    lib/engine/amzx_limit_learn.c \
    lib/engine/amzx_limit_state.c \
    lib/engine/amzx_token.c \
    lib/engine/amzx_token.h \
    lib/engine/amzx_token_int.h \
    lib/engine/amzx_token_refresh.c \
    lib/engine/amzx_defs.c \
    lib/engine/amzx_defs.h \
    lib/engine/amzx_engine.c \
    lib/engine/amzx_engine.h \
    lib/engine/amzx_engine_int.h \
    lib/engine/amzx_cache.c \
    lib/engine/amzx_effect.c \
    lib/engine/amzx_intake.c \
    lib/engine/amzx_job.c \
    lib/engine/amzx_live.c \
    lib/engine/amzx_poll.c \
    lib/engine/amzx_save.c \
    lib/engine/amzx_tick.c \
    lib/engine/amzx_takeback.c
