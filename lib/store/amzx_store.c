/* SPDX-License-Identifier: Apache-2.0 */
/* What all rows share: sealed columns and JSON lists. */
#include <string.h>
#include <apr_strings.h>

#include "amzx_store_private.h"

static const char *aad_of(amzx_place_t place, apr_pool_t *p)
{
    return apr_pstrcat(p, place.table, "|", place.column, "|", place.id,
                       NULL);
}

apr_status_t amzx_store_seal(const char **sealed, const amzx_store_t *st,
                             const char *plain, amzx_place_t place,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    *sealed = NULL;
    if (!plain) {
        return APR_SUCCESS;
    }
    *sealed = amzx_seal(st->ring, plain, strlen(plain), aad_of(place, p), p);
    if (!*sealed) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                              "crypto.seal", "cannot seal %s.%s",
                              place.table, place.column);
    }
    return APR_SUCCESS;
}

apr_status_t amzx_store_open(const char **plain, const amzx_store_t *st,
                             const char *sealed, amzx_place_t place,
                             amzx_fault_t *fault, apr_pool_t *p)
{
    apr_size_t len = 0;
    char *opened = NULL;
    apr_status_t rv;

    *plain = NULL;
    if (!sealed) {
        return APR_SUCCESS;
    }
    rv = amzx_unseal(&opened, &len, st->ring, sealed, aad_of(place, p),
                     fault, p);
    if (rv == APR_SUCCESS) {
        *plain = opened;
    }
    return rv;
}

void amzx_store_json(amzx_buf_t *b, const char *s)
{
    static const char hex[] = "0123456789abcdef";
    const char *from;

    if (!s) {
        amzx_buf_puts(b, "null");
        return;
    }
    amzx_buf_putc(b, '"');
    for (from = s; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        amzx_buf_add(b, from, (apr_size_t)(s - from));
        from = s + 1;
        if (c < 0x20) {
            amzx_buf_puts(b, "\\u00");
            amzx_buf_putc(b, hex[c >> 4]);
            amzx_buf_putc(b, hex[c & 15]);
        }
        else {
            amzx_buf_putc(b, '\\');
            amzx_buf_putc(b, (char)c);
        }
    }
    amzx_buf_add(b, from, (apr_size_t)(s - from));
    amzx_buf_putc(b, '"');
}
