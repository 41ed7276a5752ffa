# SPDX-License-Identifier: Apache-2.0
"""REST calls that move runs and decide reviews, and those that cannot be
served."""
import signal
import time
import unittest

from rest_case import RestCase


class Moving(RestCase):
    def move(self, ident, what, **more):
        return self.s.rest("POST", "/runs/%s/%s" % (ident, what), **more)

    def test_a_waiting_run_can_be_woken(self):
        ident = self.start("wait", pause="PT1H")
        run = self.wait(ident, "waiting")
        self.assertIn("due", run)
        reply = self.move(ident, "wake")
        self.assertEqual(reply.status, 200, reply.body)
        # its time has not come: it looks, and goes on waiting
        self.wait(ident, "waiting", "done")

    def test_a_waiting_run_can_be_cancelled_once(self):
        ident = self.start("wait", pause="PT1H")
        self.wait(ident, "waiting")
        reply = self.move(ident, "cancel")
        self.assertEqual((reply.status, reply.json["state"]),
                         (200, "cancelled"), reply.body)
        self.problem(self.move(ident, "cancel"), 409, "conflict.state")
        self.problem(self.move(ident, "wake"), 409, "conflict.state")
        self.problem(self.move(ident, "replay"), 409, "conflict.state")

    def test_a_dead_run_is_listed_replayed_and_discarded(self):
        def letters():
            return {d["run"]: d for d in
                    self.s.rest("GET", "/dead-letters?limit=500")
                    .json["deadLetters"]}

        ident = self.start("fail")
        self.wait(ident, "dead")
        letter = letters()[ident]
        self.assertEqual((letter["code"], letter["step"], letter["workflow"]),
                         ("business.errand", "way/refused", "errand"))
        self.assertIn("must not pass", letter["detail"])
        self.problem(self.move(ident, "wake"), 409, "conflict.state")
        self.assertEqual(self.move(ident, "replay").status, 200)
        self.wait(ident, "dead")  # it fails again, and says so again
        for _ in range(100):
            if ident in letters():
                break
            time.sleep(0.02)
        self.assertIn(ident, letters())
        reply = self.move(ident, "cancel")
        self.assertEqual((reply.status, reply.json["state"]),
                         (200, "cancelled"))
        self.assertNotIn(ident, letters())

    def test_a_finished_run_moves_no_more(self):
        ident = self.start()
        self.wait(ident, "done")
        for what in ("wake", "replay", "cancel"):
            self.problem(self.move(ident, what), 409, "conflict.state")

    def test_unknown_runs_are_not_found(self):
        for what in ("wake", "replay", "cancel"):
            self.problem(self.move("run_none", what), 404, "not_found")

    def test_tenants_see_and_move_only_their_own(self):
        theirs = self.s.key_of("other")
        ident = self.start("wait", pause="PT1H")
        self.wait(ident, "waiting")
        asked = self.start("ask")
        self.wait(asked, "review")
        dead = self.start("fail")
        self.wait(dead, "dead")
        review = [r for r in self.s.rest("GET", "/reviews?limit=500")
                  .json["reviews"] if r["run"] == asked][0]["id"]
        for method, path in (("GET", "/runs/" + ident),
                             ("POST", "/runs/%s/wake" % ident),
                             ("POST", "/runs/%s/cancel" % ident),
                             ("POST", "/runs/%s/replay" % dead)):
            self.problem(self.s.rest(method, path, key=theirs), 404,
                         "not_found")
        self.problem(self.s.rest("POST", "/reviews/" + review,
                                 {"choice": "yes"}, key=theirs), 404,
                     "not_found")
        mine = {ident, asked, dead}
        for path, name, member in (("/runs", "runs", "id"),
                                   ("/dead-letters", "deadLetters", "run"),
                                   ("/reviews", "reviews", "run")):
            found = self.s.rest("GET", path + "?limit=500",
                                key=theirs).json[name]
            self.assertEqual(mine & {f[member] for f in found}, set())
        # the other tenant's own settings are its own
        big = self.s.start_run({"who": self.who(), "amount": 6}, key=theirs)
        for _ in range(200):
            run = self.s.rest("GET", "/runs/" + big.json["id"],
                              key=theirs).json
            if run["state"] == "dead":
                break
            time.sleep(0.02)
        self.assertEqual(run["code"], "validation.amount")
        self.wait(self.start(amount=6), "done")


class Reviews(RestCase):
    def ask(self):
        ident = self.start("ask", amount="12.50")
        self.wait(ident, "review")
        for review in self.s.rest("GET", "/reviews?limit=500").json["reviews"]:
            if review["run"] == ident:
                return ident, review
        self.fail("the review is not listed")

    def decide(self, review, body, **more):
        return self.s.rest("POST", "/reviews/" + review["id"], body, **more)

    def test_a_review_shows_what_is_asked(self):
        _, review = self.ask()
        self.assertEqual(review["queue"], "doors")
        self.assertEqual([o["name"] for o in review["options"]],
                         ["yes", "no"])
        self.assertEqual(review["shown"][0]["label"], "Who")
        self.assertEqual(review["editable"], {"amount": 12.5})
        self.assertEqual(review["onTimeout"], "no")

    def test_yes_lets_the_run_pass(self):
        ident, review = self.ask()
        reply = self.decide(review, {"choice": "yes"})
        self.assertEqual(reply.status, 200, reply.body)
        self.wait(ident, "done")
        self.assertNotIn(review["id"], [
            r["id"] for r in self.s.rest("GET", "/reviews?limit=500")
            .json["reviews"]])

    def test_no_turns_it_away_with_the_note(self):
        ident, review = self.ask()
        reply = self.decide(review, {"choice": "no", "note": "too late"})
        self.assertEqual(reply.status, 200, reply.body)
        run = self.wait(ident, "dead")
        self.assertEqual((run["code"], run["detail"]),
                         ("business.turned_away", "too late"))

    def test_a_review_is_decided_once(self):
        ident, review = self.ask()
        self.assertEqual(self.decide(review, {"choice": "yes"}).status, 200)
        self.wait(ident, "done")
        self.problem(self.decide(review, {"choice": "no"}), 409,
                     "conflict.state")

    def test_wrong_decisions_are_refused(self):
        ident, review = self.ask()
        for body in ({}, {"choice": "perhaps"}, {"choice": None},
                     {"choice": ["yes"]}, {"choice": ""}):
            self.problem(self.decide(review, body), 422, "data.choice",
                         "$.choice")
        self.problem(self.decide(review, [1]), 400, "data.input")
        self.problem(self.decide({"id": "rev_none"}, {"choice": "yes"}), 404,
                     "not_found")
        reply = self.decide(review, {"choice": "yes", "note": 5})
        self.problem(reply, 422, "data.note", "$.note")
        reply = self.decide(review, {"choice": "yes", "note": "x" * 5000})
        self.problem(reply, 422, "data.note", "$.note")
        self.assertEqual(self.wait(ident, "review")["state"], "review")
        self.assertEqual(
            self.decide(review, {"choice": "yes",
                                 "edited": {"amount": "3.10"}}).status, 200)
        self.wait(ident, "done")

    def test_a_run_in_review_can_be_cancelled(self):
        ident, review = self.ask()
        reply = self.s.rest("POST", "/runs/%s/cancel" % ident)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertNotIn(review["id"], [
            r["id"] for r in self.s.rest("GET", "/reviews?limit=500")
            .json["reviews"]])
        self.problem(self.decide(review, {"choice": "yes"}), 409,
                     "conflict.state")


class ReviewsOnPostgres(Reviews):
    database = "pgsql"


class MovingOnPostgres(Moving):
    database = "pgsql"


class WithoutEngine(RestCase):
    options = {"engine": "Off"}

    def test_health_says_that_no_engine_works(self):
        health = self.s.call("GET", "/amzxero/v1/health")
        self.assertEqual(health.status, 503)
        self.assertEqual(health.json["status"], "no engine")
        self.assertIsNone(self.s.engine_pid())
        ident = self.start()
        time.sleep(0.3)
        self.assertEqual(self.s.rest("GET", "/runs/" + ident).json["state"],
                         "ready")
        reply = self.s.rest("POST", "/runs/%s/cancel" % ident)
        self.assertEqual(reply.json["state"], "cancelled")


class DatabaseGone(RestCase):
    database = "pgsql"

    def test_every_answer_is_503_while_the_database_is_away(self):
        ident = self.start("wait", pause="PT1H")
        self.wait(ident, "waiting")
        self.pg.halt(signal.SIGQUIT)
        try:
            for method, path in (("GET", "/runs"), ("GET", "/runs/" + ident),
                                 ("GET", "/reviews"),
                                 ("GET", "/dead-letters"),
                                 ("GET", "/deliveries"),
                                 ("POST", "/runs/%s/wake" % ident)):
                reply = self.s.rest(method, path)
                self.assertEqual(reply.status, 503, reply.body)
                self.assertIn("Retry-After", reply.headers)
            self.assertEqual(self.s.start_run({"who": "A"}).status, 503)
            self.assertEqual(self.s.rest("GET", "/workflows").status, 200)
        finally:
            self.pg.boot()
        self.assertEqual(self.s.rest("GET", "/runs/" + ident).status, 200)


if __name__ == "__main__":
    unittest.main()
