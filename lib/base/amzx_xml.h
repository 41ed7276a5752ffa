/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_xml.h  Operator-written XML as a small read-only tree.
 *
 * Hardened: no DOCTYPE, no network, no entities beyond the five of XML, size
 * and depth capped. The only file that includes libxml2 is amzx_xml.c.
 */
#ifndef AMZX_XML_H
#define AMZX_XML_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "amzx_fault.h"

typedef struct amzx_xattr_t amzx_xattr_t;
struct amzx_xattr_t {
    const char *name;
    const char *ns; /**< namespace URI or NULL */
    const char *value;
    const amzx_xattr_t *next;
};

typedef struct amzx_xelem_t amzx_xelem_t;
struct amzx_xelem_t {
    const char *name;
    const char *ns;   /**< namespace URI or NULL */
    const char *text; /**< all direct text, concatenated; "" when none */
    const amzx_xattr_t *attrs;
    const amzx_xelem_t *child; /**< first child element */
    const amzx_xelem_t *next;  /**< next sibling element */
    const amzx_xelem_t *parent;
    int line;
};

/** A compiled XML Schema; immutable. */
typedef struct amzx_xsd_t amzx_xsd_t;

/** One complaint of parser, schema or linter. */
typedef struct {
    int line;
    int column; /**< 0 when not known */
    int is_warning;
    const char *code; /**< "xml.syntax", "xml.schema", "lint...." */
    const char *message;
    const char *hint; /**< a suggestion or NULL */
} amzx_problem_t;

/** A list of amzx_problem_t in order of appearance. */
typedef struct {
    apr_array_header_t *list;
    const char *file;
} amzx_problems_t;

amzx_problems_t *amzx_problems_make(const char *file, apr_pool_t *p);
void amzx_problems_add(amzx_problems_t *ps, int line, int column,
                       int is_warning, const char *code, const char *hint,
                       const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/** How many are errors (not warnings)? */
int amzx_problems_errors(const amzx_problems_t *ps);
/** "file:line:column: error: message [code]; hint", one line each. */
const char *amzx_problems_text(const amzx_problems_t *ps, apr_pool_t *p);

/** Once per process, before threads. Never cleans up: others share it. */
void amzx_xml_init(void);

apr_status_t amzx_xsd_load(amzx_xsd_t **xsd, const char *bytes,
                           apr_size_t len, amzx_fault_t *fault,
                           apr_pool_t *p);

/**
 * Parse, refuse DOCTYPE, validate, and copy into a tree in p.
 *
 * @param xsd NULL to skip validation
 * @param ps  receives every complaint with its line
 * @return APR_SUCCESS only without errors; *root is NULL else
 */
apr_status_t amzx_xml_parse(const amzx_xelem_t **root, const char *bytes,
                            apr_size_t len, const amzx_xsd_t *xsd,
                            amzx_problems_t *ps, apr_pool_t *p);

/** An attribute without namespace; fallback (may be NULL) when absent. */
const char *amzx_xattr(const amzx_xelem_t *e, const char *name,
                       const char *fallback);
/** The first child of that name (in e's own namespace), or NULL. */
const amzx_xelem_t *amzx_xchild(const amzx_xelem_t *e, const char *name);
/** The next sibling of the same name, or NULL. */
const amzx_xelem_t *amzx_xnext(const amzx_xelem_t *e);

#endif
