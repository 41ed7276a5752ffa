/* SPDX-License-Identifier: Apache-2.0 */
/* Operator-written XML through libxml2, hardened; the only file that includes
 * it. Nothing here touches libxml2's process-wide settings: other modules of
 * the same server use the library too. */
#include "amzx_xml.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>

#define XML_MAX_BYTES ((apr_size_t)1024 * 1024)
#define XML_MAX_DEPTH 64
#define PROBLEMS_MAX 50
#define DEPTH_TEXT "elements are nested deeper than 64"

#define PARSE_OPTIONS                                                        \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING               \
     | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA)

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

struct amzx_xsd_t {
    xmlSchemaPtr schema;
};

/* What the handlers of one parse write to. */
typedef struct {
    amzx_problems_t *ps;
    const char *code; /* of the complaints */
} sink_t;

void amzx_xml_init(void)
{
    xmlInitParser();
    xmlSchemaInitTypes();
}

/* libxml2 writes {urn:some:namespace}name; people want the name. A set such
 * as {'a', 'b'} stays. */
static const char *without_namespaces(const char *text, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(text) + 1);
    char *o = out;
    const char *s = text;

    while (*s != '\0') {
        if (*s == '{') {
            size_t n = strcspn(s, "} '\"\n");

            if (s[n] == '}') {
                s += n + 1;
                continue;
            }
        }
        *o++ = *s++;
    }
    while (o > out && (o[-1] == '\n' || o[-1] == ' ' || o[-1] == '.')) {
        o--;
    }
    *o = '\0';
    return out;
}

/* "is not a valid value of the atomic type" repeats the facet before it. */
static int is_echo(const amzx_problems_t *ps, const xmlError *e)
{
    const amzx_problem_t *last;

    if (e->code != XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1
        || ps->list->nelts == 0) {
        return 0;
    }
    last = &APR_ARRAY_IDX(ps->list, ps->list->nelts - 1, amzx_problem_t);
    return last->line == e->line && strstr(last->message, "[facet") != NULL;
}

static void take_error(sink_t *sink, const xmlError *e)
{
    apr_pool_t *p = sink->ps->list->pool;

    if (sink->ps->list->nelts >= PROBLEMS_MAX || e->message == NULL
        || is_echo(sink->ps, e)) {
        return;
    }
    if (strncmp(e->message, "Excessive depth", 15) == 0) {
        /* Its text advises an option that we never set. */
        amzx_problems_add(sink->ps, e->line, e->int2, 0, "xml.refused", NULL,
                          DEPTH_TEXT);
        return;
    }
    amzx_problems_add(sink->ps, e->line,
                      e->domain == XML_FROM_PARSER ? e->int2 : 0,
                      e->level == XML_ERR_WARNING, sink->code, NULL, "%s",
                      without_namespaces(e->message, p));
}

/* From a parser the handler gets the parser, from a schema our sink. */
static void on_parser_error(void *data, xmlErrorPtr e)
{
    xmlParserCtxtPtr ctxt = data;

    take_error(ctxt->_private, e);
}

static void on_schema_error(void *data, xmlErrorPtr e)
{
    take_error(data, e);
}

static void stop_at(xmlParserCtxtPtr ctxt, const char *message)
{
    sink_t *sink = ctxt->_private;

    amzx_problems_add(sink->ps, xmlSAX2GetLineNumber(ctxt),
                      xmlSAX2GetColumnNumber(ctxt), 0, "xml.refused", NULL,
                      "%s", message);
    xmlStopParser(ctxt);
}

/* Called at "<!DOCTYPE name" before anything inside it is read. */
static void on_doctype(void *data, const xmlChar *name,
                       const xmlChar *external, const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    stop_at(data, "a DOCTYPE is not allowed");
}

/* The first element below XML_MAX_DEPTH, or NULL. libxml2 itself stops at
 * 256, so recursion is safe. */
static xmlNodePtr too_deep(xmlNodePtr n, int depth)
{
    xmlNodePtr found = NULL;

    for (; n != NULL && found == NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE) {
            found = depth >= XML_MAX_DEPTH ? n
                                           : too_deep(n->children, depth + 1);
        }
    }
    return found;
}

/* Parse to libxml2's tree; complaints go to the sink. The caller frees. */
static xmlDocPtr parse_doc(const char *bytes, apr_size_t len, sink_t *sink)
{
    int errors = amzx_problems_errors(sink->ps);
    xmlParserCtxtPtr ctxt;
    xmlNodePtr deep;
    xmlDocPtr doc;

    if (len > XML_MAX_BYTES || len == 0) {
        amzx_problems_add(sink->ps, 1, 0, 0, "xml.refused", NULL,
                          len == 0 ? "the document is empty"
                                   : "the document is longer than 1 MiB");
        return NULL;
    }
    ctxt = xmlNewParserCtxt();
    if (ctxt == NULL) {
        amzx_problems_add(sink->ps, 1, 0, 0, "xml.memory", NULL,
                          "no memory");
        return NULL;
    }
    ctxt->_private = sink;
    ctxt->sax->internalSubset = on_doctype;
    ctxt->sax->serror = on_parser_error;
    doc = xmlCtxtReadMemory(ctxt, bytes, (int)len, NULL, NULL,
                            PARSE_OPTIONS);
    xmlFreeParserCtxt(ctxt);
    deep = doc != NULL ? too_deep(xmlDocGetRootElement(doc), 0) : NULL;
    if (deep != NULL) {
        amzx_problems_add(sink->ps, (int)xmlGetLineNo(deep), 0, 0,
                          "xml.refused", NULL, DEPTH_TEXT);
    }
    if (doc == NULL && amzx_problems_errors(sink->ps) == errors) {
        amzx_problems_add(sink->ps, 1, 0, 0, "xml.syntax", NULL,
                          "the document cannot be read");
    }
    return doc;
}

static apr_status_t free_doc(void *doc)
{
    xmlFreeDoc(doc);
    return APR_SUCCESS;
}

static apr_status_t free_xsd(void *data)
{
    amzx_xsd_t *xsd = data;

    xmlSchemaFree(xsd->schema);
    return APR_SUCCESS;
}

/* Would the schema make libxml2 open another file? */
static int names_a_file(xmlNodePtr root)
{
    xmlNodePtr n;

    for (n = root != NULL ? root->children : NULL; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE
            && xmlHasProp(n, BAD_CAST "schemaLocation") != NULL) {
            return 1;
        }
    }
    return 0;
}

apr_status_t amzx_xsd_load(amzx_xsd_t **xsd, const char *bytes,
                           apr_size_t len, amzx_fault_t *fault,
                           apr_pool_t *p)
{
    amzx_problems_t *ps = amzx_problems_make("schema", p);
    sink_t sink = {ps, "xml.syntax"};
    amzx_xsd_t *out = apr_pcalloc(p, sizeof(*out));
    xmlSchemaParserCtxtPtr ctxt;
    xmlDocPtr doc;

    *xsd = NULL;
    doc = parse_doc(bytes, len, &sink);
    if (doc != NULL) {
        /* The schema points into the document: it goes first. */
        apr_pool_cleanup_register(p, doc, free_doc, apr_pool_cleanup_null);
    }
    sink.code = "xml.schema";
    if (doc != NULL && names_a_file(xmlDocGetRootElement(doc))) {
        amzx_problems_add(ps, 1, 0, 0, "xml.refused", NULL,
                          "a schema may not name other files");
    }
    else if (doc != NULL) {
        ctxt = xmlSchemaNewDocParserCtxt(doc);
        if (ctxt != NULL) {
            xmlSchemaSetParserStructuredErrors(ctxt, on_schema_error, &sink);
            out->schema = xmlSchemaParse(ctxt);
            xmlSchemaFreeParserCtxt(ctxt);
        }
    }
    if (out->schema == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.schema", "the XML schema is bad: %s",
                              amzx_problems_text(ps, p));
    }
    apr_pool_cleanup_register(p, out, free_xsd, apr_pool_cleanup_null);
    *xsd = out;
    return APR_SUCCESS;
}

/* An xsi:schemaLocation helps editors; libxml2 would load what it names. */
static void drop_locations(xmlNodePtr n)
{
    xmlAttrPtr a;
    xmlAttrPtr next;

    for (; n != NULL; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) {
            continue;
        }
        for (a = n->properties; a != NULL; a = next) {
            next = a->next;
            if (a->ns != NULL && xmlStrEqual(a->ns->href, BAD_CAST XSI)
                && (xmlStrEqual(a->name, BAD_CAST "schemaLocation")
                    || xmlStrEqual(a->name,
                                   BAD_CAST "noNamespaceSchemaLocation"))) {
                xmlRemoveProp(a);
            }
        }
        drop_locations(n->children);
    }
}

static void validate(xmlDocPtr doc, const amzx_xsd_t *xsd, sink_t *sink)
{
    xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(xsd->schema);
    int errors = amzx_problems_errors(sink->ps);
    int result = -1;

    if (ctxt != NULL) {
        xmlSchemaSetValidStructuredErrors(ctxt, on_schema_error, sink);
        result = xmlSchemaValidateDoc(ctxt, doc);
        xmlSchemaFreeValidCtxt(ctxt);
    }
    if (result != 0 && amzx_problems_errors(sink->ps) == errors) {
        amzx_problems_add(sink->ps, 1, 0, 0, sink->code, NULL,
                          "the document does not fit its schema");
    }
}

static const char *copy_ns(const xmlNs *ns, apr_pool_t *p)
{
    return ns != NULL ? apr_pstrdup(p, (const char *)ns->href) : NULL;
}

static const amzx_xattr_t *copy_attrs(xmlNodePtr n, apr_pool_t *p)
{
    const amzx_xattr_t *first = NULL;
    const amzx_xattr_t **link = &first;
    xmlAttrPtr a;

    for (a = n->properties; a != NULL; a = a->next) {
        amzx_xattr_t *out = apr_palloc(p, sizeof(*out));
        xmlChar *value = xmlNodeListGetString(n->doc, a->children, 1);

        out->name = apr_pstrdup(p, (const char *)a->name);
        out->ns = copy_ns(a->ns, p);
        out->value = value != NULL ? apr_pstrdup(p, (const char *)value)
                                   : "";
        out->next = NULL;
        xmlFree(value);
        *link = out;
        link = &out->next;
    }
    return first;
}

/* All direct text as one. */
static const char *copy_text(xmlNodePtr n, apr_pool_t *p)
{
    apr_size_t len = 0;
    xmlNodePtr c;
    char *out;

    for (c = n->children; c != NULL; c = c->next) {
        if (xmlNodeIsText(c) && c->content != NULL) {
            len += strlen((const char *)c->content);
        }
    }
    if (len == 0) {
        return "";
    }
    out = apr_palloc(p, len + 1);
    len = 0;
    for (c = n->children; c != NULL; c = c->next) {
        if (xmlNodeIsText(c) && c->content != NULL) {
            apr_size_t part = strlen((const char *)c->content);

            memcpy(out + len, c->content, part);
            len += part;
        }
    }
    out[len] = '\0';
    return out;
}

static amzx_xelem_t *copy_element(xmlNodePtr n, const amzx_xelem_t *parent,
                                  apr_pool_t *p)
{
    amzx_xelem_t *e = apr_pcalloc(p, sizeof(*e));
    const amzx_xelem_t **link = &e->child;
    xmlNodePtr c;

    e->name = apr_pstrdup(p, (const char *)n->name);
    e->ns = copy_ns(n->ns, p);
    e->text = copy_text(n, p);
    e->attrs = copy_attrs(n, p);
    e->parent = parent;
    e->line = (int)xmlGetLineNo(n);
    for (c = n->children; c != NULL; c = c->next) {
        if (c->type == XML_ELEMENT_NODE) {
            amzx_xelem_t *child = copy_element(c, e, p);

            *link = child;
            link = &child->next;
        }
    }
    return e;
}

apr_status_t amzx_xml_parse(const amzx_xelem_t **root, const char *bytes,
                            apr_size_t len, const amzx_xsd_t *xsd,
                            amzx_problems_t *ps, apr_pool_t *p)
{
    sink_t sink = {ps, "xml.syntax"};
    int errors = amzx_problems_errors(ps);
    xmlDocPtr doc = parse_doc(bytes, len, &sink);

    *root = NULL;
    if (doc != NULL && xsd != NULL
        && amzx_problems_errors(ps) == errors) {
        sink.code = "xml.schema";
        drop_locations(xmlDocGetRootElement(doc));
        validate(doc, xsd, &sink);
    }
    if (doc != NULL && amzx_problems_errors(ps) == errors) {
        *root = copy_element(xmlDocGetRootElement(doc), NULL, p);
    }
    xmlFreeDoc(doc);
    return *root != NULL ? APR_SUCCESS : APR_EINVAL;
}
