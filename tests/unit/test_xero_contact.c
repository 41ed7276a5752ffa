/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts and items: who is it, what is it, and new ones. */
#include "connector_case.h"

#include "amzx_fold.h"

#define WHO \
    "{'name':'Zo\xc3\xab M\xc3\xbcller-Smith','email':'z@mp.example'," \
    "'address':{'PostalCode':'NR1 3QU'}}"
#define NAME "Zo\xc3\xab M\xc3\xbcller-Smith"

static void names_fold_alike_however_they_are_written(void **state)
{
    static const char *const all[] = {
        "Zo\xc3\xab  M\xc3\xbcller-Smith", "ZOE MULLER SMITH",
        "Zoe\xcc\x88 Mu\xcc\x88ller\xe2\x80\x93smith", /* decomposed */
        " zo\xc3\xab, m\xc3\xbcller.smith ",
        "\xef\xbc\xba\xef\xbd\x8f\xef\xbd\x85 Muller Smith"}; /* wide */
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_string_equal(amzx_fold(all[i], *state), "zoe muller smith");
    }
    assert_string_equal(amzx_fold("O'Brien", *state), "obrien");
    assert_string_equal(amzx_fold("O\xe2\x80\x99" "Brien", *state),
                        "obrien");
    assert_string_equal(amzx_fold("Stra\xc3\x9f" "e \xc5\x81\xc3\xb3"
                                  "d\xc5\xba", *state), "strasse lodz");
    assert_string_equal(amzx_fold("\xd0\x98\xd0\x92\xd0\x90\xd0\x9d",
                                  *state), "\xd0\xb8\xd0\xb2\xd0\xb0"
                                  "\xd0\xbd");
    assert_string_equal(amzx_fold("\xe5\xb1\xb1\xe7\x94\xb0", *state),
                        "\xe5\xb1\xb1\xe7\x94\xb0");
    assert_string_equal(amzx_fold("ok \xff bad", *state), "ok");
    assert_string_equal(amzx_fold("", *state), "");
    assert_string_equal(amzx_fold_words("smith muller zoe", *state),
                        "muller smith zoe");
    assert_string_equal(amzx_fold_code("nr1 3qu", *state), "nr13qu");
}

static void a_contact_is_searched_by_name_word_and_mail(void **state)
{
    case_t *c = case_begin("xero.contacts.match", WHO, NULL, *state);

    /* the name has letters that no where clause may hold */
    case_is_request(c, "GET", "/Contacts?searchTerm=M%C3%BCller-Smith"
                    "&includeArchived=true&page=1&pageSize=100");
    case_answer(c, 200, "{'Contacts':[]}");
    /* it may be there with decomposed letters */
    case_is_request(c, "GET", "/Contacts?searchTerm=Smith"
                    "&includeArchived=true&page=1&pageSize=100");
    case_answer(c, 200, "{'Contacts':[]}");
    case_is_request(c, "GET", "/Contacts?where=EmailAddress%3D%3D%22z%40mp"
                    ".example%22&includeArchived=true&page=1&pageSize=100");
    case_answer(c, 200, "{'Contacts':[]}");
    case_is_result(c, "{'best':null,'candidates':[],'nameTaken':false}");

    c = case_begin("xero.contacts.match", "{'name':'Amazon Amazon.co.uk'}",
                   NULL, *state);
    case_is_request(c, "GET", "/Contacts?where=Name%3D%3D%22Amazon%20Amazon"
                    ".co.uk%22&includeArchived=true&page=1&pageSize=100");
    case_answer(c, 200, "{'Contacts':[]}");
    case_is_request(c, "GET", "/Contacts?searchTerm=Amazon.co.uk"
                    "&includeArchived=true&page=1&pageSize=100");
    case_answer(c, 200, "{'Contacts':[]}");
    case_is_result(c, "{'best':null,'candidates':[],'nameTaken':false}");
}

static void an_exact_name_ends_the_search_at_once(void **state)
{
    case_t *c = case_begin("xero.contacts.match",
                           "{'name':'Amazon Amazon.co.uk'}", NULL, *state);

    case_answer(c, 200, "{'Contacts':[{'ContactID':'c-1','ContactNumber':"
        "'AMZ-A1F83G8C2ARO7P','Name':'Amazon Amazon.co.uk','ContactStatus':"
        "'ACTIVE','Addresses':[{'AddressType':'POBOX','PostalCode':"
        "'EC2A 2FA'}]}]}");
    case_is_result(c, "{'best':{'ContactID':'c-1','ContactNumber':"
        "'AMZ-A1F83G8C2ARO7P','Name':'Amazon Amazon.co.uk','score':1.00,"
        "'why':['name.exact'],'archived':false},'candidates':[{'ContactID':"
        "'c-1','ContactNumber':'AMZ-A1F83G8C2ARO7P','Name':'Amazon Amazon."
        "co.uk','score':1.00,'why':['name.exact'],'archived':false}],"
        "'nameTaken':true}");
}

/* The score and reasons of one candidate, given as JSON of its members. */
static const amzx_val_t *score_of(const char *candidate, const char *who,
                                  apr_pool_t *p)
{
    case_t *c = case_begin("xero.contacts.match", who, NULL, p);
    const char *list = apr_psprintf(
        p, "{'Contacts':[{'ContactID':'c-1',%s}]}", candidate);

    while (c->rv == APR_SUCCESS && c->next == AMZX_STEP_SEND) {
        case_answer(c, 200, list);
    }
    assert_int_equal(c->rv, APR_SUCCESS);
    return c->result;
}

static void scores_follow_name_postcode_and_mail(void **state)
{
    static const struct {
        const char *candidate;
        const char *score; /* of best; "null" when there is none */
        const char *why;
    } all[] = {
        {"'Name':'" NAME "','Addresses':[{'PostalCode':'nr13qu'}]", "1.00",
         "['name.exact','postcode']"},
        {"'Name':'ZOE MULLER SMITH','Addresses':[{},{'PostalCode':"
         "'NR1 3QU'}]", "0.98", "['name.normalised','postcode']"},
        {"'Name':'Smith, Zoe Muller','Addresses':[{'PostalCode':'NR1 3QU'}"
         "]", "0.94", "['name.words','postcode']"},
        {"'Name':'" NAME "'", "0.90", "['name.exact']"},
        {"'Name':'zoe muller smith'", "0.88", "['name.normalised']"},
        {"'Name':'Smith Zoe Muller'", "0.80", "['name.words']"},
        {"'Name':'" NAME "','Addresses':[{'PostalCode':'M1 2AB'}]", "0.60",
         "['name.exact','postcode.differs']"},
        {"'Name':'" NAME "','EmailAddress':'Z@MP.example'", "1.00",
         "['name.exact','email']"},
        {"'Name':'Somebody','EmailAddress':'z@mp.example'", "0.80",
         "['email']"},
        {"'Name':'Somebody Else'", "null", "null"},
        {"'Name':'" NAME "','ContactStatus':'ARCHIVED'", "null", "null"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const amzx_val_t *v = score_of(all[i].candidate, WHO, *state);

        case_is_at(v, "best.score", all[i].score, *state);
        case_is_at(v, "best.why", all[i].why, *state);
    }
}

static void an_archived_contact_is_shown_but_never_the_best(void **state)
{
    const amzx_val_t *v = score_of("'Name':'" NAME "','ContactStatus':"
                                   "'ARCHIVED'", WHO, *state);

    case_is_at(v, "best", "null", *state);
    case_is_at(v, "candidates.0.archived", "true", *state);
    case_is_at(v, "candidates.0.why", "['name.exact','archived']", *state);
    case_is_at(v, "nameTaken", "false", *state); /* free among active ones */
}

static void the_same_name_elsewhere_takes_the_name(void **state)
{
    const amzx_val_t *v = score_of("'Name':'" NAME "','Addresses':"
                                   "[{'PostalCode':'M1 2AB'}]", WHO, *state);

    case_is_at(v, "nameTaken", "true", *state); /* case C05 */
}

static void a_contact_is_counted_once_and_the_best_comes_first(void **state)
{
    case_t *c = case_begin("xero.contacts.match", "{'name':'Ann Lee',"
                           "'address':{'PostalCode':'A1'}}", NULL, *state);

    case_answer(c, 200, "{'Contacts':[{'ContactID':'a','Name':'ann lee'}]}");
    case_answer(c, 200, "{'Contacts':[{'ContactID':'a','Name':'ann lee'},"
        "{'ContactID':'b','Name':'Lee Ann','Addresses':[{'PostalCode':"
        "'a1'}]},{'ContactID':'d','Name':'Leeds'}]}");
    case_is_at(c->result, "best.ContactID", "'b'", *state);
    case_is_at(c->result, "candidates.1.ContactID", "'a'", *state);
    assert_int_equal(amzx_val_count(amzx_val_get(c->result, "candidates")),
                     2);
}

static void a_nameless_buyer_is_refused(void **state)
{
    case_is_fault(case_begin("xero.contacts.match", "{'name':null}", NULL,
                             *state), AMZX_FAULT_REJECTED, "data.argument");
}

static void a_new_contact_is_cleaned_and_put(void **state)
{
    case_t *c = case_begin("xero.contacts.create", NULL,
        "{'Name':' Ann \\t <Lee>\\u0007 ','EmailAddress':'ann@x',"
        "'ContactNumber':'AMZ-1','Addresses':[{'AddressType':'STREET',"
        "'AddressLine1':'1 High St','PostalCode':'A1','City':null}]}",
        *state);

    case_is_request(c, "PUT", "/Contacts?summarizeErrors=false");
    case_is_body(c, "{'Contacts':[{'ContactNumber':'AMZ-1','Name':'Ann Lee',"
        "'Addresses':[{'AddressType':'STREET','AddressLine1':'1 High St',"
        "'PostalCode':'A1'}]}]}");
    case_answer(c, 200, "{'Contacts':[{'ContactID':'c-9','Name':'Ann Lee',"
        "'ContactNumber':'AMZ-1','HasValidationErrors':false}]}");
    case_is_at(c->result, "ContactID", "'c-9'", *state);
}

static void a_contact_needs_a_name_and_a_number(void **state)
{
    case_is_fault(case_begin("xero.contacts.create", NULL,
        "{'Name':' <> ','ContactNumber':'1'}", *state),
        AMZX_FAULT_REJECTED, "data.schema");
    case_is_fault(case_begin("xero.contacts.create", NULL,
        "{'Name':'Ann'}", *state), AMZX_FAULT_REJECTED, "data.schema");
    case_is_fault(case_begin("xero.contacts.create", NULL,
        "{'Name':'Ann','ContactNumber':'1','Balance':1}", *state),
        AMZX_FAULT_REJECTED, "data.schema");
}

static void good_mail_addresses_are_sent(void **state)
{
    static const char *const bad[] = {"x", "@x.y", "a@b", "a@b@c.d",
                                      "a b@c.d", "a@.d", "a@b."};
    case_t *c = case_begin("xero.contacts.create", NULL, "{'Name':'A',"
        "'ContactNumber':'1','EmailAddress':'a.b+c@mp.amazon.co.uk'}",
        *state);
    apr_size_t i;

    assert_non_null(strstr(c->req.body, "a.b+c@mp.amazon.co.uk"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c = case_begin("xero.contacts.create", NULL, apr_psprintf(
            *state, "{'Name':'A','ContactNumber':'1','EmailAddress':'%s'}",
            bad[i]), *state);
        assert_null(strstr(c->req.body, "EmailAddress"));
    }
}

static void a_contact_is_found_by_its_number(void **state)
{
    case_t *c = case_begin("xero.contacts.byNumber", "{'number':'AMZ/1'}",
                           NULL, *state);

    case_is_request(c, "GET", "/Contacts?searchTerm=AMZ%2F1"
                    "&includeArchived=true&page=1&pageSize=100");
    case_answer(c, 200, "{'Contacts':[{'ContactID':'b','ContactNumber':"
                        "'AMZ/12'},{'ContactID':'c','ContactNumber':"
                        "'amz/1'}]}");
    case_is_at(c->result, "ContactID", "'c'", *state);
    c = case_begin("xero.contacts.byNumber", "{'number':'X'}", NULL, *state);
    case_answer(c, 200, "{'Contacts':[{'ContactID':'c','ContactNumber':"
                        "'Y','Name':'X'}]}");
    case_is_result(c, "null");
}

static void a_number_may_be_on_a_later_page(void **state)
{
    case_t *c = case_begin("xero.contacts.byNumber", "{'number':'X1'}", NULL,
                           *state);
    const char *page = "";
    int i;

    for (i = 0; i < 100; i++) {
        page = apr_psprintf(*state, "%s%s{'ContactID':'c','ContactNumber':"
                            "'X1%02d'}", page, i ? "," : "", i);
    }
    case_answer(c, 200, apr_psprintf(*state, "{'Contacts':[%s]}", page));
    case_is_request(c, "GET", "/Contacts?searchTerm=X1"
                    "&includeArchived=true&page=2&pageSize=100");
    case_answer(c, 200, "{'Contacts':[{'ContactID':'d','ContactNumber':"
                        "'X1'}]}");
    case_is_at(c->result, "ContactID", "'d'", *state);
}

static void few_codes_are_asked_one_by_one(void **state)
{
    case_t *c = case_begin("xero.items.byCode", "{'codes':['A-1','A-1',null,"
        "'1234567890123456789012345678901','B 2']}", NULL, *state);

    case_is_request(c, "GET", "/Items?where=Code%3D%3D%22A-1%22&unitdp=4");
    case_answer(c, 200, "{'Items':[{'ItemID':'i','Code':'A-1'}]}");
    case_is_request(c, "GET", "/Items?where=Code%3D%3D%22B%202%22&unitdp=4");
    case_answer(c, 200, "{'Items':[]}");
    case_is_result(c, "{'codes':['A-1'],'items':[{'ItemID':'i','Code':"
                      "'A-1'}]}");
}

static void many_or_odd_codes_take_the_whole_list(void **state)
{
    static const char *const all[] = {"{'codes':['A\\u0022','C']}",
        "{'codes':['C','2','3','4','5']}"};
    int i;

    for (i = 0; i < 2; i++) {
        case_t *c = case_begin("xero.items.byCode", all[i], NULL, *state);

        case_is_request(c, "GET", "/Items?unitdp=4");
        case_answer(c, 200, "{'Items':[{'Code':'Z'},{'Code':'C'}]}");
        case_is_result(c, "{'codes':['C'],'items':[{'Code':'C'}]}");
    }
}

static void no_codes_need_no_request(void **state)
{
    case_t *c = case_begin("xero.items.byCode", "{'codes':[]}", NULL,
                           *state);

    case_is_result(c, "{'codes':[],'items':[]}");
    case_is_fault(case_begin("xero.items.byCode", "{'codes':'A'}", NULL,
                             *state), AMZX_FAULT_REJECTED, "data.argument");
}

static void an_item_is_put_and_found_again(void **state)
{
    case_t *c = case_begin("xero.items.create", NULL,
        "{'Name':'Kettle','Code':'K-1'}", *state);

    case_is_request(c, "PUT", "/Items?summarizeErrors=false&unitdp=4");
    case_is_body(c, "{'Items':[{'Code':'K-1','Name':'Kettle'}]}");
    case_answer(c, 200, "{'Items':[{'ItemID':'i-1','Code':'K-1'}]}");
    case_is_at(c->result, "ItemID", "'i-1'", *state);
    c = case_begin("xero.items.get", "{'Code':'K-1'}", NULL, *state);
    case_answer(c, 200, "{'Items':[{'ItemID':'x','Code':'k-1'},"
                        "{'ItemID':'i-1','Code':'K-1'}]}");
    case_is_at(c->result, "ItemID", "'i-1'", *state);
    c = case_begin("xero.items.get", "{'Code':'K-1'}", NULL, *state);
    case_answer(c, 200, "{'Items':[]}");
    case_is_result(c, "null");
    c = case_begin("xero.items.list", NULL, NULL, *state);
    case_is_request(c, "GET", "/Items?unitdp=4");
    case_answer(c, 200, "{'Items':[{'Code':'k-1'}]}");
    case_is_result(c, "[{'Code':'k-1'}]");
}

static void settings_are_listed(void **state)
{
    static const char *const all[][2] = {
        {"xero.accounts.list", "Accounts"},
        {"xero.taxRates.list", "TaxRates"},
        {"xero.trackingCategories.list", "TrackingCategories"}};
    case_t *c;
    int i;

    for (i = 0; i < 3; i++) {
        c = case_begin(all[i][0], NULL, NULL, *state);
        case_is_request(c, "GET", apr_pstrcat(*state, "/", all[i][1],
                                              NULL));
        case_answer(c, 200, apr_psprintf(*state, "{'%s':[{'Name':'x'}]}",
                                         all[i][1]));
        case_is_result(c, "[{'Name':'x'}]");
    }
    c = case_begin("xero.organisation.get", NULL, NULL, *state);
    case_is_request(c, "GET", "/Organisation");
    case_answer(c, 200, "{'Organisations':[{'Name':'Demo','PeriodLockDate':"
                        "'/Date(1254268800000+0000)/'}]}");
    case_is_result(c, "{'Name':'Demo','PeriodLockDate':'2009-09-30'}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(names_fold_alike_however_they_are_written),
        POOL_TEST(a_contact_is_searched_by_name_word_and_mail),
        POOL_TEST(an_exact_name_ends_the_search_at_once),
        POOL_TEST(scores_follow_name_postcode_and_mail),
        POOL_TEST(an_archived_contact_is_shown_but_never_the_best),
        POOL_TEST(the_same_name_elsewhere_takes_the_name),
        POOL_TEST(a_contact_is_counted_once_and_the_best_comes_first),
        POOL_TEST(a_nameless_buyer_is_refused),
        POOL_TEST(a_new_contact_is_cleaned_and_put),
        POOL_TEST(a_contact_needs_a_name_and_a_number),
        POOL_TEST(good_mail_addresses_are_sent),
        POOL_TEST(a_contact_is_found_by_its_number),
        POOL_TEST(a_number_may_be_on_a_later_page),
        POOL_TEST(few_codes_are_asked_one_by_one),
        POOL_TEST(many_or_odd_codes_take_the_whole_list),
        POOL_TEST(no_codes_need_no_request),
        POOL_TEST(an_item_is_put_and_found_again),
        POOL_TEST(settings_are_listed),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("xero_contact", tests, NULL, NULL);
}
