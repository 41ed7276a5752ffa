/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz operator-written XML, with and without a schema. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "amzx_str.h"
#include "amzx_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'\n"
    " targetNamespace='urn:f' xmlns='urn:f' elementFormDefault='qualified'>\n"
    " <xs:element name='f'><xs:complexType><xs:choice maxOccurs='9'>\n"
    "  <xs:element ref='f'/>\n"
    "  <xs:element name='s'><xs:complexType mixed='true'>\n"
    "   <xs:attribute name='n' type='xs:decimal'/>\n"
    "   <xs:attribute name='d' type='xs:duration'/></xs:complexType>\n"
    "  </xs:element></xs:choice>\n"
    "  <xs:attribute name='id' type='xs:ID'/></xs:complexType>\n"
    " </xs:element></xs:schema>";

static void need(int is_true)
{
    if (!is_true) {
        abort();
    }
}

static void check_tree(const amzx_xelem_t *e, int depth)
{
    const amzx_xelem_t *c;
    const amzx_xattr_t *a;

    need(depth <= 64 && e->line >= 1);
    need(amzx_utf8_is_valid(e->name, strlen(e->name)));
    need(amzx_utf8_is_valid(e->text, strlen(e->text)));
    for (a = e->attrs; a != NULL; a = a->next) {
        need(amzx_utf8_is_valid(a->value, strlen(a->value)));
    }
    for (c = e->child; c != NULL; c = c->next) {
        need(c->parent == e);
        check_tree(c, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    amzx_xsd_t *xsd = NULL;
    const amzx_xelem_t *tree;
    amzx_problems_t *ps;
    apr_pool_t *p;
    int round;

    if (root == NULL) {
        apr_initialize();
        amzx_xml_init();
        need(apr_pool_create(&root, NULL) == APR_SUCCESS);
    }
    for (round = 0; round < 2; round++) {
        need(apr_pool_create(&p, root) == APR_SUCCESS);
        ps = amzx_problems_make("fuzz", p);
        if (round == 1) {
            need(amzx_xsd_load(&xsd, schema, strlen(schema), NULL, p)
                 == APR_SUCCESS);
        }
        if (amzx_xml_parse(&tree, (const char *)data, size,
                           xsd, ps, p) == APR_SUCCESS) {
            need(amzx_problems_errors(ps) == 0);
            check_tree(tree, 1);
        }
        else {
            const char *text = amzx_problems_text(ps, p);

            need(tree == NULL && amzx_problems_errors(ps) > 0);
            need(amzx_utf8_is_valid(text, strlen(text)));
        }
        apr_pool_destroy(p);
    }
    return 0;
}
