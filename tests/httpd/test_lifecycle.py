# SPDX-License-Identifier: Apache-2.0
"""Start, stop, restart, crash: on every MPM, with the engine as a process
of its own."""
import os
import pwd
import signal
import subprocess
import threading
import time
import unittest

import errands
import harness
from errands import ErrandServer, note


def rss(pid):
    """Resident memory in KiB."""
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def owner(pid):
    """Effective user of a process."""
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("Uid:"):
                return int(line.split()[2])
    return -1


def until(claim, seconds=15):
    end = time.time() + seconds
    while time.time() < end:
        found = claim()
        if found:
            return found
        time.sleep(0.03)
    return None


class Load:
    """Deliveries from some threads until it is told to stop."""

    def __init__(self, server, workers=3):
        self.server = server
        self.answered, self.failed = [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.go, args=(n,))
                        for n in range(workers)]

    def go(self, worker):
        n = 0
        while not self.stop.is_set():
            n += 1
            order = "026-%07d-%07d" % (worker, n)
            try:
                reply = self.server.webhook(note(order))
                (self.answered if reply.status == 202
                 else self.failed).append((order, reply.status))
            except OSError as e:
                self.failed.append((order, repr(e)))
            time.sleep(0.01)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *unused):
        self.stop.set()
        for t in self.threads:
            t.join()


class LifeCase(harness.HttpdCase):
    mpm = "event"
    database = "sqlite"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pg = None
        if cls.database == "pgsql":
            cls.pg = errands.postgres.Cluster().start()

    @classmethod
    def tearDownClass(cls):
        if cls.pg:
            cls.pg.__exit__()

    def server(self, **options):
        options.setdefault("mpm", self.mpm)
        if self.mpm == "prefork":
            options.setdefault("children", 6)
        if self.pg:
            options["database"] = self.pg.dsn()
        s = ErrandServer(**options)
        self.addCleanup(s.__exit__)
        return s

    def started(self, **options):
        return self.server(**options).start()

    def run_states(self, s):
        return {r["key"]: r["state"] for r in s.runs()}


class Life(LifeCase):
    def test_the_engine_is_one_process_without_privileges(self):
        s = self.started()
        engines = [pid for pid, name in harness.children_of(s.proc.pid)
                   if name == "amzxero-engine"]
        self.assertEqual(len(engines), 1)
        if harness.run_user():
            self.assertEqual(owner(engines[0]),
                             pwd.getpwnam(harness.run_user()).pw_uid)
            self.assertEqual(owner(s.proc.pid), 0)

    def test_a_killed_engine_comes_back_and_takes_its_runs_up(self):
        s = self.started()
        first = s.engine_pid()
        ids = [s.start_run({"who": "K %d" % n, "how": "wait",
                            "pause": "PT1S"}).json["id"] for n in range(5)]
        for n in range(5):
            s.start_run({"who": "L %d" % n, "how": "call"})
        time.sleep(0.15)
        os.kill(first, signal.SIGKILL)
        second = until(lambda: s.engine_pid() not in (None, first)
                       and s.engine_pid(), 5)
        self.assertTrue(second, s.log())
        for ident in ids:
            self.assertTrue(until(lambda ident=ident: s.rest(
                "GET", "/runs/" + ident).json["state"] == "done", 10),
                s.summary())
        self.assertIn("AMZX1323", s.log())
        kinds = [e["kind"] for e in s.rest(
            "GET", "/runs/" + ids[0]).json["journal"]]
        self.assertEqual(kinds.count("end"), 1)

    def test_an_engine_that_dies_again_and_again_does_not_spin(self):
        s = self.started()
        died = set()
        end = time.time() + 4
        while time.time() < end:
            pid = s.engine_pid()
            if pid and pid not in died:
                os.kill(pid, signal.SIGKILL)
                died.add(pid)
            time.sleep(0.02)
        self.assertGreaterEqual(len(died), 2)
        self.assertLess(len(died), 25)
        self.assertTrue(until(lambda: s.call(
            "GET", "/amzxero/v1/health").status == 200))

    def test_a_killed_web_child_is_replaced(self):
        s = self.started()
        for pid in s.child_pids():
            os.kill(pid, signal.SIGKILL)

        def takes():
            try:
                return s.webhook(note("026-1-1")).status == 202
            except OSError:
                return False

        self.assertTrue(until(takes), s.log())

    def test_a_stop_leaves_no_process_and_no_lease(self):
        for sig in (signal.SIGTERM, signal.SIGWINCH):
            s = self.started()
            for n in range(5):
                s.start_run({"who": "S %d" % n, "how": "wait",
                             "pause": "PT1H"})
            pids = [p for p, _ in harness.children_of(s.proc.pid)]
            self.assertGreaterEqual(len(pids), 2)
            start = time.time()
            s.signal(sig)
            s.proc.wait(20)
            self.assertLess(time.time() - start, 10)
            self.assertTrue(s.wait_gone(pids, 3), s.log())
            self.assertEqual(s.errors(), [])
            self.assertIn("AMZX0909", s.log())

    def test_a_killed_parent_takes_the_engine_with_it(self):
        s = self.started()
        engine = s.engine_pid()
        pids = [p for p, _ in harness.children_of(s.proc.pid)]
        os.kill(s.proc.pid, signal.SIGKILL)
        s.proc.wait()
        self.assertTrue(s.wait_gone([engine], 5))
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.assertTrue(s.wait_gone(pids, 5))

    def test_graceful_restarts_under_load_lose_nothing(self):
        s = self.started(threads=32)
        engine = s.engine_pid()
        with Load(s) as load:
            for _ in range(3):
                time.sleep(0.7)
                s.signal(signal.SIGUSR1)
                engine = until(lambda old=engine: s.engine_pid() not in (
                    None, old) and s.engine_pid())
                self.assertTrue(engine)
            time.sleep(0.5)
        self.assertEqual(load.failed, [])
        self.assertGreater(len(load.answered), 100)
        keys = {"%s/unshipped" % order for order, _ in load.answered}

        def all_done():
            states = self.all_runs(s)
            return keys <= {k for k, v in states.items() if v == "done"}

        self.assertTrue(until(all_done, 20), len(keys))
        self.assertEqual(s.errors(), [])
        engines = [n for _, n in harness.children_of(s.proc.pid)
                   if n == "amzxero-engine"]
        self.assertTrue(until(lambda: len(
            [n for _, n in harness.children_of(s.proc.pid)
             if n == "amzxero-engine"]) == 1), engines)

    def all_runs(self, s):
        states, before = {}, ""
        while True:
            page = s.rest("GET", "/runs?limit=500" + before).json
            states.update((r["key"].lower(), r["state"])
                          for r in page["runs"])
            if "before" not in page:
                return states
            before = "&before=" + page["before"]

    def test_a_hard_restart_comes_back(self):
        s = self.started()
        engine = s.engine_pid()
        self.assertEqual(s.webhook(note("026-1-1")).status, 202)
        s.signal(signal.SIGHUP)
        self.assertTrue(until(lambda: s.engine_pid() not in (None, engine)))

        def takes():
            try:
                return s.webhook(note("026-1-2")).status == 202
            except OSError:
                return False

        self.assertTrue(until(takes), s.log())
        self.assertTrue(s.wait_gone([engine], 8))
        self.assertTrue(until(lambda: len(self.all_runs(s)) == 2))
        self.assertEqual(s.errors(), [])


class LifeOnWorker(Life):
    mpm = "worker"


class LifeOnPrefork(Life):
    mpm = "prefork"


class LifeOnPostgres(Life):
    database = "pgsql"


class Once(LifeCase):
    """What needs to be seen on one MPM only."""

    def test_twenty_starts_in_a_row_are_clean(self):
        s = self.server()
        for n in range(20):
            s.start()
            self.assertEqual(s.webhook(note("026-5-%d" % n)).status, 202)
            s.stop()
        s.start()
        self.assertEqual(len(s.deliveries()), 20)
        s.stop()
        self.assertEqual(s.errors(), [])
        self.assertNotIn(":warn]", s.log())

    def test_ten_graceful_restarts_do_not_grow_the_parent(self):
        s = self.started()
        sizes = []
        for _ in range(12):
            engine = s.engine_pid()
            s.signal(signal.SIGUSR1)
            self.assertTrue(until(lambda old=engine: s.engine_pid()
                                  not in (None, old)))
            until(lambda: s.call("GET", "/amzxero/v1/health").status == 200)
            sizes.append(rss(s.proc.pid))
        self.assertLess(sizes[-1] - sizes[3], 1024, sizes)
        self.assertEqual(s.errors(), [])
        self.assertNotIn(":warn]", s.log())

    def test_without_engine_nothing_runs_but_all_is_taken_in(self):
        s = self.started(engine="Off")
        self.assertIsNone(s.engine_pid())
        self.assertEqual(s.webhook(note("026-1-1")).status, 202)
        s.stop()
        s.engine = "On"
        s.start()
        s.wait_runs(1)

    def test_one_process_runs_the_engine_inside(self):
        for mpm in ("event", "prefork"):
            s = self.server(mpm=mpm)
            conf = s.write_config()
            if harness.run_user():
                who = pwd.getpwnam(harness.run_user())
                os.chown(os.path.join(s.dir, "db"), who.pw_uid, who.pw_gid)
            with open(os.path.join(s.dir, "stderr"), "a") as err:
                s.proc = subprocess.Popen(
                    [errands.sbx.find_httpd(), "-X", "-f", conf],
                    stderr=err, start_new_session=True)
            s.wait_ready()
            self.assertEqual(harness.children_of(s.proc.pid), [])
            self.assertEqual(s.webhook(note("026-1-1")).status, 202)
            s.wait_runs(1)
            ident = s.start_run({"who": "X", "how": "ask"}).json["id"]
            self.assertTrue(until(lambda ident=ident, s=s: s.rest(
                "GET", "/runs/" + ident).json["state"] == "review"))
            start = time.time()
            s.signal(signal.SIGTERM)
            self.assertEqual(s.proc.wait(15), 0)
            self.assertLess(time.time() - start, 8)
            self.assertIn("AMZX1326", s.log())
            self.assertIn("AMZX0909", s.log())
            self.assertEqual(s.errors(), [])

    def test_only_the_module_record_is_exported(self):
        found = subprocess.run(
            ["nm", "-D", "--defined-only",
             harness.find_built("mod_amzxero.so")], capture_output=True,
            text=True, check=True).stdout.split("\n")
        names = [line.split()[2] for line in found if line]
        names = [n for n in names if n not in ("_init", "_fini")]
        self.assertEqual(names, ["amzxero_module"])

    def test_a_host_that_does_not_use_the_module_is_left_alone(self):
        s = self.server()
        lines = [line for line in s.config().split("\n")
                 if not line.startswith(("Amz", "<"))]
        s.config = lambda: "\n".join(lines) + "\n"
        s.start(wait=False)

        def answers():
            try:
                return s.call("GET", "/amzxero/v1/health").status
            except OSError:
                return None

        self.assertIn(until(answers), (403, 404))
        self.assertIsNone(s.engine_pid())
        self.assertNotIn("AMZX", s.log())


class TwoServers(LifeCase):
    database = "pgsql"

    def test_two_servers_on_one_database_run_each_run_once(self):
        one, two = self.started(), self.server()
        two.key, two.secret = one.key, one.secret
        for name in ("apikeys", "master.key"):
            with open(os.path.join(one.dir, "conf", name)) as f:
                two.write("conf/" + name, f.read())
        two.start()
        total = 60
        for n in range(total):
            (one, two)[n % 2].webhook(note("026-9-%d" % n))
            if n % 10 == 0:
                (two, one)[n % 2].webhook(note("026-9-%d" % n))
        one.wait_runs(total)
        runs = one.runs()
        self.assertEqual(len(runs), total)
        for run in runs:
            journal = one.rest("GET", "/runs/" + run["id"]).json["journal"]
            self.assertEqual([e["kind"] for e in journal],
                             ["start", "log", "end"])
        logs = [s.log().count("AMZX0901") for s in (one, two)]
        self.assertEqual(sum(logs), total, logs)
        self.assertEqual(one.errors() + two.errors(), [])
        one.kill_all()
        for n in range(10):
            two.webhook(note("026-8-%d" % n))
        two.wait_runs(total + 10)


if __name__ == "__main__":
    unittest.main()
