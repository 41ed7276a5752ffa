/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_reply.h  An answer while it arrives: headers, body, caps. */
#ifndef AMZX_REPLY_H
#define AMZX_REPLY_H

#include "amzx_http.h"

/** All header lines of one answer together. */
#define AMZX_REPLY_HEAD_MAX 65536
#define AMZX_REPLY_HEADERS_MAX 256

/** Zeroed memory is an empty reply. Its buffers are malloc'ed, so that a
 *  call in flight weighs nothing before its answer comes. */
typedef struct {
    char *head; /**< name NUL value NUL, as received */
    apr_size_t head_len;
    apr_size_t head_room;
    apr_size_t head_seen; /**< bytes of lines, for the cap */
    int headers;
    int is_final; /**< the body has begun: lines are trailers now */
    char *body;
    apr_size_t body_len;
    apr_size_t body_room;
    apr_size_t max_body;
    int is_too_large;
} amzx_reply_t;

/** Forget everything; keeps nothing. */
void amzx_reply_reset(amzx_reply_t *r, apr_size_t max_body);

/**
 * One line of the head, with its line end. A new status line (after "100
 * Continue") starts over; trailers after the head are ignored.
 *
 * @return 0 when a cap is exceeded or memory is out
 */
int amzx_reply_line(amzx_reply_t *r, const char *line, apr_size_t len);

/** Some body; hint is the announced length or 0. @return as above */
int amzx_reply_data(amzx_reply_t *r, const char *bytes, apr_size_t len,
                    apr_size_t hint);

/**
 * Move the answer into p and reset the reply.
 *
 * @return NULL when memory is out
 */
amzx_http_response_t *amzx_reply_take(amzx_reply_t *r, int status,
                                      apr_pool_t *p);

#endif
