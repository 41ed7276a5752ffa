# SPDX-License-Identifier: Apache-2.0
"""What tests of deliveries share: order numbers, waiting, problems."""
import json
import os
import time

from errands import ErrandCase

SIZE = 256 * 1024


def pad(body, size):
    """The same notification, blown up to exactly so many bytes."""
    text = json.dumps(body)
    return text + " " * (size - len(text))


class WebhookCase(ErrandCase):
    counter = 0

    def order(self):
        WebhookCase.counter += 1
        return "026-%07d-%07d" % (os.getpid(), WebhookCase.counter)

    def seen(self, text):
        """Deliveries of which the id holds this text."""
        return [d for d in self.s.deliveries() if text in d["delivery"]]

    def wait_delivery(self, text, state):
        for _ in range(200):
            found = [d for d in self.seen(text) if d["state"] == state]
            if found:
                return found[0]
            time.sleep(0.03)
        self.fail("no delivery %s in state %s: %s" % (
            text, state, self.seen(text)))

    def problem(self, reply, status, code):
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(reply.headers["Content-Type"],
                         "application/problem+json")
        self.assertEqual(reply.json["code"], code, reply.body)
        self.assertEqual(reply.json["status"], status)
