/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file mod_amzxero.h  Shared by the files of the module.
 *
 * One installation per httpd: the directives of all servers build one site;
 * locations only say which endpoint and which tenant they are.
 */
#ifndef MOD_AMZXERO_H
#define MOD_AMZXERO_H

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <apr_thread_mutex.h>

#include "amzx_counter.h"
#include "amzx_defs.h"
#include "amzx_engine.h"
#include "amzx_site.h"
#include "amzx_verify.h"
#include "amzx_writer.h"

extern module AP_MODULE_DECLARE_DATA amzxero_module;
APLOG_USE_MODULE(amzxero);

#define AMZXERO_UNSET (-1)
#define AMZXERO_COUNTER_SLOTS 64
#define AMZXERO_BODY_LIMIT (8 * 1024 * 1024) /**< of any AmzXeroMaxBody */

typedef enum {
    AMZXERO_ENDPOINT_UNSET = 0,
    AMZXERO_ENDPOINT_NONE,
    AMZXERO_ENDPOINT_REST,
    AMZXERO_ENDPOINT_WEBHOOK,
    AMZXERO_ENDPOINT_METRICS
} amzxero_endpoint_e;

/** Per location. */
typedef struct {
    amzxero_endpoint_e endpoint;
    const char *base;   /**< the location's path, for routing */
    const char *tenant; /**< or NULL */
    const char *source; /**< webhook: "amazon.notifications" */
    amzx_verify_t *verify;
    apr_off_t max_body; /**< AMZXERO_UNSET */
} amzxero_dir_t;

/** A location that configtest looks at. */
typedef struct {
    const amzxero_dir_t *dir;
    const ap_directive_t *at;
} amzxero_place_t;

/** One API key, as the key file gives it. */
typedef struct {
    const char *id;
    unsigned char digest[AMZX_SHA256_LEN];
    const char *tenant;
    char **scopes; /**< NULL-terminated */
} amzxero_key_t;

/** What the configuration and post_config made; one per configuration pass,
 *  in pconf, inherited by the children. */
typedef struct {
    server_rec *server; /**< the main server */
    apr_pool_t *pconf;
    amzx_site_t *site;
    int engine_on;
    int must_migrate;
    const char *api_keys_file;
    apr_int64_t inbox_max; /**< deliveries waiting; beyond: 429 */
    apr_int64_t write_queue; /**< writes waiting in one process; beyond: 429 */
    apr_array_header_t *places; /**< of amzxero_place_t */
    amzx_defs_t *defs;
    const amzx_keyring_t *ring;
    apr_array_header_t *keys; /**< of amzxero_key_t */
    int wake_fd;              /**< eventfd shared with the engine; -1 */
    void *counters;           /**< shared block, or NULL */
    int has_settings;         /**< some directive of ours was used */
    /* While a section is read: */
    amzx_tenant_t *tenant_now;
    amzx_conn_t *conn_now;
} amzxero_main_t;

/** Set by pre_config of each pass; never NULL while directives are read. */
extern amzxero_main_t *amzxero_main;

/** What waits, and when an engine was seen. */
typedef struct {
    apr_time_t looked_at;
    apr_status_t rv;
    apr_int64_t waiting; /**< deliveries */
    apr_time_t oldest;   /**< of them; 0: none */
    apr_time_t beat_at;  /**< of any engine; 0: never */
} amzxero_backlog_t;

/** What a web child runs with. */
typedef struct {
    server_rec *server;
    amzx_env_t env;
    amzx_counters_t counters;
    amzx_store_t store;
    amzx_writer_t *writer;
    amzx_db_pool_t *pool;
    apr_thread_mutex_t *mutex; /**< of the members below */
    amzxero_backlog_t backlog;
} amzxero_child_t;

/** NULL in a process that cannot serve. */
extern amzxero_child_t *amzxero_child;

/* amzxero_child.c */
void amzxero_child_init(apr_pool_t *pchild, server_rec *s);
int amzxero_is_threaded(void);
/** `httpd -X`: no process but this one. */
int amzxero_is_one_process(void);

/* amzxero_backlog.c */
/** What waits and who works, looked up at most once a second.
 *  @return why it could not be looked up; *b is the last known then */
apr_status_t amzxero_backlog_get(amzxero_backlog_t *b, request_rec *r);

/* amzxero_cmds.c */
extern const command_rec amzxero_cmds[];
void *amzxero_dir_create(apr_pool_t *p, char *path);
void *amzxero_dir_merge(apr_pool_t *p, void *base, void *add);

/* amzxero_setup.c */
/** check_config: everything that `apachectl configtest` should tell. */
int amzxero_setup_check(server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp);
/** post_config: schema, keys, counters, wake descriptor. */
int amzxero_setup_start(server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp);
/** An environment that logs to a server's error log. */
void amzxero_env_init(amzx_env_t *env, server_rec *s, const char *tag);

/* amzxero_keys.c */
apr_status_t amzxero_keys_load(apr_array_header_t **keys, const char *path,
                               amzx_fault_t *fault, apr_pool_t *p);
/** Who calls, for a scope: NULL after a problem was written to r. */
const amzxero_key_t *amzxero_keys_check(request_rec *r, const char *scope,
                                        int *status);

/* amzxero_proc.c: the engine process */
int amzxero_proc_start(server_rec *s, apr_pool_t *pconf);
/** The parent's periodic look: an engine that could not be forked. */
int amzxero_proc_monitor(apr_pool_t *p, server_rec *s);

/* amzxero_engine.c */
/** An engine on a thread of this process, for `httpd -X`. */
void amzxero_engine_in_process(apr_pool_t *pchild, server_rec *s);

/* amzxero_body.c */
/**
 * Read a request body exactly, up to the location's AmzXeroMaxBody.
 * @return OK, or an HTTP status (413, 400, 408...)
 */
int amzxero_body_read(const char **body, apr_size_t *len, request_rec *r,
                      const amzxero_dir_t *dir);
/** Nobody wants the body: read a short one away, close behind a long one. */
void amzxero_body_skip(request_rec *r);
/** Is this the media type of the body? Parameters are not looked at. */
int amzxero_is_type(const request_rec *r, const char *type);
/** The request's W3C traceparent; NULL when it has none or not a valid one. */
const char *amzxero_traceparent(const request_rec *r);

/* amzxero_reply.c */
int amzxero_reply_json(request_rec *r, int status, const amzx_val_t *v);
/** 200 with text as it stands. */
int amzxero_reply_text(request_rec *r, const char *type, const char *text,
                       apr_size_t len);
/** An RFC 9457 problem document. @return OK: the answer is sent */
int amzxero_reply_problem(request_rec *r, int status, const char *code,
                          const char *detail, const char *place);
/** By the class of a fault. */
int amzxero_reply_fault(request_rec *r, const amzx_fault_t *fault);

/* handlers */
int amzxero_webhook_handler(request_rec *r, const amzxero_dir_t *dir);
int amzxero_rest_handler(request_rec *r, const amzxero_dir_t *dir);
int amzxero_metrics_handler(request_rec *r, const amzxero_dir_t *dir);

#endif
