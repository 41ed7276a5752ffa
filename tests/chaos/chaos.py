#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Orders under fire: the books of a disturbed run equal those of a calm one.

    chaos.py [--orders 200] [--kills 200] [--database sqlite|pgsql]
             [--mpm event|worker|prefork] [--servers 1] [--limits]
             [--wild] [--seed 1] [--minutes 20]

A calm world books the orders first; its ledger is the measure. Then the same
orders go through a world where notifications come ten times and out of
order, answers are lost after the commit, throttled, broken or slow, access
tokens expire, and kill -9 hits engine, children, parent or all of them at
random moments while the orders come in. --wild adds engines that stand still
for longer than their lease, a sandbox that dies, and a PostgreSQL that
restarts or loses a backend. With --servers 2 two installations share one
database. At the end: one PAID invoice per order, the same ledger, nothing
stuck, no breach of the peers' rules."""
import argparse
import os
import random
import shutil
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "httpd"))

import harness  # noqa: E402

LEASE = 3
OPEN = ("ready", "running", "waiting", "parked", "review")
FAULTS = [
    {"kind": "timeout-after", "ms": 400, "probability": 0.02},
    {"kind": "timeout-before", "ms": 400, "probability": 0.01},
    {"kind": "reset-mid-body", "probability": 0.02},
    {"kind": "truncated-json", "probability": 0.02},
    {"kind": "wrong-content-type", "probability": 0.005},
    {"kind": "500", "probability": 0.01},
    {"kind": "500", "when": "after", "probability": 0.01},
    {"kind": "503", "probability": 0.01},
    {"kind": "429-minute", "retryAfter": 1, "probability": 0.01},
    {"kind": "429-concurrent", "probability": 0.01},
    {"kind": "429-amazon", "probability": 0.01},
    {"kind": "slow", "ms": 300, "probability": 0.02},
]
# Xero's own numbers in proportion, quick enough for a test.
LIMITS = {"xeroLimits": 1, "xeroMinute": 3000, "xeroDay": 100000,
          "xeroConcurrent": 5, "amazonLimits": 1, "amazonScale": 100}
RATE = "2700 60 100000 4"


def say(text):
    print("chaos: " + text, flush=True)


class Books:
    """What the sandbox's Xero holds."""

    def __init__(self, sandbox):
        self.ledger = sandbox.admin("GET", "/ledger")
        self.state = sandbox.admin("GET", "/state")
        told = sandbox.admin("GET", "/violations")
        self.breaches = told["violations"]
        self.limits = told.get("limits")

    def faults(self, orders):
        """Everything that is wrong, as sentences."""
        found = []
        by_number = {}
        for i in self.state["invoices"]:
            by_number.setdefault(i["InvoiceNumber"], []).append(i)
        for order in orders:
            mine = by_number.pop("AMZ-" + order, [])
            if len(mine) != 1:
                found.append("order %s has %d invoices" % (order, len(mine)))
            elif mine[0]["Status"] != "PAID":
                found.append("invoice of %s is %s" % (order,
                                                      mine[0]["Status"]))
        for number in by_number:
            found.append("a foreign invoice %s" % number)
        if len(self.state["payments"]) != len(orders):
            found.append("%d payments for %d orders" % (
                len(self.state["payments"]), len(orders)))
        for breach in self.breaches:
            found.append("breach of a rule: %s" % breach)
        return found


def make_orders(sandbox, count, seed):
    made = sandbox.admin("POST", "/amazon/orders", {"generate": {
        "count": count, "seed": seed, "marketplace": "A1F83G8C2ARO7P"}})
    return made["orderIds"]


def settings():
    return {"sku_missing": "auto_create"}


def deliver(server, body, until):
    """A relay repeats until it gets a 2xx."""
    while time.time() < until:
        try:
            reply = server.webhook(body)
            if 200 <= reply.status < 300:
                return True
        except OSError:
            pass
        time.sleep(0.02)
    return False


def calm_books(args):
    with harness.World(database=args.database, mpm=args.mpm,
                       settings=settings()) as w:
        orders = make_orders(w.sandbox, args.orders, args.seed)
        began = time.time()
        for order in orders:
            deliver(w.server, harness.notification(order), began + 60)
        w.server.wait_runs(len(orders), seconds=args.minutes * 60)
        say("calm: %d orders in %.1f s" % (len(orders), time.time() - began))
        books = Books(w.sandbox)
    wrong = books.faults(orders)
    if wrong:
        raise SystemExit("chaos: even the calm books are wrong: %s"
                         % wrong[:5])
    return books


class Relay(threading.Thread):
    """Sends every notification several times, shuffled, over so long."""

    def __init__(self, servers, orders, args, rng, until):
        super().__init__(daemon=True)
        self.servers = servers
        self.until = until
        self.rng = random.Random(rng.random())
        self.lost = 0
        self.bodies = []
        for order in orders:
            once = harness.notification(order, ident="first-" + order)
            self.bodies += [once] * args.copies
            for status in ("Pending", "Unshipped"):
                self.bodies.append(harness.notification(order, status))
        self.rng.shuffle(self.bodies)
        self.pause = args.kills * args.pause / 2 / len(self.bodies)
        self.is_done = False

    def run(self):
        for body in self.bodies:
            server = self.rng.choice(self.servers)
            if not deliver(server, body, self.until):
                self.lost += 1
            time.sleep(self.rng.uniform(0, 2 * self.pause))
        self.is_done = True


class Enemy:
    """Hits one thing at a time."""

    def __init__(self, world, servers, args, rng):
        self.world = world
        self.servers = servers
        self.rng = rng
        self.hits = {}
        self.sleepers = []
        self.targets = [self.engine] * 5 + [self.child] * 2
        self.targets += [self.parent, self.everything]
        if args.wild:
            self.targets += [self.standstill, self.sandbox]
        if args.wild and world.pg:
            self.targets += [self.restart_database, self.backend]

    @staticmethod
    def send(pid, sig):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass

    def strike(self):
        target = self.rng.choice(self.targets)
        name = target.__name__
        self.hits[name] = self.hits.get(name, 0) + 1
        target(self.rng.choice(self.servers))

    def engine(self, server):
        pid = server.engine_pid()
        if pid:
            self.send(pid, signal.SIGKILL)

    def child(self, server):
        pids = server.child_pids()
        if pids:
            self.send(self.rng.choice(pids), signal.SIGKILL)

    def parent(self, server):
        left = [p for p, _ in harness.children_of(server.proc.pid)]
        server.proc.kill()
        server.proc.wait()
        for pid in left:  # children of a dead parent ignore SIGTERM
            self.send(pid, signal.SIGCONT)
            self.send(pid, signal.SIGKILL if pid != left[-1]
                      else signal.SIGTERM)
        if not server.wait_gone(left, 3):
            for pid in left:
                self.send(pid, signal.SIGKILL)
            server.wait_gone(left, 3)
        server.start()

    def everything(self, server):
        server.kill_all()
        server.start()

    def standstill(self, server):
        pid = server.engine_pid()
        if pid:
            self.send(pid, signal.SIGSTOP)
            waker = threading.Timer(LEASE + self.rng.uniform(0.2, 2),
                                    self.send, (pid, signal.SIGCONT))
            waker.start()
            self.sleepers.append(waker)

    def sandbox(self, _):
        self.world.sandbox.kill()
        self.world.sandbox.start()

    def restart_database(self, _):
        self.world.pg.restart(self.rng.choice([signal.SIGINT,
                                               signal.SIGQUIT]))

    def backend(self, _):
        pids = [p for p, _ in harness.children_of(self.world.pg.proc.pid)]
        if pids:
            self.send(self.rng.choice(pids), signal.SIGKILL)

    def rest(self):
        for waker in self.sleepers:
            waker.join()


def disturb(world, enemy, args, relay, until):
    """Strike until it is enough."""
    done = 0
    while done < args.kills and time.time() < until:
        time.sleep(enemy.rng.uniform(0.02, args.pause))
        enemy.strike()
        done += 1
        if done % 7 == 0:
            world.sandbox.admin("POST", "/tokens/expire", {
                "peer": enemy.rng.choice(["xero", "lwa"])})
        if done % 20 == 0:
            say("%d strikes, relay done: %s" % (done, relay.is_done))
    enemy.rest()


def wait_settled(server, until):
    """Until no run is open; replays nothing: dead ones are failures."""
    runs = []
    while time.time() < until:
        try:
            health = server.call("GET", "/amzxero/v1/health").json
            runs = []
            for state in OPEN + ("dead",):
                runs += server.runs(state=state)
            finished = [r for r in runs if r["state"] not in OPEN]
            waiting = health.get("waitingDeliveries", 1)
            if not waiting and len(finished) == len(runs):
                return runs
        except (OSError, KeyError, ValueError):
            pass
        time.sleep(0.3)
    return runs


def second_server(world, args, options):
    """Another installation on the same database."""
    first = world.server
    other = harness.Server(world.sandbox, mpm=args.mpm, **dict(
        options, database=first.dsn))
    other.dsn = first.dsn
    other.key = first.key
    for name in ("master.key", "apikeys"):
        shutil.copy2(os.path.join(first.dir, "conf", name),
                     os.path.join(other.dir, "conf", name))
        with open(os.path.join(first.dir, "conf", name)) as f:
            other.write("conf/" + name, f.read())
    return other.start()


def chaos_books(args, rng):
    until = time.time() + args.minutes * 60
    options = dict(lease=LEASE, settings=settings(), settle="200ms")
    if args.limits:
        options["rate"] = RATE
    with harness.World(database=args.database, mpm=args.mpm,
                       limits=args.limits, **options) as w:
        if args.limits:
            w.sandbox.admin("POST", "/settings", LIMITS)
        servers = [w.server]
        if args.servers > 1:
            servers.append(second_server(w, args, options))
        try:
            return fight(w, servers, args, rng, until)
        finally:
            for server in servers[1:]:
                server.__exit__()


def fight(world, servers, args, rng, until):
    orders = make_orders(world.sandbox, args.orders, args.seed)
    faults = [dict(f, seed=args.seed + i) for i, f in enumerate(FAULTS)]
    world.sandbox.admin("POST", "/faults", faults)
    relay = Relay(servers, orders, args, rng, until)
    enemy = Enemy(world, servers, args, rng)
    began = time.time()
    relay.start()
    disturb(world, enemy, args, relay, until)
    relay.join(max(1, until - time.time()))
    say("%s in %.0f s; waiting for the rest" % (enemy.hits,
                                                time.time() - began))
    world.sandbox.admin("DELETE", "/faults")
    stuck = wait_settled(servers[0], until)
    books = Books(world.sandbox)
    wrong = books.faults(orders)
    if relay.lost:
        wrong.append("%d deliveries were never taken" % relay.lost)
    for run in stuck:
        wrong.append("run %s is %s: %s at %s: %s" % (
            run["id"], run["state"], run.get("code"), run.get("step"),
            run.get("detail")))
    if args.keep_log:
        with open(args.keep_log, "w") as f:
            for server in servers:
                f.write(server.log())
    if args.limits:
        say("limits as the peer saw them: %s" % books.limits)
    say("%d orders in %.1f s" % (len(orders), time.time() - began))
    return books, wrong


def parse(words=None):
    p = argparse.ArgumentParser()
    p.add_argument("--orders", type=int, default=200)
    p.add_argument("--kills", type=int, default=200)
    p.add_argument("--copies", type=int, default=10)
    p.add_argument("--pause", type=float, default=1.0)
    p.add_argument("--database", default="sqlite")
    p.add_argument("--mpm", default="event")
    p.add_argument("--servers", type=int, default=1)
    p.add_argument("--limits", action="store_true")
    p.add_argument("--wild", action="store_true")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--minutes", type=float, default=20)
    p.add_argument("--keep-log", default="")
    return p.parse_args(words)


def trial(args):
    """What is wrong with the books after the fight, as sentences."""
    say("seed %d, %s, %s" % (args.seed, args.database, args.mpm))
    calm = calm_books(args)
    disturbed, wrong = chaos_books(args, random.Random(args.seed))
    if disturbed.ledger["digest"] != calm.ledger["digest"]:
        a, b = set(calm.ledger["lines"]), set(disturbed.ledger["lines"])
        wrong.append("the ledgers differ in %d lines: %s" % (
            len(a ^ b), sorted(a ^ b)[:4]))
    return wrong


def main():
    wrong = trial(parse())
    for text in wrong[:20]:
        say("WRONG: " + text)
    if wrong:
        sys.exit(1)
    say("one paid invoice per order, the ledger is that of the calm run")


if __name__ == "__main__":
    main()
