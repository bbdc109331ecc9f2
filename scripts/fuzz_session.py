#!/usr/bin/env python3
"""Fills a fresh demo platform with everything that path parameters can name, and prints it as JSON for fuzz_hooks.py.

Usage: fuzz_session.py URL OUTPUT     OUTPUT is what `mainstay up --demo` printed: it tells the administrator's password.
"""

import http.client
import json
import re
import sys
import time
import urllib.parse
import uuid

PASSWORD = "correct horse battery staple"


class Shop:
    """The public API, spoken from an address of its own: the fuzzer's failed log-ins are not counted against it."""

    def __init__(self, url, address="127.0.0.2"):
        self.host = urllib.parse.urlsplit(url).netloc
        self.address = address

    def call(self, method, path, token=None, body=None, headers=None):
        """The status and the JSON of an answer."""
        connection = http.client.HTTPConnection(self.host, timeout=30, source_address=(self.address, 0))
        fields = {"Idempotency-Key": str(uuid.uuid4())} if method != "GET" else {}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if body is not None:
            fields["Content-Type"] = "application/json"
        fields |= headers or {}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), fields)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        return response.status, json.loads(data) if data else None

    def replay(self, method, url, headers, body):
        """The status of an answer to a request as it was sent before, with other headers."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(self.host, timeout=30, source_address=(self.address, 0))
        try:
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        return response.status

    def need(self, method, path, token=None, body=None):
        """The JSON of an answer that must be a success."""
        status, answer = self.call(method, path, token, body)
        if not 200 <= status < 300:
            raise SystemExit(f"{method} {path} answered {status}: {answer}")
        return answer

    def log_in(self, email, password=PASSWORD):
        return self.need("POST", "/v1/sessions", body={"email": email, "password": password})

    def register(self):
        """A new customer: e-mail, id and the session of a first log-in."""
        email = f"fuzz-{uuid.uuid4().hex[:12]}@example.com"
        self.need("POST", "/v1/users", body={"email": email, "password": PASSWORD, "name": "Fuzz"})
        session = self.log_in(email)
        return {"email": email, "id": session["userId"], "token": session["accessToken"],
                "refresh": session["refreshToken"]}


ADDRESS = {"name": "Ada", "street": "1 Main St", "city": "Berlin", "postalCode": "10115", "country": "DE"}


class Filler:
    """Makes one thing of each kind, as often as it is asked."""

    def __init__(self, shop, admin, customer, products):
        self.shop, self.admin, self.customer, self.products = shop, admin, customer, products

    def order(self, method="pm_ok", path="/v1/orders", quantity=1):
        return self.shop.need("POST", path, self.customer["token"], {
            "customerId": self.customer["id"], "items": [{"productId": self.products[0], "quantity": quantity}],
            "shippingAddress": ADDRESS, "paymentMethod": method})["orderId"]

    def draft(self):
        """A draft with two lines: its id and theirs."""
        order = self.order(path="/v1/orders/drafts")
        draft = self.shop.need("POST", f"/v1/orders/{order}/lines", self.customer["token"],
                               {"productId": self.products[1], "quantity": 2})
        return {"orderId": order, "lineId": draft["items"][0]["lineId"]}

    def product(self):
        return self.shop.need("POST", "/v1/products", self.admin, {
            "sku": f"FUZZ-{uuid.uuid4().hex[:8].upper()}", "name": "Fuzz", "category": "fuzz",
            "price": {"amount": "9.99", "currency": "EUR"}})["productId"]

    def wait(self, orders, state):
        """Waits until the orders are in a state of version 2."""
        left, deadline = list(orders), time.monotonic() + 60
        while left:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(left)} orders did not become {state}")
            order = self.shop.need("GET", f"/v2/orders/{left[0]}", self.customer["token"])
            if order["status"] == state:
                left.pop(0)
            else:
                time.sleep(0.1)
        return orders


def fill(url, output):
    shop = Shop(url)
    match = re.search(r"administrator\s+(\S+)\s+password\s+(\S+)", output)
    if not match:
        raise SystemExit("the output tells no administrator's password: is the data directory new?")
    administrator = shop.log_in(*match.groups())
    admin = administrator["accessToken"]
    customer = shop.register()
    token = customer["token"]
    products = [item["productId"] for item in shop.need("GET", "/v1/products?limit=100")["items"]
                if item["price"]["currency"] == "EUR" and item["sku"] != "SOLD-OUT"]
    for product in products:
        shop.need("POST", f"/v1/stock/{product}/receipts", admin, {"quantity": 1_000_000})
    make = Filler(shop, admin, customer, products)

    paid = [make.order() for _ in range(22)]
    declined = [make.order("pm_declined") for _ in range(8)]
    drafts = [make.draft() for _ in range(36)]
    cancelled = [make.draft()["orderId"] for _ in range(8)]
    for order in cancelled:
        shop.need("POST", f"/v1/orders/{order}/cancel", token)
    accounts = fill_accounts(shop, token)
    transfers = [shop.need("POST", "/v1/transfers", token, {
        "fromAccountId": accounts[0], "toAccountId": accounts[1], "amount": {"amount": "1.50", "currency": "EUR"},
    })["transferId"] for _ in range(3)]
    make.wait(declined, "PAYMENT_FAILED")
    make.wait(paid, "DELIVERED")
    for order in paid[:10]:
        shop.need("POST", f"/v1/orders/{order}/return", token)
    return {
        "url": url, "admin": admin, "adminId": administrator["userId"], "adminEmail": match.group(1),
        "customer": customer, "products": products, "accounts": accounts, "transfers": transfers,
        "delivered": paid[10:], "returning": paid[:10], "declined": declined, "cancelled": cancelled,
        "drafts": drafts[:6], "placeable": drafts[6:16], "cancellable": drafts[16:26], "thinnable": drafts[26:],
        "doomed": [make.product() for _ in range(24)], "spare": [make.product() for _ in range(4)],
        "stranger": shop.register(),
        "others": [shop.register() for _ in range(4)],
        "payments": [item["paymentId"] for item in shop.need("GET", "/v1/payments?limit=20", token)["items"]],
        "shipments": [item["shipmentId"] for item in shop.need("GET", "/v1/shipments?limit=20", token)["items"]
                      if item["status"] == "DELIVERED"],
    }


def fill_accounts(shop, token):
    """Two wallets with money."""
    accounts = [shop.need("POST", "/v1/accounts", token, {"currency": "EUR"})["accountId"] for _ in range(2)]
    for account in accounts:
        shop.need("POST", f"/v1/accounts/{account}/deposits", token, {"amount": {"amount": "500", "currency": "EUR"}})
    return accounts


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        print(json.dumps(fill(sys.argv[1], file.read()), indent=1))
