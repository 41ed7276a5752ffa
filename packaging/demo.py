#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: demo.py TOP BUILD [--once]

Starts an httpd of its own with mod_amzxero and the sandbox on a free port of
the loopback, delivers one Amazon order notification, and tells what became of
it. With --once it checks the books in the sandbox's Xero and stops."""
import hashlib
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time

import demo_server

ORDER = "026-1520163-6049104"


def say(text=""):
    print(text, flush=True)


def step(number, title, *lines):
    say("  %s. %s" % (number, title))
    for line in lines:
        say("       " + line)


def notification():
    return {"NotificationVersion": "1.0", "NotificationType": "ORDER_CHANGE",
            "PayloadVersion": "1.0", "EventTime": "2026-01-20T10:21:00.000Z",
            "Payload": {"OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": "A2SANDBOXSELLER", "AmazonOrderId": ORDER,
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {"TimeOfOrderChange": None,
                                       "ChangeReason": "StatusChange"},
                "Summary": {"MarketplaceId": "A1F83G8C2ARO7P",
                            "OrderStatus": "Unshipped",
                            "PurchaseDate": "2026-01-20T10:20:30.000Z",
                            "FulfillmentType": "MFN"}}},
            "NotificationMetadata": {
                "ApplicationId": "amzn1.sellerapps.app.demo",
                "SubscriptionId": "demo", "NotificationId": "demo-1",
                "PublishTime": "2026-01-20T10:21:00.500Z"}}


def results(run):
    """Journal results by step name."""
    found = {}
    for entry in run["journal"]:
        if entry["kind"] == "result":
            found[entry["step"].rsplit("/", 1)[-1]] = entry.get("data")
    return found


def money(currency, amount):
    return "%s %.2f" % (currency, float(amount))


def tell_run(run, seconds):
    got = results(run)
    order = got.get("order") or {}
    currency = order.get("currency", "GBP")
    posted = got.get("posted") or {}
    payment = got.get("payment") or {}
    step(2, "order fetched from Amazon",
         "%s, %s, %d lines, total %s" % (
             order.get("orderId"), order.get("salesChannel"),
             len(order.get("lines", [])), money(currency, order["total"])))
    best = (got.get("match") or {}).get("best")
    if got.get("newContact"):
        step(3, "contact created in Xero", got["newContact"]["Name"])
    elif best:
        step(3, "contact matched in Xero", "%s, score %s" % (
            best["Name"], best["score"]))
    else:
        step(3, "contact found in Xero", "%s (Amazon gives no buyer)"
             % (got.get("shared") or {}).get("Name"))
    items = (got.get("known") or {}).get("codes", [])
    step(4, "SKUs mapped to Xero items", ", ".join(items) or "none")
    step(5, "invoice authorised in Xero",
         "%s: Xero %s, Amazon %s" % (
             posted.get("InvoiceNumber"), money(currency, posted["Total"]),
             money(currency, order["total"])))
    step(6, "payment booked", "%s from account %s, reference %s" % (
        money(currency, payment.get("Amount", 0)),
        (payment.get("Account") or {}).get("Code", "090"),
        payment.get("Reference")))
    say("     %.0f ms from the notification to the paid invoice"
        % (1000 * seconds))


def wait_run(server):
    end = time.time() + 60
    while time.time() < end:
        runs = server.rest("GET", "/runs?workflow=order-to-invoice")["runs"]
        if runs and runs[0]["state"] in ("done", "dead", "review", "parked"):
            return server.rest("GET", "/runs/" + runs[0]["id"])
        time.sleep(0.02)
    return None


def books(server):
    """Invoices and payments as the sandbox's Xero holds them."""
    return server.call("GET", "/sandbox/admin/state").json()


def are_right(state):
    paid = [i for i in state["invoices"]
            if i["InvoiceNumber"] == "AMZ-" + ORDER]
    return (len(state["invoices"]) == 1 and len(paid) == 1
            and paid[0]["Status"] == "PAID"
            and "%.2f" % float(paid[0]["Total"]) == "212.40"
            and len(state["payments"]) == 1)


def tell_books(state):
    for i in state["invoices"]:
        say("       invoice %s  %s  total %.2f  paid %.2f" % (
            i["InvoiceNumber"], i["Status"], float(i["Total"]),
            float(i["AmountPaid"])))
    say("       %d invoice, %d payment" % (len(state["invoices"]),
                                           len(state["payments"])))


def disturb(server):
    """Kill the engine, send ten copies: the books must not move."""
    pid = server.engine_pid()
    if pid:
        os.kill(pid, signal.SIGKILL)
    for _ in range(10):
        server.webhook(notification())
    server.wait_engine(pid)
    again = dict(notification())
    again["NotificationMetadata"] = {"NotificationId": "demo-2"}
    server.webhook(again)
    time.sleep(2.0)


def show(server):
    say()
    say("  Delivering an Amazon ORDER_CHANGE notification for %s" % ORDER)
    began = time.time()
    reply = server.webhook(notification())
    step(1, "notification stored durably, answered %d" % reply.status)
    if reply.status != 202:
        say(reply.text)
        return False
    run = wait_run(server)
    seconds = time.time() - began
    if run is None or run["state"] != "done":
        say("     the run did not finish: %s" % json.dumps(
            run and {k: run.get(k) for k in ("state", "code", "detail",
                                             "step")}))
        return False
    tell_run(run, seconds)
    say()
    say("  Now the engine is killed (kill -9) and the notification comes ten")
    say("  more times, then once more under a new id. The books say:")
    disturb(server)
    state = books(server)
    tell_books(state)
    say()
    say("  %s" % ("The books are right: once, and to the penny."
                  if are_right(state) else "THE BOOKS ARE WRONG."))
    return are_right(state)


def wait_for_person(server, run_url):
    say()
    say("  It goes on running. Look at")
    say("    %s/sandbox/                 the books, as Xero sees them"
        % server.url)
    say("    %s/amzxero/metrics          counters" % server.url)
    say("    curl -H 'Authorization: Bearer %s' \\" % server.key)
    say("         %s%s    the run and its journal" % (server.url, run_url))
    say("  Stop it with Ctrl-C, or: kill %d" % os.getpid())
    stopped = []
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, lambda *_: stopped.append(1))
    while not stopped and server.proc.poll() is None:
        time.sleep(0.2)


def main():
    top, build = sys.argv[1], sys.argv[2]
    once = "--once" in sys.argv[3:]
    folder = tempfile.mkdtemp(prefix="amzxero-demo-")
    key = "axz_demo_" + secrets.token_hex(24)
    digest = hashlib.sha256(key.rsplit("_", 1)[1].encode()).hexdigest()
    server = demo_server.Server(top, build, folder, key, digest)
    try:
        server.start()
        say("  httpd runs on %s (its files: %s)" % (server.url, folder))
        good = show(server)
        if not once and good:
            runs = server.rest("GET", "/runs")["runs"]
            wait_for_person(server, "/amzxero/v1/runs/" + runs[-1]["id"])
    finally:
        server.stop()
        if os.environ.get("AMZX_KEEP"):
            say("  kept " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
