# SPDX-License-Identifier: Apache-2.0
"""Accounting cases of orders, end to end: A01 to A31, to the cent."""
import unittest
from decimal import Decimal

from order_shapes import Line, buyer, money, order
from order_world import OrderCase


class Sales(OrderCase):
    """What an order that is sold and paid becomes."""

    def test_A01_tax_that_amazon_collects_is_not_invoiced(self):
        one = order("32.39", Line(item="29.99", tax={"ITEM": "2.40"},
                                  collected=True), market="US", by="AMAZON")
        doc = self.book(one)
        self.check(doc, Total="29.99", TotalTax="0", CurrencyCode="USD",
                   lines=[("1", "29.99", "29.99", "0", "200", "NONE")])
        self.check_paid(doc, "29.99")

    def test_A02_a_tax_row_is_the_vat_of_its_line(self):
        doc = self.book(order("120.00", Line(item="100.00",
                                             tax={"ITEM": "20.00"})))
        self.check(doc, SubTotal="100.00", TotalTax="20.00", Total="120.00",
                   LineAmountTypes="Exclusive",
                   lines=[("1", "100", "100", "20.00", "200", "OUTPUT2")])
        self.check_paid(doc, "120.00")

    def test_A03_without_a_tax_row_the_price_holds_the_vat(self):
        doc = self.book(order("120.00", Line(item="120.00")))
        self.check(doc, SubTotal="100.00", TotalTax="20.00", Total="120.00",
                   LineAmountTypes="Inclusive",
                   lines=[("1", "120", "120", "20", "200", "OUTPUT2")])
        doc = self.book(order("19.99", Line(item="19.99")))
        self.check(doc, SubTotal="16.66", TotalTax="3.33", Total="19.99")
        self.check_paid(doc, "19.99")

    def test_A04_an_amount_is_of_all_pieces(self):
        doc = self.book(order("10.00", Line(qty=3, item="10.00")))
        self.check(doc, Total="10.00",
                   lines=[("3", "3.3333", "10.00", "1.67", "200",
                           "OUTPUT2")])
        self.check_paid(doc, "10.00")

    def test_A05_pieces_without_a_unit_price_are_one_line_of_the_sum(self):
        doc = self.book(order("100.01", Line(qty=112, item="100.01")))
        self.check(doc, Total="100.01",
                   lines=[("1", "100.01", "100.01", "16.67", "200",
                           "OUTPUT2")])
        self.assertTrue(doc["LineItems"][0]["Description"].startswith(
            "112 x TEA-KETTLE-17"))
        self.check_paid(doc, "100.01")

    def test_A06_taxes_are_amazons_to_the_cent(self):
        for last, tax, total in (("3.84", "11.44", "87.74"),
                                 ("3.85", "11.45", "87.75")):
            doc = self.book(order(
                total, Line(item="25.06", tax={"ITEM": "3.76"}),
                Line("MUG-STONE-4", item="25.61", tax={"ITEM": "3.84"}),
                Line("PEN-BRASS", item="25.63", tax={"ITEM": last}),
                market="SA"), "tax15")
            self.check(doc, TotalTax=tax, Total=total, SubTotal="76.30")
            self.assertEqual(doc["LineItems"][2]["TaxAmount"], Decimal(last))
            self.check_paid(doc, total)

    def test_A07_yen_have_no_decimals(self):
        doc = self.book(order("1000", Line(qty=3, item="1000"),
                              market="JP"), "tax15")
        self.check(doc, Total="1000", CurrencyCode="JPY",
                   lines=[("3", "333.3333", "1000", "130.43", "200",
                           "TAX15")])
        self.check_paid(doc, "1000")

    def test_A08_a_third_decimal_is_never_cut(self):
        one = order("1.005", Line(item="1.005"), currency="KWD")
        run = self.refused(one, "data.schema", "tax15")
        self.assertIn("LineItems.0", run["detail"])
        self.assertIsNone(self.invoice(one["orderId"], "tax15"))

    def test_A09_free_shipping_is_income_and_a_promotion(self):
        doc = self.book(order("25.00", Line(
            item="25.00", shipping="4.99", discount={"SHIPPING": "-4.99"})))
        self.check(doc, Total="25.00", TotalTax="4.17",
                   lines=[("1", "25", "25", "4.17", "200", "OUTPUT2"),
                          ("1", "4.99", "4.99", "0.83", "210", "OUTPUT2"),
                          ("1", "-4.99", "-4.99", "-0.83", "215",
                           "OUTPUT2")])
        self.check_paid(doc, "25.00")

    def test_A10_the_tax_of_a_promotion_nets_into_the_vat(self):
        doc = self.book(order("54.00", Line(
            item="50.00", tax={"ITEM": "10.00", "DISCOUNT": "-1.00"},
            discount={"ITEM": "-5.00"})))
        self.check(doc, Total="54.00", TotalTax="9.00",
                   lines=[("1", "50", "50", "10.00", "200", "OUTPUT2"),
                          ("1", "-5", "-5", "-1.00", "215", "OUTPUT2")])
        self.check_paid(doc, "54.00")

    def test_A11_gift_wrap_is_an_income_of_its_own(self):
        doc = self.book(order("28.79", Line(
            item="20.00", gift="3.99",
            tax={"ITEM": "4.00", "GIFT_WRAP": "0.80"})))
        self.check(doc, Total="28.79", TotalTax="4.80",
                   lines=[("1", "20", "20", "4.00", "200", "OUTPUT2"),
                          ("1", "3.99", "3.99", "0.80", "211", "OUTPUT2")])

    def test_A12_A13_shipping_is_income_whoever_ships(self):
        for by in ("AMAZON", "MERCHANT"):
            doc = self.book(order("27.99", Line(item="20.00",
                                                shipping="7.99"), by=by))
            self.check(doc, Total="27.99",
                       lines=[("1", "20", "20", "3.33", "200", "OUTPUT2"),
                              ("1", "7.99", "7.99", "1.33", "210",
                               "OUTPUT2")])

    def test_A14_a_replacement_of_nothing_is_skipped(self):
        before = len(self.contacts())
        one = order("0.00", Line(item="0.00"), associatedOrders=[
            {"orderId": "301-9999999-0000014",
             "associationType": "REPLACEMENT_ORIGINAL_ID"}])
        self.assertIsNone(self.book(one, outcome="skipped"))
        self.assertIn("zero-value replacement of 301-9999999-0000014",
                      self.run["detail"])
        self.assertEqual(len(self.contacts()), before)

    def test_A15_an_exchange_sells_the_difference(self):
        doc = self.book(order("5.00", Line(item="5.00"), associatedOrders=[
            {"orderId": "301-9999999-0000015",
             "associationType": "EXCHANGE_ORIGINAL_ID"}]))
        self.check(doc, Total="5.00")
        self.assertIn("301-9999999-0000015",
                      doc["LineItems"][0]["Description"])
        self.check_paid(doc, "5.00")

    def test_A17_what_was_cancelled_is_not_invoiced(self):
        doc = self.book(order("20.00", Line(qty=3, shipped=2,
                                            item="20.00")))
        self.check(doc, Total="20.00",
                   lines=[("2", "10", "20", "3.33", "200", "OUTPUT2")])

    def test_A18_a_line_of_no_pieces_is_left_out(self):
        doc = self.book(order("12.00", Line(item="12.00"),
                              Line("PEN-BRASS", qty=0, item="0.00")))
        self.check(doc, Total="12.00")
        self.assertEqual(self.sku_lines(doc), [("TEA-KETTLE-17", 1)])

    def test_A28_a_service_has_its_own_account(self):
        doc = self.book(order(
            "75.00", Line(item="60.00"), Line(
                "PEN-BRASS", item="15.00", title="Fitting",
                associatedOrderItems=[{
                    "orderId": "301-9999999-0000028", "orderItemId": "1",
                    "associationType": "VALUE_ADD_SERVICE"}])))
        self.check(doc, Total="75.00",
                   lines=[("1", "60", "60", "10", "200", "OUTPUT2"),
                          ("1", "15", "15", "2.50", "260", "OUTPUT2")])

    def test_A29_an_order_paid_in_points_is_still_revenue(self):
        doc = self.book(order("0.30", Line(item="0.30", expense={
            "pointsCost": {"pointsGranted": {
                "pointsNumber": 30,
                "pointsMonetaryValue": money("0.30")}}})))
        self.check(doc, Total="0.30", SubTotal="0.25", TotalTax="0.05")
        self.check_paid(doc, "0.30")

    def test_A30_a_haul_order_has_its_own_tracking_option(self):
        doc = self.book(order("12.00", Line(item="12.00"),
                              programs=["AMAZON_HAUL"]), "haul")
        self.assertEqual(doc["LineItems"][0]["Tracking"][0]["Option"],
                         "Amazon Haul")
        doc = self.book(order("12.00", Line(item="12.00")), "haul")
        self.assertEqual(doc["LineItems"][0]["Tracking"][0]["Option"],
                         "Amazon.co.uk")

    def test_A31_an_order_id_of_amazons_sandbox_is_refused(self):
        reply = self.rest("POST", "/workflows/order-to-invoice/runs",
                          {"orderId": "TEST_CASE_200"})
        self.assertEqual(reply.status, 422, reply.body)
        self.assertIn("orderId", reply.body)


class Lives(OrderCase):
    """Orders that change, wait or end."""

    def test_A16_nothing_is_booked_while_an_order_is_pending(self):
        one = order(None, Line(), status="PENDING")
        ident = one["orderId"]
        self.assertIsNone(self.book(one, outcome="skipped"))
        self.assertIn("PENDING", self.run["detail"])
        self.notify(ident, "Pending")
        sold = order("40.00", Line(item="40.00"), status="UNSHIPPED",
                     orderId=ident)
        self.add(sold)
        self.notify(ident, "Unshipped")
        doc = self.wait_for(lambda: self.paid(ident), "no paid invoice")
        self.check_paid(doc, "40.00")

    def paid(self, ident):
        doc = self.invoice(ident)
        return doc if doc and doc["Status"] == "PAID" else None

    def test_A19_two_packages_are_one_invoice(self):
        one = order("100.00", Line(qty=1, item="60.00"),
                    Line("PEN-BRASS", item="40.00"),
                    status="PARTIALLY_SHIPPED")
        doc = self.book(one)
        self.check_paid(doc, "100.00")
        one["fulfillment"]["fulfillmentStatus"] = "SHIPPED"
        self.check_paid(self.book(one), "100.00")

    def test_A20_a_cancelled_order_has_no_document(self):
        one = order(None, Line(qty=1, shipped=0), status="CANCELLED")
        self.assertIsNone(self.book(one, outcome="skipped"))
        self.assertIn("CANCELLED", self.run["detail"])

    def cancel(self, one, tenant):
        """Cancel and run again; the run of order-cancelled."""
        one["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
        self.book(one, tenant, outcome="skipped")
        found = [r for r in self.rest(
            "GET", "/runs?limit=500&workflow=order-cancelled", None,
            tenant).json["runs"] if one["orderId"] in r["key"]]
        self.assertEqual(len(found), 1, found)
        return found[0]["id"]

    def test_A21_an_unpaid_invoice_of_a_cancelled_order_is_voided(self):
        one = order("30.00", Line(item="30.00"))
        self.refused(one, "validation.payment_account", "unpaid")
        doc = self.invoice(one["orderId"], "unpaid")
        self.check(doc, Status="AUTHORISED", AmountDue="30.00")
        run = self.cancel(one, "unpaid")
        self.wait(run, "done", tenant="unpaid")
        doc = self.invoice(one["orderId"], "unpaid")
        self.check(doc, Status="VOIDED", AmountDue="0")

    def test_A22_a_paid_invoice_of_a_cancelled_order_needs_a_person(self):
        one = order("30.00", Line(item="30.00"))
        self.check_paid(self.book(one), "30.00")
        run = self.cancel(one, "acme")
        self.wait(run, "review")
        review = self.review_of(run)
        self.assertEqual(review["queue"], "cancellations")
        self.decide(review, "credited")
        self.wait(run, "done")
        self.check_paid(self.invoice(one["orderId"]), "30.00")

    def test_A23_an_implausible_date_waits_for_a_person(self):
        one = order("10.00", Line(item="10.00"),
                    created="1995-06-01T00:00:00Z")
        run, review = self.reviewed(one)
        self.assertIn("implausible_date", str(review["shown"]))
        self.check_paid(self.book(order("10.00", Line(item="10.00"))),
                        "10.00")
        self.decide(review, "giveUp")
        self.assertEqual(self.wait(run["id"], "dead")["code"],
                         "business.total_mismatch")
        self.assertIsNone(self.invoice(one["orderId"]))

    def test_A24_an_order_of_another_channel_is_not_a_sale(self):
        one = order(None, Line(), by="AMAZON", salesChannel={
            "channelName": "NON_AMAZON"})
        self.assertIsNone(self.book(one, outcome="skipped"))
        self.assertIn("not sold on Amazon", self.run["detail"])

    def test_A25_a_tip_is_booked_when_it_is_final(self):
        for status, total, wanted in (("PENDING", "43.00", "40.00"),
                                      ("FINALIZED", "43.00", "43.00")):
            doc = self.book(order(total, Line(item="40.00"), extra=[
                {"type": "DELIVERY_TIP", "status": status,
                 "subtotal": money("3.00")}]))
            self.check(doc, Total=wanted)
            self.check_paid(doc, wanted)
        self.assertEqual(doc["LineItems"][1]["LineAmount"], 3)
        self.assertEqual(doc["LineItems"][1]["AccountCode"], "210")

    def test_A26_a_business_buyer_is_a_company_with_a_vat_id(self):
        members = buyer("J. Smith", buyerCompanyName="Ashdown Cafes Ltd",
                        buyerPurchaseOrderNumber="4500012")
        members["tax"] = {"taxRegistrations": [
            {"entityType": "BUYER", "taxRegistrationType": "VAT",
             "taxRegistrationNumber": "GB123456789"}]}
        one = order("12.00", Line(item="12.00"),
                    programs=["AMAZON_BUSINESS"], **members)
        doc = self.book(one, "people")
        self.assertEqual(doc["Reference"], one["orderId"])
        self.assertIn("4500012", doc["LineItems"][0]["Description"])
        self.assertEqual(doc["Contact"]["Name"], "Ashdown Cafes Ltd")
        contact = self.xero("/Contacts/" + doc["Contact"]["ContactID"])
        self.assertEqual(contact["Contacts"][0]["TaxNumber"], "GB123456789")

    def test_A27_a_price_that_changed_later_is_shown(self):
        one = order("49.99", Line(item="49.99"))
        self.check_paid(self.book(one), "49.99")
        two = order("47.99", Line(item="47.99"), orderId=one["orderId"])
        run, review = self.reviewed(two)
        self.assertIn("47.99", str(review["shown"]))
        self.assertIn("49.99", str(review["shown"]))
        self.decide(review, "handled")
        self.wait(run["id"], "done")
        self.check_paid(self.invoice(one["orderId"]), "49.99")


if __name__ == "__main__":
    unittest.main()
