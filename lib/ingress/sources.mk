# Sources of lib/ingress: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
ingress_sources = lib/ingress/amzx_envelope.c lib/ingress/amzx_envelope.h \
    lib/ingress/amzx_notification.c lib/ingress/amzx_notification.h \
    lib/ingress/amzx_verify.c lib/ingress/amzx_verify.h
