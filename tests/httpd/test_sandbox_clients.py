# SPDX-License-Identifier: Apache-2.0
"""The sandbox before clients nobody here wrote, and before the official
OpenAPI files."""
import json
import os
import subprocess
import unittest

import node_tools
from sandbox_server import ORDER, TENANT, SandboxCase, invoice


class ClientTest(SandboxCase):
    def run_tests(self, name):
        place = node_tools.install()
        env = dict(os.environ, SANDBOX_URL="http://127.0.0.1:%d/sandbox"
                   % self.s.port)
        done = subprocess.run(["node", "--test", name + ".test.mjs"],
                              cwd=place, env=env, capture_output=True,
                              text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("# pass ", done.stdout)
        self.assertNotIn("# pass 0", done.stdout)

    def test_amazon_sp_api(self):
        self.run_tests("amazon-sp-api")

    def test_xero_node(self):
        self.run_tests("xero-node")


class OpenApiTest(SandboxCase):
    def test_amazons_answers_are_what_the_model_says(self):
        model = node_tools.spec("amazon", "orders_2026-01-01.json")
        self.s.admin("POST", "/settings", {"amazonLimits": 0})
        self.s.admin("POST", "/amazon/orders", {"generate": {
            "count": 40, "seed": 2, "marketplace": "ATVPDKIKX0DER",
            "mix": {"pending": 10, "cancelled": 10, "b2b": 30,
                    "promotion": 50, "giftWrap": 50}}})
        head = {"x-amz-access-token": self.s.lwa().json["access_token"],
                "Accept": "application/json", "User-Agent": "test/1.0"}
        every = ("BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,"
                 "FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS")
        base = "/orders/2026-01-01/orders"
        with node_tools.Prism(model, "http://127.0.0.1:%d/sandbox/amazon"
                              % self.s.port) as prism:
            for path, status in (
                    (base + "/" + ORDER, 200),
                    (base + "/" + ORDER + "?includedData=" + every, 200),
                    (base + "?createdAfter=2026-10-01T00:00:00Z"
                     "&includedData=" + every, 200),
                    (base + "?lastUpdatedAfter=2026-10-01T00:00:00Z"
                     "&maxResultsPerPage=7", 200),
                    (base + "/nonsense", 400),
                    (base + "/026-0000000-0000000", 404)):
                got, text = prism.call("GET", path, None, head)
                self.assertEqual(got, status, path + ": " + text[:2000])
            head["x-amz-access-token"] = "Atza|no"
            got, text = prism.call("GET", base + "/" + ORDER, None, head)
            self.assertEqual(got, 403, text[:2000])

    def steps(self, call):
        """Writes and reads of each resource through the proxy."""
        contact = call("PUT", "/Contacts?summarizeErrors=false", {
            "Contacts": [{"Name": "Prism", "EmailAddress": "p@example.org",
                          "Addresses": [{"AddressType": "STREET",
                                         "City": "Bath"}]}]})
        ref = {"ContactID": contact["Contacts"][0]["ContactID"]}
        made = call("PUT", "/Invoices?summarizeErrors=false&unitdp=4", {
            "Invoices": [invoice("V-1", Contact=ref),
                         invoice("V-2", Contact=ref, Status="DRAFT"),
                         invoice("V-3", Contact=ref, DueDate="2026-11-01",
                                 CurrencyCode="EUR")]})
        one = made["Invoices"][0]["InvoiceID"]
        call("PUT", "/Invoices", {"Invoices": [invoice(
            "V-1", Contact=ref)]}, 400)
        call("POST", "/Invoices/" + one, {"Invoices": [
            {"InvoiceID": one, "Reference": "changed"}]})
        paid = call("PUT", "/Payments", {"Payments": [{
            "Invoice": {"InvoiceID": one}, "Account": {"Code": "090"},
            "Date": "2026-11-20", "Amount": 120, "Reference": "V-1"}]})
        call("GET", "/Invoices/" + one)
        for query in ("", "?page=1&pageSize=2", "?summaryOnly=true",
                      "?InvoiceNumbers=V-1,V-2"):
            call("GET", "/Invoices" + query)
        call("GET", "/Payments")
        payment = paid["Payments"][0]["PaymentID"]
        call("GET", "/Payments/" + payment)
        call("POST", "/Payments/" + payment, {"Status": "DELETED"})
        call("GET", "/Invoices/" + one)
        call("POST", "/Invoices/" + one, {"Invoices": [
            {"InvoiceID": one, "Status": "VOIDED"}]})
        call("PUT", "/Items?summarizeErrors=false",
             {"Items": [{"Code": "V-ITEM", "Name": "Item"}]})
        for path in ("/Items", "/Contacts", "/Accounts", "/TaxRates",
                     "/TrackingCategories", "/Currencies", "/Organisation"):
            call("GET", path)

    def test_xeros_answers_are_what_the_openapi_says(self):
        document = node_tools.spec("xero", "xero_accounting.yaml")
        self.s.admin("POST", "/settings", {"xeroLimits": 0})
        head = {"Authorization": "Bearer " + self.s.token,
                "xero-tenant-id": TENANT, "Accept": "application/json"}
        with node_tools.Prism(
                document, "http://127.0.0.1:%d/sandbox/xero/api.xro/2.0"
                % self.s.port) as prism:
            def call(method, path, body=None, wanted=200):
                sent = dict(head)
                if body is not None:
                    sent["Content-Type"] = "application/json"
                    body = json.dumps(body).encode()
                status, text = prism.call(method, path, body, sent)
                self.assertEqual(status, wanted, "%s %s: %s"
                                 % (method, path, text[:3000]))
                return json.loads(text)
            self.steps(call)


if __name__ == "__main__":
    unittest.main()
