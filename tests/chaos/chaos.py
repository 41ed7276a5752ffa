#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Orders under fire: the books of a disturbed run equal those of a calm one.

    chaos.py [--orders 200] [--kills 200] [--database sqlite|pgsql]
             [--mpm event|worker|prefork] [--seed 1] [--minutes 20]

A calm world books the orders first; its ledger is the measure. Then the same
orders go through a world where notifications come ten times and out of
order, answers are lost after the commit, throttled, broken or slow, access
tokens expire, and kill -9 hits engine, children, parent or all of them at
random moments. At the end: one PAID invoice per order, the same ledger,
nothing stuck, no breach of the peers' rules."""
import argparse
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "httpd"))

import harness  # noqa: E402

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


def say(text):
    print("chaos: " + text, flush=True)


class Books:
    """What the sandbox's Xero holds."""

    def __init__(self, sandbox):
        self.ledger = sandbox.admin("GET", "/ledger")
        self.state = sandbox.admin("GET", "/state")
        self.breaches = sandbox.admin("GET", "/violations")["violations"]

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
    """Sends every notification several times, shuffled."""

    def __init__(self, world, orders, copies, rng, until):
        super().__init__(daemon=True)
        self.world = world
        self.until = until
        self.lost = 0
        self.bodies = []
        for order in orders:
            once = harness.notification(order, ident="first-" + order)
            self.bodies += [once] * copies
            for status in ("Pending", "Unshipped"):
                self.bodies.append(harness.notification(order, status))
        rng.shuffle(self.bodies)
        self.is_done = False

    def run(self):
        for body in self.bodies:
            if not deliver(self.world.server, body, self.until):
                self.lost += 1
        self.is_done = True


def kill(server, rng):
    """One kill -9. Returns what was hit."""
    target = rng.choice(["engine"] * 5 + ["child"] * 2 + ["parent", "all"])
    if target == "engine":
        pid = server.engine_pid()
        if pid:
            os.kill(pid, signal.SIGKILL)
    elif target == "child":
        pids = server.child_pids()
        if pids:
            os.kill(rng.choice(pids), signal.SIGKILL)
    elif target == "parent":
        left = [p for p, _ in harness.children_of(server.proc.pid)]
        server.proc.kill()
        server.proc.wait()
        for pid in left:  # children of a dead parent ignore SIGTERM
            try:
                os.kill(pid, signal.SIGKILL if pid != left[-1]
                        else signal.SIGTERM)
            except ProcessLookupError:
                pass
        if not server.wait_gone(left, 3):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            server.wait_gone(left, 3)
        server.start()
    else:
        server.kill_all()
        server.start()
    return target


def disturb(world, args, rng, relay, until):
    """Kill until enough, or until nothing is left to disturb."""
    hits = {}
    done = 0
    while done < args.kills and time.time() < until:
        time.sleep(rng.uniform(0.02, args.pause))
        target = kill(world.server, rng)
        hits[target] = hits.get(target, 0) + 1
        done += 1
        if done % 7 == 0:
            world.sandbox.admin("POST", "/tokens/expire",
                                {"peer": rng.choice(["xero", "lwa"])})
        if done % 20 == 0:
            say("%d kills, relay done: %s" % (done, relay.is_done))
    return hits


def wait_settled(world, count, until):
    """Until no run is open; replays nothing: dead ones are failures."""
    open_states = ("ready", "running", "waiting", "parked", "review")
    while time.time() < until:
        try:
            health = world.server.call("GET", "/amzxero/v1/health").json
            runs = []
            for state in open_states + ("dead",):
                runs += world.server.runs(state=state)
            finished = [r for r in runs if r["state"] not in open_states]
            waiting = health.get("waitingDeliveries", 1)
            if not waiting and len(finished) == len(runs):
                return runs
        except (OSError, KeyError, ValueError):
            pass
        time.sleep(0.3)
    return runs


def chaos_books(args, rng):
    until = time.time() + args.minutes * 60
    with harness.World(database=args.database, mpm=args.mpm, lease=3,
                       settings=settings(), settle="200ms") as w:
        orders = make_orders(w.sandbox, args.orders, args.seed)
        faults = [dict(f, seed=args.seed + i) for i, f in enumerate(FAULTS)]
        w.sandbox.admin("POST", "/faults", faults)
        relay = Relay(w, orders, args.copies, rng, until)
        began = time.time()
        relay.start()
        hits = disturb(w, args, rng, relay, until)
        relay.join(max(1, until - time.time()))
        say("%s in %.0f s; waiting for the rest" % (hits,
                                                    time.time() - began))
        w.sandbox.admin("DELETE", "/faults")
        stuck = wait_settled(w, len(orders), until)
        books = Books(w.sandbox)
        wrong = books.faults(orders)
        if relay.lost:
            wrong.append("%d deliveries were never taken" % relay.lost)
        for run in stuck:
            wrong.append("run %s is %s: %s at %s: %s" % (
                run["id"], run["state"], run.get("code"), run.get("step"),
                run.get("detail")))
        if wrong and args.keep_log:
            with open(args.keep_log, "w") as f:
                f.write(w.server.log())
    say("%d orders in %.1f s" % (len(orders), time.time() - began))
    return books, wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--orders", type=int, default=200)
    p.add_argument("--kills", type=int, default=200)
    p.add_argument("--copies", type=int, default=10)
    p.add_argument("--pause", type=float, default=1.0)
    p.add_argument("--database", default="sqlite")
    p.add_argument("--mpm", default="event")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--minutes", type=float, default=20)
    p.add_argument("--keep-log", default="")
    args = p.parse_args()
    say("seed %d, %s, %s" % (args.seed, args.database, args.mpm))
    calm = calm_books(args)
    disturbed, wrong = chaos_books(args, random.Random(args.seed))
    if disturbed.ledger["digest"] != calm.ledger["digest"]:
        a, b = set(calm.ledger["lines"]), set(disturbed.ledger["lines"])
        wrong.append("the ledgers differ in %d lines: %s" % (
            len(a ^ b), sorted(a ^ b)[:4]))
    for text in wrong[:20]:
        say("WRONG: " + text)
    if wrong:
        sys.exit(1)
    say("one paid invoice per order, the ledger is that of the calm run")


if __name__ == "__main__":
    main()
