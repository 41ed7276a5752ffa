/* SPDX-License-Identifier: Apache-2.0 */
/* Credential files: {"client_id", "client_secret", "refresh_token"?}. */
#include <apr_strings.h>

#include <string.h>

#include "amzx_connector.h"
#include "amzx_crypto.h"
#include "amzx_json.h"

/* The parsed copy is not wiped with a pool, so it is wiped here; through a
 * volatile pointer, which no compiler leaves out. */
static void wipe(const amzx_val_t *v)
{
    apr_size_t i;

    if (amzx_val_type(v) == AMZX_STR) {
        volatile char *s = (volatile char *)(apr_uintptr_t)v->u.str.s;

        for (i = 0; i < v->u.str.len; i++) {
            s[i] = 0;
        }
    }
    for (i = 0; amzx_val_type(v) == AMZX_OBJ && i < amzx_val_count(v); i++) {
        wipe(v->u.obj.member[i].val);
    }
}

/* A text without the line ends that people leave in; NULL when absent. */
static const char *part_of(const amzx_val_t *doc, const char *name,
                           apr_pool_t *p)
{
    const char *text = amzx_val_text(amzx_val_get(doc, name), NULL);
    apr_size_t len;

    if (!text) {
        return NULL;
    }
    text += strspn(text, " \t\r\n");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1])) {
        len--;
    }
    return len > 0 ? (const char *)amzx_secret_make(text, len, p)->bytes
                   : NULL;
}

apr_status_t amzx_credential_load(amzx_credential_t *out, const char *path,
                                  amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t *doc = NULL;
    amzx_secret_t *file = NULL;
    apr_pool_t *ptemp = NULL;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    apr_pool_create(&ptemp, p);
    rv = amzx_secret_file(&file, path, fault, ptemp);
    if (rv != APR_SUCCESS) {
        goto leave;
    }
    rv = amzx_json_parse(&doc, (const char *)file->bytes, file->len, NULL,
                         NULL, ptemp);
    if (rv != APR_SUCCESS || amzx_val_type(doc) != AMZX_OBJ) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                            "config.credential", "%s is not a JSON object",
                            path);
        goto leave;
    }
    out->client_id = part_of(doc, "client_id", p);
    out->client_secret = part_of(doc, "client_secret", p);
    out->refresh_token = part_of(doc, "refresh_token", p);
    if (!out->client_id || !out->client_secret) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                            "config.credential",
                            "%s lacks client_id or client_secret", path);
        memset(out, 0, sizeof(*out));
    }
leave:
    wipe(doc);
    apr_pool_destroy(ptemp);
    return rv;
}
