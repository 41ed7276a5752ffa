# SPDX-License-Identifier: Apache-2.0
"""What tests of the REST endpoint share."""
import time

from errands import ErrandCase


class RestCase(ErrandCase):
    counter = 0

    def who(self):
        RestCase.counter += 1
        return "Person %d" % RestCase.counter

    def problem(self, reply, status, code, place=None):
        """An RFC 9457 document that says what is the matter."""
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(reply.headers["Content-Type"],
                         "application/problem+json")
        self.assertEqual(reply.headers["Cache-Control"], "no-store")
        p = reply.json
        self.assertEqual(p["status"], status)
        self.assertEqual(p["code"], code, reply.body)
        self.assertEqual(p["type"], "urn:amzxero:problem:" + code)
        self.assertTrue(p["title"] and p["detail"])
        if place is not None:
            self.assertEqual(p.get("place"), place)

    def start(self, how="straight", **more):
        reply = self.s.start_run(dict({"who": self.who(), "how": how},
                                      **more))
        self.assertEqual(reply.status, 202, reply.body)
        return reply.json["id"]

    def wait(self, ident, *states):
        for _ in range(300):
            run = self.s.rest("GET", "/runs/" + ident).json
            if run["state"] in states:
                return run
            time.sleep(0.02)
        self.fail("run is %s, not %s" % (run, states))
