/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the library may reach: special addresses, listed hosts, trust. */
#include "amzx_guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_errno.h>

typedef struct {
    unsigned char bytes[16];
    int bits;
} prefix_t;

static const prefix_t denied4[] = {
    { { 0 }, 8 },            /* this network */
    { { 10 }, 8 },           /* private */
    { { 100, 64 }, 10 },     /* shared by carriers */
    { { 127 }, 8 },          /* loopback */
    { { 169, 254 }, 16 },    /* link-local; metadata services */
    { { 172, 16 }, 12 },     /* private */
    { { 192, 0, 0 }, 24 },   /* protocol assignments */
    { { 192, 168 }, 16 },    /* private */
    { { 198, 18 }, 15 },     /* benchmarks */
    { { 224 }, 4 },          /* multicast */
    { { 240 }, 4 },          /* reserved, broadcast */
};

static const prefix_t denied6[] = {
    { { 0 }, 96 },                             /* ::, ::1, IPv4-compatible */
    { { [10] = 0xff, [11] = 0xff }, 96 },      /* IPv4-mapped */
    { { 0x00, 0x64, 0xff, 0x9b }, 96 },        /* IPv4 behind NAT64 */
    { { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48 },  /* the local-use one */
    { { 0x20, 0x02 }, 16 },                    /* 6to4: embeds IPv4 */
    { { 0xfc }, 7 },                           /* unique local */
    { { 0xfe, 0x80 }, 10 },                    /* link-local */
    { { 0xfe, 0xc0 }, 10 },                    /* site-local, old */
    { { 0xff }, 8 },                           /* multicast */
};

static const char *const ca_places[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
};

static int has_prefix(const unsigned char *addr, const prefix_t *prefix)
{
    int whole = prefix->bits / 8;
    int rest = prefix->bits % 8;
    unsigned mask = (0xff00u >> rest) & 0xffu;

    if (memcmp(addr, prefix->bytes, (size_t)whole) != 0) {
        return 0;
    }
    return rest == 0 || ((addr[whole] ^ prefix->bytes[whole]) & mask) == 0;
}

static int is_denied(const unsigned char *addr, const prefix_t *list,
                     size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (has_prefix(addr, &list[i])) {
            return 1;
        }
    }
    return 0;
}

static int is_public4(const void *addr)
{
    return !is_denied(addr, denied4, sizeof(denied4) / sizeof(denied4[0]));
}

static int is_public6(const void *addr)
{
    return !is_denied(addr, denied6, sizeof(denied6) / sizeof(denied6[0]));
}

int amzx_guard_is_public(const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    /* Copied: the caller's bytes need not be aligned for these types. */
    if (addr->sa_family == AF_INET && len >= (socklen_t)sizeof(in4)) {
        memcpy(&in4, addr, sizeof(in4));
        return is_public4(&in4.sin_addr);
    }
    if (addr->sa_family == AF_INET6 && len >= (socklen_t)sizeof(in6)) {
        memcpy(&in6, addr, sizeof(in6));
        return is_public6(&in6.sin6_addr);
    }
    return 0;
}

int amzx_guard_text_is_public(const char *text)
{
    unsigned char addr[16];

    if (text == NULL) {
        return 0;
    }
    if (inet_pton(AF_INET, text, addr) == 1) {
        return is_public4(addr);
    }
    return inet_pton(AF_INET6, text, addr) == 1 && is_public6(addr);
}

/* A host without the brackets of an IPv6 literal. */
static const char *bare_host(apr_size_t *len, const char *host)
{
    apr_size_t n = strlen(host);

    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        *len = n - 2;
        return host + 1;
    }
    *len = n;
    return host;
}

int amzx_guard_is_literal(const char *host)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char addr[16];
    const char *bare;
    apr_size_t len;

    bare = bare_host(&len, host);
    if (len >= sizeof(text)) {
        return 0;
    }
    memcpy(text, bare, len);
    text[len] = '\0';
    return inet_pton(AF_INET, text, addr) == 1
           || inet_pton(AF_INET6, text, addr) == 1;
}

int amzx_guard_is_listed(const char *host, const char *list)
{
    const char *bare;
    const char *word = list;
    apr_size_t len;
    apr_size_t n;

    if (host == NULL || list == NULL || *host == '\0') {
        return 0;
    }
    bare = bare_host(&len, host);
    while (*word != '\0') {
        word += strspn(word, " \t,");
        n = strcspn(word, " \t,");
        if (n >= 2 && word[0] == '[' && word[n - 1] == ']') {
            if (n - 2 == len && strncasecmp(word + 1, bare, len) == 0) {
                return 1;
            }
        }
        else if (n == len && n > 0 && strncasecmp(word, bare, len) == 0) {
            return 1;
        }
        word += n;
    }
    return 0;
}

apr_status_t amzx_guard_ca_file(const char **path, const char *wanted,
                                amzx_fault_t *fault)
{
    apr_status_t rv;
    size_t i;

    *path = NULL;
    if (wanted != NULL && *wanted != '\0') {
        if (access(wanted, R_OK) != 0) {
            rv = APR_FROM_OS_ERROR(errno);
            return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                                  "config.ca_file",
                                  "the file of authorities %s cannot be read",
                                  wanted);
        }
        *path = wanted;
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(ca_places) / sizeof(ca_places[0]); i++) {
        if (access(ca_places[i], R_OK) == 0) {
            *path = ca_places[i];
            break;
        }
    }
    return APR_SUCCESS;
}
