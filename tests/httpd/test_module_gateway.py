# SPDX-License-Identifier: Apache-2.0
"""Every request of the module before the official OpenAPI files: Prism stands
between it and the sandbox and refuses what they do not allow."""
import glob
import json
import os
import re
import shutil
import tempfile
import threading
import time
import unittest

import node_tools
import sandbox_server as sbx
from harness import TOP, HttpdCase, Server
from order_shapes import Line, buyer, order

FLOWS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "flows")
# Known errors of xero_accounting.yaml are about scopes, a default, texts and
# resources that are not used: none of them is a request of ours, so nothing
# is left out here.
KNOWN = ()
# The sweep of the tenant that is there for the operations of sellers.json.
ELSEWHERE = "get /orders/2026-01-01/orders "
# The connection was cut on purpose: no word about what was sent.
LOST = "FetchError"


def workflows():
    """The shipped workflows with a short sweep, and one for all operations."""
    place = tempfile.mkdtemp(prefix="amzxero-flows-")
    os.chmod(place, 0o755)
    for path in glob.glob(os.path.join(TOP, "workflows", "*.x*")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if path.endswith("order-to-invoice.xml"):
            text, count = re.subn(r'(<poll [^>]*every=)"PT15M"',
                                  r'\1"PT2S"', text)
            assert count == 1, "the sweep is not where it was"
        with open(os.path.join(place, os.path.basename(path)), "w",
                  encoding="utf-8") as f:
            f.write(text)
    for path in glob.glob(os.path.join(FLOWS, "*.xml")):
        shutil.copy(path, place)
    return place


def violations(prism):
    """What Prism has against requests and answers."""
    found = []
    for line in prism.text().splitlines():
        if ("Request terminated with error" in line and LOST not in line
                or "Violation: request" in line):
            if not any(text in line for text in KNOWN) and not (
                    prism.document.endswith("sellers.json")
                    and ELSEWHERE in line):
                found.append(line)
    return found


def operations():
    """Names of the catalogue, out of its source."""
    names = set()
    for part in ("amazon/amzx_amazon_ops.c", "xero/amzx_xero_ops.c"):
        with open(os.path.join(TOP, "lib", "connector", part),
                  encoding="utf-8") as f:
            names |= set(re.findall(
                r'(?:OP\(|\{\{)"((?:amazon|xero)\.\w+\.\w+)"', f.read()))
    assert len(names) > 20, names
    return names


class ModuleGatewayTest(HttpdCase):
    """One set of servers for all tests."""

    tenants = {
        "acme": {},
        "people": {"settings": {"buyer_data": "all",
                                "sku_missing": "auto_create",
                                "tax_default": "OUTPUT2"}},
        "single": {"settings": {"consolidate": "none", "tolerance": "0.02",
                                "sku_missing": "no_item",
                                "tax_default": "OUTPUT2"}},
        "sellers": {}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        documents = [node_tools.spec("amazon", "orders_2026-01-01.json"),
                     node_tools.spec("amazon", "sellers.json"),
                     node_tools.spec("xero", "xero_accounting.yaml")]
        documents[2] = node_tools.without_circles(
            documents[2], "Accounts", "Contacts", "Invoices", "Items",
            "Organisation", "Payments", "TaxRates", "TrackingCategories")
        cls.flows = workflows()
        cls.sandbox = sbx.SandboxServer()
        cls.addClassCleanup(cls.stop)
        cls.server = None
        cls.prisms = []
        cls.told = {}
        cls.sandbox.start()
        cls.sandbox.reset(xeroLimits=0, amazonLimits=0)
        base = "http://127.0.0.1:%d/sandbox" % cls.sandbox.port
        cls.prisms = [node_tools.Prism(document, base + path)
                      for document, path in zip(
                          documents, ("/amazon", "/amazon",
                                      "/xero/api.xro/2.0"))]
        cls.start_all(cls.prisms)
        cls.amazon, cls.sellers, cls.xero = cls.prisms
        tenants = dict(cls.tenants)
        tenants["sellers"] = {"urls": {"amazon": cls.sellers.url}}
        cls.server = Server(cls.sandbox, tenants=tenants,
                            workflows=cls.flows, urls={
                                "amazon": cls.amazon.url,
                                "xero": cls.xero.url}).start()

    @staticmethod
    def start_all(prisms):
        """Side by side: each needs seconds to read its document."""
        failed = []

        def one(prism):
            try:
                prism.__enter__()
            except RuntimeError as e:
                failed.append(str(e))
        threads = [threading.Thread(target=one, args=(p,)) for p in prisms]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if failed:
            raise RuntimeError(failed[0])

    @classmethod
    def stop(cls):
        for part in (cls.server, *cls.prisms, cls.sandbox):
            if part is not None:
                part.__exit__()
        shutil.rmtree(cls.flows, ignore_errors=True)

    def tearDown(self):
        self.sandbox.admin("DELETE", "/faults")

    def rest(self, method, path, body=None, tenant="acme"):
        return self.server.rest(method, path, body, self.server.keys[tenant])

    def run_all(self, ids, tenant="acme", workflow="order-to-invoice"):
        """Start runs and wait until each has come to rest."""
        runs = [self.rest("POST", "/workflows/%s/runs" % workflow,
                          {"orderId": i}, tenant).json["id"] for i in ids]
        end = time.time() + 30
        found = {}
        while len(found) < len(runs):
            for run in set(runs) - set(found):
                seen = self.rest("GET", "/runs/" + run, None, tenant).json
                if seen["state"] in ("done", "dead", "review", "parked"):
                    found[run] = seen
                elif time.time() > end:
                    del seen["journal"]
                    self.fail("%s\n%s" % (seen, self.xero.text()[-3000:]))
            time.sleep(0.05)
        return [found[run] for run in runs]

    def check_all(self, runs, *outcomes):
        wrong = [(r["id"], r["state"], r.get("outcome"), r.get("code"),
                  r.get("detail")) for r in runs
                 if r.get("outcome", r["state"]) not in outcomes]
        self.assertEqual(wrong, [])

    def news(self, prism):
        """Violations that nobody has planted."""
        return violations(prism)[self.told.get(prism, 0):]

    def check_clean(self):
        time.sleep(0.2)  # for Prism to write
        for prism in self.prisms:
            self.assertEqual(self.news(prism), [])

    def generate(self, count, market, seed, **mix):
        return self.sandbox.admin("POST", "/amazon/orders", {"generate": {
            "count": count, "seed": seed, "marketplace": market,
            "start": "2026-11-01T00:00:00Z", "spacingSeconds": 60,
            "maxLines": 4, "mix": dict(
                {"b2b": 20, "promotion": 40, "giftWrap": 30, "shipping": 60,
                 "fba": 30}, **mix)}})["orderIds"]

    def test_a_broad_set_of_orders(self):
        uk = self.generate(10, "A1F83G8C2ARO7P", 11)
        self.check_all(self.run_all(uk), "done")
        for market, seed in (("A1F83G8C2ARO7P", 12), ("A1PA6795UKMFR9", 13),
                             ("A13V1IB3VIYZZH", 14), ("ATVPDKIKX0DER", 15)):
            ids = self.generate(6, market, seed, unknownSku=40)
            tenant = "people" if seed % 2 else "single"
            self.check_all(self.run_all(ids, tenant), "done")
        ids = self.generate(3, "A1F83G8C2ARO7P", 16, pending=100) + \
            self.generate(3, "A1F83G8C2ARO7P", 17, cancelled=100)
        self.check_all(self.run_all(ids), "skipped")
        ids = self.generate(4, "A1F83G8C2ARO7P", 18, unknownSku=100)
        self.check_all(self.run_all(ids), "review")
        state = self.sandbox.admin("GET", "/state")
        self.assertEqual(len(state["invoices"]), len(state["payments"]))
        self.assertGreaterEqual(len(state["invoices"]), 34)
        self.assertIn("Forwarding \"put\"", self.xero.text())
        self.check_clean()

    def test_odd_names_and_quantities(self):
        orders = [order("100.01", Line("ODD & <SKU> \"1\"", qty=112,
                                       item="100.01"), **buyer(name, code))
                  for name, code in (("O'Brien & \"Sons\" <x>", "BT1 5GS"),
                                     ("\u5c71\u7530 \u592a\u90ce", "100-0001"),
                                     ("Zo\u00eb M\u00fcller", "10115"),
                                     ("n" * 300, "LS1 4AP"))]
        orders.append(order("30.00", *[
            Line(sku, item="5.00") for sku in (
                "TEA-KETTLE-17", "PEN-BRASS", "CANDLE-FIG", "MUG-STONE-4",
                "BOARD-ASH-L", "A-SKU-LONGER-THAN-THIRTY-CHARACTERS")]))
        self.sandbox.admin("POST", "/amazon/orders", {"orders": orders})
        runs = self.run_all([o["orderId"] for o in orders], "people")
        self.check_all(runs, "done")
        self.check_clean()

    def test_lost_replies_are_looked_up(self):
        for op in ("xero.invoices.put", "xero.payments.put",
                   "xero.contacts.put", "xero.items.put"):
            one = order("12.00", Line("NEW-" + op.split(".")[1].upper(),
                                      item="12.00"), **buyer("Buyer " + op))
            self.sandbox.admin("POST", "/amazon/orders", one)
            self.sandbox.admin("POST", "/faults", [
                {"kind": "timeout-after", "ms": 20, "times": 1,
                 "match": {"peer": "xero", "op": op}}])
            self.check_all(self.run_all([one["orderId"]], "people"), "done")
            rule = self.sandbox.admin("GET", "/faults")["faults"][0]
            self.assertEqual(rule["fired"], 1, op)
        self.assertIn("/Invoices?InvoiceNumbers=", self.xero.text())
        self.check_clean()

    def test_the_sweep(self):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                           time.gmtime(time.time() - 300))
        one = order("12.00", Line(item="12.00"), created=at, updated=at)
        self.sandbox.admin("POST", "/amazon/orders", one)
        end = time.time() + 20
        while time.time() < end:
            found = [r for r in self.rest("GET", "/runs?limit=500").json[
                "runs"] if one["orderId"] in r["key"]]
            if found and found[0]["state"] == "done":
                break
            time.sleep(0.1)
        self.assertEqual([r["origin"] for r in found], ["poll"])
        self.assertEqual(found[0]["state"], "done")
        self.assertIn("lastUpdatedAfter", self.amazon.text())
        self.check_clean()

    def test_every_operation_of_the_catalogue(self):
        used = set()
        for name in ("every-operation.xml", "order-to-invoice.xml"):
            with open(os.path.join(self.flows, name),
                      encoding="utf-8") as f:
                used |= set(re.findall(r' op="([^"]+)"', f.read()))
        self.assertEqual(operations() - used, set())
        one = order("12.00", Line(item="12.00"))
        self.sandbox.admin("POST", "/amazon/orders", one)
        self.check_all(self.run_all([one["orderId"]]), "done")
        self.check_all(self.run_all([one["orderId"]], "sellers",
                                    "every-operation"), "done")
        self.assertIn("marketplaceParticipations", self.sellers.text())
        self.check_clean()

    def test_a_wrong_request_would_be_seen(self):
        self.check_clean()
        runs = self.run_all(["026-0000000-0000001"], "acme",
                            "wrong-requests")
        self.assertEqual(runs[0]["state"], "done", runs[0].get("detail"))
        found = [self.news(prism) for prism in self.prisms]
        self.assertEqual([len(lines) for lines in found], [1, 0, 1], found)
        self.assertIn("UNPROCESSABLE_ENTITY", found[0][0])
        self.assertIn("UNPROCESSABLE_ENTITY", found[2][0])
        with self.assertRaises(AssertionError):
            self.check_clean()
        self.forgive()

    def forgive(self):
        """What was planted is not held against the other tests."""
        for prism in self.prisms:
            self.told[prism] = len(violations(prism))

    def test_wrong_bodies_would_be_seen(self):
        head = {"Authorization": "Bearer " + self.sandbox.token,
                "xero-tenant-id": sbx.TENANT, "Accept": "application/json",
                "Content-Type": "application/json"}
        bodies = (
            ("/Invoices", {"Invoices": [sbx.invoice("W", Type="SALE")]}),
            ("/Invoices", {"Invoices": [sbx.invoice("W", [
                {"Description": "x", "Quantity": "many"}])]}),
            ("/Invoices", {"Invoices": [sbx.invoice("W", Referenze="x")]}),
            ("/Payments", {"Payments": [{"Invoice": {"InvoiceID": "x"},
                                         "Amount": "much"}]}),
            ("/Payments", {"Payments": [{"Amount": 1, "Sum": 1}]}),
            ("/Contacts", {"Contacts": [{"Name": 5}]}),
            ("/Items", {"Items": [{"Code": "1234567890123456789012345678901"
                                   }]}))
        for path, body in bodies:
            status, text = self.xero.call(
                "PUT", path, json.dumps(body).encode(), head)
            self.assertEqual(status, 422, (path, body, text))
        end = time.time() + 5 # Prism's words come a little later
        while len(self.news(self.xero)) < len(bodies) and time.time() < end:
            time.sleep(0.05)
        self.assertEqual(len(self.news(self.xero)), len(bodies))
        self.forgive()


if __name__ == "__main__":
    unittest.main()
