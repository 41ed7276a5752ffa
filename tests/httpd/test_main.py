# SPDX-License-Identifier: Apache-2.0
"""The main job: a notification becomes one paid invoice, once."""
import unittest

from harness import HttpdCase, World, notification

ORDER = "026-1520163-6049104"


class MainJob:
    """Runs on each MPM and each database."""

    mpm = "event"
    database = "sqlite"

    def setUp(self):
        self.world = World(mpm=self.mpm, database=self.database)
        self.world.__enter__()
        self.server = self.world.server
        self.sandbox = self.world.sandbox

    def tearDown(self):
        self.world.__exit__()

    def books(self):
        return self.sandbox.admin("GET", "/state")

    def test_an_order_notification_books_one_paid_invoice(self):
        reply = self.server.webhook(notification(ORDER))
        self.assertEqual(reply.status, 202, reply.body)
        self.server.wait_runs(1)
        state = self.books()
        self.assertEqual(len(state["invoices"]), 1)
        self.assertEqual(len(state["payments"]), 1)
        invoice = state["invoices"][0]
        self.assertEqual(invoice["InvoiceNumber"], "AMZ-" + ORDER)
        self.assertEqual(invoice["Status"], "PAID")
        self.assertEqual(str(invoice["Total"]), "212.4")

    def test_ten_copies_and_other_events_change_nothing(self):
        body = notification(ORDER, ident="same")
        for _ in range(10):
            self.assertEqual(self.server.webhook(body).status, 202)
        for status in ("Pending", "Unshipped", "Shipped", "Unshipped"):
            self.server.webhook(notification(ORDER, status))
        self.server.wait_runs(2)
        state = self.books()
        self.assertEqual(len(state["invoices"]), 1)
        self.assertEqual(len(state["payments"]), 1)
        deliveries = self.server.rest("GET", "/deliveries").json["deliveries"]
        self.assertEqual(len(deliveries), 5)


class OnEventAndSqlite(MainJob, HttpdCase):
    pass


class OnWorkerAndSqlite(MainJob, HttpdCase):
    mpm = "worker"


class OnPreforkAndSqlite(MainJob, HttpdCase):
    mpm = "prefork"


class OnEventAndPostgres(MainJob, HttpdCase):
    database = "pgsql"


class OnPreforkAndPostgres(MainJob, HttpdCase):
    mpm = "prefork"
    database = "pgsql"


if __name__ == "__main__":
    unittest.main()
