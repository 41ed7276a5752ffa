# Sources of mod_amzxero.so, the only folder that includes httpd headers
# beside sandbox/.
module_sources = \
    mod_amzxero/mod_amzxero.c \
    mod_amzxero/mod_amzxero.h \
    mod_amzxero/amzxero_backlog.c \
    mod_amzxero/amzxero_body.c \
    mod_amzxero/amzxero_child.c \
    mod_amzxero/amzxero_cmds.c \
    mod_amzxero/amzxero_cmds.h \
    mod_amzxero/amzxero_engine.c \
    mod_amzxero/amzxero_keys.c \
    mod_amzxero/amzxero_metrics.c \
    mod_amzxero/amzxero_proc.c \
    mod_amzxero/amzxero_proc.h \
    mod_amzxero/amzxero_reply.c \
    mod_amzxero/amzxero_rest.c \
    mod_amzxero/amzxero_rest.h \
    mod_amzxero/amzxero_rest_review.c \
    mod_amzxero/amzxero_rest_write.c \
    mod_amzxero/amzxero_sections.c \
    mod_amzxero/amzxero_setup.c \
    mod_amzxero/amzxero_view.c \
    mod_amzxero/amzxero_webhook.c
