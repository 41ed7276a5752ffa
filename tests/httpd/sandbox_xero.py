# SPDX-License-Identifier: Apache-2.0
"""What tests of the sandbox's Xero share."""
from sandbox_server import SandboxCase, invoice

ZERO = "00000000-0000-0000-0000-000000000000"


class XeroCase(SandboxCase):
    def setUp(self):
        self.s.reset(xeroLimits=0)
        self.token = self.s.token

    def xero(self, method, path, body=None, **headers):
        return self.s.xero(method, path, body, self.token,
                           {k.replace("_", "-"): v
                            for k, v in headers.items()})

    def put(self, *docs, query="?summarizeErrors=false&unitdp=4"):
        return self.xero("PUT", "/Invoices" + query,
                         {"Invoices": list(docs)})

    def created(self, *args, **more):
        r = self.put(invoice(*args, **more))
        self.assertEqual(r.status, 200, r.body)
        doc = r.json["Invoices"][0]
        self.assertEqual(doc["StatusAttributeString"], "OK", r.body)
        return doc

    def refused(self, text, *args, **more):
        """The element is refused with a message; nothing was saved."""
        r = self.put(invoice(*args, **more))
        self.assertEqual(r.status, 200, r.body)
        doc = r.json["Invoices"][0]
        self.assertEqual(doc["StatusAttributeString"], "ERROR", r.body)
        self.assertTrue(doc["HasErrors"])
        self.assertEqual(doc["InvoiceID"], ZERO)
        self.assertIn(text, [e["Message"] for e in doc["ValidationErrors"]])
        return doc

    def post(self, path, **doc):
        return self.xero("POST", path, doc)

    def pay(self, doc, amount, **more):
        payment = {"Invoice": {"InvoiceID": doc["InvoiceID"]},
                   "Account": {"Code": "090"}, "Date": "2026-11-20",
                   "Amount": amount, "Reference": "ref"}
        payment.update(more)
        return self.xero("PUT", "/Payments?summarizeErrors=false",
                         {"Payments": [payment]})

    def message(self, reply):
        """The messages of a 400 of a single element."""
        self.assertEqual(reply.status, 400, reply.body)
        self.assertEqual(reply.json["ErrorNumber"], 10)
        self.assertEqual(reply.json["Type"], "ValidationException")
        return [e["Message"]
                for e in reply.json["Elements"][0]["ValidationErrors"]]


def line(**more):
    one = {"Description": "Kettle", "Quantity": 1, "UnitAmount": 10,
           "AccountCode": "200", "TaxType": "OUTPUT2"}
    one.update(more)
    return one
