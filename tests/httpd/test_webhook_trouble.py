# SPDX-License-Identifier: Apache-2.0
"""Deliveries under load, and while the database is full, busy or gone."""
import concurrent.futures
import os
import signal
import sqlite3
import time
import unittest

import errands
from errands import ErrandServer, note
from webhook_case import SIZE, WebhookCase, pad


class Load:
    """32 senders, bodies of 2 KB to 256 KB, each sent twice."""

    count = 320

    def send(self, n):
        size = 2048 + (n * 7919) % (SIZE - 2048)
        if n % 40 == 0:
            size = SIZE
        text = pad(note(self.order(), ident="load-%05d-x" % n), size)
        return [self.s.webhook(text).status for _ in range(2)]

    def test_32_senders_lose_nothing(self):
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            found = list(pool.map(self.send, range(self.count)))
        self.assertEqual({s for pair in found for s in pair}, {202})
        rows = [d for d in self.s.deliveries() if "load-" in d["delivery"]]
        self.assertEqual(len(rows), self.count)
        self.assertEqual({d["copies"] for d in rows}, {1})
        self.assertEqual(self.s.errors(), [])


class LoadOnSqlite(Load, WebhookCase):
    options = {"threads": 64}


class LoadOnPostgres(Load, WebhookCase):
    options = {"threads": 64}
    database = "pgsql"


class LoadOnPrefork(Load, WebhookCase):
    options = {"mpm": "prefork", "children": 8}
    count = 120


class Full(WebhookCase):
    options = {"engine": "Off", "children": 1,
               "lines": ["AmzXeroInboxMax 5"]}

    def test_senders_are_put_off_when_too_much_waits(self):
        for n in range(6):
            self.assertEqual(self.s.webhook(note(self.order())).status, 202)
        time.sleep(1.1)
        reply = self.s.webhook(note(self.order(), ident="full-1"))
        self.problem(reply, 429, "limit.inbox")
        self.assertGreater(int(reply.headers["Retry-After"]), 0)
        self.assertEqual(self.seen("full-1"), [])
        self.assertEqual(len(self.s.deliveries(state="new")), 6)


class Busy(WebhookCase):
    """Another program holds the SQLite file."""

    options = {"children": 1, "threads": 16,
               "lines": ["AmzXeroWriteQueue 3"]}

    def test_a_held_file_is_503_and_a_full_queue_429_until_it_is_free(self):
        path = self.s.dsn.split(":", 1)[1]
        with sqlite3.connect(path, isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            with concurrent.futures.ThreadPoolExecutor(10) as pool:
                found = list(pool.map(
                    lambda n: self.s.webhook(note(self.order())),
                    range(10)))
            db.execute("ROLLBACK")
        statuses = sorted(r.status for r in found)
        self.assertEqual(set(statuses), {429, 503}, statuses)
        for reply in found:
            self.assertGreater(int(reply.headers["Retry-After"]), 0)
            self.assertIn(reply.json["code"],
                          ("limit.queue", "database.busy"))
        self.assertEqual(
            self.s.webhook(note(self.order(), ident="free-1")).status, 202)
        self.wait_delivery("free-1", "done")


class Gone(WebhookCase):
    """The database goes away and comes back; nobody restarts httpd."""

    database = "pgsql"

    def tearDown(self):
        if self.pg.proc is None:
            self.pg.boot()

    def test_without_a_database_503_and_with_it_all_goes_on(self):
        self.assertEqual(self.s.webhook(note(self.order())).status, 202)
        for how in (signal.SIGINT, signal.SIGQUIT):
            self.pg.halt(how)
            for _ in range(6):
                reply = self.s.webhook(note(self.order(), ident="gone-1"))
                self.assertEqual(reply.status, 503, reply.body)
                self.assertGreater(int(reply.headers["Retry-After"]), 0)
                self.assertTrue(reply.json["code"].startswith("database."))
            health = self.s.call("GET", "/amzxero/v1/health")
            self.assertEqual(health.status, 503)
            self.assertEqual(health.json["status"], "no database")
            time.sleep(1.1)  # a look at the database holds for a second
            self.assertIn("amzxero_database_up 0",
                          self.s.call("GET", "/amzxero/metrics").body)
            self.pg.boot()
            reply = self.s.webhook(note(self.order(), ident="back-1"))
            self.assertEqual(reply.status, 202, reply.body)
            self.wait_delivery("back-1", "done")
            self.assertEqual(self.s.call("GET",
                                         "/amzxero/v1/health").status, 200)
        self.assertEqual(self.seen("gone-1"), [])


class StartsWithoutPostgres(errands.harness.HttpdCase):
    def test_httpd_starts_without_its_database_and_makes_the_tables_later(
            self):
        pg = errands.postgres.Cluster().start()
        try:
            pg.halt()
            s = ErrandServer(database=pg.dsn())
            s.start(wait=False)
            try:
                for _ in range(100):
                    try:
                        reply = s.webhook(note("026-1-1"))
                        break
                    except OSError:
                        time.sleep(0.05)
                self.assertEqual(reply.status, 503)
                pg.boot()
                s.wait_ready()
                self.assertEqual(s.webhook(note("026-1-1")).status, 202)
                s.wait_runs(1)
            finally:
                s.__exit__()
        finally:
            pg.__exit__()


@unittest.skipUnless(os.geteuid() == 0, "needs to take the folder away")
class ReadOnly(WebhookCase):
    def test_a_folder_that_cannot_be_written_is_503_until_it_can(self):
        folder = os.path.join(self.s.dir, "db")
        self.assertEqual(self.s.webhook(note(self.order())).status, 202)
        who = os.stat(folder)
        # a new process finds files it may not write
        for name in os.listdir(folder):
            os.chown(os.path.join(folder, name), 0, 0)
        os.chown(folder, 0, 0)
        for pid in self.s.child_pids():
            os.kill(pid, signal.SIGTERM)
        reply = None
        for _ in range(100):
            try:
                reply = self.s.webhook(note(self.order(), ident="ro-1"))
                if reply.status == 503:
                    break
            except OSError:
                pass
            time.sleep(0.05)
        self.assertEqual(reply.status, 503, reply.body)
        os.chown(folder, who.st_uid, who.st_gid)
        for name in os.listdir(folder):
            os.chown(os.path.join(folder, name), who.st_uid, who.st_gid)
        reply = self.s.webhook(note(self.order(), ident="rw-1"))
        self.assertEqual(reply.status, 202, reply.body)
        self.wait_delivery("rw-1", "done")


if __name__ == "__main__":
    unittest.main()
