# SPDX-License-Identifier: Apache-2.0
"""The REST endpoint as its clients meet it."""
import json
import re
import unittest
import urllib.parse

from errands import note
from rest_case import RestCase

ROUTES = [("GET", "/workflows"), ("POST", "/workflows/errand/runs"),
          ("GET", "/runs"), ("GET", "/runs/run_x"),
          ("POST", "/runs/run_x/wake"), ("POST", "/runs/run_x/replay"),
          ("POST", "/runs/run_x/cancel"), ("GET", "/dead-letters"),
          ("GET", "/deliveries"), ("GET", "/reviews"),
          ("POST", "/reviews/rev_x")]


class Keys(RestCase):
    def test_every_route_but_health_wants_a_key(self):
        for method, path in ROUTES:
            reply = self.s.call(method, "/amzxero/v1" + path)
            self.problem(reply, 401, "auth.missing")
            self.assertTrue(reply.headers["WWW-Authenticate"].startswith(
                "Bearer"))
        self.assertEqual(self.s.call("GET", "/amzxero/v1/health").status,
                         200)

    def test_wrong_keys_open_nothing(self):
        good = self.s.key
        for key in (good[:-1], good + "x", "axz_test", "axz_test_", "_",
                    "axz_", "axz_reader_" + good.split("_", 2)[2], "x" * 4000,
                    good.upper()):
            self.problem(self.s.rest("GET", "/runs", key=key), 401,
                         "auth.key")
        for scheme in ("Basic " + good, "Bearer", good):
            reply = self.s.call("GET", "/amzxero/v1/runs", None,
                                {"Authorization": scheme})
            self.assertEqual(reply.status, 401)

    def test_a_key_may_come_in_either_header_and_hold_underscores(self):
        for name in ("reader", "under_score"):
            key = self.s.key_of(name)
            self.assertEqual(self.s.rest("GET", "/runs", key=key).status,
                             200)
            reply = self.s.call("GET", "/amzxero/v1/runs", None,
                                {"X-API-Key": key})
            self.assertEqual(reply.status, 200)
            reply = self.s.call("GET", "/amzxero/v1/runs", None,
                                {"Authorization": "bearer  " + key})
            self.assertEqual(reply.status, 200)

    def test_each_scope_opens_its_own_routes_only(self):
        opens = {"reader": {"/runs", "/runs/run_x", "/dead-letters",
                            "/deliveries", "/reviews"},
                 "writer": {"/runs", "/runs/run_x", "/dead-letters",
                            "/deliveries", "/reviews",
                            "/workflows/errand/runs", "/runs/run_x/wake",
                            "/runs/run_x/cancel"},
                 "reviewer": {"/reviews/rev_x"},
                 "lister": {"/workflows"},
                 "deadman": {"/runs/run_x/replay"}}
        for name, paths in opens.items():
            for method, path in ROUTES:
                reply = self.s.rest(method, path, {"who": "x"}
                                    if method == "POST" else None,
                                    key=self.s.key_of(name))
                if path in paths:
                    self.assertNotIn(reply.status, (401, 403),
                                     (name, path))
                else:
                    self.problem(reply, 403, "auth.scope")

    def test_a_location_of_a_tenant_refuses_the_keys_of_others(self):
        reply = self.s.call("GET", "/api/v1/runs", None,
                            {"X-API-Key": self.s.key_of("other")})
        self.problem(reply, 403, "auth.tenant")
        reply = self.s.call("GET", "/api/v1/runs", None,
                            {"X-API-Key": self.s.key_of("reader")})
        self.assertEqual(reply.status, 200)

    def test_a_key_of_a_tenant_that_is_not_configured_starts_nothing(self):
        reply = self.s.start_run(key=self.s.key_of("nobody"))
        self.problem(reply, 422, "config.trigger")


class Starting(RestCase):
    def test_a_started_run_is_found_at_its_location(self):
        for base in ("/amzxero/v1", "/api/v1", "/api"):
            reply = self.s.call("POST", base + "/workflows/errand/runs",
                                {"who": self.who()},
                                {"X-API-Key": self.s.key})
            self.assertEqual(reply.status, 202, reply.body)
            where = reply.headers["Location"]
            self.assertEqual(where, base + "/runs/" + reply.json["id"])
            found = self.s.call("GET", where, None,
                                {"X-API-Key": self.s.key})
            self.assertEqual(found.status, 200)
            self.assertEqual(found.json["id"], reply.json["id"])
            self.assertEqual(found.json["workflow"], "errand")

    def test_the_same_key_and_body_give_the_same_run(self):
        body = {"who": self.who(), "amount": "1.10"}
        first = self.s.start_run(body, Idempotency_Key="same-1")
        again = self.s.start_run(body, Idempotency_Key="same-1")
        turned = self.s.start_run(
            json.loads(json.dumps(body, sort_keys=True)),
            Idempotency_Key="same-1")
        self.assertEqual({r.status for r in (first, again, turned)}, {202})
        self.assertEqual({r.json["id"] for r in (first, again, turned)},
                         {first.json["id"]})
        self.assertEqual({r.headers["Location"] for r in (first, again)},
                         {first.headers["Location"]})

    def test_the_same_key_with_another_body_is_refused(self):
        who = self.who()
        self.assertEqual(self.s.start_run({"who": who},
                                          Idempotency_Key="diff-1").status,
                         202)
        self.problem(self.s.start_run({"who": who, "amount": 1},
                                      Idempotency_Key="diff-1"), 422,
                     "conflict.idempotency")

    def test_idempotency_keys_of_tenants_do_not_meet(self):
        mine = self.s.start_run({"who": "Me"}, Idempotency_Key="both-1")
        theirs = self.s.start_run({"who": "You"}, Idempotency_Key="both-1",
                                  key=self.s.key_of("other"))
        self.assertEqual((mine.status, theirs.status), (202, 202))
        self.assertNotEqual(mine.json["id"], theirs.json["id"])

    def test_bad_idempotency_keys_are_refused(self):
        for key in ("", "a b", "x" * 129, "\xe4"):
            self.problem(self.s.start_run(Idempotency_Key=key), 400,
                         "data.header", "Idempotency-Key")

    def test_without_a_key_each_call_is_a_run_of_its_own(self):
        ids = {self.s.start_run().json["id"] for _ in range(3)}
        self.assertEqual(len(ids), 3)

    def test_unknown_workflows_are_not_found(self):
        for name in ("nope", "errand2", "ERRAND", "..errand", "a" * 300):
            reply = self.s.rest("POST", "/workflows/%s/runs" % name,
                                {"who": "x"})
            self.assertEqual(reply.status, 404, (name, reply.body))
        self.problem(self.s.rest("POST", "/workflows/nope/runs", {}), 404,
                     "not_found")

    def test_wrong_input_is_refused_and_named(self):
        for body, field in (({}, "who"), ({"who": ""}, "who"),
                            ({"who": "a;b"}, "who"),
                            ({"who": "A", "amount": "much"}, "amount"),
                            ({"who": "A", "amount": [1]}, "amount"),
                            ({"who": "A", "pause": "soon"}, "pause")):
            reply = self.s.start_run(body)
            self.problem(reply, 422, "data.input")
            self.assertIn("field " + field, reply.json["detail"])

    def test_hostile_json_is_refused_with_its_place(self):
        send = {"Content_Type": "application/json"}
        for text, status in (
                ("{", 400), ('{"who": }', 400), ("[" * 200, 400),
                ('{"a":' * 5000 + "1" + "}" * 5000, 400),
                ('{"who": "A", "who": "B"}', 400), ('{"who": 1e999}', 400),
                ('{"amount": %s}' % ("9" * 50), 400),
                ('{"who": "\ud800"}'.encode("utf-8", "surrogatepass")
                 .decode("latin-1"), 400),
                ('{"who": "A\\u0000"}', 400), ("[]", 400), ('"x"', 400),
                ("null", 400), ("17", 400), ("nul", 400),
                ('{"who": "A"} x', 400), ("\ufeff{}", 400)):
            reply = self.s.rest("POST", "/workflows/errand/runs", text.encode(
                "latin-1") if "\ufeff" not in text else text.encode(),
                **send)
            self.assertEqual(reply.status, status, (text[:40], reply.body))
            self.assertTrue(reply.json["code"].startswith(("data.",
                                                           "limit.")))
            self.assertIn("detail", reply.json)

    def test_large_and_deep_bodies_within_the_limits_pass(self):
        deep = json.loads("[" * 40 + "]" * 40)
        reply = self.s.start_run({"who": self.who(), "more": deep,
                                  "long": "x" * 200000})
        self.assertEqual(reply.status, 202, reply.body)
        reply = self.s.start_run({"who": self.who(), "long": "x" * 262144})
        self.problem(reply, 413, "limit.size")

    def test_only_json_is_taken(self):
        for kind in ("text/plain", "application/xml", "application/jsonx",
                     "application/x-www-form-urlencoded"):
            reply = self.s.rest("POST", "/workflows/errand/runs",
                                '{"who": "A"}', Content_Type=kind)
            self.problem(reply, 415, "media_type")
        reply = self.s.rest("POST", "/workflows/errand/runs",
                            '{"who": "A"}',
                            Content_Type="Application/JSON;charset=utf-8")
        self.assertEqual(reply.status, 202)

    def test_decimals_arrive_exactly(self):
        ident = self.start(amount="0.10")
        run = self.wait(ident, "done")
        text = self.s.rest("GET", "/runs/" + ident).body
        self.assertIn('"amount": 0.1', text)
        self.assertNotIn("0.10000000000000001", text)
        self.assertEqual(run["input"]["body"]["amount"], "0.10")


class Reading(RestCase):
    def test_a_run_is_shown_with_its_journal(self):
        run = self.wait(self.start(), "done")
        self.assertEqual(run["outcome"], "done")
        self.assertEqual([e["kind"] for e in run["journal"]],
                         ["start", "log", "end"])
        self.assertEqual([e["seq"] for e in run["journal"]], [1, 2, 3])
        self.assertEqual(run["effects"], [])
        self.assertEqual(run["trigger"], "byHand")
        for name in ("created", "started", "finished"):
            self.assertRegex(run[name], r"^20\d\d-\d\d-\d\dT[\d:.]+Z$")

    def test_workflows_are_listed(self):
        flows = self.s.rest("GET", "/workflows").json["workflows"]
        self.assertEqual([(f["name"], f["version"]) for f in flows],
                         [("errand", 1)])
        self.assertRegex(flows[0]["sha256"], "^[0-9a-f]{64}$")
        self.assertEqual([t["kind"] for t in flows[0]["triggers"]],
                         ["event", "manual"])

    def test_lists_are_paged_without_gap_or_repeat(self):
        mine = {self.start() for _ in range(7)}
        seen, before = [], None
        for _ in range(100):
            path = "/runs?limit=3" + ("&before=" + before if before else "")
            page = self.s.rest("GET", path).json
            self.assertLessEqual(len(page["runs"]), 3)
            seen += [r["id"] for r in page["runs"]]
            before = page.get("before")
            if before is None:
                break
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(mine, set(seen))
        times = [r["created"] for r in self.s.runs()]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_lists_filter_by_state_and_workflow(self):
        done = self.start()
        dead = self.start("fail")
        self.wait(done, "done")
        self.wait(dead, "dead")
        ids = [r["id"] for r in self.s.runs(state="done")]
        self.assertIn(done, ids)
        self.assertNotIn(dead, ids)
        self.assertEqual(self.s.runs(workflow="nope"), [])
        self.assertIn(done, [r["id"] for r in
                             self.s.runs(workflow="errand")])
        for query in ("state=sleeping", "state=", "state=%00", "state=%zz"):
            self.problem(self.s.rest("GET", "/runs?" + query), 400,
                         "data.query", "state")
        self.problem(self.s.rest("GET", "/deliveries?state=odd"), 400,
                     "data.query", "state")

    def test_query_parameters_are_decoded(self):
        done = self.start()
        self.wait(done, "done")
        for query in ("st%61te=done", "workflow=%65rrand&state=d%6fne",
                      "x=1&&state=done&", "limit=abc&state=done",
                      "limit=-1", "limit=99999999999999999999",
                      "before=%27%3B--", "workflow=errand%20"):
            reply = self.s.rest("GET", "/runs?" + query)
            self.assertEqual(reply.status, 200, query)
        runs = self.s.rest(
            "GET", "/runs?limit=500&state=d%6fne&workflow=%65rrand").json
        self.assertIn(done, [r["id"] for r in runs["runs"]])

    def test_paths_are_decoded_and_nothing_else(self):
        ident = self.start()
        coded = "".join("%%%02x" % ord(c) for c in ident)
        self.assertEqual(self.s.rest("GET", "/runs/" + coded).status, 200)
        for path in ("/runs/" + ident + "/", "/runs//" + ident + "/x",
                     "/runs/" + ident + "%2fwake", "/run", "/", "",
                     "/runs/" + ident + "/nothing", "/v1/runs",
                     "/workflows/errand", "/runs/a/b/c"):
            self.assertEqual(self.s.rest("GET", path).status, 404, path)
        for path in ("/runs/" + urllib.parse.quote("x' OR 1=1 --"),
                     "/runs/%C3%A4", "/runs/%FF%FE", "/runs/%01"):
            self.problem(self.s.rest("GET", path), 404, "not_found")

    def test_other_methods_are_refused_with_allow(self):
        for method, path, allow in (
                ("DELETE", "/runs", "GET, HEAD"), ("POST", "/runs/x",
                                                   "GET, HEAD"),
                ("GET", "/runs/x/wake", "POST"),
                ("PUT", "/workflows/errand/runs", "POST"),
                ("PATCH", "/reviews/x", "POST"),
                ("OPTIONS", "/runs", "GET, HEAD"),
                ("TRACE", "/runs", "GET, HEAD"),
                ("POST", "/health", "GET, HEAD")):
            reply = self.s.rest(method, path)
            self.problem(reply, 405, "method")
            self.assertEqual(reply.headers["Allow"], allow)
        reply = self.s.call("POST", "/amzxero/metrics", "x")
        self.problem(reply, 405, "method")

    def test_head_is_get_without_a_body(self):
        for path in ("/amzxero/v1/health", "/amzxero/v1/runs",
                     "/amzxero/metrics"):
            head = self.s.call("HEAD", path, None, {"X-API-Key": self.s.key})
            self.assertEqual((head.status, head.body), (200, ""))
            self.assertGreater(int(head.headers["Content-Length"]), 0)

    def test_health_tells_of_the_engine(self):
        health = self.s.call("GET", "/amzxero/v1/health")
        self.assertEqual(health.status, 200)
        self.assertEqual(health.json["status"], "ok")
        self.assertIn("engineSeen", health.json)
        self.assertEqual(health.json["waitingDeliveries"], 0)

    def test_metrics_are_well_formed_prometheus_text(self):
        self.assertEqual(self.s.webhook(note("026-1-1")).status, 202)
        reply = self.s.call("GET", "/amzxero/metrics")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["Content-Type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        kinds, values = {}, {}
        for line in reply.body.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.assertNotIn(name, kinds)
                kinds[name] = kind
            elif not line.startswith("#"):
                found = re.fullmatch(
                    r'(amzxero_[a-z0-9_]+)(\{(?:[a-z_]+="[^"\\]*",?)*\})?'
                    r' (-?\d+)', line)
                self.assertIsNotNone(found, line)
                name, labels, value = found.groups()
                self.assertIn(name, kinds)
                self.assertNotIn((name, labels), values)
                values[name, labels] = int(value)
                self.assertEqual(kinds[name] == "counter",
                                 name.endswith("_total"))
        self.assertGreaterEqual(values["amzxero_inbox_received_total",
                                       '{result="new"}'], 1)
        self.assertEqual(values["amzxero_database_up", None], 1)
        self.assertLess(values["amzxero_engine_seen_seconds", None], 30)


class ReadingOnPostgres(Reading):
    database = "pgsql"


class StartingOnPostgres(Starting):
    database = "pgsql"


if __name__ == "__main__":
    unittest.main()
