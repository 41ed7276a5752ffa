/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: filling, naming and matching them. */
#include "amzx_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "amzx_str.h"

/* In the order of amzx_fault_class_e; the names are stored on disk. */
static const char *const class_names[] = {
    "none", "transient", "throttled", "auth", "rejected", "unknown",
    "config", "bug",
};

#define CLASS_COUNT ((int)(sizeof(class_names) / sizeof(class_names[0])))

void amzx_fault_clear(amzx_fault_t *fault)
{
    if (fault == NULL) {
        return;
    }
    fault->klass = AMZX_FAULT_NONE;
    fault->status = APR_SUCCESS;
    fault->code[0] = '\0';
    fault->detail[0] = '\0';
    fault->place[0] = '\0';
    fault->retry_after_us = -1;
}

apr_status_t amzx_fault_set(amzx_fault_t *fault, amzx_fault_class_e klass,
                            apr_status_t rv, const char *code,
                            const char *fmt, ...)
{
    char detail[sizeof(fault->detail)];
    char kept[sizeof(fault->code)];
    va_list ap;

    if (rv == APR_SUCCESS) {
        rv = APR_EGENERAL;
    }
    if (fault == NULL) {
        return rv;
    }
    /* Into locals first: callers wrap a fault by naming its own members. */
    va_start(ap, fmt);
    vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    snprintf(kept, sizeof(kept), "%s", code != NULL ? code : "bug");
    amzx_fault_clear(fault);
    fault->klass = klass;
    fault->status = rv;
    memcpy(fault->code, kept, sizeof(kept));
    amzx_str_clean(fault->code, fault->code, strlen(fault->code), '?');
    amzx_str_clean(fault->detail, detail, strlen(detail), ' ');
    return rv;
}

void amzx_fault_at(amzx_fault_t *fault, const char *fmt, ...)
{
    char place[sizeof(fault->place)];
    va_list ap;

    if (fault == NULL) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(place, sizeof(place), fmt, ap);
    va_end(ap);
    amzx_str_clean(fault->place, place, strlen(place), ' ');
}

const char *amzx_fault_class_name(amzx_fault_class_e klass)
{
    int i = (int)klass;

    return i >= 0 && i < CLASS_COUNT ? class_names[i] : "bug";
}

amzx_fault_class_e amzx_fault_class_of(const char *name)
{
    int i;

    for (i = 0; name != NULL && i < CLASS_COUNT; i++) {
        if (strcmp(name, class_names[i]) == 0) {
            return (amzx_fault_class_e)i;
        }
    }
    return AMZX_FAULT_BUG;
}

int amzx_fault_matches(const char *code, const char *patterns)
{
    const char *p = patterns;
    size_t n;

    if (code == NULL || patterns == NULL) {
        return 0;
    }
    while (*p != '\0') {
        p += strspn(p, " \t\r\n");
        n = strcspn(p, " \t\r\n");
        if (n == 1 && *p == '*') {
            return 1;
        }
        if (n > 0 && strncmp(code, p, n) == 0
            && (code[n] == '\0' || code[n] == '.')) {
            return 1;
        }
        p += n;
    }
    return 0;
}
