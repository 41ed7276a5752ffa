# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Amazon: tokens, orders, quotas."""
import unittest
import urllib.parse
from decimal import Decimal

from sandbox_server import (LWA_ID, LWA_REFRESH, LWA_SECRET, ORDER,
                            SandboxCase)

ORDERS = "/orders/2026-01-01/orders"
MONEY = "includedData=PROCEEDS,PROMOTION,EXPENSE,CANCELLATION,FULFILLMENT,TAX"


class LwaTest(SandboxCase):
    def test_a_refresh_token_gives_an_access_token_and_is_not_rotated(self):
        r = self.s.lwa()
        self.assertEqual(r.status, 200)
        self.assertTrue(r.json["access_token"].startswith("Atza|"))
        self.assertEqual(r.json["refresh_token"], LWA_REFRESH)
        self.assertEqual(r.json["token_type"], "bearer")
        self.assertEqual(r.json["expires_in"], 3600)
        self.assertEqual(self.s.lwa().status, 200)

    def test_a_wrong_secret_is_401_invalid_client(self):
        r = self.s.lwa(client_secret="wrong")
        self.assertEqual((r.status, r.json["error"]),
                         (401, "invalid_client"))
        self.assertEqual(r.json["error_description"],
                         "Client authentication failed")

    def test_an_unknown_refresh_token_is_400_invalid_grant(self):
        r = self.s.lwa(refresh_token="Atzr|nobody")
        self.assertEqual((r.status, r.json["error"]), (400, "invalid_grant"))
        self.assertIn("invalid grant parameter : refresh_token",
                      r.json["error_description"])

    def test_an_unknown_grant_type_is_refused(self):
        r = self.s.lwa(grant_type="password")
        self.assertEqual((r.status, r.json["error"]),
                         (400, "unsupported_grant_type"))

    def test_client_credentials_need_a_known_scope(self):
        form = {"grant_type": "client_credentials", "client_id": LWA_ID,
                "client_secret": LWA_SECRET,
                "scope": "sellingpartnerapi::notifications"}
        r = self.s.form("/lwa/auth/o2/token", form)
        self.assertEqual(r.status, 200)
        self.assertNotIn("refresh_token", r.json)
        # A grantless token opens no order.
        o = self.s.amazon(ORDERS + "/" + ORDER, r.json["access_token"])
        self.assertEqual(o.status, 403)
        form["scope"] = "anything"
        r = self.s.form("/lwa/auth/o2/token", form)
        self.assertEqual((r.status, r.json["error"]), (400, "invalid_scope"))

    def test_a_code_works_once(self):
        self.s.admin("POST", "/tokens", {
            "peer": "lwa", "kind": "code", "token": "spapi-code",
            "client": LWA_ID, "subject": "A2SANDBOXSELLER"})
        form = {"grant_type": "authorization_code", "code": "spapi-code",
                "refresh_token": ""}
        r = self.s.lwa(**form)
        self.assertEqual(r.status, 200)
        self.assertEqual(
            self.s.lwa(refresh_token=r.json["refresh_token"]).status, 200)
        self.assertEqual(self.s.lwa(**form).json["error"], "invalid_grant")

    def test_a_json_body_is_taken_and_other_types_are_not(self):
        form = {"grant_type": "refresh_token", "refresh_token": LWA_REFRESH,
                "client_id": LWA_ID, "client_secret": LWA_SECRET}
        r = self.s.call("POST", "/lwa/auth/o2/token", form)
        self.assertEqual(r.status, 200)
        r = self.s.call("POST", "/lwa/auth/o2/token", "grant_type=x", {
            "Content-Type": "text/plain"})
        self.assertEqual((r.status, r.json["error"]),
                         (400, "invalid_request"))
        self.assertEqual(self.breaches(), ["token.not-a-form"])


class OrdersTest(SandboxCase):
    def search(self, query, token=None):
        return self.s.amazon(ORDERS + "?" + query, token)

    def test_the_demo_order_adds_up_to_212_40(self):
        r = self.s.amazon(ORDERS + "/" + ORDER + "?" + MONEY)
        self.assertEqual(r.status, 200)
        order = r.json["order"]
        self.assertEqual(order["proceeds"]["grandTotal"],
                         {"amount": "212.40", "currencyCode": "GBP"})
        parts = sum(Decimal(b["subtotal"]["amount"])
                    for b in order["proceeds"]["breakdowns"])
        items = sum(Decimal(i["proceeds"]["proceedsTotal"]["amount"])
                    for i in order["orderItems"])
        self.assertEqual((parts, items), (Decimal("212.40"),) * 2)
        self.assertEqual(r.headers["x-amzn-RateLimit-Limit"], "0.5")
        self.assertTrue(r.headers["x-amzn-RequestId"])
        self.assertEqual(self.breaches(), [])

    def test_data_sets_that_are_not_asked_for_are_absent(self):
        order = self.s.amazon(ORDERS + "/" + ORDER).json["order"]
        for name in ("buyer", "recipient", "proceeds", "fulfillment"):
            self.assertNotIn(name, order)
        self.assertNotIn("proceeds", order["orderItems"][0])
        self.assertNotIn("promotion", order["orderItems"][0])
        self.assertIn("product", order["orderItems"][0])
        order = self.s.amazon(
            ORDERS + "/" + ORDER + "?includedData=BUYER").json["order"]
        self.assertEqual(order["buyer"]["buyerName"], "Eleanor Whitcombe")
        self.assertNotIn("recipient", order)

    def test_without_the_role_buyers_data_stay_away_without_error(self):
        self.s.admin("POST", "/settings", {"amazonPii": 0})
        r = self.s.amazon(ORDERS + "/" + ORDER
                          + "?includedData=BUYER,RECIPIENT,PROCEEDS")
        self.assertEqual(r.status, 200)
        self.assertNotIn("buyer", r.json["order"])
        self.assertIn("proceeds", r.json["order"])

    def test_errors_have_amazons_shape(self):
        cases = ((ORDERS + "/026-0000000-0000000", 404, "NotFound"),
                 (ORDERS + "/nonsense", 400, "InvalidInput"),
                 (ORDERS + "/" + ORDER + "?includedData=MONEY", 400,
                  "InvalidInput"),
                 ("/orders/v0/orders", 403, "Unauthorized"))
        for path, status, code in cases:
            r = self.s.amazon(path)
            self.assertEqual((r.status, r.json["errors"][0]["code"]),
                             (status, code), path)

    def test_missing_wrong_and_expired_tokens_are_403(self):
        path = ORDERS + "/" + ORDER
        token = self.s.lwa().json["access_token"]
        r = self.s.call("GET", "/amazon" + path)
        self.assertEqual(r.status, 403)
        self.assertIn("missing", r.json["errors"][0]["details"])
        self.assertEqual(self.s.amazon(path, "Atza|x").status, 403)
        self.assertEqual(self.s.amazon(path, token).status, 200)
        self.s.admin("POST", "/tokens/expire", {"peer": "lwa"})
        r = self.s.amazon(path, token)
        self.assertEqual(r.status, 403)
        self.assertEqual(r.json["errors"][0]["details"],
                         "The access token you provided has expired.")
        self.assertEqual(self.s.amazon(path).status, 200)

    def test_access_tokens_end_by_the_clock(self):
        token = self.s.lwa().json["access_token"]
        self.s.admin("POST", "/clock", {"advanceSeconds": 3601})
        self.assertEqual(
            self.s.amazon(ORDERS + "/" + ORDER, token).status, 403)

    def test_search_wants_exactly_one_family_of_bounds(self):
        self.s.admin("POST", "/settings", {"amazonLimits": 0})
        for query in ("", "createdBefore=2026-01-01T00:00:00Z",
                      "createdAfter=2026-01-01T00:00:00Z"
                      "&lastUpdatedAfter=2026-01-01T00:00:00Z",
                      "createdAfter=yesterday",
                      "createdAfter=2026-01-02T00:00:00Z"
                      "&createdBefore=2026-01-01T00:00:00Z",
                      "createdAfter=2026-01-01T00:00:00Z"
                      "&createdBefore=2100-01-01T00:00:00Z",
                      "createdAfter=2026-01-01T00:00:00Z"
                      "&maxResultsPerPage=101",
                      "createdAfter=2026-01-01T00:00:00Z"
                      "&fulfillmentStatuses=Shipped"):
            r = self.search(query)
            self.assertEqual((r.status, r.json["errors"][0]["code"]),
                             (400, "InvalidInput"), query)

    def test_pages_hold_every_order_once(self):
        self.s.admin("POST", "/settings", {"amazonLimits": 0})
        made = self.s.admin("POST", "/amazon/orders", {
            "generate": {"count": 23, "seed": 5}})["orderIds"]
        seen, token = [], None
        base = ("lastUpdatedAfter=2026-10-01T00:00:00Z"
                "&lastUpdatedBefore=2026-11-10T00:00:00Z")
        pages = 0
        while True:
            query = base + "&maxResultsPerPage=10"
            if token:
                query += "&paginationToken=" + urllib.parse.quote(token)
            page = self.search(query).json
            pages += 1
            seen += [o["orderId"] for o in page["orders"]]
            token = page.get("pagination", {}).get("nextToken")
            if not token:
                break
        self.assertEqual(pages, 3)
        self.assertEqual(sorted(seen), sorted(made))
        self.assertEqual(page["lastUpdatedBefore"], "2026-11-10T00:00:00Z")

    def test_a_page_token_is_bound_to_its_filters(self):
        self.s.admin("POST", "/settings", {"amazonLimits": 0})
        self.s.admin("POST", "/amazon/orders",
                     {"generate": {"count": 3, "seed": 5}})
        base = "createdAfter=2026-10-01T00:00:00Z&maxResultsPerPage=1"
        token = self.search(base).json["pagination"]["nextToken"]
        token = "&paginationToken=" + urllib.parse.quote(token)
        self.assertEqual(self.search(base + token).status, 200)
        self.assertEqual(
            self.search(base.replace("2026-10", "2026-09") + token).status,
            400)
        self.s.admin("POST", "/clock", {"advanceSeconds": 86500})
        self.assertEqual(self.search(base + token).status, 400)

    def test_an_order_of_the_last_two_minutes_is_not_found_yet(self):
        self.s.admin("POST", "/settings", {"amazonLimits": 0})
        order = self.s.admin("GET", "/amazon/orders")["orders"][0]
        clock = self.s.call("GET", "/").headers["Date"]
        import email.utils
        now = email.utils.parsedate_to_datetime(clock)
        order["lastUpdatedTime"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.s.admin("POST", "/amazon/orders", order)
        query = "lastUpdatedAfter=2026-10-01T00:00:00Z"
        self.assertEqual(self.search(query).json["orders"], [])
        self.s.admin("POST", "/clock", {"advanceSeconds": 130})
        self.assertEqual(len(self.search(query).json["orders"]), 1)

    def test_filters_of_market_status_and_channel(self):
        self.s.admin("POST", "/settings", {"amazonLimits": 0})
        self.s.admin("POST", "/amazon/orders", {"generate": {
            "count": 30, "seed": 9, "marketplace": "A1PA6795UKMFR9",
            "mix": {"cancelled": 30, "pending": 30, "fba": 50}}})
        base = ("createdAfter=2026-10-01T00:00:00Z"
                "&includedData=FULFILLMENT&marketplaceIds=A1PA6795UKMFR9")
        self.assertEqual(len(self.search(base).json["orders"]), 30)
        found = self.search(base + "&fulfillmentStatuses=CANCELLED"
                            "&fulfilledBy=AMAZON").json["orders"]
        self.assertTrue(found)
        for order in found:
            self.assertEqual(order["fulfillment"]["fulfillmentStatus"],
                             "CANCELLED")
            self.assertEqual(order["fulfillment"]["fulfilledBy"], "AMAZON")

    def test_the_burst_of_getorder_is_thirty(self):
        token = self.s.lwa().json["access_token"]
        path = ORDERS + "/" + ORDER
        got = [self.s.amazon(path, token).status for _ in range(32)]
        self.assertEqual(got[:30], [200] * 30)
        self.assertIn(429, got[30:])
        r = self.s.amazon(path, token)
        self.assertEqual(r.json["errors"][0]["code"], "QuotaExceeded")
        self.assertIn("amazon.over-quota", self.breaches())
        self.s.admin("POST", "/clock", {"advanceSeconds": 2})
        self.assertEqual(self.s.amazon(path, token).status, 200)

    def test_quotas_can_be_scaled(self):
        self.s.admin("POST", "/settings", {"amazonScale": 100})
        r = self.s.amazon(ORDERS + "/" + ORDER)
        self.assertEqual(r.headers["x-amzn-RateLimit-Limit"], "50.0")

    def test_marketplace_participations(self):
        r = self.s.amazon("/sellers/v1/marketplaceParticipations")
        markets = [m["marketplace"]["id"] for m in r.json["payload"]]
        self.assertIn("A1F83G8C2ARO7P", markets)


class GeneratorTest(SandboxCase):
    def make(self, **what):
        what.setdefault("count", 60)
        what.setdefault("seed", 11)
        ids = self.s.admin("POST", "/amazon/orders",
                           {"generate": what})["orderIds"]
        orders = self.s.admin("GET", "/amazon/orders")["orders"]
        return [o for o in orders if o["orderId"] in set(ids)]

    def check(self, order, positive=False):
        if "proceeds" not in order:
            self.assertEqual(order["fulfillment"]["fulfillmentStatus"],
                             "PENDING")
            return

        def signed(b):
            amount = Decimal(b["subtotal"]["amount"])
            if positive and b["type"] == "DISCOUNT":
                self.assertGreater(amount, 0)
                return -amount
            return amount
        total = Decimal(order["proceeds"]["grandTotal"]["amount"])
        self.assertEqual(
            sum(map(signed, order["proceeds"]["breakdowns"])), total)
        items = 0
        for item in order["orderItems"]:
            own = Decimal(item["proceeds"]["proceedsTotal"]["amount"])
            self.assertEqual(
                sum(map(signed, item["proceeds"]["breakdowns"])), own)
            items += own
        self.assertEqual(items, total)

    def test_totals_always_add_up(self):
        mix = {"promotion": 60, "giftWrap": 50, "shipping": 60,
               "cancelled": 10, "pending": 10, "b2b": 20}
        for market in ("A1F83G8C2ARO7P", "A1PA6795UKMFR9", "ATVPDKIKX0DER"):
            for order in self.make(marketplace=market, mix=mix, maxLines=6):
                self.check(order)

    def test_discounts_may_be_positive(self):
        for order in self.make(discountSign="positive",
                               mix={"promotion": 100}):
            self.check(order, positive=True)

    def test_the_same_seed_gives_the_same_orders(self):
        first = self.make()
        self.s.reset()
        self.assertEqual(first, self.make())
        self.s.reset()
        self.assertNotEqual(first, self.make(seed=12))

    def test_fba_orders_have_no_buyer(self):
        orders = self.make(mix={"fba": 50})
        fba = [o for o in orders
               if o["fulfillment"]["fulfilledBy"] == "AMAZON"]
        self.assertTrue(0 < len(fba) < len(orders))
        for order in fba:
            self.assertNotIn("buyer", order)
            self.assertNotIn("recipient", order)

    def test_us_tax_is_the_marketplaces(self):
        for order in self.make(marketplace="ATVPDKIKX0DER"):
            for item in order["orderItems"]:
                self.assertEqual(item["tax"]["taxCollections"][0]["model"],
                                 "MARKETPLACE_FACILITATOR")


if __name__ == "__main__":
    unittest.main()
