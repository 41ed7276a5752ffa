# SPDX-License-Identifier: Apache-2.0
"""Peers that repeat, forget, limit, fail and refuse: cases P01 to P21 as far
as an order shows them."""
import os
import signal
import threading
import time
import unittest

from harness import notification
from order_shapes import Line, buyer, order
from order_world import OrderCase


def thirty():
    return order("30.00", Line(item="30.00"))


class Twice(OrderCase):
    """What comes twice is booked once."""

    def runs_of(self, ident, tenant=None):
        return [r for r in self.rest("GET", "/runs?limit=500", None,
                                     tenant).json["runs"]
                if ident in r["key"]]

    def test_P01_ten_copies_of_an_event_are_one_run(self):
        one = thirty()
        self.add(one)
        body = notification(one["orderId"], "Shipped")
        threads = [threading.Thread(target=self.server.webhook, args=(body,))
                   for _ in range(10)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        doc = self.wait_for(lambda: self.invoice(one["orderId"]), "no doc")
        run = self.runs_of(one["orderId"])
        self.assertEqual(len(run), 1)
        self.wait(run[0]["id"], "done")
        doc = self.invoice(one["orderId"])
        self.check_paid(doc, "30.00")

    def test_P02_a_cancellation_before_its_order_wins(self):
        one = order(None, Line(shipped=0), status="CANCELLED")
        self.add(one)
        for status in ("Canceled", "Unshipped"):
            self.notify(one["orderId"], status)
        runs = self.wait_for(
            lambda: [r for r in self.runs_of(one["orderId"])
                     if r["workflow"] == "order-to-invoice"
                     and r["state"] == "done"], "no runs")
        for run in runs:
            self.assertEqual(run["outcome"], "skipped")
        self.assertIsNone(self.invoice(one["orderId"]))

    def test_P05_a_killed_engine_finds_what_xero_has_booked(self):
        one = thirty()
        self.add(one)
        self.fault("timeout-after", "xero.invoices.put", ms=5000)
        run = self.start(one["orderId"])
        self.wait_for(lambda: self.invoice(one["orderId"]), "no invoice")
        before = self.server.engine_pid()
        os.kill(before, signal.SIGKILL)
        self.wait(run, "done", seconds=40)
        self.assertNotEqual(self.server.engine_pid(), before)
        self.check_paid(self.invoice(one["orderId"]), "30.00")

    def test_P06_a_lost_reply_is_asked_for_with_the_same_key(self):
        one = thirty()
        self.fault("timeout-after", "xero.invoices.put", ms=20)
        self.check_paid(self.book(one), "30.00")
        sent = [e for e in self.run["effects"]
                if e["op"] == "xero.invoices.create"]
        self.assertEqual([(e["sends"], e["generation"]) for e in sent],
                         [(2, 0)])

    def test_P06_after_the_key_is_forgotten_the_number_prevents_a_twin(self):
        one = thirty()
        self.add(one)
        self.fault("timeout-after", "xero.invoices.put", ms=20)
        run = self.start(one["orderId"])
        self.wait_for(lambda: self.invoice(one["orderId"]), "no invoice")
        self.sandbox.admin("POST", "/clock", {"advanceSeconds": 361})
        run = self.wait(run, "done", seconds=40)
        self.check_paid(self.invoice(one["orderId"]), "30.00")
        sent = [e for e in run["effects"]
                if e["op"] == "xero.invoices.create"]
        self.assertEqual([e["state"] for e in sent], ["applied"])
        self.assertEqual(sent[0]["remoteId"],
                         self.invoice(one["orderId"])["InvoiceID"])

    def test_P06_a_lost_reply_of_a_payment_is_paid_once(self):
        for kind in ("timeout-after", "reset-mid-body", "truncated-json",
                     "wrong-content-type"):
            self.fault(kind, "xero.payments.put", ms=20)
            self.check_paid(self.book(thirty()), "30.00")

    def test_P07_two_runs_of_an_order_at_once_book_it_once(self):
        one = thirty()
        self.add(one)
        for run in [self.start(one["orderId"]) for _ in range(4)]:
            self.wait(run, "done")
        self.check_paid(self.invoice(one["orderId"]), "30.00")

    def test_two_new_buyers_of_one_name_at_once_are_one_contact(self):
        orders = [order("30.00", Line(item="30.00"),
                        **buyer("Twin Peaks", "EX1 1AA")) for _ in range(5)]
        self.add(*orders)
        for run in [self.start(o["orderId"], "people") for o in orders]:
            self.wait(run, "done", tenant="people")
        ids = {self.invoice(o["orderId"])["Contact"]["ContactID"]
               for o in orders}
        self.assertEqual(len(ids), 1)


class Limits(OrderCase):
    """Limits and failures delay, and lose nothing."""

    def test_P08_a_minute_limit_is_waited_out(self):
        one = thirty()
        two = order("30.00", Line(item="30.00"), market="AU")
        self.add(one, two)
        self.fault("429-minute", "xero.invoices.put", retryAfter=3)
        begun = time.time()
        run = self.start(one["orderId"])
        self.wait_for(lambda: self.sandbox.admin(
            "GET", "/faults")["faults"][0]["fired"], "no fault")
        # Another organisation is not held up.
        self.wait(self.start(two["orderId"], "au"), "done", tenant="au")
        self.assertLess(time.time() - begun, 2.5)
        self.wait(run, "done")
        self.assertGreaterEqual(time.time() - begun, 3)
        self.check_paid(self.invoice(one["orderId"]), "30.00")

    def test_P09_a_daily_limit_holds_the_queue_without_dead_letters(self):
        orders = [thirty() for _ in range(3)]
        self.add(*orders)
        self.fault("429-day", "xero.invoices.put", retryAfter=3600,
                   times=0)
        runs = [self.start(o["orderId"], "daily") for o in orders]
        for run in runs:
            seen = self.wait(run, "waiting", tenant="daily")
            self.assertIn("day", seen["code"])
            self.assertGreater(seen["due"], seen["updated"])
        time.sleep(1)
        for run in runs:
            self.assertEqual(self.run_of(run, "daily")["state"], "waiting")
            self.assertIsNone(self.dead_of(run, "daily"))
        fired = self.sandbox.admin("GET", "/faults")["faults"][0]["fired"]
        self.assertLessEqual(fired, 3, "calls during the pause")

    def test_P10_an_expired_token_is_renewed_once_for_all(self):
        orders = [thirty() for _ in range(8)]
        self.add(*orders)
        self.book(thirty())
        for peer in ("xero", "lwa"):
            self.sandbox.admin("POST", "/tokens/expire", {"peer": peer})
        before = self.sandbox.admin("GET", "/state")
        for run in [self.start(o["orderId"]) for o in orders]:
            self.wait(run, "done")
        for o in orders:
            self.check_paid(self.invoice(o["orderId"]), "30.00")
        after = self.sandbox.admin("GET", "/state")
        self.assertEqual(after["violations"], before["violations"],
                         self.sandbox.admin("GET", "/violations"))

    def test_P20_a_server_that_fails_is_asked_again(self):
        for kind, more in (("503", {}), ("500", {"when": "after"}),
                           ("timeout-before", {"ms": 20})):
            one = thirty()
            self.fault(kind, "xero.invoices.put", **more)
            self.check_paid(self.book(one), "30.00")
        one = thirty()
        self.fault("503", "amazon.getOrder", times=2)
        self.check_paid(self.book(one), "30.00")


class Refusals(OrderCase):
    """What Xero refuses is shown, mended by a person and replayed."""

    tenant = "locked"

    def only_once(self, ident):
        found = [i for i in self.sandbox.admin("GET", "/state")["invoices"]
                 if i["Reference"] == ident]
        self.assertEqual(len(found), 1)

    def test_P14_an_archived_contact_is_held_until_it_is_restored(self):
        shared = self.book(thirty())["Contact"]["ContactID"]
        for status in ("ARCHIVED", "ACTIVE"):
            self.change("/Contacts/" + shared, {
                "ContactID": shared, "ContactStatus": status})
            if status == "ARCHIVED":
                one = thirty()
                run = self.refused(one, "validation.contact_archived")
                self.assertIn("archived", run["detail"])
        self.replay(run["id"])
        self.check_paid(self.invoice(one["orderId"]), "30.00")
        self.only_once(one["orderId"])

    def test_P15_a_name_that_is_taken_is_the_same_contact(self):
        doc = self.book(order("30.00", Line(item="30.00"),
                              **buyer("harborne  GIFTS")))
        self.assertEqual(doc["Contact"]["Name"], "Harborne Gifts")

    def test_P16_an_archived_account_is_held(self):
        found = self.xero("/Accounts/201")["Accounts"][0]["AccountID"]
        one = order("9.99", Line("BOOK-LOG-A5", item="9.99"))
        for status in ("ARCHIVED", "ACTIVE"):
            self.change("/Accounts/" + found, {"AccountID": found,
                                               "Status": status})
            if status == "ARCHIVED":
                run = self.refused(one, "validation.account_code")
                self.assertIn("'201' has been archived", run["detail"])
        self.replay(run["id"])
        self.check_paid(self.invoice(one["orderId"]), "9.99")

    def test_P16_a_tax_type_that_an_account_may_not_have_is_refused(self):
        one = order("119.00", Line(item="100.00", tax={"ITEM": "19.00"}),
                    market="DE")
        run = self.refused(one, "validation.tax_type", "badtax")
        self.assertIn("INPUT2", run["detail"])
        self.assertIsNone(self.invoice(one["orderId"], "badtax"))

    def lock(self, date):
        self.sandbox.admin("POST", "/xero/organisation", {
            "tenantId": self.account(), "set": {
                "PeriodLockDate": "/Date(%d)/" % date}})

    def test_P17_a_locked_period_is_held_until_it_is_open(self):
        one = thirty()
        self.lock(1795996800000)  # 2026-11-30
        try:
            run = self.refused(one, "validation.period_locked")
            self.assertIn("lock date", run["detail"])
        finally:
            self.lock(1743379200000)
        self.replay(run["id"])
        self.check_paid(self.invoice(one["orderId"]), "30.00")
        self.only_once(one["orderId"])

    def test_P18_a_lock_set_while_a_person_decides_is_noticed(self):
        one = order("30.00", Line("UNHEARD-OF", item="30.00"))
        run, review = self.reviewed(one)
        self.lock(1795996800000)
        try:
            self.decide(review, "noItem")
            seen = self.wait(run["id"], "dead")
            self.assertEqual(seen["code"], "validation.period_locked")
        finally:
            self.lock(1743379200000)
        self.assertIsNone(self.invoice(one["orderId"]))

    def test_P21_errors_inside_a_good_answer_are_errors(self):
        one = order("20.00", Line(item="25.00", discount={"ITEM": "-5.00"}),
                    market="AU")
        run = self.refused(one, "validation.account_code", "au")
        self.assertIn("215", run["detail"])
        sent = [e for e in run["effects"]
                if e["op"] == "xero.invoices.create"]
        self.assertEqual([e["state"] for e in sent], ["rejected"])


if __name__ == "__main__":
    unittest.main()
