/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_http.h  httpd's requests into the sandbox's, and back. */
#ifndef AMZX_SANDBOX_HTTP_H
#define AMZX_SANDBOX_HTTP_H

#include <httpd.h>

#include "sandbox.h"

/**
 * Read the request, let the sandbox answer, send the answer.
 *
 * @param base the mount, "" or "/sandbox"
 * @return an httpd status
 */
int sbx_http_handle(request_rec *r, sbx_t *box, const char *base);

#endif
