/* SPDX-License-Identifier: Apache-2.0 */
/* API keys of the REST endpoint: "axz_<id>_<secret>", stored as digests. */
#include "mod_amzxero.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_crypto.h"
#include "amzx_str.h"

#define MAX_FILE (1024 * 1024)
#define MAX_KEY 512

/* 64 hex digits to 32 bytes. */
static int read_digest(unsigned char out[AMZX_SHA256_LEN], const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    int i;

    if (strlen(hex) != 2 * AMZX_SHA256_LEN) {
        return 0;
    }
    for (i = 0; i < AMZX_SHA256_LEN; i++) {
        const char *hi = strchr(digits, hex[2 * i]);
        const char *lo = strchr(digits, hex[2 * i + 1]);

        if (hi == NULL || lo == NULL) {
            return 0;
        }
        out[i] = (unsigned char)((hi - digits) << 4 | (lo - digits));
    }
    return 1;
}

static apr_status_t read_line(apr_array_header_t *keys, const char *line,
                              const char *path, int number,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    char **word = amzx_split(line, " \t\r", p);
    amzxero_key_t *key;

    if (word[0] == NULL || word[0][0] == '#') {
        return APR_SUCCESS;
    }
    if (word[1] == NULL || word[2] == NULL || word[3] == NULL
        || strncmp(word[0], "axz_", 4) != 0) {
        amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                       "config.api_keys",
                       "a line is \"axz_ID SHA256 TENANT SCOPE...\"");
        amzx_fault_at(fault, "%s:%d", path, number);
        return APR_EINVAL;
    }
    key = apr_array_push(keys);
    key->id = word[0];
    key->tenant = word[2];
    key->scopes = word + 3;
    if (!read_digest(key->digest, word[1])) {
        amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                       "config.api_keys",
                       "the second word must be a SHA-256 digest in lower "
                       "case hex");
        amzx_fault_at(fault, "%s:%d", path, number);
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

/* Who may write this file may make keys. */
static apr_status_t check_mode(const char *path, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_PROT, p) == APR_SUCCESS
        && (info.protection & (APR_FPROT_GWRITE | APR_FPROT_WWRITE)) != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                              "config.api_keys",
                              "%s may be written by group or others; use "
                              "chmod go-w",
                              path);
    }
    return APR_SUCCESS;
}

apr_status_t amzxero_keys_load(apr_array_header_t **keys, const char *path,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    char *bytes = NULL;
    char *line;
    char *end;
    apr_size_t len = 0;
    apr_status_t rv;
    int number = 0;

    *keys = apr_array_make(p, 4, sizeof(amzxero_key_t));
    rv = check_mode(path, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = amzx_file_read(&bytes, &len, path, MAX_FILE, p);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv, "config.api_keys",
                              "cannot read %s", path);
    }
    for (line = bytes; rv == APR_SUCCESS && line != NULL; line = end) {
        end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        rv = read_line(*keys, line, path, ++number, fault, p);
    }
    return rv;
}

/* "Authorization: Bearer KEY" or "X-API-Key: KEY". */
static const char *presented(const request_rec *r)
{
    const char *value = apr_table_get(r->headers_in, "Authorization");

    if (value != NULL && strncasecmp(value, "Bearer ", 7) == 0) {
        for (value += 7; *value == ' '; value++) {
        }
        return value;
    }
    return apr_table_get(r->headers_in, "X-API-Key");
}

static int has_scope(const amzxero_key_t *key, const char *scope)
{
    int i;

    for (i = 0; key->scopes[i] != NULL; i++) {
        if (strcmp(key->scopes[i], scope) == 0
            || strcmp(key->scopes[i], "admin") == 0) {
            return 1;
        }
    }
    return 0;
}

/* All keys are looked at, and digests compared in constant time, so that the
 * time taken says nothing about the keys there are. */
static const amzxero_key_t *find_key(const char *text)
{
    const apr_array_header_t *keys = amzxero_main->keys;
    const amzxero_key_t *found = NULL;
    unsigned char digest[AMZX_SHA256_LEN];
    int i;

    if (text == NULL || keys == NULL || strlen(text) > MAX_KEY) {
        return NULL;
    }
    for (i = 0; i < keys->nelts; i++) {
        const amzxero_key_t *key = &APR_ARRAY_IDX(keys, i, amzxero_key_t);
        apr_size_t len = strlen(key->id);

        if (strncmp(key->id, text, len) != 0 || text[len] != '_') {
            continue;
        }
        amzx_sha256(digest, text + len + 1, strlen(text + len + 1));
        if (amzx_ct_equal(key->digest, sizeof(key->digest), digest,
                          sizeof(digest))) {
            found = key;
        }
    }
    return found;
}

const amzxero_key_t *amzxero_keys_check(request_rec *r, const char *scope,
                                        int *status)
{
    const amzxero_dir_t *dir =
        ap_get_module_config(r->per_dir_config, &amzxero_module);
    const char *text = presented(r);
    const amzxero_key_t *key = find_key(text);

    if (key == NULL) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                       "Bearer realm=\"amzxero\"");
        *status = amzxero_reply_problem(
            r, HTTP_UNAUTHORIZED, text ? "auth.key" : "auth.missing",
            text ? "this API key is not known"
                 : "send an API key: Authorization: Bearer axz_...",
            NULL);
        return NULL;
    }
    if (dir->tenant != NULL && strcmp(dir->tenant, key->tenant) != 0) {
        *status = amzxero_reply_problem(r, HTTP_FORBIDDEN, "auth.tenant",
                                        "this API key belongs to another "
                                        "tenant",
                                        NULL);
        return NULL;
    }
    if (!has_scope(key, scope)) {
        *status = amzxero_reply_problem(
            r, HTTP_FORBIDDEN, "auth.scope",
            apr_psprintf(r->pool, "this API key lacks the scope %s", scope),
            NULL);
        return NULL;
    }
    return key;
}
