/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file sandbox.h  The sandbox's request, reply and shared services.
 *
 * The sandbox is a strict, stateful stand-in for Amazon's Selling Partner API
 * and Xero's Accounting API. Only mod_amzxero_sandbox.c and sandbox_http.c
 * know httpd: everything else answers a sbx_req_t, so unit tests drive the
 * whole sandbox without a server.
 */
#ifndef AMZX_SANDBOX_H
#define AMZX_SANDBOX_H

#include <apr_cstr.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "amzx_json.h"
#include "amzx_str.h"
#include "amzx_time.h"

#include "sandbox_db.h"
#include "sandbox_live.h"

/** The sandbox of one process. */
typedef struct {
    sbx_dbs_t *dbs;       /**< connections to the state file */
    sbx_live_t *live;     /**< counters shared with the other processes */
    apr_int64_t delay_ms; /**< AmzXeroSandboxLatency */
} sbx_t;

/** One request, already read and decoded. */
typedef struct {
    sbx_t *box;
    sbx_db_t *db; /**< a connection while a handler runs */
    const char *method;
    const char *base; /**< where the sandbox is mounted: "" or "/sandbox" */
    const char *path; /**< below the mount, percent-decoded, starts with '/' */
    const char *query; /**< as received; may be "" */
    apr_table_t *args; /**< decoded query parameters */
    apr_table_t *headers;
    const char *body;
    apr_size_t body_len;
    int is_loopback;
    apr_time_t now; /**< real time plus the sandbox's clock offset */
    sbx_gate_t gate; /**< the place taken at Xero's limits */
    int has_gate;
    apr_pool_t *pool;
} sbx_req_t;

/** What becomes of a finished reply. */
typedef enum {
    SBX_SEND = 0,   /**< send it */
    SBX_DROP,       /**< close the connection without a byte */
    SBX_CUT,        /**< send half of the body, then reset the connection */
    SBX_TRUNCATE    /**< a well-framed reply whose JSON stops half way */
} sbx_fate_e;

/** One reply. */
typedef struct {
    int status;
    const char *type; /**< Content-Type; NULL for none */
    const char *body;
    apr_size_t len;
    apr_table_t *headers;
    sbx_fate_e fate;
    apr_int64_t delay_ms; /**< sleep before the fate */
} sbx_res_t;

/**
 * Answer a request: find the endpoint, apply faults, run it.
 *
 * @param res all members are set
 * @param req db is ignored; a connection is taken and given back inside
 */
void sbx_answer(sbx_res_t *res, sbx_req_t *req);
/** After the reply has gone: the call is no longer in progress. */
void sbx_finish(sbx_req_t *req);

/** An empty reply of status 200. */
void sbx_res_init(sbx_res_t *res, apr_pool_t *p);
/** Set status, type and a NUL-terminated body. */
void sbx_reply(sbx_res_t *res, int status, const char *type,
               const char *body);
/** Set status and a JSON body. */
void sbx_reply_json(sbx_res_t *res, int status, const amzx_val_t *v,
                    apr_pool_t *p);
/** Add a reply header. */
void sbx_header(sbx_res_t *res, const char *name, const char *value);

/** A request header; NULL when absent. */
const char *sbx_req_header(const sbx_req_t *req, const char *name);
/** A query parameter; NULL when absent. */
const char *sbx_arg(const sbx_req_t *req, const char *name);
/** Parse the body as a JSON object; NULL when it is not one. */
const amzx_val_t *sbx_body_json(const sbx_req_t *req);
/** Decode application/x-www-form-urlencoded text into a table. */
apr_table_t *sbx_form(const char *text, apr_pool_t *p);
/** Does the path continue with `prefix`? The rest, or NULL. */
const char *sbx_after(const char *path, const char *prefix);

/** Record a breach of protocol by the client. */
void sbx_violation(const sbx_req_t *req, const char *peer, const char *code,
                   const char *detail);

/* Endpoints by area; each fills the reply. */

/** Everything under /admin. */
void sbx_admin(sbx_res_t *res, sbx_req_t *req, const char *path);
/** The human page and its JSON twin. */
void sbx_page(sbx_res_t *res, sbx_req_t *req);
/** POST /auth/o2/token. */
void sbx_lwa_token(sbx_res_t *res, sbx_req_t *req);
/** Amazon's API below its host. */
void sbx_amazon(sbx_res_t *res, sbx_req_t *req, const char *path);
/** POST /connect/token and /connect/revocation, GET /connections. */
void sbx_xero_identity(sbx_res_t *res, sbx_req_t *req, const char *path);
/** The Accounting API below /api.xro/2.0. */
void sbx_xero_api(sbx_res_t *res, sbx_req_t *req, const char *path);

/* Values. */

/** Text of a member; "" when absent or not text. */
const char *sbx_text(const amzx_val_t *obj, const char *name);
/** Put a text taken by reference. */
void sbx_put(amzx_val_t *obj, const char *name, const char *text,
             apr_pool_t *p);
/** Put an integer. */
void sbx_put_int(amzx_val_t *obj, const char *name, apr_int64_t n,
                 apr_pool_t *p);
/** Put a decimal rounded half away from zero to `scale` digits. */
void sbx_put_dec(amzx_val_t *obj, const char *name, amzx_dec_t d, int scale,
                 apr_pool_t *p);
/** A decimal member; zero when absent or not a number. */
amzx_dec_t sbx_dec(const amzx_val_t *obj, const char *name);
/** A shallow copy that may be changed with amzx_val_put. */
amzx_val_t *sbx_clone(const amzx_val_t *obj, apr_pool_t *p);
/** A shallow copy of an object without one member. */
amzx_val_t *sbx_without(const amzx_val_t *obj, const char *name,
                        apr_pool_t *p);
/** Parse JSON we stored ourselves; null when it is damaged. */
const amzx_val_t *sbx_load(const char *json, apr_pool_t *p);
/** Do two texts match without regard to ASCII case? */
int sbx_same(const char *a, const char *b);
/** ASCII lower case copy. */
const char *sbx_lower(const char *s, apr_pool_t *p);
/** A random UUID in p. */
const char *sbx_uuid(apr_pool_t *p);
/** Does it look like a UUID? */
int sbx_is_uuid(const char *s);
/** Is `item` one of the comma separated names in `list`? */
int sbx_in_list(const char *list, const char *item);

#endif
