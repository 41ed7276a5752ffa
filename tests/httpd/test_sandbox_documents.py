# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Xero: invoices, contacts, items, payments, lists."""
import unittest
import urllib.parse

from sandbox_server import SandboxCase, invoice

ZERO = "00000000-0000-0000-0000-000000000000"


class XeroCase(SandboxCase):
    def setUp(self):
        self.s.reset(xeroLimits=0)
        self.token = self.s.token

    def xero(self, method, path, body=None, **headers):
        return self.s.xero(method, path, body, self.token,
                           {k.replace("_", "-"): v
                            for k, v in headers.items()})

    def put(self, *docs, query="?summarizeErrors=false&unitdp=4"):
        return self.xero("PUT", "/Invoices" + query,
                         {"Invoices": list(docs)})

    def created(self, *args, **more):
        r = self.put(invoice(*args, **more))
        self.assertEqual(r.status, 200, r.body)
        doc = r.json["Invoices"][0]
        self.assertEqual(doc["StatusAttributeString"], "OK", r.body)
        return doc

    def refused(self, text, *args, **more):
        """The element is refused with a message; nothing was saved."""
        r = self.put(invoice(*args, **more))
        self.assertEqual(r.status, 200, r.body)
        doc = r.json["Invoices"][0]
        self.assertEqual(doc["StatusAttributeString"], "ERROR", r.body)
        self.assertTrue(doc["HasErrors"])
        self.assertEqual(doc["InvoiceID"], ZERO)
        self.assertIn(text, [e["Message"] for e in doc["ValidationErrors"]])
        return doc

    def post(self, path, **doc):
        return self.xero("POST", path, doc)

    def pay(self, doc, amount, **more):
        payment = {"Invoice": {"InvoiceID": doc["InvoiceID"]},
                   "Account": {"Code": "090"}, "Date": "2026-11-20",
                   "Amount": amount, "Reference": "ref"}
        payment.update(more)
        return self.xero("PUT", "/Payments?summarizeErrors=false",
                         {"Payments": [payment]})

    def message(self, reply):
        """The messages of a 400 of a single element."""
        self.assertEqual(reply.status, 400, reply.body)
        self.assertEqual(reply.json["ErrorNumber"], 10)
        self.assertEqual(reply.json["Type"], "ValidationException")
        return [e["Message"]
                for e in reply.json["Elements"][0]["ValidationErrors"]]


def line(**more):
    one = {"Description": "Kettle", "Quantity": 1, "UnitAmount": 10,
           "AccountCode": "200", "TaxType": "OUTPUT2"}
    one.update(more)
    return one


class InvoiceTest(XeroCase):
    def test_totals_inclusive_exclusive_and_without_tax(self):
        lines = [line(UnitAmount=25.06), line(UnitAmount=25.61),
                 line(UnitAmount=25.63)]
        doc = self.created("A-1", lines, LineAmountTypes="Exclusive")
        # 5.012, 5.122, 5.126: rounded line by line.
        self.assertEqual((doc["SubTotal"], doc["TotalTax"], doc["Total"]),
                         (76.30, 15.26, 91.56))
        doc = self.created("A-2", lines)
        self.assertEqual((doc["SubTotal"], doc["TotalTax"], doc["Total"]),
                         (63.58, 12.72, 76.30))
        doc = self.created("A-3", lines, LineAmountTypes="NoTax")
        self.assertEqual((doc["TotalTax"], doc["Total"]), (0, 76.30))
        self.assertEqual(doc["LineItems"][0]["TaxType"], "NONE")

    def test_four_decimal_unit_prices_need_unitdp_4(self):
        lines = [line(Quantity=3, UnitAmount=3.3333, LineAmount=10.00)]
        self.assertEqual(self.created("A-4", lines)["Total"], 10)
        r = self.put(invoice("A-5", lines), query="?summarizeErrors=false")
        errors = r.json["Invoices"][0]["ValidationErrors"]
        self.assertEqual(errors[0]["Message"],
                         "The line total 10.00 does not match the expected "
                         "line total 9.99")

    def test_numbers_keep_xeros_decimals_in_every_answer(self):
        self.created("A-6")
        for path in ("/Invoices/A-6", "/Invoices?page=1",
                     "/Invoices?InvoiceNumbers=A-6"):
            body = self.xero("GET", path).body
            self.assertIn('"Total":120.00', body, path)
            self.assertIn('"CurrencyRate":1.000000', body, path)
        self.assertIn('"Quantity":1.0000',
                      self.xero("GET", "/Invoices/A-6").body)

    def test_dates_come_as_xero_writes_them(self):
        doc = self.created("A-7")
        self.assertEqual(doc["Date"], "/Date(1795132800000+0000)/")
        self.assertEqual(doc["DateString"], "2026-11-20T00:00:00")
        body = self.xero("GET", "/Invoices/A-7").body
        self.assertIn('"Date":"\\/Date(1795132800000+0000)\\/"', body)

    def test_a_used_number_is_refused_in_any_state(self):
        text = "Invoice # must be unique."
        one = self.created("B-1")
        self.refused(text, "B-1")
        self.post("/Invoices/" + one["InvoiceID"], Status="VOIDED")
        self.refused(text, "B-1")
        two = self.created("B-2", Status="DRAFT")
        self.post("/Invoices/" + two["InvoiceID"], Status="DELETED")
        self.refused(text, "B-2")
        # Bills may share theirs.
        self.created("B-1", Type="ACCPAY",
                     LineItems=[line(AccountCode="404", TaxType="INPUT2")])

    def test_a_renamed_invoice_frees_its_number(self):
        one = self.created("B-3")
        path = "/Invoices/" + one["InvoiceID"]
        self.assertEqual(self.post(path, InvoiceNumber="B-3-V").status, 200)
        self.assertEqual(self.post(path, Status="VOIDED").status, 200)
        self.created("B-3")

    def test_what_is_refused_and_how(self):
        cases = (
            ("Account code '999' is not a valid code for this document.",
             [line(AccountCode="999")], {}),
            ("Account code '090' is not a valid code for this document.",
             [line(AccountCode="090", TaxType="NONE")], {}),
            ("Account code '610' is not a valid code for this document.",
             [line(AccountCode="610", TaxType="NONE")], {}),
            ("Account code '299' has been archived, or has been deleted. "
             "Each line item must reference a valid account.",
             [line(AccountCode="299")], {}),
            ("Account code must be specified",
             [{"Description": "x", "UnitAmount": 1}], {}),
            ("The TaxType code 'INPUT2' cannot be used with account code "
             "'200'.", [line(TaxType="INPUT2")], {}),
            ("The TaxType code 'NOPE' does not exist or cannot be used for "
             "this type of transaction.", [line(TaxType="NOPE")], {}),
            ("The tax amount cannot be greater than the line amount!",
             [line(TaxAmount=11)], {}),
            ("Item code 'GHOST' is not valid", [line(ItemCode="GHOST")], {}),
            ("The quantity value '-2.0000' is invalid. Quantity must not be "
             "less than zero.", [line(Quantity=-2)], {}),
            ("The Total for this document must be greater than or equal to "
             "zero.", [line(UnitAmount=-1)], {}),
            ("The document total does not equal the sum of the lines.",
             [line()], {"Total": 11}),
            ("Due date cannot be empty", [line()], {"DueDate": None}),
            ("One or more line items must be specified", [line()],
             {"LineItems": []}),
            ("A Contact must be specified for this type of transaction",
             [line()], {"Contact": None}),
            ("Invoice not of valid status for creation", [line()],
             {"Status": "PAID"}),
            ("Organisation is not subscribed to currency NZD", [line()],
             {"CurrencyCode": "NZD"}),
            ("The document date cannot be before the period lock date, "
             "currently set at 31 March 2025", [line()],
             {"Date": "2025-03-31"}),
        )
        for i, (text, lines, more) in enumerate(cases):
            with self.subTest(text):
                self.refused(text, "C-%d" % i, lines, **more)
        self.assertEqual(self.s.admin("GET", "/state")["invoices"], [])

    def test_tracking_options_must_exist(self):
        doc = self.created("C-20", [line(Tracking=[
            {"Name": "Sales Channel", "Option": "Amazon.co.uk"}])])
        tracking = doc["LineItems"][0]["Tracking"][0]
        self.assertTrue(tracking["TrackingOptionID"])
        self.refused("The tracking option 'Amazon.xx' of 'Sales Channel' "
                     "could not be found", "C-21", [line(Tracking=[
                         {"Name": "Sales Channel", "Option": "Amazon.xx"}])])

    def test_an_item_fills_what_the_line_leaves_out(self):
        doc = self.created("C-22", [{"ItemCode": "TEA-KETTLE-17",
                                     "Quantity": 2}])
        one = doc["LineItems"][0]
        self.assertEqual((one["UnitAmount"], one["AccountCode"],
                          one["TaxType"], one["LineAmount"]),
                         (59.95, "200", "OUTPUT2", 119.90))

    def test_a_negative_unit_price_is_a_discount(self):
        doc = self.created("C-23", [line(UnitAmount=120),
                                    line(UnitAmount=-20, AccountCode="215")])
        self.assertEqual((doc["Total"], doc["TotalTax"]), (100, 16.67))

    def test_a_discount_rate_reduces_the_line(self):
        doc = self.created("C-24", [line(UnitAmount=50, DiscountRate=10)])
        self.assertEqual((doc["Total"], doc["TotalDiscount"]), (45, 5))

    def test_a_tax_amount_is_taken_over(self):
        doc = self.created("C-25", [line(UnitAmount=10, TaxAmount=1.66)])
        self.assertEqual(doc["TotalTax"], 1.66)

    def test_one_bad_element_fails_the_call_when_errors_are_summed(self):
        for query in ("?summarizeErrors=true", ""):
            r = self.put(invoice("D-1"), invoice("D-2", [line(
                AccountCode="999")]), query=query)
            self.assertEqual(self.message(r), [
                "Account code '999' is not a valid code for this document."])
            self.assertEqual(r.json["Elements"][0]["InvoiceNumber"], "D-2")
            self.assertEqual(self.xero("GET", "/Invoices/D-1").status, 404)

    def test_elements_stand_alone_otherwise(self):
        r = self.put(invoice("D-3"), invoice("D-4", [line(
            AccountCode="999")]), invoice("D-3"))
        self.assertEqual([i["StatusAttributeString"]
                          for i in r.json["Invoices"]],
                         ["OK", "ERROR", "ERROR"])
        self.assertEqual(self.xero("GET", "/Invoices/D-3").status, 200)

    def test_wrong_types_void_the_whole_call(self):
        for doc in (invoice("E-1", [line(Quantity="many")]),
                    invoice("E-1", Contact="me"),
                    invoice("E-1", Date="next week"),
                    dict(invoice("E-1"), LineItems={"a": 1}),
                    invoice("E-1", LineAmountTypes="Sometimes")):
            r = self.put(doc)
            self.assertEqual((r.status, r.json["ErrorNumber"],
                              r.json["Type"]),
                             (400, 14, "PostDataInvalidException"), r.body)
        r = self.xero("PUT", "/Invoices", "{broken",
                      Content_Type="application/json")
        self.assertEqual((r.status, r.json["ErrorNumber"]), (400, 14))

    def test_post_overwrites_by_number_and_is_reported(self):
        self.created("F-1", Status="DRAFT")
        r = self.xero("POST", "/Invoices", {"Invoices": [
            invoice("F-1", [line(UnitAmount=7)], Status="DRAFT")]})
        self.assertEqual(r.json["Invoices"][0]["Total"], 7)
        self.assertEqual(len(self.s.admin("GET", "/state")["invoices"]), 1)
        self.assertIn("xero.post-used-number", self.breaches())

    def test_states_move_as_allowed(self):
        doc = self.created("F-2", Status="DRAFT")
        path = "/Invoices/" + doc["InvoiceID"]
        for status in ("SUBMITTED", "DRAFT", "AUTHORISED"):
            r = self.post(path, Status=status)
            self.assertEqual(r.json["Invoices"][0]["Status"], status, r.body)
        text = "Invoice not of valid status for modification"
        self.assertIn(text, self.message(self.post(path, Status="DRAFT")))
        self.assertIn(text, self.message(self.post(path, Status="DELETED")))
        self.assertEqual(self.post(path, Status="VOIDED").status, 200)
        self.assertIn(text, self.message(self.post(path, Reference="x")))

    def test_a_zero_invoice_is_paid_at_once(self):
        doc = self.created("F-3", [line(), line(UnitAmount=-10)])
        self.assertEqual((doc["Status"], doc["AmountDue"]), ("PAID", 0))

    def test_an_unknown_path_id_is_404_as_html(self):
        r = self.post("/Invoices/" + ZERO, Status="VOIDED")
        self.assertEqual(r.status, 404)
        r = self.xero("GET", "/Invoices/NOBODY")
        self.assertEqual(r.status, 404)
        self.assertTrue(r.headers["Content-Type"].startswith("text/html"))

    def test_a_foreign_invoice_carries_a_rate(self):
        doc = self.created("F-4", CurrencyCode="EUR")
        self.assertEqual(doc["CurrencyRate"], 1.17)

    def test_a_number_is_given_when_none_is_sent(self):
        one = self.created(None)
        two = self.created(None)
        self.assertEqual((one["InvoiceNumber"], two["InvoiceNumber"]),
                         ("INV-0001", "INV-0002"))

    def test_other_fields_of_the_contact_change_it_and_are_reported(self):
        contact = self.xero("GET", "/Contacts/C-1001").json["Contacts"][0]
        self.created("F-5", Contact={"ContactID": contact["ContactID"],
                                     "EmailAddress": "new@harborne.example"})
        changed = self.xero("GET", "/Contacts/C-1001").json["Contacts"][0]
        self.assertEqual(changed["EmailAddress"], "new@harborne.example")
        self.assertEqual(self.breaches(), ["xero.contact-fields-in-invoice"])


class PaymentTest(XeroCase):
    def test_a_full_payment_makes_the_invoice_paid(self):
        doc = self.created("P-1")
        r = self.pay(doc, 120)
        payment = r.json["Payments"][0]
        self.assertEqual(payment["StatusAttributeString"], "OK")
        self.assertEqual(payment["PaymentType"], "ACCRECPAYMENT")
        after = self.xero("GET", "/Invoices/P-1").json["Invoices"][0]
        self.assertEqual((after["Status"], after["AmountDue"],
                          after["AmountPaid"]), ("PAID", 0, 120))
        self.assertEqual(after["Payments"][0]["PaymentID"],
                         payment["PaymentID"])
        self.assertIn("FullyPaidOnDate", after)

    def test_deleting_the_payment_opens_the_invoice_again(self):
        doc = self.created("P-2")
        payment = self.pay(doc, 120).json["Payments"][0]
        r = self.post("/Payments/" + payment["PaymentID"], Status="DELETED")
        self.assertEqual(r.json["Payments"][0]["Status"], "DELETED")
        after = self.xero("GET", "/Invoices/P-2").json["Invoices"][0]
        self.assertEqual((after["Status"], after["AmountDue"],
                          after["Payments"]), ("AUTHORISED", 120, []))
        self.assertNotIn("FullyPaidOnDate", after)
        self.assertEqual(self.post("/Invoices/P-2", Status="VOIDED").status,
                         200)

    def test_what_is_refused_and_how(self):
        doc = self.created("P-3")
        draft = self.created("P-4", Status="DRAFT")
        cases = (
            (doc, 120.01, {}, "Payment amount exceeds the amount "
             "outstanding on this document"),
            (draft, 1, {}, "Payments can only be made against Authorised "
             "documents"),
            (doc, 1, {"Account": {}}, "You must specify an Account code or "
             "Account ID for the payment."),
            (doc, 1, {"Account": {"Code": "777"}},
             "Account could not be found"),
            (doc, 1, {"Account": {"Code": "200"}},
             "Account code '200' is not a valid code for this document."),
            (doc, 1, {"Date": "2025-01-01"},
             "The document date cannot be before the period lock date, "
             "currently set at 31 March 2025"),
        )
        for invoice_doc, amount, more, text in cases:
            with self.subTest(text):
                r = self.pay(invoice_doc, amount, **more)
                one = r.json["Payments"][0]
                self.assertTrue(one["HasValidationErrors"])
                self.assertIn(text, [e["Message"]
                                     for e in one["ValidationErrors"]])
        self.assertEqual(self.pay(doc, 1, Account={"Code": "620"})
                         .json["Payments"][0]["StatusAttributeString"], "OK")

    def test_a_second_full_payment_is_refused(self):
        doc = self.created("P-5")
        self.pay(doc, 120)
        one = self.pay(doc, 120).json["Payments"][0]
        self.assertEqual(one["ValidationErrors"][0]["Message"],
                         "Payment amount exceeds the amount outstanding on "
                         "this document")

    def test_a_paid_part_freezes_the_lines(self):
        doc = self.created("P-6")
        self.pay(doc, 20)
        text = ("This document cannot be edited as it has a payment or "
                "credit note allocated to it.")
        path = "/Invoices/" + doc["InvoiceID"]
        self.assertIn(text, self.message(self.post(path, Status="VOIDED")))
        self.assertIn(text, self.message(self.post(path,
                                                   LineItems=[line()])))
        r = self.post(path, Reference="still editable")
        self.assertEqual(r.json["Invoices"][0]["Reference"],
                         "still editable")
        self.assertEqual(r.json["Invoices"][0]["AmountDue"], 100)

    def test_payments_are_found_by_invoice_and_reference(self):
        doc = self.created("P-7")
        self.pay(doc, 20, Reference="first")
        where = urllib.parse.quote(
            'Invoice.InvoiceID==guid("%s") AND Reference=="first"'
            % doc["InvoiceID"])
        r = self.xero("GET", "/Payments?where=" + where)
        self.assertEqual(len(r.json["Payments"]), 1)


class ContactTest(XeroCase):
    def contact(self, method="PUT", query="?summarizeErrors=false", **doc):
        r = self.xero(method, "/Contacts" + query, {"Contacts": [doc]})
        self.assertEqual(r.status, 200, r.body)
        return r.json["Contacts"][0]

    def texts(self, doc):
        return [e["Message"] for e in doc["ValidationErrors"]]

    def test_names_are_unique_among_the_active(self):
        doc = self.contact(Name="harborne gifts")
        self.assertIn("The contact name harborne gifts is already assigned "
                      "to another contact. The contact name must be unique "
                      "across all active contacts.", self.texts(doc))
        old = self.xero("GET", "/Contacts/C-1001").json["Contacts"][0]
        self.contact("POST", ContactID=old["ContactID"],
                     ContactStatus="ARCHIVED")
        self.assertEqual(self.contact(Name="Harborne Gifts")
                         ["StatusAttributeString"], "OK")

    def test_numbers_are_unique(self):
        doc = self.contact(Name="Other", ContactNumber="C-1001")
        self.assertIn("Another contact has this contact number. Please enter "
                      "a different contact number.", self.texts(doc))

    def test_an_email_must_be_one(self):
        doc = self.contact(Name="Mail", EmailAddress="not an address")
        self.assertEqual(self.texts(doc), ["Email address must be valid."])

    def test_lengths_and_letters(self):
        for more in ({"Name": "x" * 256}, {"Name": "a <b>"},
                     {"Name": " blank"}, {"Name": "two  blanks"},
                     {"Name": "n", "ContactNumber": "1" * 51},
                     {"Name": "n", "Addresses": [
                         {"AddressType": "STREET", "Country": "GB1"}]}):
            self.assertEqual(self.contact(**more)["StatusAttributeString"],
                             "ERROR", more)

    def test_an_archived_contact_gets_no_invoice(self):
        old = self.xero("GET", "/Contacts/C-1001").json["Contacts"][0]
        self.contact("POST", ContactID=old["ContactID"],
                     ContactStatus="ARCHIVED")
        self.refused("The contact with the specified contact details has been "
                     "archived. The contact must be un-archived before "
                     "creating new invoices or credit notes", "Q-1",
                     Contact={"ContactID": old["ContactID"]})
        listed = self.xero("GET", "/Contacts").json["Contacts"]
        self.assertNotIn("Harborne Gifts", [c["Name"] for c in listed])
        listed = self.xero("GET", "/Contacts?includeArchived=true")
        self.assertIn("Harborne Gifts",
                      [c["Name"] for c in listed.json["Contacts"]])

    def test_post_updates_by_number_and_keeps_the_rest(self):
        doc = self.contact("POST", ContactNumber="C-1001",
                           Name="Harborne Gift Shop")
        self.assertEqual(doc["EmailAddress"], "accounts@harborne.example")
        self.assertEqual(len(self.s.admin("GET", "/state")["contacts"]), 3)

    def test_addresses_are_always_two(self):
        doc = self.contact(Name="Addressed", Addresses=[
            {"AddressType": "STREET", "AddressLine1": "1 Mill Lane",
             "City": "Bath", "PostalCode": "BA1 1AA", "Country": "GB"}])
        self.assertEqual([a["AddressType"] for a in doc["Addresses"]],
                         ["STREET", "POBOX"])
        self.assertEqual(doc["Addresses"][0]["City"], "Bath")

    def test_search_term_and_where(self):
        self.assertEqual(len(self.xero("GET", "/Contacts?searchTerm=MARLOW")
                             .json["Contacts"]), 1)
        where = urllib.parse.quote('EmailAddress=="ORDERS@marlow.example"')
        self.assertEqual(len(self.xero("GET", "/Contacts?where=" + where)
                             .json["Contacts"]), 1)


class ListTest(XeroCase):
    def names(self, query):
        r = self.xero("GET", "/Invoices?" + query)
        self.assertEqual(r.status, 200, r.body)
        return [i["InvoiceNumber"] for i in r.json["Invoices"]]

    def setUp(self):
        super().setUp()
        for i in range(1, 6):
            self.created("L-%d" % i, Date="2026-11-%02d" % i,
                         Reference="r%d" % (i % 2))

    def test_an_unpaged_list_has_no_lines(self):
        docs = self.xero("GET", "/Invoices").json
        self.assertNotIn("LineItems", docs["Invoices"][0])
        self.assertNotIn("pagination", docs)
        docs = self.xero("GET", "/Invoices?page=1").json
        self.assertEqual(len(docs["Invoices"][0]["LineItems"]), 1)
        docs = self.xero("GET", "/Invoices?summaryOnly=true").json
        self.assertNotIn("Payments", docs["Invoices"][0])
        self.assertIn("pagination", docs)

    def test_pages(self):
        docs = self.xero("GET", "/Invoices?page=2&pageSize=2").json
        self.assertEqual(docs["pagination"], {"page": 2, "pageSize": 2,
                                              "pageCount": 3,
                                              "itemCount": 5})
        self.assertEqual([i["InvoiceNumber"] for i in docs["Invoices"]],
                         ["L-3", "L-4"])
        self.assertEqual(self.names("page=4&pageSize=2"), [])

    def test_filters(self):
        q = urllib.parse.quote
        self.assertEqual(self.names("InvoiceNumbers=L-2,L-9,L-4"),
                         ["L-2", "L-4"])
        self.assertEqual(self.names("where=" + q('Reference=="r0"')),
                         ["L-2", "L-4"])
        self.assertEqual(
            self.names("where=" + q('Type=="ACCREC" AND '
                                    'Date==DateTime(2026, 11, 03)')), ["L-3"])
        self.assertEqual(self.names("Statuses=DRAFT"), [])
        self.assertEqual(len(self.names("Statuses=DRAFT,AUTHORISED")), 5)
        self.assertEqual(self.names("searchTerm=l-5"), ["L-5"])
        self.assertEqual(self.names("order=" + q("Date DESC"))[0], "L-5")

    def test_other_filters_are_refused(self):
        for where in ('Date>=DateTime(2026,1,1)', 'Status=="A" OR Type=="B"',
                      'Contact.Name.Contains("x")', 'Reference=="a',
                      'Reference==', 'Reference!="x"',
                      'Date==DateTime(2026,13,1)'):
            r = self.xero("GET", "/Invoices?where="
                          + urllib.parse.quote(where))
            self.assertEqual((r.status, r.json["Type"]),
                             (400, "QueryParseException"), where)

    def test_if_modified_since(self):
        future = self.xero("GET", "/Invoices",
                           If_Modified_Since="2030-01-01T00:00:00")
        self.assertEqual(future.json["Invoices"], [])
        past = self.xero("GET", "/Invoices",
                         If_Modified_Since="2020-01-01T00:00:00")
        self.assertEqual(len(past.json["Invoices"]), 5)


class SettingsTest(XeroCase):
    def test_the_organisation(self):
        org = self.xero("GET", "/Organisation").json["Organisations"][0]
        self.assertEqual((org["BaseCurrency"], org["CountryCode"]),
                         ("GBP", "GB"))
        self.assertEqual(org["PeriodLockDate"], "/Date(1743379200000+0000)/")
        self.assertNotIn("EndOfYearLockDate", org)
        self.assertNotIn("TimezoneName", org)
        self.s.admin("POST", "/xero/organisation", {"set": {
            "EndOfYearLockDate": "/Date(1795046400000)/"}})
        doc = self.refused("The document date cannot be before the end of "
                           "year lock date, currently set at 19 November "
                           "2026", "S-1", Date="2026-11-19")
        self.assertEqual(len(doc["ValidationErrors"]), 1)

    def test_accounts_rates_tracking_currencies(self):
        accounts = self.xero("GET", "/Accounts").json["Accounts"]
        self.assertIn("090", [a.get("Code") for a in accounts])
        where = urllib.parse.quote('Type=="BANK"')
        banks = self.xero("GET", "/Accounts?where=" + where)
        self.assertEqual(len(banks.json["Accounts"]), 2)
        rates = self.xero("GET", "/TaxRates").json["TaxRates"]
        self.assertEqual([r["EffectiveRate"] for r in rates
                          if r["TaxType"] == "OUTPUT2"], [20])
        category = self.xero("GET", "/TrackingCategories").json[
            "TrackingCategories"][0]
        r = self.xero("PUT", "/TrackingCategories/%s/Options"
                      % category["TrackingCategoryID"], {"Name": "Shop"})
        self.assertEqual(r.json["Options"][0]["Name"], "Shop")
        self.created("S-2", [line(Tracking=[{"Name": "Sales Channel",
                                             "Option": "Shop"}])])
        codes = self.xero("GET", "/Currencies").json["Currencies"]
        self.assertEqual([c["Code"] for c in codes], ["GBP", "EUR", "USD"])

    def test_items(self):
        r = self.xero("PUT", "/Items?summarizeErrors=false", {"Items": [
            {"Code": "NEW-1", "Name": "New"}, {"Code": "PEN-BRASS"},
            {"Code": "x" * 31}]})
        self.assertEqual([i["StatusAttributeString"]
                          for i in r.json["Items"]],
                         ["OK", "ERROR", "ERROR"])
        r = self.xero("POST", "/Items", {"Items": [
            {"Code": "NEW-1", "Name": "Renamed"}]})
        self.assertEqual(r.json["Items"][0]["Name"], "Renamed")
        item = self.xero("GET", "/Items/NEW-1").json["Items"][0]
        r = self.xero("DELETE", "/Items/" + item["ItemID"])
        self.assertEqual(r.status, 204)
        self.assertEqual(self.xero("GET", "/Items/NEW-1").status, 404)

    def test_what_is_not_there_is_501_or_404(self):
        r = self.xero("GET", "/CreditNotes")
        self.assertEqual((r.status, r.json["ErrorNumber"]), (501, 20))
        self.assertEqual(self.xero("GET", "/Nonsense").status, 404)


if __name__ == "__main__":
    unittest.main()
