# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Xero gateway: tokens, tenants, limits, idempotency, faults,
and that the state outlives a killed server on every MPM."""
import http.client
import threading
import time
import unittest

from sandbox_server import (CUSTOM_ID, CUSTOM_SECRET, ORDER, TENANT, WEB_ID,
                            WEB_REFRESH, SandboxCase, SandboxServer,
                            find_httpd, find_module, invoice)


class IdentityTest(SandboxCase):
    def refresh(self, token):
        return self.s.xero_token({"grant_type": "refresh_token",
                                  "refresh_token": token})

    def test_refresh_tokens_rotate_with_half_an_hour_of_grace(self):
        first = self.refresh(WEB_REFRESH)
        self.assertEqual(first.status, 200)
        self.assertEqual(first.json["expires_in"], 1800)
        self.assertNotEqual(first.json["refresh_token"], WEB_REFRESH)
        again = self.refresh(WEB_REFRESH)
        self.assertEqual(again.status, 200)
        self.assertEqual(self.refresh(first.json["refresh_token"]).status,
                         200)
        self.s.admin("POST", "/clock", {"advanceSeconds": 1801})
        dead = self.refresh(WEB_REFRESH)
        self.assertEqual((dead.status, dead.json["error"]),
                         (400, "invalid_grant"))
        self.assertEqual(self.refresh(again.json["refresh_token"]).status,
                         200)

    def test_bad_clients_and_scopes(self):
        r = self.s.xero_token(secret="wrong")
        self.assertEqual((r.status, r.json["error"]),
                         (400, "invalid_client"))
        grant = {"grant_type": "client_credentials"}
        r = self.s.xero_token(grant)
        self.assertEqual(r.json["error"], "unauthorized_client")
        grant["scope"] = "accounting.invoices finance.everything"
        r = self.s.xero_token(grant, CUSTOM_ID, CUSTOM_SECRET)
        self.assertEqual(r.json["error"], "invalid_scope")

    def test_a_custom_connection_has_no_refresh_token(self):
        r = self.s.xero_token({"grant_type": "client_credentials"},
                              CUSTOM_ID, CUSTOM_SECRET)
        self.assertEqual(r.status, 200)
        self.assertNotIn("refresh_token", r.json)
        r = self.s.xero("GET", "/Organisation", None,
                        r.json["access_token"], {"xero-tenant-id": None})
        self.assertEqual(r.status, 200)

    def test_connections_are_listed_and_deleted(self):
        token = self.refresh(WEB_REFRESH).json["access_token"]
        head = {"Authorization": "Bearer " + token}
        r = self.s.call("GET", "/xero/connections", None, head)
        self.assertEqual(r.json[0]["tenantId"], TENANT)
        self.assertEqual(self.s.call(
            "DELETE", "/xero/connections/" + TENANT, None, head).status, 403)
        self.assertEqual(self.s.call(
            "DELETE", "/xero/connections/" + r.json[0]["id"], None,
            head).status, 204)
        r = self.s.xero("GET", "/Organisation", None, token)
        self.assertEqual((r.status, r.json["Detail"]),
                         (403, "AuthenticationUnsuccessful"))

    def test_revocation_ends_everything(self):
        pair = self.refresh(WEB_REFRESH).json
        import base64
        basic = base64.b64encode((WEB_ID + ":sandbox-web-secret").encode())
        r = self.s.form("/xero/identity/connect/revocation",
                        {"token": pair["refresh_token"]},
                        {"Authorization": "Basic " + basic.decode()})
        self.assertEqual((r.status, r.body), (200, ""))
        self.assertEqual(self.refresh(pair["refresh_token"]).status, 400)
        self.assertEqual(
            self.s.xero("GET", "/Organisation", None,
                        pair["access_token"]).status, 401)


class GatewayTest(SandboxCase):
    def test_tokens_tenants_and_scopes(self):
        token = self.s.token
        call = self.s.xero
        r = call("GET", "/Accounts", None, "nonsense")
        self.assertEqual((r.status, r.json["Detail"]),
                         (401, "AuthenticationUnsuccessful"))
        for tenant in ("11111111-2222-3333-4444-555555555555", "x"):
            r = call("GET", "/Accounts", None, token,
                     {"xero-tenant-id": tenant})
            self.assertEqual((r.status, r.json["Title"]),
                             (403, "Forbidden"))
        narrow = self.s.xero_token(
            {"grant_type": "client_credentials",
             "scope": "accounting.contacts"}, CUSTOM_ID,
            CUSTOM_SECRET).json["access_token"]
        self.assertEqual(call("GET", "/Contacts", None, narrow).status, 200)
        r = call("GET", "/Invoices", None, narrow)
        self.assertEqual((r.status, r.json["Detail"]),
                         (401, "AuthorizationUnsuccessful"))
        self.assertEqual(set(self.breaches()),
                         {"xero.bad-token", "xero.bad-tenant",
                          "xero.scope-missing"})

    def test_the_web_client_needs_the_tenant_header(self):
        token = self.s.xero_token().json["access_token"]
        r = self.s.xero("GET", "/Accounts", None, token,
                        {"xero-tenant-id": None})
        self.assertEqual(r.status, 403)

    def test_an_expired_token_says_so(self):
        token = self.s.token
        self.s.admin("POST", "/tokens/expire", {"peer": "xero"})
        r = self.s.xero("GET", "/Accounts", None, token)
        self.assertEqual(r.status, 401)
        self.assertTrue(r.json["Detail"].startswith("TokenExpired"))
        self.assertEqual(self.s.xero("GET", "/Accounts").status, 200)
        self.assertEqual(self.breaches(), [])

    def test_every_answer_has_the_limit_headers(self):
        r = self.s.xero("GET", "/Accounts")
        for name in ("X-DayLimit-Remaining", "X-MinLimit-Remaining",
                     "X-AppMinLimit-Remaining", "Xero-Correlation-Id"):
            self.assertTrue(r.headers[name], name)

    def test_without_accept_the_answer_is_xml(self):
        token = self.s.token
        r = self.s.xero("GET", "/Currencies", None, token, {"Accept": None})
        self.assertTrue(r.headers["Content-Type"].startswith("text/xml"))
        self.assertIn("<Currencies><Currencie>", r.body.replace(
            "<Currency>", "<Currencie>"))
        self.assertIn("xero.accept-not-json", self.breaches())

    def test_a_write_needs_a_json_content_type(self):
        r = self.s.xero("PUT", "/Contacts", '{"Name":"x"}')
        self.assertEqual(r.status, 415)

    def test_the_admin_api_and_the_page(self):
        self.s.xero("PUT", "/Contacts", {"Name": "A & \"B\" 'C'"})
        page = self.s.call("GET", "/")
        self.assertIn("A &amp; &quot;B&quot; &#39;C&#39;", page.body)
        self.assertNotIn("<script", page.body)
        state = self.s.call("GET", "/", None,
                            {"Accept": "application/json"}).json
        self.assertEqual(len(state["contacts"]), 4)
        r = self.s.call("POST", "/admin/reset", {"seed": "nowhere"})
        self.assertEqual(r.status, 400)
        self.assertEqual(self.s.call("GET", "/admin/nothing").status, 404)

    def test_an_oversized_body_is_413(self):
        r = self.s.xero("PUT", "/Contacts", "x" * (10 * 1024 * 1024 + 1),
                        None, {"Content-Type": "application/json"})
        self.assertEqual(r.status, 413)


class LimitTest(SandboxCase):
    def test_the_sixty_first_call_of_a_minute_is_429(self):
        token = self.s.token
        statuses = [self.s.xero("GET", "/Currencies", None, token).status
                    for _ in range(60)]
        r = self.s.xero("GET", "/Currencies", None, token)
        # The window may have turned once on the way.
        if r.status == 200:
            for _ in range(60):
                r = self.s.xero("GET", "/Currencies", None, token)
                if r.status == 429:
                    break
        self.assertEqual(statuses[0], 200)
        self.assertEqual(r.status, 429)
        self.assertEqual(r.headers["X-Rate-Limit-Problem"], "minute")
        wait = int(r.headers["Retry-After"])
        self.assertTrue(0 < wait <= 60)
        self.assertIn("xero.over-limit", self.breaches())
        self.s.admin("POST", "/clock", {"advanceSeconds": wait})
        r = self.s.xero("GET", "/Currencies", None, token)
        self.assertEqual(r.status, 200)
        limits = self.s.admin("GET", "/violations")["limits"][0]
        self.assertLessEqual(limits["minuteMax"], 60)

    def test_calling_during_retry_after_is_a_breach(self):
        self.s.admin("POST", "/settings", {"xeroMinute": 1})
        token = self.s.token
        for _ in range(3):
            r = self.s.xero("GET", "/Currencies", None, token)
        self.assertEqual(r.status, 429)
        self.assertNotIn("xero.ignored-retry-after", self.breaches())
        if int(r.headers["Retry-After"]) > 3:
            self.s.admin("POST", "/clock", {"advanceSeconds": 2})
            self.s.xero("GET", "/Currencies", None, token)
            self.assertIn("xero.ignored-retry-after", self.breaches())

    def test_the_day_limit(self):
        self.s.admin("POST", "/settings", {"xeroDay": 1})
        token = self.s.token
        r = self.s.xero("GET", "/Currencies", None, token)
        self.assertEqual(r.headers["X-DayLimit-Remaining"], "0")
        r = self.s.xero("GET", "/Currencies", None, token)
        self.assertEqual((r.status, r.headers["X-Rate-Limit-Problem"]),
                         (429, "day"))
        self.assertGreater(int(r.headers["Retry-After"]), 0)

    def test_five_calls_in_progress_and_no_more(self):
        self.s.admin("POST", "/settings", {"latencyMs": 700})
        token = self.s.token
        replies = []

        def one():
            replies.append(self.s.xero("GET", "/Currencies", None, token))
        threads = [threading.Thread(target=one) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        bad = [r for r in replies if r.status == 429]
        self.assertEqual(len(bad), 3)
        for r in bad:
            self.assertEqual(r.headers["X-Rate-Limit-Problem"], "concurrent")
            self.assertIsNone(r.headers["Retry-After"])
        limits = self.s.admin("GET", "/violations")["limits"][0]
        self.assertEqual((limits["inFlightMax"], limits["inFlight"]), (5, 0))

    def test_limits_can_be_switched_off(self):
        self.s.admin("POST", "/settings", {"xeroLimits": 0})
        token = self.s.token
        got = {self.s.xero("GET", "/Currencies", None, token).status
               for _ in range(70)}
        self.assertEqual(got, {200})


class IdempotencyTest(SandboxCase):
    def put(self, doc, key, path="/Invoices", **more):
        return self.s.xero("PUT", path, {"Invoices": [doc]}, self.token,
                           {"Idempotency-Key": key})

    def setUp(self):
        super().setUp()
        self.token = self.s.token

    def test_a_replay_gets_the_same_answer_and_books_once(self):
        one = self.put(invoice("K-1"), "key-1")
        two = self.put(invoice("K-1"), "key-1")
        self.assertEqual(one.body, two.body)
        self.assertNotEqual(one.headers["Xero-Correlation-Id"],
                            two.headers["Xero-Correlation-Id"])
        self.assertEqual(len(self.s.admin("GET", "/state")["invoices"]), 1)

    def test_errors_are_replayed_too(self):
        bad = invoice("K-2", DueDate=None)
        one = self.put(bad, "key-2")
        self.assertEqual(one.status, 400)
        self.assertEqual(self.put(bad, "key-2").body, one.body)
        text = "Idempotency Key: key-2 is used with a different request."
        r = self.put(invoice("K-2"), "key-2")
        self.assertEqual((r.status, r.json["Message"]), (400, text))
        self.assertEqual(self.breaches(), ["xero.key-reused"])
        self.assertEqual(self.put(invoice("K-2"), "key-2b").status, 200)

    def test_another_url_or_method_is_another_request(self):
        self.put(invoice("K-3"), "key-3")
        r = self.put(invoice("K-3"), "key-3", "/Invoices?unitdp=4")
        self.assertEqual(r.status, 400)
        r = self.s.xero("POST", "/Invoices", {"Invoices": [invoice("K-3")]},
                        self.token, {"Idempotency-Key": "key-3"})
        self.assertIn("different request", r.json["Message"])

    def test_after_six_minutes_the_key_is_forgotten(self):
        self.put(invoice("K-4"), "key-4")
        self.s.admin("POST", "/clock", {"advanceSeconds": 361})
        r = self.put(invoice("K-4"), "key-4")
        self.assertEqual(r.status, 400)
        self.assertEqual(r.json["Elements"][0]["ValidationErrors"][0][
            "Message"], "Invoice # must be unique.")

    def test_limits_come_before_the_store(self):
        self.put(invoice("K-5"), "key-5")
        self.s.admin("POST", "/settings", {"xeroDay": 1})
        self.assertEqual(self.put(invoice("K-5"), "key-5").status, 429)

    def test_a_key_has_128_characters_at_most(self):
        self.assertEqual(self.put(invoice("K-6"), "k" * 129).status, 400)
        self.assertEqual(self.put(invoice("K-6"), "k" * 128).status, 200)

    def test_the_same_key_in_parallel_is_a_breach_and_books_once(self):
        self.s.admin("POST", "/settings", {"latencyMs": 400})
        threads = [threading.Thread(target=self.put, args=(invoice("K-7"),
                                                           "key-7"))
                   for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(self.s.admin("GET", "/state")["invoices"]), 1)
        self.assertIn("xero.key-in-parallel", self.breaches())


class FaultTest(SandboxCase):
    def fault(self, kind, **more):
        rule = {"kind": kind, "match": {"peer": "xero", "method": "PUT"},
                "times": 1}
        rule.update(more)
        self.s.admin("POST", "/faults", [rule])

    def put(self, number, timeout=10):
        return self.s.xero("PUT", "/Invoices",
                           {"Invoices": [invoice(number)]},
                           timeout=timeout)

    def count(self):
        return len(self.s.admin("GET", "/state")["invoices"])

    def test_limits_of_each_kind(self):
        for kind in ("minute", "day", "concurrent"):
            self.fault("429-" + kind, retryAfter=7)
            r = self.put("Z-1")
            self.assertEqual((r.status, r.headers["X-Rate-Limit-Problem"]),
                             (429, kind))
            self.assertEqual(r.headers["Retry-After"],
                             None if kind == "concurrent" else "7")
        self.assertEqual(self.count(), 0)
        self.assertEqual(self.put("Z-1").status, 200)

    def test_amazons_429_and_503(self):
        path = "/orders/2026-01-01/orders/" + ORDER
        for kind, status in (("429-amazon", 429), ("503", 503), ("500", 500)):
            self.s.admin("POST", "/faults", {"faults": [
                {"kind": kind, "match": {"op": "amazon.getOrder"},
                 "times": 1}]})
            r = self.s.amazon(path)
            self.assertEqual(r.status, status)
            self.assertTrue(r.json["errors"][0]["code"])
        self.assertEqual(self.s.amazon(path).status, 200)

    def test_server_errors_before_and_after_the_work(self):
        for kind in ("500", "502", "503"):
            self.fault(kind)
            self.assertEqual(self.put("Z-2").status, int(kind))
        self.assertEqual(self.count(), 0)
        self.fault("500", when="after")
        self.assertEqual(self.put("Z-2").status, 500)
        self.assertEqual(self.count(), 1)

    def lost(self, number):
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.put(number)

    def test_a_lost_request_and_a_lost_reply(self):
        self.fault("timeout-before", ms=50)
        self.lost("Z-3")
        self.assertEqual(self.count(), 0)
        self.fault("timeout-after", ms=50)
        self.lost("Z-3")
        self.assertEqual(self.count(), 1)

    def test_a_reset_in_the_middle_of_the_body(self):
        self.fault("reset-mid-body")
        self.lost("Z-4")
        self.assertEqual(self.count(), 1)

    def test_truncated_json_and_a_wrong_type(self):
        self.fault("truncated-json")
        r = self.put("Z-5")
        self.assertEqual(r.status, 200)
        with self.assertRaises(ValueError):
            r.json
        self.fault("wrong-content-type")
        r = self.put("Z-6")
        self.assertTrue(r.headers["Content-Type"].startswith("text/html"))
        self.assertEqual(self.count(), 2)

    def test_a_slow_answer(self):
        self.fault("slow", ms=600)
        start = time.monotonic()
        self.put("Z-7")
        self.assertGreater(time.monotonic() - start, 0.55)

    def test_skip_times_and_counters(self):
        self.fault("503", skip=1, times=2)
        got = [self.put("Z-%d" % (10 + i)).status for i in range(5)]
        self.assertEqual(got, [200, 503, 503, 200, 200])
        shown = self.s.admin("GET", "/faults")["faults"][0]
        self.assertEqual((shown["seen"], shown["fired"]), (5, 2))
        self.s.admin("DELETE", "/faults")
        self.assertEqual(self.s.admin("GET", "/faults")["faults"], [])

    def test_probability_follows_the_seed(self):
        def run(seed):
            self.s.reset()
            self.fault("503", times=0, probability="0.5", seed=seed)
            return [self.put("Y-%d" % i).status for i in range(12)]
        first = run(1)
        self.assertEqual(first, run(1))
        self.assertIn(503, first)
        self.assertIn(200, first)

    def test_paths_match_by_prefix_or_pattern(self):
        self.s.admin("POST", "/faults", [
            {"kind": "503", "match": {"path": "*/Currencies"}}])
        self.assertEqual(self.s.xero("GET", "/Currencies").status, 503)
        self.assertEqual(self.s.xero("GET", "/Accounts").status, 200)

    def test_an_unknown_kind_is_refused(self):
        r = self.s.call("POST", "/admin/faults", [{"kind": "meteor"}])
        self.assertEqual(r.status, 400)


class LedgerTest(SandboxCase):
    def run_once(self):
        self.s.reset()
        r = self.s.xero("PUT", "/Invoices", {"Invoices": [invoice("W-1")]})
        self.s.xero("PUT", "/Payments", {"Payments": [{
            "Invoice": {"InvoiceNumber": "W-1"}, "Account": {"Code": "090"},
            "Date": "2026-11-20", "Amount": 120}]})
        return r.json["Invoices"][0]["InvoiceID"]

    def test_two_runs_have_one_digest(self):
        one = self.run_once()
        first = self.s.admin("GET", "/ledger")
        two = self.run_once()
        second = self.s.admin("GET", "/ledger")
        self.assertNotEqual(one, two)
        self.assertEqual(first, second)
        self.assertFalse([x for x in first["lines"] if one in x])
        self.s.xero("PUT", "/Contacts", {"Name": "One more"})
        self.assertNotEqual(self.s.admin("GET", "/ledger")["digest"],
                            first["digest"])


class LifeTest(unittest.TestCase):
    """Each MPM: two children share the state; kill -9 loses nothing."""

    def life(self, mpm):
        if not find_httpd() or not find_module():
            self.skipTest("no httpd, or the module is not built")
        with SandboxServer(mpm=mpm) as s:
            s.reset(xeroLimits=0)
            token = s.token
            replies = []

            def one(i):
                r = s.xero("PUT", "/Invoices",
                           {"Invoices": [invoice("M-%d" % i)]}, token)
                replies.append(r.status)
            threads = [threading.Thread(target=one, args=(i,))
                       for i in range(24)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(replies, [200] * 24)
            before = s.admin("GET", "/ledger")
            s.kill()
            s.start()
            self.assertEqual(s.admin("GET", "/ledger"), before)
            self.assertEqual(s.admin("GET", "/settings")["xeroLimits"], 0)
            r = s.xero("GET", "/Invoices/M-0", None, token)
            self.assertEqual(r.status, 200)
            self.assertNotIn("error]", s.log())

    def test_event(self):
        self.life("event")

    def test_worker(self):
        self.life("worker")

    def test_prefork(self):
        self.life("prefork")

    def test_the_latency_directive_delays_and_bad_values_are_refused(self):
        if not find_httpd() or not find_module():
            self.skipTest("no httpd, or the module is not built")
        with SandboxServer(extra="AmzXeroSandboxLatency 300") as s:
            start = time.monotonic()
            s.lwa()
            self.assertGreater(time.monotonic() - start, 0.28)
        with self.assertRaises(RuntimeError):
            SandboxServer(extra="AmzXeroSandboxLatency soon").__enter__()

    def test_at_the_root_of_a_host_the_real_paths_answer(self):
        if not find_httpd() or not find_module():
            self.skipTest("no httpd, or the module is not built")
        s = SandboxServer()
        s.extra = "<Location />\nAmzXeroSandbox On\n</Location>"
        with s:
            for path, status in (("/connections", 401),
                                 ("/auth/o2/token", 400),
                                 ("/api.xro/2.0/Accounts", 401),
                                 ("/connect/token", 400),
                                 ("/orders/2026-01-01/orders", 403),
                                 ("/elsewhere", 404)):
                c = http.client.HTTPConnection("127.0.0.1", s.port)
                c.request("POST" if "token" in path else "GET", path)
                self.assertEqual(c.getresponse().status, status, path)
                c.close()


if __name__ == "__main__":
    unittest.main()
