/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from files, the master keys, and sealing texts with them. */
#include "amzx_crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "amzx_aead.h"
#include "amzx_str.h"

#define SECRET_MAX 65536
#define KEY_ID_MAX 32

typedef struct master_key_t master_key_t;
struct master_key_t {
    const char *id;
    const amzx_secret_t *bytes;
    const master_key_t *next;
};

struct amzx_keyring_t {
    const master_key_t *first;
};

static apr_status_t secret_wipe(void *data)
{
    amzx_secret_t *s = data;

    amzx_wipe(s->bytes, s->len);
    s->len = 0;
    return APR_SUCCESS;
}

amzx_secret_t *amzx_secret_make(const void *bytes, apr_size_t len,
                                apr_pool_t *p)
{
    amzx_secret_t *s = apr_palloc(p, sizeof(*s));

    s->bytes = apr_palloc(p, len + 1);
    if (len > 0) {
        memcpy(s->bytes, bytes, len);
    }
    s->bytes[len] = '\0';
    s->len = len;
    apr_pool_cleanup_register(p, s, secret_wipe, apr_pool_cleanup_null);
    return s;
}

/* Read at most room bytes; *len is room when there may be more. */
static apr_status_t fill(apr_size_t *len, unsigned char *to, apr_size_t room,
                         int fd)
{
    *len = 0;
    while (*len < room) {
        ssize_t n = read(fd, to + *len, room - *len);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n == 0) {
            break;
        }
        *len += n > 0 ? (apr_size_t)n : 0;
    }
    return APR_SUCCESS;
}

static apr_status_t open_private(int *fd, const char *path,
                                 amzx_fault_t *fault)
{
    struct stat st;
    apr_status_t rv;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 || fstat(*fd, &st) != 0) {
        char why[120];

        rv = errno;
        apr_strerror(rv, why, sizeof(why));
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "config.secret_file", "cannot read %s: %s",
                              path, why);
    }
    if (!S_ISREG(st.st_mode)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.secret_file", "%s is not a file", path);
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                              "config.secret_file",
                              "%s may be written by group or others; "
                              "use chmod go-w",
                              path);
    }
    return APR_SUCCESS;
}

apr_status_t amzx_secret_file(amzx_secret_t **out, const char *path,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    unsigned char raw[SECRET_MAX + 1];
    apr_size_t len = 0;
    apr_status_t rv;
    int fd = -1;

    *out = NULL;
    rv = open_private(&fd, path, fault);
    if (rv != APR_SUCCESS) {
        goto leave;
    }
    rv = fill(&len, raw, sizeof(raw), fd);
    if (rv != APR_SUCCESS) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                            "config.secret_file", "cannot read %s", path);
        goto leave;
    }
    if (len > SECRET_MAX) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOSPC,
                            "config.secret_file",
                            "%s is longer than %d bytes", path, SECRET_MAX);
        goto leave;
    }
    while (len > 0 && strchr("\r\n\t ", raw[len - 1]) != NULL
           && raw[len - 1] != '\0') {
        len--;
    }
    if (len == 0) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                            "config.secret_file", "%s is empty", path);
        goto leave;
    }
    *out = amzx_secret_make(raw, len, p);
leave:
    amzx_wipe(raw, sizeof(raw));
    if (fd >= 0) {
        close(fd);
    }
    return rv;
}

static int is_key_id(const char *s, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        char c = s[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c == '-')) {
            return 0;
        }
    }
    return len > 0 && len <= KEY_ID_MAX;
}

static const master_key_t *find_key(const amzx_keyring_t *ring,
                                    const char *id, apr_size_t len)
{
    const master_key_t *k;

    for (k = ring->first; k != NULL; k = k->next) {
        if (strlen(k->id) == len && memcmp(k->id, id, len) == 0) {
            return k;
        }
    }
    return NULL;
}

/* One line "id base64"; NULL with a reason when it is not that. */
static master_key_t *key_from_line(const char **why, const char *line,
                                   apr_pool_t *p)
{
    apr_size_t n = strcspn(line, " \t");
    const char *text = line + n + strspn(line + n, " \t");
    master_key_t *k = apr_pcalloc(p, sizeof(*k));
    unsigned char *raw;
    apr_size_t len;

    *why = "expected: an id of letters, digits, - or _, a blank, "
           "and base64 of 32 bytes";
    if (!is_key_id(line, n)) {
        return NULL;
    }
    raw = amzx_base64_decode(&len, text, p);
    if (raw == NULL) {
        return NULL;
    }
    if (len == AMZX_AEAD_KEY) {
        k->id = apr_pstrmemdup(p, line, n);
        k->bytes = amzx_secret_make(raw, len, p);
    }
    amzx_wipe(raw, len);
    return k->bytes != NULL ? k : NULL;
}

static apr_status_t bad_key(amzx_fault_t *fault, const char *path, int line,
                            const char *why)
{
    apr_status_t rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                                     "config.key_file", "%s", why);

    amzx_fault_at(fault, "%s:%d:1", path, line);
    return rv;
}

apr_status_t amzx_keyring_load(amzx_keyring_t **out, const char *path,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_keyring_t *ring = apr_pcalloc(p, sizeof(*ring));
    const master_key_t **link = &ring->first;
    amzx_secret_t *file;
    apr_status_t rv;
    char *next;
    char *line;
    int number;

    *out = NULL;
    rv = amzx_secret_file(&file, path, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    next = (char *)file->bytes;
    for (number = 1; *next != '\0'; number++) {
        const char *why;
        master_key_t *k;
        apr_size_t n;

        line = next + strspn(next, " \t");
        next += strcspn(next, "\n");
        if (*next != '\0') {
            *next++ = '\0';
        }
        n = strlen(line);
        while (n > 0 && strchr("\r\t ", line[n - 1]) != NULL) {
            line[--n] = '\0';
        }
        if (*line == '\0' || *line == '#') {
            continue;
        }
        k = key_from_line(&why, line, p);
        if (k == NULL) {
            return bad_key(fault, path, number, why);
        }
        if (find_key(ring, k->id, strlen(k->id)) != NULL) {
            return bad_key(fault, path, number, "this id came before");
        }
        *link = k;
        link = &k->next;
    }
    if (ring->first == NULL) {
        return bad_key(fault, path, 1, "no key in the file");
    }
    *out = ring;
    return APR_SUCCESS;
}

const char *amzx_seal(const amzx_keyring_t *ring, const void *plain,
                      apr_size_t len, const char *aad, apr_pool_t *p)
{
    unsigned char *raw;

    if (ring == NULL) {
        return apr_pstrcat(p, "p0.", amzx_base64(plain, len, p), NULL);
    }
    raw = apr_palloc(p, AMZX_AEAD_HEAD + len);
    if (amzx_aead_seal(raw, ring->first->bytes->bytes, plain, len, aad,
                       strlen(aad)) != APR_SUCCESS) {
        return NULL;
    }
    return apr_pstrcat(p, "s1.", ring->first->id, ".",
                       amzx_base64(raw, AMZX_AEAD_HEAD + len, p), NULL);
}

static apr_status_t cannot_open(amzx_fault_t *fault, const char *why)
{
    return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                          "secret.sealed", "cannot open a sealed secret: %s",
                          why);
}

apr_status_t amzx_unseal(char **plain, apr_size_t *len,
                         const amzx_keyring_t *ring, const char *sealed,
                         const char *aad, amzx_fault_t *fault, apr_pool_t *p)
{
    const master_key_t *k;
    amzx_secret_t *text;
    unsigned char *raw;
    const char *body;
    apr_size_t n;

    *plain = NULL;
    *len = 0;
    if (strncmp(sealed, "p0.", 3) == 0) {
        raw = amzx_base64_decode(&n, sealed + 3, p);
        if (raw == NULL) {
            return cannot_open(fault, "it is damaged");
        }
        *plain = (char *)raw;
        *len = n;
        return APR_SUCCESS;
    }
    body = strncmp(sealed, "s1.", 3) == 0 ? strchr(sealed + 3, '.') : NULL;
    if (body == NULL) {
        return cannot_open(fault, "its format is not known");
    }
    k = ring != NULL
            ? find_key(ring, sealed + 3, (apr_size_t)(body - sealed) - 3)
            : NULL;
    if (k == NULL) {
        return cannot_open(fault, "the key file lacks its key");
    }
    raw = amzx_base64_decode(&n, body + 1, p);
    if (raw == NULL || n < AMZX_AEAD_HEAD) {
        return cannot_open(fault, "it is damaged");
    }
    text = amzx_secret_make(NULL, 0, p);
    text->bytes = apr_pcalloc(p, n - AMZX_AEAD_HEAD + 1);
    text->len = n - AMZX_AEAD_HEAD;
    if (amzx_aead_open(text->bytes, k->bytes->bytes, raw, n, aad,
                       strlen(aad)) != APR_SUCCESS) {
        text->len = 0;
        return cannot_open(fault, "key, owner or bytes differ");
    }
    *plain = (char *)text->bytes;
    *len = text->len;
    return APR_SUCCESS;
}
