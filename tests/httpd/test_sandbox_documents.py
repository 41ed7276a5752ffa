# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Xero: payments, contacts, lists and settings."""
import unittest
import urllib.parse

from sandbox_xero import XeroCase, line


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
