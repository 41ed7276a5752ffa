# Sources of lib/http: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
http_sources = \
    lib/http/amzx_client.c \
    lib/http/amzx_curl.c \
    lib/http/amzx_curl.h \
    lib/http/amzx_guard.c \
    lib/http/amzx_guard.h \
    lib/http/amzx_http.c \
    lib/http/amzx_http.h \
    lib/http/amzx_loop.c \
    lib/http/amzx_loop.h \
    lib/http/amzx_reply.c \
    lib/http/amzx_reply.h
