# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Xero: invoices, their checks and their states."""
import unittest

from sandbox_server import invoice
from sandbox_xero import ZERO, XeroCase, line


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


if __name__ == "__main__":
    unittest.main()
