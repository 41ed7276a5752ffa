# SPDX-License-Identifier: Apache-2.0
"""Orders, settings and peers that are wrong: each ends as the workflow says,
with place and reason over REST, and nothing is lost."""
import http.server
import json
import signal
import threading
import unittest

import sandbox_server as sbx
from harness import HttpdCase, Server, notification
from order_shapes import Line, order
from order_world import TENANTS, OrderCase, OrderWorld


class UnknownSkus(OrderCase):
    def one(self, sku):
        return order("30.00", Line(sku, item="30.00", title="New " + sku))

    def test_a_person_adds_the_item(self):
        one = self.one("LATE-ITEM")
        run, review = self.reviewed(one)
        self.assertEqual((review["queue"], review["title"]),
                         ("items", "SKU not in Xero"))
        self.assertIn("LATE-ITEM", str(review["shown"]))
        self.assertEqual([o["name"] for o in review["options"]],
                         ["added", "noItem", "giveUp"])
        self.change("/Items", {"Code": "LATE-ITEM", "Name": "Late"}, "PUT")
        self.decide(review, "added", note="made it")
        self.wait(run["id"], "done")
        doc = self.invoice(one["orderId"])
        self.check_paid(doc, "30.00")
        self.assertEqual(self.sku_lines(doc), [("LATE-ITEM", 1)])

    def test_a_person_books_without_the_item(self):
        one = self.one("NEVER-ITEM")
        run, review = self.reviewed(one)
        self.decide(review, "noItem")
        self.wait(run["id"], "done")
        doc = self.invoice(one["orderId"])
        self.check_paid(doc, "30.00")
        self.assertEqual(self.sku_lines(doc), [(None, 1)])

    def test_a_person_gives_up_and_later_tries_again(self):
        one = self.one("DEAD-ITEM")
        run, review = self.reviewed(one)
        self.decide(review, "giveUp")
        dead = self.wait(run["id"], "dead")
        self.assertEqual(dead["code"], "mapping.sku_not_found")
        self.assertIn("DEAD-ITEM", dead["detail"])
        self.assertIsNone(self.invoice(one["orderId"]))
        reply = self.rest("POST", "/runs/%s/replay" % run["id"])
        self.assertEqual(reply.status, 200, reply.body)
        self.wait(run["id"], "review")
        again = [r for r in self.rest("GET", "/reviews?limit=500").json[
            "reviews"] if r["run"] == run["id"]]
        self.assertEqual(len(again), 1)
        self.assertNotEqual(again[0]["id"], review["id"])
        self.decide(again[0], "noItem")
        self.wait(run["id"], "done")
        self.check_paid(self.invoice(one["orderId"]), "30.00")

    def test_decisions_are_checked(self):
        run, review = self.reviewed(self.one("CHECK-ITEM"))
        path = "/reviews/" + review["id"]
        reply = self.rest("POST", path, {"choice": "no such"})
        self.assertEqual(reply.status, 422, reply.body)
        reply = self.rest("POST", path, {"choice": "noItem", "edited": {}})
        self.assertEqual(reply.status, 422, reply.body)
        reply = self.rest("POST", path, {"choice": "noItem"}, "people")
        self.assertEqual(reply.status, 404, "another tenant's review")
        self.decide(review, "noItem")
        reply = self.rest("POST", path, {"choice": "giveUp"})
        self.assertIn(reply.status, (404, 409), reply.body)
        self.wait(run["id"], "done")

    def test_items_may_be_made(self):
        one = self.one("MADE-ITEM")
        doc = self.book(one, "create")
        self.assertEqual(self.sku_lines(doc), [("MADE-ITEM", 1)])
        item = self.xero("/Items/MADE-ITEM")["Items"][0]
        self.assertEqual(item["Name"], "New MADE-ITEM")
        self.check_paid(doc, "30.00")

    def test_items_may_be_left_out(self):
        doc = self.book(self.one("LEFT-ITEM"), "noitem")
        self.assertEqual(self.sku_lines(doc), [(None, 1)])
        self.check_paid(doc, "30.00")

    def test_a_sku_longer_than_xero_takes_is_booked_without_item(self):
        sku = "A-SKU-OF-MORE-THAN-THIRTY-CHARACTERS"
        doc = self.book(self.one(sku), "create")
        self.assertEqual(self.sku_lines(doc), [(None, 1)])


class Totals(OrderCase):
    def wrong(self):
        return order("12.00", Line(item="10.00"))

    def test_a_person_mends_the_invoice(self):
        one = self.wrong()
        run, review = self.reviewed(one)
        self.assertEqual(review["queue"], "totals")
        self.assertIn("12.00", str(review["shown"]))
        doc = review["editable"]
        doc["LineItems"][0].update(UnitAmount=12.00, LineAmount=12.00)
        self.decide(review, "approve", edited=doc)
        self.wait(run["id"], "done")
        self.check_paid(self.invoice(one["orderId"]), "12.00")

    def test_a_person_takes_it_as_it_is(self):
        one = self.wrong()
        run, review = self.reviewed(one)
        self.decide(review, "approve")
        self.wait(run["id"], "done")
        self.check_paid(self.invoice(one["orderId"]), "10.00")

    def test_a_person_makes_it_a_draft(self):
        one = self.wrong()
        run, review = self.reviewed(one)
        self.decide(review, "draft")
        self.wait(run["id"], "done")
        self.check(self.invoice(one["orderId"]), Status="DRAFT",
                   Total="10.00", AmountPaid="0")

    def test_a_merchant_may_want_drafts_at_once(self):
        doc = self.book(self.wrong(), "draft")
        self.check(doc, Status="DRAFT", Total="10.00", AmountPaid="0")
        self.assertEqual(doc["Payments"], [])

    def test_nonsense_in_an_edited_invoice_is_refused_with_its_place(self):
        one = self.wrong()
        run, review = self.reviewed(one)
        doc = review["editable"]
        doc["LineItems"][0]["Quanttity"] = 1
        self.decide(review, "approve", edited=doc)
        dead = self.wait(run["id"], "dead")
        self.assertEqual(dead["code"], "data.schema")
        self.assertIn("Quanttity", dead["detail"])
        self.assertIsNone(self.invoice(one["orderId"]))


class Mending(OrderCase):
    def test_an_unknown_account_is_made_and_the_run_replayed(self):
        one = order("20.00", Line(item="25.00", discount={"ITEM": "-5.00"}),
                    market="AU")
        run = self.refused(one, "validation.account_code", "au")
        self.assertIn("'215' is not a valid code", run["detail"])
        self.change("/Accounts", {"Code": "215", "Name": "Promotions",
                                  "Type": "REVENUE", "TaxType": "OUTPUT"},
                    "PUT", "au")
        try:
            self.replay(run["id"], "au")
        finally:
            made = self.xero("/Accounts/215", "au")["Accounts"][0]
            self.change("/Accounts/" + made["AccountID"], {
                "AccountID": made["AccountID"], "Status": "ARCHIVED"},
                tenant="au")
        self.check_paid(self.invoice(one["orderId"], "au"), "20.00")

    def test_a_bank_account_is_mended_by_configuration(self):
        one = order("30.00", Line(item="30.00"))
        run = self.refused(one, "validation.payment_account", "mend")
        doc = self.invoice(one["orderId"], "mend")
        self.check(doc, Status="AUTHORISED", AmountDue="30.00")
        TENANTS["mend"]["settings"]["bank_account"] = "091"
        self.server.write_config()
        before = self.server.engine_pid()
        self.server.signal(signal.SIGUSR1)
        self.wait_for(lambda: self.server.engine_pid() not in (None, before),
                      "no new engine")
        self.replay(run["id"], "mend")
        self.check_paid(self.invoice(one["orderId"], "mend"), "30.00", "091")

    def test_a_missing_parameter_stops_configtest(self):
        server = Server(self.sandbox, settings={
            "bank_account": None, "tolerance": "0.02"})
        try:
            done = server.configtest()
        finally:
            server.__exit__()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bank_account", done.stderr)

    def test_a_currency_that_xero_has_not_is_refused(self):
        one = order("30.00", Line(item="30.00"), market="US")
        run = self.refused(one, "validation.currency", "au")
        self.assertIn("USD", run["detail"])

    def test_currencies_are_converted_by_the_configured_rate(self):
        one = order("100.03", Line(item="33.33"), Line(
            "PEN-BRASS", qty=2, item="66.70"), market="US")
        doc = self.book(one, "rates")
        self.check(doc, CurrencyCode="GBP", Total="80.02")
        self.check_paid(doc, "80.02")

    def test_without_a_rate_the_run_waits_for_one(self):
        one = order("100.00", Line(item="100.00"), market="US")
        self.add(one)
        run = self.wait(self.start(one["orderId"], "convert"), "parked",
                        tenant="convert")
        self.assertEqual(run["code"], "missing.fx_rate")
        self.assertIn("USD", run["detail"])
        self.assertIsNone(self.invoice(one["orderId"], "convert"))


class Entrance(OrderCase):
    def test_a_revoked_connection_holds_its_work_until_it_is_renewed(self):
        orders = [order("30.00", Line(item="30.00")) for _ in range(3)]
        self.add(*orders)
        runs = [self.start(o["orderId"], "revoked") for o in orders]
        for run in runs:
            seen = self.wait(run, "parked", tenant="revoked")
            self.assertEqual(seen["code"], "auth.revoked")
            self.assertIsNone(self.dead_of(run, "revoked"))
        self.server.credential("revoked.json", sbx.WEB_REFRESH)
        for run, one in zip(runs, orders):
            self.wait(run, "done", tenant="revoked")
            self.check_paid(self.invoice(one["orderId"], "revoked"), "30.00")

    def test_wrong_keys_are_refused_and_start_nothing(self):
        one = order("30.00", Line(item="30.00"))
        self.add(one)
        body = {"orderId": one["orderId"]}
        path = "/workflows/order-to-invoice/runs"
        key = self.server.keys["acme"]
        for wrong in ("axz_acme_wrong", key[:-1], key + "x", "",
                      key.replace("axz_acme", "axz_people")):
            reply = self.server.rest("POST", path, body, wrong or "none")
            self.assertEqual(reply.status, 401, reply.body)
            self.assertEqual(reply.headers["Content-Type"],
                             "application/problem+json")
        reply = self.server.rest("POST", path, body, "axz_reader_reader")
        self.assertEqual(reply.status, 403, reply.body)
        event = notification(one["orderId"], "Shipped")
        reply = self.server.webhook(event, secret="wrong")
        self.assertEqual(reply.status, 401, reply.body)
        self.assertIsNone(self.invoice(one["orderId"]))

    def test_an_order_that_amazon_does_not_know(self):
        run = self.wait(self.start("301-9876543-7654321"), "dead")
        self.assertEqual((run["code"], run["step"]), ("not_found", "order"))

    def test_an_amount_that_is_no_number_is_refused_with_its_place(self):
        run = self.refused(order("30.00", Line(item="thirty")),
                           "data.schema")
        self.assertIn("(proceeds.breakdowns.0)", run["detail"])

    def test_two_currencies_in_one_order_are_refused(self):
        one = order("30.00", Line(item="30.00"))
        one["orderItems"][0]["proceeds"]["breakdowns"][0]["subtotal"][
            "currencyCode"] = "EUR"
        self.refused(one, "data.currency")


class HostilePeer(http.server.BaseHTTPRequestHandler):
    """An Amazon that answers orders as it likes."""

    answer = b"{}"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        try:
            self.wfile.write(self.answer)
        except OSError:
            pass  # it would not hear the rest

    def log_message(self, *unused):
        pass


class HostileAnswers(HttpdCase):
    """Answers that no parser should follow."""

    def setUp(self):
        self.sandbox = OrderWorld.get().sandbox
        self.peer = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                    HostilePeer)
        thread = threading.Thread(target=self.peer.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.peer.server_close)
        self.addCleanup(self.peer.shutdown)
        self.server = Server(self.sandbox, urls={
            "amazon": "http://127.0.0.1:%d" % self.peer.server_port})
        self.addCleanup(self.server.__exit__)
        self.server.start()

    def ends(self, answer, *codes):
        HostilePeer.answer = answer
        run = self.server.rest("POST", "/workflows/order-to-invoice/runs",
                               {"orderId": "301-1111111-1111111"}).json["id"]
        seen = {}

        def settled():
            seen.update(self.server.rest("GET", "/runs/" + run).json)
            # What may be a broken line is asked for again, and says why.
            return seen.get("code") in codes or seen["state"] == "dead" or \
                any("attempt" in str(e) for e in seen["journal"])
        import time
        end = time.time() + 10
        while not settled() and time.time() < end:
            time.sleep(0.05)
        text = json.dumps(seen)
        self.assertTrue(any(code in text for code in codes), text[-3000:])
        self.server.rest("POST", "/runs/%s/cancel" % run)
        return seen

    def test_deep_large_and_broken_answers_are_survived(self):
        engine = self.server.engine_pid()
        deep = b"[" * 100000 + b"]" * 100000
        self.ends(b'{"order":{"orderId":"1","x":' + deep + b"}}",
                  "network.garbled", "limit.")
        self.ends(b'{"order":"' + b"x" * (40 << 20) + b'"}',
                  "network.too_large", "limit.size", "network.")
        self.ends(b'{"order":{"orderId":"\xff\xfe"}}', "network.garbled")
        self.ends(b'{"order":{"orderId":1e999999}}', "network.garbled",
                  "data.schema")
        self.ends(b"[]", "data.schema")
        self.assertEqual(self.server.engine_pid(), engine, "engine died")
        self.assertEqual(self.server.call(
            "GET", "/amzxero/v1/health").status, 200)


if __name__ == "__main__":
    unittest.main()
