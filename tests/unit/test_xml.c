/* SPDX-License-Identifier: Apache-2.0 */
/* Operator-written XML: the tree, the schema's complaints, and hostility. */
#include "base_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "amzx_str.h"
#include "amzx_xml.h"

static const char schema_text[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'\n"
    "  targetNamespace='urn:test:flow' xmlns='urn:test:flow'\n"
    "  elementFormDefault='qualified'>\n"
    " <xs:simpleType name='colour'><xs:restriction base='xs:string'>\n"
    "  <xs:enumeration value='red'/><xs:enumeration value='green'/>\n"
    " </xs:restriction></xs:simpleType>\n"
    " <xs:element name='flow'><xs:complexType><xs:sequence>\n"
    "  <xs:element name='step' minOccurs='1' maxOccurs='unbounded'>\n"
    "   <xs:complexType mixed='true'><xs:sequence/>\n"
    "    <xs:attribute name='colour' type='colour'/>\n"
    "    <xs:attribute name='id' type='xs:string' use='required'/>\n"
    "   </xs:complexType></xs:element>\n"
    " </xs:sequence><xs:attribute name='name'/></xs:complexType>\n"
    "</xs:element></xs:schema>";

static const amzx_problem_t *problem(const amzx_problems_t *ps, int i)
{
    assert_true(i < ps->list->nelts);
    return &APR_ARRAY_IDX(ps->list, i, amzx_problem_t);
}

/* Parse; the result's status. */
static apr_status_t parse(const amzx_xelem_t **root, amzx_problems_t **ps,
                          const char *text, const amzx_xsd_t *xsd,
                          apr_pool_t *p)
{
    *ps = amzx_problems_make("flow.xml", p);
    return amzx_xml_parse(root, text, strlen(text), xsd, *ps, p);
}

static amzx_xsd_t *schema(apr_pool_t *p)
{
    amzx_xsd_t *xsd;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_xsd_load(&xsd, schema_text, strlen(schema_text), &fault, p)
        != APR_SUCCESS) {
        fail_msg("%s", fault.detail);
    }
    return xsd;
}

static void a_document_becomes_a_tree_with_lines(void **state)
{
    const amzx_xelem_t *root;
    const amzx_xelem_t *e;
    amzx_problems_t *ps;

    assert_int_equal(
        parse(&root, &ps,
              "<?xml version='1.0'?>\n"
              "<!-- a comment -->\n"
              "<flow xmlns='urn:test:flow' name='a&amp;b'>\n"
              "  <step id='1'>x<![CDATA[<y>]]>&#x41;</step>\n"
              "  <other xmlns='urn:else' id='9'/>\n"
              "  <step id='2' xml:lang='en'/>\n"
              "</flow>",
              NULL, *state),
        APR_SUCCESS);
    assert_int_equal(amzx_problems_errors(ps), 0);
    assert_string_equal(root->name, "flow");
    assert_string_equal(root->ns, "urn:test:flow");
    assert_string_equal(amzx_xattr(root, "name", NULL), "a&b");
    assert_int_equal(root->line, 3);
    e = amzx_xchild(root, "step");
    assert_string_equal(e->text, "x<y>A");
    assert_int_equal(e->line, 4);
    assert_ptr_equal(e->parent, root);
    assert_null(amzx_xchild(root, "other"));
    e = amzx_xnext(e);
    assert_string_equal(amzx_xattr(e, "id", "?"), "2");
    assert_string_equal(amzx_xattr(e, "lang", "?"), "?");
    assert_string_equal(e->text, "");
    assert_null(amzx_xnext(e));
    assert_null(amzx_xchild(NULL, "x"));
    assert_null(amzx_xnext(NULL));
    assert_string_equal(amzx_xattr(NULL, "x", "y"), "y");
}

static void syntax_errors_have_line_and_column(void **state)
{
    const amzx_xelem_t *root;
    amzx_problems_t *ps;

    assert_int_equal(parse(&root, &ps, "<a>\n <b>\n</a>", NULL, *state),
                     APR_EINVAL);
    assert_null(root);
    assert_string_equal(problem(ps, 0)->code, "xml.syntax");
    assert_int_equal(problem(ps, 0)->line, 3);
    assert_true(problem(ps, 0)->column > 0);
    assert_non_null(strstr(amzx_problems_text(ps, *state),
                           "flow.xml:3:"));
}

static void nothing_that_is_not_xml_gets_through(void **state)
{
    static const char *const bad[] = {
        "", "x", "<a", "<a>", "<a/><b/>", "<a b=1/>", "<a b='1' b='2'/>",
        "<a>&nbsp;</a>", "<a>\x01</a>", "<a>\xff</a>", "<a>&#0;</a>",
        "<x:a/>",
    };
    const amzx_xelem_t *root;
    amzx_problems_t *ps;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(&root, &ps, bad[i], NULL, *state) == APR_SUCCESS) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_null(root);
        assert_true(amzx_problems_errors(ps) >= 1);
        assert_true(problem(ps, 0)->line >= 1);
    }
}

static void a_doctype_is_refused_with_its_line(void **state)
{
    static const char *const bad[] = {
        "<?xml version='1.0'?>\n\n<!DOCTYPE a>\n<a/>",
        "\n\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "\n\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        "<a>&x;</a>",
        "\n\n<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c "
        "'&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;'>]>"
        "<a>&d;&d;&d;</a>",
        "\n\n<!DOCTYPE a [<!ATTLIST a b CDATA 'x'>]><a/>",
    };
    const amzx_xelem_t *root;
    amzx_problems_t *ps;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(&root, &ps, bad[i], NULL, *state),
                         APR_EINVAL);
        assert_null(root);
        assert_string_equal(problem(ps, 0)->code, "xml.refused");
        assert_string_equal(problem(ps, 0)->message,
                            "a DOCTYPE is not allowed");
        assert_int_equal(problem(ps, 0)->line, 3);
        assert_int_equal(ps->list->nelts, 1);
    }
}

static void size_and_depth_are_capped(void **state)
{
    apr_pool_t *p = *state;
    const amzx_xelem_t *root;
    amzx_problems_t *ps;
    amzx_buf_t b;
    int depth;

    for (depth = 64; depth <= 30000; depth += depth == 64 ? 1 : 29935) {
        int i;

        amzx_buf_init(&b, 65536, p);
        for (i = 0; i < depth; i++) {
            amzx_buf_puts(&b, "<a>\n");
        }
        for (i = 0; i < depth; i++) {
            amzx_buf_puts(&b, "</a>");
        }
        assert_int_equal(parse(&root, &ps, b.s, NULL, p),
                         depth == 64 ? APR_SUCCESS : APR_EINVAL);
        if (depth > 64) {
            assert_string_equal(problem(ps, 0)->code, "xml.refused");
            assert_in_range(problem(ps, 0)->line, 65, 258);
        }
    }
    amzx_buf_init(&b, 2 * 1024 * 1024, p);
    amzx_buf_puts(&b, "<a>");
    while (b.len < 1024 * 1024 - 4) {
        amzx_buf_putc(&b, ' ');
    }
    amzx_buf_puts(&b, "</a>");
    assert_int_equal(b.len, 1024 * 1024);
    assert_int_equal(parse(&root, &ps, b.s, NULL, p), APR_SUCCESS);
    amzx_buf_putc(&b, ' ');
    assert_int_equal(parse(&root, &ps, b.s, NULL, p), APR_EINVAL);
    assert_non_null(strstr(problem(ps, 0)->message, "1 MiB"));
}

static void lines_beyond_65535_are_told(void **state)
{
    const amzx_xelem_t *root;
    amzx_problems_t *ps;
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 65536 * 2, *state);
    amzx_buf_puts(&b, "<a>");
    for (i = 1; i < 70000; i++) {
        amzx_buf_putc(&b, '\n');
    }
    amzx_buf_puts(&b, "<b/>x</a>");
    assert_int_equal(parse(&root, &ps, b.s, NULL, *state), APR_SUCCESS);
    assert_int_equal(root->child->line, 70000);
}

static void schema_errors_read_well_and_have_lines(void **state)
{
    const amzx_xsd_t *xsd = schema(*state);
    const amzx_xelem_t *root;
    amzx_problems_t *ps;

    assert_int_equal(parse(&root, &ps,
                           "<flow xmlns='urn:test:flow'>\n"
                           " <step id='1' colour='red'/>\n"
                           " <step id='2' colour='blue'/>\n"
                           " <step colour='green'/>\n"
                           " <stop/>\n"
                           "</flow>",
                           xsd, *state),
                     APR_EINVAL);
    assert_null(root);
    assert_int_equal(ps->list->nelts, 3);
    assert_int_equal(problem(ps, 0)->line, 3);
    assert_string_equal(problem(ps, 0)->code, "xml.schema");
    assert_string_equal(problem(ps, 0)->message,
                        "Element 'step', attribute 'colour': [facet "
                        "'enumeration'] The value 'blue' is not an element "
                        "of the set {'red', 'green'}");
    assert_int_equal(problem(ps, 1)->line, 4);
    assert_non_null(strstr(problem(ps, 1)->message, "'id' is required"));
    assert_int_equal(problem(ps, 2)->line, 5);
    assert_string_equal(problem(ps, 2)->message,
                        "Element 'stop': This element is not expected. "
                        "Expected is ( step )");
    assert_null(strstr(amzx_problems_text(ps, *state), "urn:"));
}

static void a_schema_serves_many_parses(void **state)
{
    const amzx_xsd_t *xsd = schema(*state);
    const amzx_xelem_t *root;
    amzx_problems_t *ps;
    int i;

    for (i = 0; i < 50; i++) {
        assert_int_equal(
            parse(&root, &ps,
                  i % 2 ? "<flow xmlns='urn:test:flow'><step/></flow>"
                        : "<flow xmlns='urn:test:flow'><step id='1'/></flow>",
                  xsd, *state),
            i % 2 ? APR_EINVAL : APR_SUCCESS);
    }
}

/* Parse good and bad documents in turn; NULL when all came out right. */
static void *parse_many(void *data)
{
    const amzx_xsd_t *xsd = data;
    const char *wrong = NULL;
    int i;

    for (i = 0; i < 200 && wrong == NULL; i++) {
        const char *text =
            i % 2 ? "<flow xmlns='urn:test:flow'><step colour='x'/></flow>"
                  : "<flow xmlns='urn:test:flow'><step id='1'/></flow>";
        const amzx_xelem_t *root;
        amzx_problems_t *ps;
        apr_pool_t *p;

        if (apr_pool_create(&p, NULL) != APR_SUCCESS) {
            return (void *)(uintptr_t)"no pool";
        }
        if ((parse(&root, &ps, text, xsd, p) == APR_SUCCESS) == i % 2
            || amzx_problems_errors(ps) != (i % 2 ? 2 : 0)) {
            wrong = "a wrong verdict";
        }
        apr_pool_destroy(p);
    }
    return (void *)(uintptr_t)wrong;
}

static void threads_may_share_a_schema(void **state)
{
    amzx_xsd_t *xsd = schema(*state);
    pthread_t thread[4];
    int i;

    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, parse_many, xsd),
                         0);
    }
    for (i = 0; i < 4; i++) {
        void *wrong = NULL;

        pthread_join(thread[i], &wrong);
        assert_null(wrong);
    }
}

static void a_schema_location_in_the_document_is_not_followed(void **state)
{
    const amzx_xsd_t *xsd = schema(*state);
    const amzx_xelem_t *root;
    amzx_problems_t *ps;

    assert_int_equal(
        parse(&root, &ps,
              "<flow xmlns='urn:test:flow' xmlns:i='http://www.w3.org/2001/"
              "XMLSchema-instance' i:schemaLocation='urn:x /nowhere.xsd' "
              "i:noNamespaceSchemaLocation='/nowhere.xsd'>"
              "<step id='1'/></flow>",
              xsd, *state),
        APR_SUCCESS);
    assert_int_equal(ps->list->nelts, 0);
}

static void bad_schemas_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "<a/>", "<!DOCTYPE a><a/>",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
        "<xs:element name='a' type='nothing'/></xs:schema>",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
        "<xs:include schemaLocation='/etc/passwd'/></xs:schema>",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
        "<xs:import namespace='urn:x' schemaLocation='http://127.0.0.1/'/>"
        "</xs:schema>",
    };
    amzx_fault_t fault;
    amzx_xsd_t *xsd;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(amzx_xsd_load(&xsd, bad[i], strlen(bad[i]), &fault,
                                       *state),
                         APR_EINVAL);
        assert_null(xsd);
        assert_string_equal(fault.code, "config.schema");
        assert_int_equal(fault.klass, AMZX_FAULT_CONFIG);
    }
}

static void complaints_are_capped_and_counted(void **state)
{
    const amzx_xsd_t *xsd = schema(*state);
    const amzx_xelem_t *root;
    amzx_problems_t *ps;
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 4096, *state);
    amzx_buf_puts(&b, "<flow xmlns='urn:test:flow'>");
    for (i = 0; i < 500; i++) {
        amzx_buf_puts(&b, "<step/>\n");
    }
    amzx_buf_puts(&b, "</flow>");
    assert_int_equal(parse(&root, &ps, b.s, xsd, *state), APR_EINVAL);
    assert_in_range(ps->list->nelts, 10, 50);
}

static void problems_print_as_compilers_do(void **state)
{
    amzx_problems_t *ps = amzx_problems_make("a.xml", *state);

    assert_string_equal(amzx_problems_text(ps, *state), "");
    amzx_problems_add(ps, 3, 7, 0, "lint.x", "do %s", "bad\n%s", "thing");
    amzx_problems_add(ps, 4, 0, 1, "lint.y", NULL, "odd");
    assert_int_equal(amzx_problems_errors(ps), 1);
    assert_string_equal(amzx_problems_text(ps, *state),
                        "a.xml:3:7: error: bad thing [lint.x]; do %s\n"
                        "a.xml:4: warning: odd [lint.y]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_document_becomes_a_tree_with_lines),
        POOL_TEST(syntax_errors_have_line_and_column),
        POOL_TEST(nothing_that_is_not_xml_gets_through),
        POOL_TEST(a_doctype_is_refused_with_its_line),
        POOL_TEST(size_and_depth_are_capped),
        POOL_TEST(lines_beyond_65535_are_told),
        POOL_TEST(schema_errors_read_well_and_have_lines),
        POOL_TEST(a_schema_serves_many_parses),
        POOL_TEST(threads_may_share_a_schema),
        POOL_TEST(a_schema_location_in_the_document_is_not_followed),
        POOL_TEST(bad_schemas_are_refused),
        POOL_TEST(complaints_are_capped_and_counted),
        POOL_TEST(problems_print_as_compilers_do),
    };

    apr_initialize();
    amzx_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
