# SPDX-License-Identifier: Apache-2.0
"""One sandbox and one httpd for all cases of orders.

Each case books orders of its own, so nothing is reset in between; what must
differ in configuration is a tenant of its own."""
import atexit
import copy
import json
import time
from decimal import Decimal

import sandbox_server as sbx
from harness import HttpdCase, Server, notification

AU = "a0a0a0a0-0000-4000-8000-000000000001"
WIDE = "a0a0a0a0-0000-4000-8000-000000000002"
LOCKED = "a0a0a0a0-0000-4000-8000-000000000003"

TENANTS = {
    "acme": {},
    "people": {"settings": {"buyer_data": "all"}},
    "abroad": {"settings": {"buyer_data": "country"}},
    "create": {"settings": {"sku_missing": "auto_create"}},
    "noitem": {"settings": {"sku_missing": "no_item"}},
    "draft": {"settings": {"on_mismatch": "draft"}},
    "unpaid": {"settings": {"bank_account": "0999"}},
    "convert": {"settings": {"currency_mode": "convert"}},
    "haul": {"settings": {"haul_option": "Amazon Haul"}},
    "split": {"settings": {"consolidate": "none"}},
    "tax15": {"account": WIDE, "settings": {"tax_default": "TAX15"}},
    "badtax": {"settings": {"tax_default": "INPUT2"}},
    "mend": {"settings": {"bank_account": "0998"}},
    "rates": {"settings": {"currency_mode": "convert",
                           "order-to-invoice.fx.USDGBP": "0.8"}},
    "au": {"account": AU, "currency": "AUD", "zone": "Australia/Sydney"},
    "locked": {"account": LOCKED, "settings": {"buyer_data": "all"}},
    "daily": {"account": WIDE, "settings": {"tax_default": "TAX15"}},
    "revoked": {"xero": "revoked.json"},
}


def tax_rate(name, kind, rate):
    return {"Name": name, "TaxType": kind, "ReportTaxType": "OUTPUT",
            "Status": "ACTIVE", "CanApplyToAssets": True,
            "CanApplyToEquity": True, "CanApplyToExpenses": True,
            "CanApplyToLiabilities": True, "CanApplyToRevenue": True,
            "DisplayTaxRate": rate, "EffectiveRate": rate,
            "TaxComponents": [{"Name": "Tax", "Rate": rate,
                               "IsCompound": False,
                               "IsNonRecoverable": False}]}


def organisation(uk, ident, name, **set_):
    """The British organisation under another id."""
    one = copy.deepcopy(uk)
    one["tenantId"] = ident
    one["organisation"].update(OrganisationID=ident, Name=name, **set_)
    return one


def seed(uk_demo):
    """uk-demo with more currencies, and organisations beside it."""
    uk = uk_demo["tenants"][0]
    wide = organisation(uk, WIDE, "Wide Ltd")
    for code in ("JPY", "KWD", "SAR", "AUD"):
        wide["currencies"].append({"Code": code, "Description": code,
                                   "Rate": 2.0})
    wide["taxRates"].append(tax_rate("15%", "TAX15", 15.0))
    au = organisation(uk, AU, "Wattle Pty Ltd", Version="AUST",
                      BaseCurrency="AUD", CountryCode="AU")
    for one in au["accounts"]:
        if one.get("CurrencyCode"):
            one["CurrencyCode"] = "AUD"
        if one["TaxType"] == "OUTPUT2":
            one["TaxType"] = "OUTPUT"
    for one in au["items"]:
        one["SalesDetails"]["TaxType"] = "OUTPUT"
    au["taxRates"] = [tax_rate("GST on Income", "OUTPUT", 10.0),
                      tax_rate("GST Free Income", "EXEMPTOUTPUT", 0.0),
                      tax_rate("BAS Excluded", "BASEXCLUDED", 0.0)]
    au["tracking"][0]["Options"].append("Amazon.com.au")
    au["currencies"] = [{"Code": "AUD", "Description": "AUD", "Rate": 1.0}]
    locked = organisation(uk, LOCKED, "Locked Ltd")
    au["accounts"] = [one for one in au["accounts"] if one["Code"] != "215"]
    uk["tracking"][0]["Options"].append("Amazon Haul")
    wide["tracking"][0]["Options"] += ["Amazon.co.jp", "Amazon.sa"]
    uk_demo["tenants"] += [wide, au, locked]
    return uk_demo


class OrderWorld:
    """The two servers; made once, stopped at the end of the process."""

    _only = None

    @classmethod
    def get(cls):
        if cls._only is None:
            cls._only = cls()
            atexit.register(cls._only.stop)
        return cls._only

    def __init__(self):
        self.sandbox = sbx.SandboxServer()
        self.server = None
        try:
            self.sandbox.start()
            world = seed(self.sandbox.admin("GET", "/seeds/uk-demo"))
            self.sandbox.admin("POST", "/reset", {"seed": world})
            self.sandbox.admin("POST", "/settings",
                               {"xeroLimits": 0, "amazonLimits": 0})
            self.server = Server(self.sandbox, tenants=TENANTS, lease=2,
                                 drain=2)
            self.server.credential("revoked.json", "never-issued")
            self.server.start()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        for part in (self.server, self.sandbox):
            if part is not None:
                part.__exit__()
        self.server = self.sandbox = None


def numbers(reply):
    """JSON with exact numbers."""
    return json.loads(reply.body, parse_float=Decimal, parse_int=Decimal)


class OrderCase(HttpdCase):
    """Books orders and looks at the books."""

    maxDiff = None
    tenant = "acme"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = OrderWorld.get()
        cls.sandbox = world.sandbox
        cls.server = world.server

    def tearDown(self):
        self.sandbox.admin("DELETE", "/faults")

    # Doing.

    def add(self, *orders):
        self.sandbox.admin("POST", "/amazon/orders", {"orders": orders})

    def start(self, ident, tenant=None, workflow="order-to-invoice"):
        reply = self.rest("POST", "/workflows/%s/runs" % workflow,
                          {"orderId": ident}, tenant)
        self.assertEqual(reply.status, 202, reply.body)
        return reply.json["id"]

    def rest(self, method, path, body=None, tenant=None):
        return self.server.rest(method, path, body,
                                self.server.keys[tenant or self.tenant])

    def run_of(self, ident, tenant=None):
        return self.rest("GET", "/runs/" + ident, None, tenant).json

    def wait(self, ident, *states, tenant=None, seconds=20):
        """The run when it is in one of these states."""
        end = time.time() + seconds
        while True:
            run = self.run_of(ident, tenant)
            if run["state"] in states:
                return run
            if time.time() > end or run["state"] in ("done", "dead",
                                                     "cancelled"):
                self.fail("run is %s, not %s: %s\n%s" % (
                    run["state"], states, {k: run.get(k) for k in (
                        "outcome", "code", "detail", "step")},
                    json.dumps(run["journal"], indent=1)[-6000:]))
            time.sleep(0.02)

    def notify(self, ident, status, **more):
        reply = self.server.webhook(notification(ident, status, **more))
        self.assertEqual(reply.status, 202, reply.body)

    def book(self, order, tenant=None, outcome="done"):
        """Add the order, run it to its end, give the invoice."""
        self.add(order)
        run = self.wait(self.start(order["orderId"], tenant), "done",
                        tenant=tenant)
        self.assertEqual(run.get("outcome", "done"), outcome,
                         run.get("detail"))
        self.run = run
        return self.invoice(order["orderId"], tenant)

    # Looking.

    def account(self, tenant=None):
        return TENANTS[tenant or self.tenant].get("account", sbx.TENANT)

    def xero(self, path, tenant=None):
        return numbers(self.sandbox.xero(
            "GET", path, None, None,
            {"xero-tenant-id": self.account(tenant)}))

    def invoice(self, ident, tenant=None):
        """The invoice of an order, with its lines; None without one."""
        found = self.xero("/Invoices?InvoiceNumbers=AMZ-%s&page=1&unitdp=4"
                          % ident, tenant).get("Invoices", [])
        self.assertLessEqual(len(found), 1)
        return found[0] if found else None

    def check(self, invoice, **wanted):
        """Members by name, amounts as texts; lines as tuples of quantity,
        unit price, amount, tax, account and tax type."""
        self.assertIsNotNone(invoice)
        lines = wanted.pop("lines", None)
        for name, value in wanted.items():
            got = invoice[name]
            if isinstance(got, Decimal):
                self.assertEqual(got, Decimal(value), name)
            else:
                self.assertEqual(got, value, name)
        if lines is not None:
            self.assertEqual(
                [(line["Quantity"], line["UnitAmount"], line["LineAmount"],
                  line["TaxAmount"], line["AccountCode"], line["TaxType"])
                 for line in invoice["LineItems"]],
                [tuple(Decimal(x) for x in line[:4]) + line[4:]
                 for line in lines])
        self.assertEqual(
            invoice["Total"],
            sum(line["LineAmount"] + (line["TaxAmount"] if invoice[
                "LineAmountTypes"] == "Exclusive" else 0)
                for line in invoice["LineItems"]), "I3")

    def check_paid(self, invoice, amount, account="090"):
        """One payment of the whole, with the order's id."""
        self.check(invoice, Status="PAID", AmountDue="0", AmountPaid=amount)
        self.assertEqual(len(invoice["Payments"]), 1)
        found = [p for p in self.sandbox.admin("GET", "/state")["payments"]
                 if p["Invoice"]["InvoiceID"] == invoice["InvoiceID"]]
        self.assertEqual(len(found), 1)
        self.assertEqual(Decimal(str(found[0]["Amount"])), Decimal(amount))
        self.assertEqual(found[0]["Reference"], invoice["Reference"])
        self.assertEqual(found[0]["Account"]["Code"], account)
        self.assertEqual(found[0]["Status"], "AUTHORISED")

    def sku_lines(self, invoice):
        return [(line.get("ItemCode"), line["Quantity"])
                for line in invoice["LineItems"]]

    def review_of(self, run, tenant=None):
        found = [r for r in self.rest("GET", "/reviews?limit=500", None,
                                      tenant).json["reviews"]
                 if r["run"] == run]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def decide(self, review, choice, tenant=None, **more):
        reply = self.rest("POST", "/reviews/" + review["id"],
                          dict(more, choice=choice), tenant)
        self.assertEqual(reply.status, 200, reply.body)

    def dead_of(self, run, tenant=None):
        found = [d for d in self.rest(
            "GET", "/dead-letters?limit=500", None,
            tenant).json["deadLetters"] if d["run"] == run]
        return found[0] if found else None

    def refused(self, order, code, tenant=None):
        """The order ends as a dead letter of this code."""
        self.add(order)
        run = self.wait(self.start(order["orderId"], tenant), "dead",
                        tenant=tenant)
        self.assertEqual(run["code"], code, run.get("detail"))
        dead = self.dead_of(run["id"], tenant)
        self.assertEqual((dead["code"], dead["detail"]),
                         (run["code"], run["detail"]))
        return run

    def reviewed(self, order, tenant=None):
        """The order waits for a person: its run and review."""
        self.add(order)
        run = self.wait(self.start(order["orderId"], tenant), "review",
                        tenant=tenant)
        return run, self.review_of(run["id"], tenant)

    def change(self, path, body, method="POST", tenant=None):
        """Do something in Xero by hand."""
        reply = self.sandbox.xero(
            method, path, body, None,
            {"xero-tenant-id": self.account(tenant)})
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    def replay(self, run, tenant=None):
        """Replay a dead run; the run when it is done."""
        reply = self.rest("POST", "/runs/%s/replay" % run, None, tenant)
        self.assertEqual(reply.status, 200, reply.body)
        end = time.time() + 20
        while time.time() < end:
            seen = self.run_of(run, tenant)
            if seen["state"] == "done":
                self.assertIsNone(self.dead_of(run, tenant))
                return seen
            time.sleep(0.02)
        self.fail("replayed run is %s: %s %s" % (
            seen["state"], seen.get("code"), seen.get("detail")))

    def fault(self, kind, op, **more):
        self.sandbox.admin("POST", "/faults", [dict({
            "kind": kind, "times": 1,
            "match": {"peer": op.split(".")[0], "op": op}}, **more)])

    def wait_for(self, what, why, seconds=15):
        """The first truth that what() gives."""
        end = time.time() + seconds
        while time.time() < end:
            found = what()
            if found:
                return found
            time.sleep(0.03)
        self.fail("%s: %s" % (why, self.server.summary()))

    def contacts(self):
        return self.sandbox.admin("GET", "/state")["contacts"]
