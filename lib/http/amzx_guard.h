/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_guard.h  What an outbound request may say, whom it may reach. */
#ifndef AMZX_GUARD_H
#define AMZX_GUARD_H

#include <sys/socket.h>

#include <apr_pools.h>

#include "amzx_fault.h"
#include "amzx_http.h"

/**
 * Is an address of the public internet? Private, loopback, link-local,
 * shared, benchmark, multicast, reserved and IPv4-embedding ones are not,
 * nor is any other family.
 *
 * @fact{RFC 6890 and its updates: the special-purpose registries}
 */
int amzx_guard_is_public(const struct sockaddr *addr, socklen_t len);

/** The same for the text of an address, "192.0.2.1" or "2001:db8::1". */
int amzx_guard_text_is_public(const char *text);

/** Is the text an IPv4 or IPv6 address, with or without brackets? */
int amzx_guard_is_literal(const char *host);

/** Is a host one of a space separated list? Case and brackets do not count. */
int amzx_guard_is_listed(const char *host, const char *list);

/**
 * Are method and headers fit to be sent? Refused: odd methods, header names
 * that are no tokens, values with control characters, and the headers that
 * frame a message, which are ours to write.
 *
 * @param fault `config.http` says what is wrong, never the value
 */
apr_status_t amzx_guard_request(const amzx_http_request_t *req,
                                amzx_fault_t *fault);

/**
 * May this be called? https to public hosts; the named hosts also by http
 * and at any address. Scheme and host as the client itself reads the URL,
 * NULL when it could not.
 *
 * @param may_be_private is the host one of the named ones?
 */
apr_status_t amzx_guard_url(int *may_be_private, const char *scheme,
                            const char *host, const char *allow_private,
                            amzx_fault_t *fault);

/** Seconds of near silence after which a call is given up. */
int amzx_guard_slow_s(apr_interval_time_t total_timeout_us);

/**
 * The file with the authorities to trust: the wanted one, or the first of
 * the places where systems keep theirs; NULL when there is none.
 *
 * @return APR_SUCCESS, or why the wanted file cannot be read
 */
apr_status_t amzx_guard_ca_file(const char **path, const char *wanted,
                                amzx_fault_t *fault);

#endif
