# SPDX-License-Identifier: Apache-2.0
"""A delivery that was answered with 2xx survives kill -9 of everything."""
import os
import random
import sqlite3
import subprocess
import threading
import time
import unittest

import errands
from errands import ErrandServer, note

FULL = os.environ.get("AMZX_FULL") == "1"


class Durable:
    """Answer, kill -9 of parent, children and engine, count; many times."""

    database = "sqlite"
    mpm = "event"
    rounds = 500 if FULL else 40

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pg = None
        options = {}
        if cls.database == "pgsql":
            cls.pg = errands.postgres.Cluster().start()
            options["database"] = cls.pg.dsn()
        cls.s = ErrandServer(mpm=cls.mpm, children=1, threads=8, **options)

    @classmethod
    def tearDownClass(cls):
        cls.s.__exit__()
        if cls.pg:
            cls.pg.__exit__()

    def stored(self):
        """Delivery ids in the database, read from outside."""
        if self.pg is None:
            db = sqlite3.connect(self.s.dsn.split(":", 1)[1])
            try:
                rows = db.execute("SELECT delivery FROM inbox").fetchall()
            finally:
                db.close()
            return [row[0] for row in rows]
        found = subprocess.run(
            [self.pg.bin + "/psql", "-h", "127.0.0.1", "-p",
             str(self.pg.port), "-U", "amzxero", "-d", "amzxero", "-Atc",
             "SELECT delivery FROM inbox"], capture_output=True, text=True,
            check=True)
        return found.stdout.split()

    def sent(self, first):
        """One delivery as soon as httpd answers at all."""
        end = time.time() + 30
        while time.time() < end:
            try:
                reply = self.s.webhook(first)
            except OSError:
                time.sleep(0.005)
                continue
            if reply.status == 202:
                return True
            self.assertIn(reply.status, (429, 503))
        self.fail("httpd does not answer:\n" + self.s.log())

    def test_an_answered_delivery_outlives_kill_9(self):
        for n in range(self.rounds):
            self.s.start(wait=False)
            try:
                self.sent(note("026-%07d-1" % n, ident="kept-%05d-x" % n))
            finally:
                self.s.kill_all()
        found = sorted(d for d in self.stored() if "kept-" in d)
        self.assertEqual(len(found), self.rounds)
        self.assertEqual(len(set(found)), self.rounds)

    def test_of_many_at_once_all_that_were_answered_are_kept(self):
        random.seed(4)
        answered = set()
        for n in range(25 if FULL else 4):
            self.s.start(wait=False)
            self.sent(note("026-%07d-2" % n))
            stop = threading.Event()

            def go(worker, n=n, stop=stop):
                for i in range(100000):
                    ident = "many-%d-%d-%d-x" % (n, worker, i)
                    try:
                        reply = self.s.webhook(note("026-3-3", ident=ident))
                    except OSError:
                        return
                    if reply.status == 202:
                        answered.add(ident)
                    if stop.is_set():
                        return

            threads = [threading.Thread(target=go, args=(w,))
                       for w in range(8)]
            for t in threads:
                t.start()
            time.sleep(0.1 + random.random() * 0.3)
            self.s.kill_all()
            stop.set()
            for t in threads:
                t.join()
        found = " ".join(self.stored())
        lost = [ident for ident in answered if ident not in found]
        self.assertGreater(len(answered), 20)
        self.assertEqual(lost, [])


class OnSqlite(Durable, errands.harness.HttpdCase):
    pass


class OnPrefork(Durable, errands.harness.HttpdCase):
    mpm = "prefork"
    rounds = 100 if FULL else 8


class OnPostgres(Durable, errands.harness.HttpdCase):
    database = "pgsql"


if __name__ == "__main__":
    unittest.main()
