# SPDX-License-Identifier: Apache-2.0
"""Deliveries as senders make them: taken in once, or refused by the rule."""
import http.client
import json
import os
import re
import socket
import time
import unittest

import errands
from errands import note
from webhook_case import SIZE, WebhookCase, pad


def eventbridge(body):
    return {"version": "0", "id": "e-1", "detail-type": "ORDER_CHANGE",
            "source": "aws.partner/sellingpartnerapi.amazon.com",
            "account": "1", "time": "2026-11-20T10:21:00Z",
            "region": "eu-west-1", "resources": [], "detail": body}


def record(body):
    return {"messageId": "m-1", "receiptHandle": "r-1",
            "body": json.dumps(body), "attributes": {},
            "eventSource": "aws:sqs", "awsRegion": "eu-west-1"}


class Taking(WebhookCase):
    def test_a_delivery_is_stored_before_it_is_answered(self):
        body = note(self.order(), ident="stored-1")
        reply = self.s.webhook(body)
        self.assertEqual(reply.status, 202, reply.body)
        self.assertEqual(reply.json, {"status": "stored"})
        self.assertEqual(len(self.seen("stored-1")), 1)
        found = self.wait_delivery("stored-1", "done")
        self.assertEqual(found["detail"], "1 events, 1 new runs")

    def test_duplicates_are_answered_alike_and_make_no_second_row(self):
        body = note(self.order(), ident="twice-1")
        replies = [self.s.webhook(body) for _ in range(10)]
        self.assertEqual({(r.status, r.body) for r in replies},
                         {(202, replies[0].body)})
        rows = self.seen("twice-1")
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0]["copies"], 9)

    def test_one_notification_in_other_wrappings_is_one_delivery(self):
        body = note(self.order(), ident="wrapped-1")
        for form in (body, eventbridge(body), record(body), [record(body)],
                     {"Records": [record(body)]}, [body],
                     [eventbridge(body)]):
            self.assertEqual(self.s.webhook(form).status, 202)
        rows = self.seen("wrapped-1")
        self.assertEqual(len(rows), 1, rows)
        self.assertEqual(rows[0]["copies"], 6)

    def test_each_wrapping_is_read_and_starts_its_run(self):
        for form in (lambda b: b, eventbridge, record, lambda b: [record(b)],
                     lambda b: {"Records": [record(b)]}, lambda b: [b],
                     lambda b: [eventbridge(b)]):
            order = self.order()
            ident = "form-" + order
            reply = self.s.webhook(form(note(order, ident=ident)))
            self.assertEqual(reply.status, 202)
            found = self.wait_delivery(ident, "done")
            self.assertEqual(found["detail"], "1 events, 1 new runs")
            keys = [r["key"] for r in self.s.runs()]
            self.assertIn(order + "/unshipped", [k.lower() for k in keys])

    def test_two_records_in_one_delivery_start_two_runs(self):
        pair = [note(self.order(), ident="pair-a"),
                note(self.order(), ident="pair-b")]
        before = len(self.s.runs())
        reply = self.s.webhook({"Records": [record(b) for b in pair]})
        self.assertEqual(reply.status, 202)
        for _ in range(200):
            if len(self.s.runs()) == before + 2:
                break
            time.sleep(0.03)
        self.assertEqual(len(self.s.runs()), before + 2)

    def test_a_body_without_notification_id_is_known_by_its_bytes(self):
        body = '{"NotificationType": "ORDER_CHANGE", "x": %d}' % os.getpid()
        before = len(self.s.deliveries())
        for _ in range(3):
            self.assertEqual(self.s.webhook(body).status, 202)
        self.assertEqual(self.s.webhook(body + " ").status, 202)
        self.assertEqual(len(self.s.deliveries()), before + 2)

    def test_malformed_json_is_stored_and_refused_with_its_place(self):
        reply = self.s.webhook('{"NotificationId": "broken-1",\n "x": tru}')
        self.assertEqual(reply.status, 202, reply.body)
        found = self.wait_delivery("broken-1", "refused")
        self.assertIn("data.bad_json", found["detail"])
        self.assertRegex(found["detail"], r" at .*2.*")
        listed = self.s.deliveries(state="refused")
        self.assertIn(found["id"], [d["id"] for d in listed])
        self.assertEqual({d["state"] for d in listed}, {"refused"})

    def test_json_of_another_kind_is_refused_later_and_shown(self):
        for n, text in enumerate(('[]', '{"a": 1}', '"text"', '17',
                                  '{"Records": []}')):
            reply = self.s.webhook(text + " " * (n + 1))
            self.assertEqual(reply.status, 202, text)
        for _ in range(200):
            if not self.s.deliveries(state="new"):
                break
            time.sleep(0.03)
        self.assertEqual(self.s.deliveries(state="new"), [])
        refused = [d["detail"] for d in self.s.deliveries(state="refused")]
        self.assertGreaterEqual(
            len([d for d in refused if "data.envelope" in d]), 5, refused)

    def test_deliveries_of_a_tenant_are_its_own(self):
        body = note(self.order(), ident="whose-1")
        self.assertEqual(self.s.webhook(body).status, 202)
        theirs = self.s.rest("GET", "/deliveries?limit=500",
                             key=self.s.key_of("other")).json["deliveries"]
        self.assertEqual([d for d in theirs if "whose-1" in d["delivery"]],
                         [])
        self.assertEqual(self.s.webhook(body, path="/hooks/other").status,
                         202)
        theirs = self.s.rest("GET", "/deliveries?limit=500",
                             key=self.s.key_of("other")).json["deliveries"]
        self.assertEqual(
            len([d for d in theirs if "whose-1" in d["delivery"]]), 1)
        self.assertEqual(self.seen("whose-1")[0]["copies"], 0)

    def test_odd_headers_do_not_hurt(self):
        body = note(self.order(), ident="odd-1")
        for headers in ({"traceparent": "x" * 4000},
                        {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16
                         + "-01"},
                        {"traceparent": "\xff\xfe"},
                        {"Content_Type": "application/json; charset=\xe9"},
                        {"Content_Type": "application/json;" + "a" * 3000}):
            self.assertEqual(self.s.webhook(body, **headers).status, 202)
        self.assertEqual(self.seen("odd-1")[0]["copies"], 4)


class Proving(WebhookCase):
    def test_the_secret_header_must_be_right(self):
        body = note(self.order(), ident="proof-1")
        right = self.s.secret
        for wrong in (right[:-1], right + "x", right.upper(), "x",
                      "x" * 5000):
            self.problem(self.s.webhook(body, secret=wrong), 401,
                         "auth.signature")
        reply = self.s.call("POST", "/hooks/acme", json.dumps(body),
                            {"Content-Type": "application/json"})
        self.problem(reply, 401, "auth.signature")
        self.assertEqual(self.seen("proof-1"), [])
        self.assertEqual(self.s.webhook(body).status, 202)

    def test_nothing_is_parsed_before_the_proof(self):
        for text in ('{"broken', "", "\x00", "[" * 100000):
            self.problem(self.s.webhook(text, secret="wrong"), 401,
                         "auth.signature")

    def test_two_secrets_are_good_while_one_is_changed(self):
        body = note(self.order(), ident="turn-1")
        path = "/hooks/turning"
        self.assertEqual(self.s.webhook(body, path=path).status, 202)
        self.assertEqual(self.s.webhook(body, secret=errands.OLD_SECRET,
                                        path=path).status, 202)
        self.problem(self.s.webhook(body, secret="neither", path=path), 401,
                     "auth.signature")
        self.problem(self.s.webhook(body, secret=errands.OLD_SECRET), 401,
                     "auth.signature")

    def test_a_signature_is_over_the_exact_bytes(self):
        text = json.dumps(note(self.order(), ident="signed-1"))
        good = self.s.sign(text)

        def send(body, signature):
            return self.s.call("POST", "/hooks/signed", body, {
                "Content-Type": "application/json",
                "X-Signature": signature})

        self.assertEqual(send(text, good).status, 202)
        self.problem(send(text + " ", good), 401, "auth.signature")
        self.problem(send(text.replace(": ", ":"), good), 401,
                     "auth.signature")
        self.problem(send(text, self.s.sign(text + "x")), 401,
                     "auth.signature")
        self.problem(send(text, "zz"), 401, "auth.signature")
        self.problem(send(text, ""), 401, "auth.signature")
        self.problem(self.s.webhook(text, path="/hooks/signed"), 401,
                     "auth.signature")

    def test_refusals_are_counted_and_no_secret_is_logged(self):
        def failures():
            text = self.s.call("GET", "/amzxero/metrics").body
            return sum(int(n) for n in re.findall(
                r'amzxero_webhook_verify_failures_total\{[^}]*\} (\d+)',
                text))

        before = failures()
        self.s.webhook("{}", secret="a-wrong-secret-in-a-test")
        self.assertEqual(failures(), before + 1)
        log = self.s.log()
        self.assertIn("AMZX1310", log)
        self.assertNotIn("a-wrong-secret-in-a-test", log)
        self.assertNotIn(self.s.secret, log)


class Framing(WebhookCase):
    options = {"lines": ["LoadModule reqtimeout_module %s/"
                         "mod_reqtimeout.so" % errands.modules(),
                         "RequestReadTimeout body=1"]}

    def head(self, path="/hooks/acme", *lines, kind="application/json"):
        return "\r\n".join(
            ["POST %s HTTP/1.1" % path, "Host: t", "Connection: close",
             "X-Amzxero-Secret: " + self.s.secret, "Content-Type: " + kind]
            + list(lines) + ["", ""]).encode()

    def status(self, answer):
        found = re.match(r"HTTP/1\.1 (\d+)", answer)
        return int(found.group(1)) if found else answer

    def chunked(self, text, size=700):
        data = text.encode()
        out = b""
        for at in range(0, len(data), size):
            piece = data[at:at + size]
            out += b"%x\r\n%s\r\n" % (len(piece), piece)
        return out + b"0\r\n\r\n"

    def test_bodies_to_the_cap_are_taken_and_beyond_refused(self):
        body = note(self.order(), ident="cap-1")
        self.assertEqual(self.s.webhook(pad(body, SIZE)).status, 202)
        self.problem(self.s.webhook(pad(body, SIZE + 1)), 413, "limit.size")
        small = '{"NotificationId": "cap-2"}'.ljust(1000)
        self.assertEqual(self.s.webhook(small, path="/hooks/small").status,
                         202)
        self.problem(self.s.webhook(small + " ", path="/hooks/small"), 413,
                     "limit.size")

    def test_chunked_bodies_have_the_same_cap(self):
        head = self.head("/hooks/small", "Transfer-Encoding: chunked")
        good = '{"NotificationId": "chunk-1"}'.ljust(1000)
        self.assertEqual(self.status(self.s.raw(head + self.chunked(good))),
                         202)
        self.assertEqual(
            self.status(self.s.raw(head + self.chunked(good + " "))), 413)
        self.assertEqual(self.status(self.s.raw(
            head + self.chunked(good, size=1))), 202)
        self.assertEqual(self.seen("chunk-1")[0]["copies"], 1)

    def test_an_endless_body_is_cut_at_the_cap(self):
        head = self.head("/hooks/small", "Transfer-Encoding: chunked")
        flood = head + b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        self.assertEqual(self.status(self.s.raw(flood * 1)), 413)

    def test_broken_chunks_are_a_bad_request(self):
        head = self.head("/hooks/acme", "Transfer-Encoding: chunked")
        for tail in (b"zz\r\nabc\r\n", b"-5\r\nabc", b"ffffffffffffffffff"
                     b"\r\n"):
            self.assertIn(self.status(self.s.raw(head + tail)), (400, 413))
        self.assertEqual(self.status(self.s.raw(self.head(
            "/hooks/acme", "Content-Length: nine") + b"{}")), 400)
        self.assertEqual(self.status(self.s.raw(self.head(
            "/hooks/acme", "Content-Length: -1") + b"{}")), 400)
        self.assertEqual(self.status(self.s.raw(self.head(
            "/hooks/acme", "Content-Length: 99999999999999999999")
            + b"{}")), 400)

    def test_an_announced_giant_is_refused_before_it_is_sent(self):
        start = time.time()
        answer = self.s.raw(self.head("/hooks/acme",
                                      "Content-Length: 5000000000"))
        self.assertEqual(self.status(answer), 413)
        self.assertIn("limit.size", answer)
        self.assertLess(time.time() - start, 5)

    def test_other_types_and_codings_are_not_taken(self):
        body = json.dumps(note(self.order()))
        for kind in ("application/xml", "multipart/form-data; boundary=x",
                     "application/x-www-form-urlencoded",
                     "application/jsonx", "application/octet-stream"):
            self.problem(self.s.webhook(body, Content_Type=kind), 415,
                         "media_type")
        for coding in ("gzip", "br", "deflate"):
            self.problem(self.s.webhook(body, Content_Encoding=coding), 415,
                         "media_type")
        for kind in ("application/json", "Application/JSON; charset=utf-8",
                     "text/plain; charset=UTF-8",
                     "application/cloudevents+json",
                     "application/x-amz-json-1.1"):
            self.assertEqual(self.s.webhook(body, Content_Type=kind).status,
                             202, kind)
        self.assertEqual(self.s.webhook(body,
                                        Content_Encoding="identity").status,
                         202)

    def test_only_post_is_allowed(self):
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            reply = self.s.call(method, "/hooks/acme", None,
                                {"X-Amzxero-Secret": self.s.secret})
            self.problem(reply, 405, "method")
            self.assertEqual(reply.headers["Allow"], "POST")
        reply = self.s.call("HEAD", "/hooks/acme")
        self.assertEqual((reply.status, reply.body), (405, ""))
        reply = self.s.call("PUT", "/hooks/acme", "x" * 200000)
        self.problem(reply, 405, "method")

    def test_what_is_no_text_is_a_bad_request(self):
        for data in (b"", b'{"a": "\x00"}', b'{"a": "\xff"}',
                     b'{"a": "\xc0\xaf"}', b'{"a": "\xed\xa0\x80"}'):
            c = http.client.HTTPConnection("127.0.0.1", self.s.port,
                                           timeout=10)
            c.request("POST", "/hooks/acme", data,
                      {"X-Amzxero-Secret": self.s.secret,
                       "Content-Type": "application/json"})
            r = c.getresponse()
            text = json.loads(r.read())
            c.close()
            self.assertEqual((r.status, text["code"]), (400, "data.body"),
                             data)

    def test_100_continue_is_said_before_the_body(self):
        text = '{"NotificationId": "continue-1"}'
        head = self.head("/hooks/acme", "Expect: 100-continue",
                         "Content-Length: %d" % len(text))
        answer = self.s.raw(head, then=text.encode())
        self.assertTrue(answer.startswith("HTTP/1.1 100 Continue"), answer)
        self.assertIn("HTTP/1.1 202", answer)

    def test_nobody_is_asked_to_send_a_body_that_is_refused(self):
        for path, kind, status in (("/hooks/acme", "image/png", 415),
                                   ("/hooks/small", "application/json", 413)):
            head = self.head(path, "Expect: 100-continue",
                             "Content-Length: 100000", kind=kind)
            answer = self.s.raw(head)
            self.assertEqual(self.status(answer), status)
            self.assertNotIn("100 Continue", answer)

    def test_a_slow_body_times_out(self):
        start = time.time()
        answer = self.s.raw(self.head("/hooks/acme", "Content-Length: 50")
                            + b'{"Notif')
        self.assertIn(self.status(answer), (408, 400), answer)
        self.assertLess(time.time() - start, 8)

    def test_a_sender_that_goes_away_leaves_nothing(self):
        before = len(self.s.deliveries())
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", self.s.port)) as c:
                c.sendall(self.head("/hooks/acme", "Content-Length: 50")
                          + b'{"NotificationId": "gone"')
        time.sleep(0.2)
        self.assertEqual(len(self.s.deliveries()), before)
        self.assertEqual(self.s.errors(), [])

    def test_pipelined_deliveries_are_each_answered(self):
        one = '{"NotificationId": "pipe-1"}'
        two = '{"NotificationId": "pipe-2"}'
        head = self.head("/hooks/acme", "Content-Length: %d" % len(one))
        alive = head.replace(b"Connection: close\r\n", b"")
        answer = self.s.raw(alive + one.encode() + head + two.encode())
        self.assertEqual(answer.count("HTTP/1.1 202"), 2, answer)
        self.assertEqual(len(self.seen("pipe-")), 2)


if __name__ == "__main__":
    unittest.main()
