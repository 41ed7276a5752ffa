# SPDX-License-Identifier: Apache-2.0
"""Amazon orders of exact figures, as Orders 2026-01-01 writes them."""
import itertools

MARKETS = {"UK": ("A1F83G8C2ARO7P", "Amazon.co.uk", "GBP"),
           "DE": ("A1PA6795UKMFR9", "Amazon.de", "EUR"),
           "US": ("ATVPDKIKX0DER", "Amazon.com", "USD"),
           "JP": ("A1VC38T7YXB528", "Amazon.co.jp", "JPY"),
           "AU": ("A39IBJ37TRP1C6", "Amazon.com.au", "AUD"),
           "SA": ("A17E79C6D8DWNP", "Amazon.sa", "SAR")}
PURCHASED = "2026-11-18T09:30:00Z"
_numbers = itertools.count(1)


def order_id():
    """One that no other test uses."""
    n = next(_numbers)
    return "301-%07d-%07d" % (n, n * 7919 % 10000000)


def money(amount, currency="GBP"):
    return {"amount": str(amount), "currencyCode": currency}


class Line:
    """A line; amounts are of the whole line, as texts.

    tax: {"ITEM": "20.00", "SHIPPING": ...}, discount: {"ITEM": "-5.00"};
    the subtotal of each is the sum of its parts."""

    def __init__(self, sku="TEA-KETTLE-17", qty=1, item=None, **more):
        self.sku = sku
        self.qty = qty
        self.item = item
        self.shipping = more.pop("shipping", None)
        self.gift = more.pop("gift", None)
        self.tax = more.pop("tax", None)
        self.discount = more.pop("discount", None)
        self.collected = more.pop("collected", False)
        self.title = more.pop("title", None)
        self.shipped = more.pop("shipped", None)
        self.members = more

    def parts(self, currency):
        """Breakdowns of the line."""
        from decimal import Decimal
        found = [{"type": name, "subtotal": money(amount, currency)}
                 for name, amount in (("ITEM", self.item),
                                      ("SHIPPING", self.shipping),
                                      ("GIFT_WRAP", self.gift))
                 if amount is not None]
        for name, by in (("TAX", self.tax), ("DISCOUNT", self.discount)):
            if by:
                total = sum(Decimal(value) for value in by.values())
                found.append({
                    "type": name, "subtotal": money(total, currency),
                    "detailedBreakdowns": [
                        {"subtype": part, "value": money(value, currency)}
                        for part, value in by.items()]})
        return found

    def json(self, number, currency):
        done = self.qty if self.shipped is None else self.shipped
        v = {"orderItemId": "%014d" % number, "quantityOrdered": self.qty,
             "product": {"asin": "B0TEST%04d" % number, "sellerSku": self.sku,
                         "title": self.title or "Goods " + self.sku},
             "fulfillment": {"quantityFulfilled": done,
                             "quantityUnfulfilled": 0}}
        parts = self.parts(currency)
        if parts:
            v["proceeds"] = {"breakdowns": parts}
        if self.collected:
            v["tax"] = {"taxCollections": [
                {"model": "MARKETPLACE_FACILITATOR",
                 "responsibleParty": "Amazon Services, Inc."}]}
        v.update(self.members)
        return v


def order(total, *lines, market="UK", status="SHIPPED", by="MERCHANT",
          **members):
    """An order of lines; total None for one without money. Members whose
    name ends in an underscore are of the store: extra breakdowns."""
    ident, name, currency = MARKETS[market]
    currency = members.pop("currency", currency)
    extra = members.pop("extra", [])
    v = {"orderId": members.pop("orderId", None) or order_id(),
         "createdTime": members.pop("created", PURCHASED),
         "lastUpdatedTime": members.pop("updated", "2026-11-18T12:00:00Z"),
         "programs": [],
         "salesChannel": {"channelName": "AMAZON", "marketplaceId": ident,
                          "marketplaceName": name},
         "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": by},
         "orderItems": [one.json(i + 1, currency)
                        for i, one in enumerate(lines)]}
    if total is not None:
        sums = []
        for one in lines:
            sums += one.parts(currency)
        v["proceeds"] = {"grandTotal": money(total, currency),
                         "breakdowns": [
                             {k: b[k] for k in ("type", "subtotal")}
                             for b in sums] + extra}
    v.update(members)
    return v


def buyer(name, postcode="NR1 3QU", country="GB", **more):
    """The members buyer and recipient."""
    email = more.pop("email", None)
    data = {"buyerName": name}
    if email:
        data["buyerEmail"] = email
    data.update(more)
    address = {"name": name, "addressLine1": "1 High Street",
               "city": "Norwich", "countryCode": country}
    if postcode:
        address["postalCode"] = postcode
    return {"buyer": data, "recipient": {"deliveryAddress": address}}
