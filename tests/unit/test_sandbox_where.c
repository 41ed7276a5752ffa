/* SPDX-License-Identifier: Apache-2.0 */
/* The part of Xero's filters that is honoured, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_json.h"
#include "sandbox_where.h"

static const char json[] =
    "{\"InvoiceNumber\":\"AMZ-1\",\"Reference\":\"\",\"Total\":120.00,"
    "\"IsDiscounted\":false,\"Date\":\"/Date(1795132800000+0000)/\","
    "\"Contact\":{\"Name\":\"Harborne Gifts\",\"ContactID\":\"AB\"}}";

static apr_pool_t *pool;

static int holds(const char *text)
{
    const amzx_val_t *doc;
    const char *why;
    sbx_where_t where;

    assert_int_equal(amzx_json_parse(&doc, json, strlen(json), NULL, NULL,
                                     pool),
                     APR_SUCCESS);
    if (sbx_where_parse(&where, &why, text, pool) != APR_SUCCESS) {
        fail_msg("%s: %s", text, why);
    }
    return sbx_where_holds(&where, doc);
}

static void is_refused(const char *text)
{
    const char *why;
    sbx_where_t where;

    if (sbx_where_parse(&where, &why, text, pool) == APR_SUCCESS) {
        fail_msg("%s is taken", text);
    }
    assert_true(*why);
}

static void texts_compare_without_case(void **state)
{
    (void)state;
    assert_true(holds("InvoiceNumber==\"amz-1\""));
    assert_false(holds("InvoiceNumber==\"AMZ-2\""));
    assert_true(holds(" Contact.Name == \"HARBORNE gifts\" "));
    assert_false(holds("Contact.Missing==\"x\""));
}

static void all_terms_must_hold(void **state)
{
    (void)state;
    assert_true(holds("InvoiceNumber==\"AMZ-1\" AND Total==120"));
    assert_true(holds("InvoiceNumber==\"AMZ-1\"&&Total==120.0"));
    assert_false(holds("InvoiceNumber==\"AMZ-1\" AND Total==120.01"));
}

static void literals_of_each_kind(void **state)
{
    (void)state;
    assert_true(holds("Contact.ContactID==guid(\"ab\")"));
    assert_true(holds("Contact.ContactID==Guid(\"AB\")"));
    assert_true(holds("Date==DateTime(2026, 11, 20)"));
    assert_true(holds("Date==DateTime(2026,11,20)"));
    assert_false(holds("Date==DateTime(2026,11,21)"));
    assert_true(holds("IsDiscounted==false"));
    assert_false(holds("IsDiscounted==true"));
    assert_false(holds("Total==-120"));
}

static void null_means_absent_or_empty(void **state)
{
    (void)state;
    assert_true(holds("Reference==null"));
    assert_true(holds("DueDate==null"));
    assert_true(holds("InvoiceNumber!=null"));
    assert_false(holds("Reference!=null AND Reference==\"x\""));
}

static void the_rest_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "Reference",
        "Reference==",
        "==\"x\"",
        "Reference==\"x",
        "Reference==x",
        "Reference=\"x\"",
        "Reference!=\"x\"",
        "Total>1",
        "Total>=1",
        "Reference==\"x\" OR Total==1",
        "Reference==\"x\" ANDTotal==1",
        "Reference==\"x\" AND",
        "Reference==\"x\" trailing",
        "(Reference==\"x\")",
        "Reference.Contains(\"x\")",
        "Contact.ContactID==guid(AB)",
        "Contact.ContactID==guid(\"AB\"",
        "Date==DateTime(2026,2,30)",
        "Date==DateTime(2026,2)",
        "Date==DateTime(99999999999,1,1)",
        "1==1",
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        is_refused(bad[i]);
    }
}

static void too_many_terms_are_refused(void **state)
{
    const char *text = "A==1";
    int i;

    (void)state;
    for (i = 1; i < SBX_WHERE_TERMS; i++) {
        text = apr_pstrcat(pool, text, " AND A==1", NULL);
    }
    assert_false(holds(text));
    is_refused(apr_pstrcat(pool, text, " AND A==1", NULL));
}

static void the_text_of_a_field_is_found_for_the_index(void **state)
{
    const char *why;
    sbx_where_t where;

    (void)state;
    sbx_where_parse(&where, &why, "Total==1 AND Name==\"X\"", pool);
    assert_string_equal(sbx_where_text(&where, "Name"), "X");
    assert_null(sbx_where_text(&where, "Total"));
    assert_null(sbx_where_text(&where, "Other"));
}

static void dates_of_the_wire_are_read(void **state)
{
    apr_int64_t millis;

    (void)state;
    assert_int_equal(sbx_date_millis(&millis, "/Date(-5+0000)/"),
                     APR_SUCCESS);
    assert_int_equal(millis, -5);
    assert_int_equal(sbx_date_millis(&millis, "/Date(17)/"), APR_SUCCESS);
    assert_int_equal(millis, 17);
    assert_int_not_equal(sbx_date_millis(&millis, "/Date()/"), APR_SUCCESS);
    assert_int_not_equal(sbx_date_millis(&millis, "2026-01-01"),
                         APR_SUCCESS);
    assert_int_not_equal(
        sbx_date_millis(&millis, "/Date(123456789012345678901234567)/"),
        APR_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_compare_without_case),
        cmocka_unit_test(all_terms_must_hold),
        cmocka_unit_test(literals_of_each_kind),
        cmocka_unit_test(null_means_absent_or_empty),
        cmocka_unit_test(the_rest_is_refused),
        cmocka_unit_test(too_many_terms_are_refused),
        cmocka_unit_test(the_text_of_a_field_is_found_for_the_index),
        cmocka_unit_test(dates_of_the_wire_are_read),
    };
    int rc;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return rc;
}
