# SPDX-License-Identifier: Apache-2.0
"""Accounting cases of tax and of contacts, end to end: T01 to T14 and C01 to
C03, as far as an order shows them."""
import unicodedata
import unittest

from order_shapes import Line, buyer, order
from order_world import OrderCase


class Taxes(OrderCase):
    def test_T01_sales_tax_that_amazon_collects_leaves_no_trace(self):
        doc = self.book(order("113.66", Line(
            item="100.00", shipping="5.00", collected=True,
            tax={"ITEM": "8.25", "SHIPPING": "0.41"}), market="US"))
        self.check(doc, Total="105.00", TotalTax="0",
                   lines=[("1", "100", "100", "0", "200", "NONE"),
                          ("1", "5", "5", "0", "210", "NONE")])
        self.check_paid(doc, "105.00")

    def test_T03_where_the_marketplace_owes_the_vat_the_seller_does_not(self):
        doc = self.book(order("60.00", Line(
            item="50.00", tax={"ITEM": "10.00"}, collected=True)))
        self.check(doc, Total="50.00", TotalTax="0",
                   lines=[("1", "50", "50", "0", "200", "ZERORATEDOUTPUT")])
        self.check_paid(doc, "50.00")

    def test_T03_hidden_tax_of_the_marketplace_needs_a_person(self):
        one = order("60.00", Line(item="60.00", collected=True))
        run, review = self.reviewed(one)
        self.assertIn("collected_tax_hidden", str(review["shown"]))
        doc = review["editable"]
        doc["LineItems"][0].update(UnitAmount=50, LineAmount=50)
        self.decide(review, "approve", edited=doc)
        self.wait(run["id"], "done")
        self.check_paid(self.invoice(one["orderId"]), "50.00")

    def test_T04_the_same_goods_where_the_seller_owes_the_vat(self):
        doc = self.book(order("60.00", Line(item="50.00",
                                            tax={"ITEM": "10.00"})))
        self.check(doc, Total="60.00", TotalTax="10.00",
                   lines=[("1", "50", "50", "10", "200", "OUTPUT2")])

    def test_T05_goods_sent_abroad_are_zero_rated(self):
        one = order("80.00", Line(item="80.00"),
                    **buyer("Jonas Weber", "10115", "DE"))
        doc = self.book(one, "abroad")
        self.check(doc, Total="80.00", TotalTax="0",
                   lines=[("1", "80", "80", "0", "200", "ZERORATEDOUTPUT")])
        self.assertEqual(doc["Contact"]["Name"], "Amazon Amazon.co.uk")
        home = order("80.00", Line(item="80.00"), **buyer("Ann Webb"))
        self.check(self.book(home, "abroad"), TotalTax="13.33")

    def test_T11_a_business_at_home_pays_the_normal_rate(self):
        doc = self.book(order(
            "120.00", Line(item="100.00", tax={"ITEM": "20.00"}),
            programs=["AMAZON_BUSINESS"], tax={"taxRegistrations": [
                {"entityType": "BUYER", "taxRegistrationType": "VAT",
                 "taxRegistrationNumber": "GB123456789"}]}))
        self.check(doc, Total="120.00", TotalTax="20.00",
                   lines=[("1", "100", "100", "20", "200", "OUTPUT2")])

    def test_T12_three_rates_in_one_order(self):
        doc = self.book(order(
            "325.00", Line(item="100.00", tax={"ITEM": "20.00"}),
            Line("BOOK-LOG-A5", item="100.00", tax={"ITEM": "0.00"}),
            Line("CABLE-USBC-2M", item="100.00", tax={"ITEM": "5.00"})))
        self.check(doc, Total="325.00", TotalTax="25.00",
                   lines=[("1", "100", "100", "20", "200", "OUTPUT2"),
                          ("1", "100", "100", "0", "201",
                           "ZERORATEDOUTPUT"),
                          ("1", "100", "100", "5", "200", "RROUTPUT")])
        self.check_paid(doc, "325.00")

    def test_T12_extras_follow_the_rate_of_their_goods(self):
        doc = self.book(order(
            "136.30", Line(item="100.00", shipping="2.00",
                           tax={"ITEM": "20.00", "SHIPPING": "0.40"}),
            Line("BOOK-LOG-A5", item="10.00", shipping="3.90",
                 tax={"ITEM": "0.00"})))
        self.check(doc, Total="136.30", TotalTax="20.40",
                   lines=[("1", "100", "100", "20", "200", "OUTPUT2"),
                          ("1", "10", "10", "0", "201", "ZERORATEDOUTPUT"),
                          ("1", "2", "2", "0.40", "210", "OUTPUT2"),
                          ("1", "3.90", "3.90", "0", "210",
                           "ZERORATEDOUTPUT")])

    def test_T13_australian_prices_hold_the_gst(self):
        doc = self.book(order("110.00", Line(item="110.00"), market="AU"),
                        "au")
        self.check(doc, SubTotal="100.00", TotalTax="10.00", Total="110.00",
                   CurrencyCode="AUD",
                   lines=[("1", "110", "110", "10", "200", "OUTPUT")])
        self.check_paid(doc, "110.00")

    def test_T14_gst_of_low_value_goods_is_amazons(self):
        doc = self.book(order("55.00", Line(
            item="50.00", tax={"ITEM": "5.00"}, collected=True),
            market="AU"), "au")
        self.check(doc, Total="50.00", TotalTax="0",
                   lines=[("1", "50", "50", "0", "200", "EXEMPTOUTPUT")])
        self.check_paid(doc, "50.00")

    def test_a_case_without_a_rule_waits_for_a_person(self):
        one = order("119.00", Line(item="100.00", tax={"ITEM": "19.00"}),
                    market="DE")
        run, review = self.reviewed(one)
        self.assertIn("No tax type for Amazon.de", str(review["shown"]))
        doc = review["editable"]
        doc["LineItems"][0]["TaxType"] = "OUTPUT2"
        self.decide(review, "approve", edited=doc)
        self.wait(run["id"], "done")
        self.check_paid(self.invoice(one["orderId"]), "119.00")


class Contacts(OrderCase):
    tenant = "people"

    def buy(self, name, postcode="NR1 3QU", **more):
        """The contact of an order by this buyer."""
        doc = self.book(order("12.00", Line(item="12.00"),
                              **buyer(name, postcode, **more)))
        self.assertIsNotNone(doc)
        return doc["Contact"]

    def test_C01_without_a_name_the_store_is_the_contact(self):
        doc = self.book(order("12.00", Line(item="12.00"), by="AMAZON"))
        self.assertEqual(doc["Contact"]["Name"], "Amazon Amazon.co.uk")

    def test_C01_buyers_are_not_asked_for_unless_wanted(self):
        doc = self.book(order("12.00", Line(item="12.00"),
                              **buyer("Nosy Parker")), "acme")
        self.assertEqual(doc["Contact"]["Name"], "Amazon Amazon.co.uk")
        self.assertNotIn("Nosy Parker", str(self.contacts()))

    def test_C02_one_name_in_two_unicode_forms_is_one_contact(self):
        name = "Zo\u00eb M\u00fcller-\u0141ukasiewicz"
        one = self.buy(unicodedata.normalize("NFC", name))
        two = self.buy(unicodedata.normalize("NFD", name))
        self.assertEqual(one["ContactID"], two["ContactID"])
        self.assertEqual(one["Name"], unicodedata.normalize("NFC", name))

    def test_C02_names_of_all_scripts_are_kept(self):
        for name in ("\u5c71\u7530\u592a\u90ce",
                     "\u0645\u062d\u0645\u062f \u0639\u0644\u064a",
                     "Kim \U0001f600 Lee", "O'Brien & \"Sons\""):
            one = self.buy(name)
            self.assertEqual(one["Name"], name)
            self.assertEqual(self.buy(name)["ContactID"], one["ContactID"])

    def test_C03_a_long_name_is_cut_between_characters(self):
        one = self.buy("\u00e9" * 300)
        self.assertEqual(len(one["Name"]), 255)
        self.assertTrue(one["Name"].startswith("\u00e9" * 246 + " "))
        other = self.buy("\u00e9" * 299 + "x")
        self.assertNotEqual(one["ContactID"], other["ContactID"])
        self.assertEqual(self.buy("\u00e9" * 300)["ContactID"],
                         one["ContactID"])

    def test_C03_control_characters_are_cleaned(self):
        one = self.buy("Rob\x07in  <b>\tHood")
        self.assertEqual(one["Name"], "Rob in b Hood")

    def test_C03_a_name_of_blanks_is_no_name(self):
        self.assertEqual(self.buy("  \t ", None)["Name"],
                         "Amazon Amazon.co.uk")

    def test_the_same_name_elsewhere_is_somebody_else(self):
        one = self.buy("Mary Shelley", "BA1 1AA")
        two = self.buy("Mary Shelley", "EH1 1AA")
        self.assertNotEqual(one["ContactID"], two["ContactID"])
        self.assertEqual(two["Name"], "Mary Shelley (EH1 1AA)")
        self.assertEqual(self.buy("Mary  SHELLEY", "BA1 1AA")["ContactID"],
                         one["ContactID"])
        self.assertEqual(self.buy("Mary Shelley", "EH1 1AA")["ContactID"],
                         two["ContactID"])

    def test_an_address_that_xero_would_refuse_is_left_out(self):
        one = self.buy("Bad Mail", email="not an address")
        found = self.xero("/Contacts/" + one["ContactID"])["Contacts"][0]
        self.assertEqual(found.get("EmailAddress") or "", "")


if __name__ == "__main__":
    unittest.main()
