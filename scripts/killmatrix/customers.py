"""Customers who order, pay, change their minds and move money, and who repeat what got no answer."""

import random
import threading
import time
import uuid

from .running import Connection, Unanswered

METHODS = ["pm_ok"] * 68 + ["pm_declined"] * 8 + ["pm_lost"] * 8 + ["pm_unknown"] * 8 + ["pm_slow"] * 8


class Shop:
    """What all customers share."""

    def __init__(self, platform, record, seed):
        self.platform, self.record, self.seed = platform, record, seed
        self.products, self.wallets = [], []
        self.paused = threading.Event()
        self.stopped = threading.Event()
        self.oddities = []
        self.counts = {}
        self._lock = threading.Lock()
        self.administrator = None

    def odd(self, text):
        with self._lock:
            self.oddities.append(text)

    def count(self, what):
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + 1


class Person:
    """Somebody with an account at the shop."""

    def __init__(self, shop, email, password):
        self.shop, self.email, self.password = shop, email, password
        self.connection = Connection(shop.platform.port)
        self.token = self.id = None

    def register(self):
        body = {"email": self.email, "password": self.password, "name": "Kill Matrix"}
        self.insist("POST", "/v1/users", body, {201, 409}, token=False)
        self.log_in()

    def log_in(self):
        _, session, _ = self.insist(
            "POST", "/v1/sessions", {"email": self.email, "password": self.password}, {201}, token=False)
        self.token, self.id = session["accessToken"], session["userId"]

    def insist(self, method, path, body=None, expected=frozenset({200}), key=None, token=True):
        """Asks until there is an answer, under the same key. Returns status, body, and whether it was asked again."""
        is_repeated = False
        while True:
            if not self.shop.platform.up.wait(0.5):
                if self.shop.stopped.is_set():
                    raise Unanswered("the shop has closed")
                continue
            try:
                status, answer = self.connection.call(method, path, body, self.token if token else None, key)
            except Unanswered:
                is_repeated = True
                time.sleep(0.01)
                continue
            if status in expected:
                return status, answer, is_repeated
            if status == 401 and token:
                self.log_in()
                continue
            if status in (429, 503):
                # Refused without a promise, or by a part of the platform that waits for another: asked again.
                self.shop.count(f"answers {status}")
                is_repeated = True
                time.sleep(0.05)
                continue
            self.shop.odd(f"{method} {path} was answered {status}: {answer}")
            return status, answer, is_repeated


class Customer(Person, threading.Thread):
    """One of them in a closed loop."""

    def __init__(self, shop, number):
        threading.Thread.__init__(self, name=f"customer {number}", daemon=True)
        email = f"kill-{shop.seed}-{number}-{uuid.uuid4().hex[:8]}@example.com"
        Person.__init__(self, shop, email, f"kill matrix {uuid.uuid4()}")
        self.chance = random.Random(f"{shop.seed}/customer/{number}")
        self.idle = threading.Event()
        self.wallet = None
        self.recent, self.declined = [], []

    def key(self):
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def open_wallet(self):
        _, account, _ = self.insist("POST", "/v1/accounts", {"currency": "EUR"}, {201})
        self.wallet = account["accountId"]
        self.deposit("10000.00", "pm_ok")
        self.shop.wallets.append(self.wallet)

    def run(self):
        deeds = [self.order] * 70 + [self.transfer] * 11 + [self.deposit] * 4 + [self.cancel] * 6
        deeds += [self.send_back] * 5 + [self.pay_again] * 4
        while not self.shop.stopped.is_set():
            if self.shop.paused.is_set():
                self.idle.set()
                time.sleep(0.01)
                continue
            self.idle.clear()
            try:
                self.chance.choice(deeds)()
            except Unanswered:
                break
            except Exception as error:  # noqa: BLE001 - whatever a customer meets is reported, and the load goes on
                self.shop.odd(f"{self.name}: {type(error).__name__}: {error}")
        self.idle.set()

    # What they do

    def order(self):
        lines = self.chance.sample(self.shop.products, self.chance.choice([1, 1, 1, 2, 3]))
        items = [{"productId": line["productId"], "quantity": self.chance.randint(1, 3)} for line in lines]
        method = self.chance.choice(METHODS)
        body = {"customerId": self.id, "items": items, "paymentMethod": method}
        key = self.key()
        status, answer, is_repeated = self.insist("POST", "/v1/orders", body, {201, 409}, key)
        if status not in (201, 409) or "orderId" not in answer:
            return self.shop.odd(f"POST /v1/orders was answered {status}: {answer}")
        if status == 409 and not is_repeated:
            self.shop.odd(f"a new key {key} was answered 409")
        total = sum(line["cents"] * item["quantity"] for line, item in zip(lines, items))
        self.shop.record.acknowledged(
            "order", orderId=answer["orderId"], customerId=self.id, key=key, cents=total, method=method)
        self.shop.count(method)
        self.recent = (self.recent + [(time.monotonic(), answer["orderId"])])[-40:]
        if method == "pm_declined":
            self.declined.append(answer["orderId"])
        if self.chance.random() < 0.05:
            self.repeat(body, key, answer["orderId"])

    def repeat(self, body, key, order):
        """The same request again is the same order; another one under its key is none."""
        status, answer, _ = self.insist("POST", "/v1/orders", body, {409}, key)
        if status != 409 or answer.get("orderId") != order:
            self.shop.odd(f"the repeated key {key} of order {order} was answered {status}: {answer}")
        other = dict(body, paymentMethod="pm_ok" if body["paymentMethod"] != "pm_ok" else "pm_lost")
        self.insist("POST", "/v1/orders", other, {422}, key)

    def transfer(self):
        target = self.chance.choice([wallet for wallet in self.shop.wallets if wallet != self.wallet])
        # Now and then more than anybody has.
        euros = self.chance.choice([self.chance.randint(1, 300)] * 9 + [5_000_000])
        body = {
            "fromAccountId": self.wallet, "toAccountId": target, "amount": {"amount": f"{euros}.00", "currency": "EUR"},
        }
        key = self.key()
        status, answer, _ = self.insist("POST", "/v1/transfers", body, {201}, key)
        if status == 201:
            self.shop.record.acknowledged("transfer", transferId=answer["transferId"], key=key, cents=euros * 100)
            self.shop.count("transfers")

    def deposit(self, amount="50.00", method=None):
        method = method or self.chance.choice(METHODS)
        body = {"amount": {"amount": amount, "currency": "EUR"}, "paymentMethod": method}
        key = self.key()
        path = f"/v1/accounts/{self.wallet}/deposits"
        status, answer, _ = self.insist("POST", path, body, {201, 422}, key)
        if status == 201:
            self.shop.record.acknowledged(
                "deposit", depositId=answer["depositId"], key=key, accountId=self.wallet,
                cents=round(float(amount) * 100))
            self.shop.count("deposits")
        elif method != "pm_declined":
            self.shop.odd(f"a deposit with {method} was answered 422: {answer}")

    def cancel(self):
        if self.recent:
            _, order = self.chance.choice(self.recent[-5:])
            status, *_ = self.insist("POST", f"/v1/orders/{order}/cancel", None, {200, 409}, self.key())
            if status == 200:
                self.shop.count("cancelled")

    def send_back(self):
        old = [order for moment, order in self.recent if time.monotonic() - moment > 3.5]
        if not old:
            return
        order = self.chance.choice(old)
        status, *_ = self.insist("POST", f"/v1/orders/{order}/return", None, {200, 409}, self.key())
        if status == 200 and self.chance.random() < 0.8:
            # An operator takes it in. The connection is the customer's own, the token is not.
            clerk = Person(self.shop, *self.shop.administrator)
            clerk.connection, clerk.token = self.connection, self.shop.clerk_token
            clerk.insist("POST", f"/v1/orders/{order}/process-return", None, {200, 409}, self.key())
            self.shop.clerk_token = clerk.token
            self.shop.count("sent back")

    def pay_again(self):
        if self.declined:
            order = self.declined.pop(self.chance.randrange(len(self.declined)))
            method = self.chance.choice(["pm_ok", "pm_ok", "pm_lost", "pm_declined"])
            path = f"/v1/orders/{order}/retry-payment"
            status, *_ = self.insist("POST", path, {"paymentMethod": method}, {200, 409}, self.key())
            if status == 200:
                self.shop.count("paid again")
