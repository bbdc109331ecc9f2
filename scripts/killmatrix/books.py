"""Checks the books of the platform by reading its SQLite files: nothing of Mainstay's own code is used here."""

import glob
import json
import os
import sqlite3
from collections import Counter, defaultdict

STATES = {
    "OrderDrafted": "DRAFT", "OrderPlaced": "PENDING", "OrderPaymentRequested": "PAYMENT_PROCESSING",
    "OrderConfirmed": "CONFIRMED", "OrderPaymentFailed": "PAYMENT_FAILED", "OrderPaymentRetried": "PENDING",
    "OrderShipped": "SHIPPED", "OrderInTransit": "IN_TRANSIT", "OrderDelivered": "DELIVERED", "OrderLost": "LOST",
    "OrderReturnRequested": "RETURN_REQUESTED", "OrderReturned": "RETURNED", "OrderRefunded": "REFUNDED",
    "OrderCancelled": "CANCELLED", "OrderArchived": "ARCHIVED",
}
# The customer has the goods or will have them, and has paid once.
COMPLETE = {"CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED", "RETURN_REQUESTED"}
# Nothing is sold: no money kept, no stock kept.
COMPENSATED = {"CANCELLED", "PAYMENT_FAILED", "REFUNDED"}
PAYMENT_STATES = {
    "PaymentRequested": "requested", "PaymentAuthorized": "authorized", "PaymentDeclined": "declined",
    "PaymentOutcomeUnknown": "unknown", "PaymentCaptured": "captured", "PaymentVoided": "voided",
    "PaymentRefunded": "refunded",
}
SERVICES = ["users", "catalog", "inventory", "payments", "shipping", "orders", "transfers", "notifications"]
HOUSE = bytes.fromhex("6d61696e7374800080000000000000" "00")
UNFINISHED = "status NOT IN ('completed', 'compensated')"


def text(raw):
    """A stored identifier as clients see it."""
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def raw(identifier):
    return bytes.fromhex(identifier.replace("-", ""))


def derived(identifier, purpose):
    """The id of something that belongs to `identifier`: FNV-1a over 128 bits, as a UUID of version 8."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in identifier + purpose.encode():
        value = ((value ^ byte) * 0x0000000001000000000000000000013B) & ((1 << 128) - 1)
    high = value >> 64 & 0xFFFFFFFFFFFF0FFF | 0x8000
    low = value & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000
    return high.to_bytes(8, "big") + low.to_bytes(8, "big")


class Books:
    """The databases of one data directory, read-only. Each is one snapshot for as long as the books are open."""

    def __init__(self, directory):
        self.directory = directory
        self.databases = {}
        for service in SERVICES:
            path = os.path.join(directory, f"{service}.sqlite")
            database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30, isolation_level=None)
            database.execute("PRAGMA query_only = ON")
            database.execute("BEGIN")
            self.databases[service] = database

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for database in self.databases.values():
            database.close()

    def query(self, service, sql, *values):
        return self.databases[service].execute(sql, values).fetchall()

    def one(self, service, sql, *values):
        return self.query(service, sql, *values)[0][0]

    # Looks that are cheap

    def unfinished(self):
        """How many sagas have not ended, by service."""
        return {one: self.one(one, f"SELECT count(*) FROM sagas WHERE {UNFINISHED}") for one in ("orders", "transfers")}

    def pending_work(self, with_mails):
        """What still has to happen by itself, in words; empty when everything has ended."""
        work = [f"{count} sagas of {service}" for service, count in self.unfinished().items() if count]
        payments = self.one(
            "payments", """SELECT count(*) FROM payments
            WHERE status = 'UNKNOWN' OR (status = 'AUTHORIZED' AND account_id IS NOT NULL)""")
        if payments:
            work.append(f"{payments} payments of unknown outcome")
        if not with_mails:
            return work
        mails = self.one("notifications", "SELECT count(*) FROM effects WHERE state IN ('due', 'claimed')")
        missing = self.one("orders", "SELECT count(*) FROM events WHERE type = 'OrderPlaced'") - self.one(
            "notifications", "SELECT count(*) FROM notifications WHERE kind = 'orderPlaced' AND channel = 'email'")
        if mails or missing > 0:
            work.append(f"{mails} mails to send and {max(missing, 0)} to write")
        return work

    def stuck(self, limit=5):
        """The last words of sagas that have not ended."""
        lines = []
        for service in ("orders", "transfers"):
            rows = self.query(
                service, f"SELECT id, definition, status FROM sagas WHERE {UNFINISHED} LIMIT ?", limit)
            for identifier, definition, status in rows:
                facts = self.query(
                    service, "SELECT fact FROM saga_entries WHERE saga = ? ORDER BY sequence DESC LIMIT 2", identifier)
                lines.append(f"{definition} {text(identifier)} {status}: {' ← '.join(fact for fact, in facts)}"[:600])
        return lines

    # Rules that hold at every instant, also between two steps of a saga

    def check_always(self, promised):
        """What is wrong with the files as the killed process left them."""
        return [*self._promises(promised), *self._logs(), *self._ledger_sums(), *self._double_charges()]

    def _promises(self, promised):
        orders = {row[0] for row in self.query("orders", "SELECT order_id FROM order_summaries")}
        transfers = {row[0] for row in self.query("transfers", "SELECT transfer_id FROM transfers")}
        payments = {row[0] for row in self.query("payments", "SELECT payment_id FROM payments")}
        known = {"order": ("orderId", orders), "transfer": ("transferId", transfers), "deposit": ("depositId", payments)}
        for promise in promised:
            member, ids = known[promise["kind"]]
            if raw(promise[member]) not in ids:
                yield f"the acknowledged {promise['kind']} {promise[member]} does not exist"

    def _logs(self):
        for service in SERVICES:
            count, last = self.query(service, "SELECT count(*), coalesce(max(position), 0) FROM events")[0]
            if count != last:
                yield f"the log of {service} has {count} events up to position {last}"

    def _ledger_sums(self):
        for service in ("payments", "inventory"):
            rows = self.query(
                service, """SELECT ledger, sum(debits_posted), sum(credits_posted), sum(debits_pending),
                sum(credits_pending) FROM ledger_accounts GROUP BY ledger""")
            held = dict(self.query(
                service, "SELECT ledger, sum(amount) FROM ledger_entries WHERE state = 'pending' GROUP BY ledger"))
            for ledger, debits, credits, debits_pending, credits_pending in rows:
                if debits != credits or not debits_pending == credits_pending == held.get(ledger, 0):
                    yield (
                        f"the ledger {ledger}: debits {debits}, credits {credits}, pending {debits_pending} and "
                        f"{credits_pending}, held {held.get(ledger, 0)}")
            for code, posted, pending in self.query(
                    service, """SELECT code, credits_posted - debits_posted, debits_pending FROM ledger_accounts
                    WHERE code IN ('shelf', 'sold', 'wallet', 'revenue')
                        AND credits_posted - debits_posted - debits_pending < 0"""):
                yield f"an account '{code}' of {service} is overdrawn: {posted}, of which {pending} are held"

    def _double_charges(self):
        rows = self.query(
            "payments", """SELECT order_id, count(*) FROM payments JOIN provider_charges USING (payment_id)
            WHERE provider_charges.status = 'captured' AND order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1""")
        for order, count in rows:
            yield f"order {text(order)} was charged {count} times"

    # Rules that hold when every saga has ended

    def check_settled(self, promised, with_mails):
        """What is wrong with the books when nothing is under way any more."""
        wrong = self.check_always(promised)
        for service in SERVICES:
            verdict = self.one(service, "PRAGMA quick_check")
            if verdict != "ok":
                wrong.append(f"the database of {service} is damaged: {verdict}")
            for consumer, line, error in self.query(
                    service, "SELECT consumer, line, error FROM inbox_parked WHERE state = 'dead'"):
                wrong.append(f"a dead letter in {service}: {consumer} could not take {line}: {error}")
        for service, count in self.unfinished().items():
            if count:
                wrong.append(f"{count} sagas of {service} have not ended")
        orders = self._orders()
        wrong += self._check_orders(orders, promised)
        wrong += self._check_payments(orders)
        wrong += self._check_money(orders)
        wrong += self._check_stock(orders)
        wrong += self._check_parcels(orders)
        wrong += self._check_mails(orders, with_mails)
        return wrong

    def _events(self, service, category):
        rows = self.query(
            service, "SELECT aggregate, type, data FROM events WHERE category = ? ORDER BY position", category)
        for aggregate, kind, data in rows:
            yield aggregate, kind, json.loads(data)

    def _orders(self):
        """Every order as its log tells it."""
        orders = {}
        for identifier, kind, fact in self._events("orders", "order"):
            if kind == "OrderDrafted":
                orders[identifier] = {
                    "customer": raw(fact["customerId"]), "lines": fact["lines"], "hold": None, "payment": None,
                    "total": sum(line["quantity"] * line["unitPrice"]["minor"] for line in fact["lines"]),
                }
            order = orders[identifier]
            order["state"] = STATES.get(kind, order.get("state"))
            if kind == "OrderStockReserved":
                order["hold"] = raw(fact["holdId"])
            if kind == "OrderPaymentRequested":
                order["payment"] = raw(fact["paymentId"])
            if kind == "OrderPlaced" and fact["totalAmount"]["minor"] != order["total"]:
                order["state"] = "of another total than its lines"
            if kind == "OrderConfirmed" and fact["amount"]["minor"] != order["total"]:
                order["state"] = "confirmed for another amount than its total"
        return orders

    def _check_orders(self, orders, promised):
        by_key = defaultdict(set)
        acknowledged = set()
        for promise in promised:
            if promise["kind"] != "order":
                continue
            identifier = raw(promise["orderId"])
            acknowledged.add(identifier)
            by_key[promise["key"]].add(identifier)
            order = orders.get(identifier)
            if order and (order["total"] != promise["cents"] or order["customer"] != raw(promise["customerId"])):
                yield f"order {promise['orderId']} is not what was ordered: {order['total']} for {promise['cents']}"
        for key, found in by_key.items():
            if len(found) > 1:
                yield f"the key {key} led to {len(found)} orders"
        for identifier in orders.keys() - acknowledged:
            yield f"order {text(identifier)} exists, but nobody was told: an order was placed twice"
        keys = self.one("orders", "SELECT count(*) FROM idempotency WHERE scope LIKE 'createOrder/%'")
        if keys != len(orders):
            yield f"{keys} keys led to {len(orders)} orders"
        for identifier, order in orders.items():
            if order["state"] not in COMPLETE | COMPENSATED:
                yield f"order {text(identifier)} has ended {order['state']}"
        states = dict(self.query("orders", "SELECT order_id, state FROM order_summaries"))
        for identifier, order in orders.items():
            # Parcels go on while we read, so the list may be one state ahead of the log that was read before it.
            if states.get(identifier) != order["state"] and not (
                    states.get(identifier) in COMPLETE and order["state"] in COMPLETE):
                yield f"order {text(identifier)} is {order['state']}, but listed as {states.get(identifier)}"

    def _check_payments(self, orders):
        """The provider's own book against our log against the orders."""
        ours, requests = {}, {}
        for identifier, kind, fact in self._events("payments", "payment"):
            ours[identifier] = PAYMENT_STATES[kind]
            if kind == "PaymentRequested":
                requests[identifier] = fact
        provider = {row[0]: row[1:] for row in self.query(
            "payments", "SELECT payment_id, status, amount FROM provider_charges")}
        for identifier, status in ours.items():
            theirs, amount = provider.get(identifier, ("nothing", 0))
            if status != theirs:
                yield f"payment {text(identifier)} is {status} with us and {theirs} at the provider"
            if status in ("captured", "refunded") and amount != requests[identifier]["amount"]["minor"]:
                yield f"payment {text(identifier)} took {amount} for {requests[identifier]['amount']}"
        for identifier in provider.keys() - ours.keys():
            yield f"the provider knows the payment {text(identifier)}, we do not"
        charged = defaultdict(list)
        for identifier, (status, _) in provider.items():
            order = requests.get(identifier, {}).get("orderId")
            if status == "captured" and order:
                charged[raw(order)].append(identifier)
        for identifier, order in orders.items():
            due = [order["payment"]] if order["state"] in COMPLETE else []
            if charged.get(identifier, []) != due:
                yield (
                    f"order {text(identifier)} is {order['state']} and has {len(charged.get(identifier, []))} "
                    "captured payments")
        for identifier in charged.keys() - orders.keys():
            yield f"a payment was captured for order {text(identifier)}, which does not exist"
        self.deposits = {
            identifier: fact for identifier, fact in requests.items()
            if "accountId" in fact and ours[identifier] == "captured"}
        self.charges = Counter()
        for identifier, (status, amount) in provider.items():
            if status == "captured" and identifier in requests:
                self.charges[raw(requests[identifier]["customerId"])] += amount
        for identifier, status in ours.items():
            yield from self._check_movements(identifier, status)

    def _check_movements(self, payment, status):
        """The movements that a payment must have left in the ledger, and no others."""
        if not hasattr(self, "entries"):
            self.entries = dict(self.query("payments", "SELECT id, state FROM ledger_entries"))
        hold = self.entries.get(derived(payment, "hold"))
        captured = derived(payment, "capture") in self.entries
        refunded = derived(payment, "refund") in self.entries
        expected = {
            "captured": ({"posted"}, True, False), "refunded": ({"posted"}, True, True),
            "voided": ({None, "voided"}, False, False), "declined": ({None}, False, False),
        }.get(status, ({"pending"}, False, False))
        if hold not in expected[0] or (captured, refunded) != expected[1:]:
            yield f"payment {text(payment)} is {status}, in the ledger: hold {hold}, captured {captured}, refunded {refunded}"

    def _accounts(self, service):
        """All accounts recomputed from the entries; reports those that say something else."""
        posted, pending, wrong = Counter(), Counter(), []
        for kind, state, debit, credit, amount in self.query(
                service, "SELECT kind, state, debit_account, credit_account, amount FROM ledger_entries"):
            if kind in ("post", "postPending"):
                posted[debit, "debit"] += amount
                posted[credit, "credit"] += amount
            elif kind == "hold" and state == "pending":
                pending[debit, "debit"] += amount
                pending[credit, "credit"] += amount
        accounts = {}
        for identifier, ledger, code, *sums in self.query(
                service, """SELECT id, ledger, code, debits_posted, credits_posted, debits_pending, credits_pending
                FROM ledger_accounts"""):
            counted = [posted[identifier, "debit"], posted[identifier, "credit"],
                       pending[identifier, "debit"], pending[identifier, "credit"]]
            if sums != counted:
                wrong.append(f"account {code} {text(identifier)} says {sums}, its entries say {counted}")
            accounts[identifier] = {
                "ledger": ledger, "code": code, "balance": sums[1] - sums[0], "pending": sums[2] + sums[3]}
        return accounts, wrong

    def _check_money(self, orders):
        accounts, wrong = self._accounts("payments")
        yield from wrong
        for identifier, account in accounts.items():
            if account["pending"]:
                yield f"{account['pending']} are still held on account {account['code']} {text(identifier)}"
        sold = sum(order["total"] for order in orders.values() if order["state"] in COMPLETE)
        revenue = sum(one["balance"] for one in accounts.values() if one["code"] == "revenue")
        if revenue != sold:
            yield f"the merchant has {revenue}, orders for {sold} are paid"
        owed = Counter()
        for order in orders.values():
            if order["state"] in COMPLETE:
                owed[order["customer"]] += order["total"]
        wallets = Counter()
        for fact in self.deposits.values():
            owed[raw(fact["customerId"])] += fact["amount"]["minor"]
            wallets[raw(fact["accountId"])] += fact["amount"]["minor"]
        for customer in owed.keys() | self.charges.keys():
            card = accounts.get(derived(customer, "card/EUR"), {"balance": 0})["balance"]
            if not -card == owed[customer] == self.charges[customer]:
                yield (
                    f"customer {text(customer)} owes {owed[customer]}, was charged {self.charges[customer]} by the "
                    f"provider and {-card} in our books")
        yield from self._check_transfers(accounts, wallets)

    def _check_transfers(self, accounts, wallets):
        requests, states = {}, {}
        for identifier, kind, fact in self._events("transfers", "transfer"):
            states[identifier] = kind
            if kind == "TransferRequested":
                requests[identifier] = fact
        legs = dict(self.query("payments", "SELECT id, state FROM ledger_entries WHERE code LIKE 'transfer/%'"))
        for identifier, fact in requests.items():
            found = {legs.get(derived(identifier, one)) for one in ("debit", "credit")}
            if states[identifier] == "TransactionCompleted":
                wallets[raw(fact["fromAccountId"])] -= fact["amount"]["minor"]
                wallets[raw(fact["toAccountId"])] += fact["amount"]["minor"]
                if found != {"posted"}:
                    yield f"transfer {text(identifier)} is done, its legs are {found}"
            elif states[identifier] != "TransferFailed":
                yield f"transfer {text(identifier)} has ended with {states[identifier]}"
            elif found - {None, "voided"}:
                yield f"transfer {text(identifier)} failed, its legs are {found}"
        for identifier, account in accounts.items():
            if account["code"] == "wallet" and account["balance"] != wallets[identifier]:
                yield f"wallet {text(identifier)} holds {account['balance']}, its history says {wallets[identifier]}"
            if account["code"] == "clearing" and account["balance"]:
                yield f"{account['balance']} are lost between two wallets"
        if keys := self.one("transfers", "SELECT count(*) FROM idempotency") - len(requests):
            yield f"{keys} more keys than transfers"

    def _check_stock(self, orders):
        accounts, wrong = self._accounts("inventory")
        yield from wrong
        received, holds, lines = Counter(), {}, {}
        for _, kind, fact in self._events("inventory", "stock"):
            received[fact["productId"]] += fact["quantity"]
        for identifier, kind, fact in self._events("inventory", "hold"):
            holds[identifier] = kind
            if fact["lines"]:
                lines[identifier] = Counter()
                for line in fact["lines"]:
                    lines[identifier][line["productId"]] += line["quantity"]
        committed = {identifier for identifier, kind in holds.items() if kind == "StockCommitted"}
        for identifier, kind in holds.items():
            if kind == "StockReserved":
                yield f"stock is still set aside under {text(identifier)}"
        sold, due = Counter(), {}
        for identifier, order in orders.items():
            if order["state"] not in COMPLETE:
                continue
            due[order["hold"]] = identifier
            wanted = Counter()
            for line in order["lines"]:
                wanted[line["productId"]] += line["quantity"]
            sold += wanted
            if order["hold"] not in committed or lines[order["hold"]] != wanted:
                yield f"order {text(identifier)} is {order['state']}, but its stock is {holds.get(order['hold'])}"
        for identifier in committed - due.keys():
            yield f"stock is sold under {text(identifier)} for no order"
        balances = {(one["ledger"], one["code"]): one for one in accounts.values()}
        for product, pieces in received.items():
            shelf, gone, world = (balances[f"stock/{product}", code] for code in ("shelf", "sold", "world"))
            if -world["balance"] != pieces or gone["balance"] != sold[product]:
                yield (
                    f"product {product}: {pieces} received and {sold[product]} sold, the ledger says "
                    f"{-world['balance']} and {gone['balance']}")
            if shelf["balance"] != pieces - sold[product] or shelf["balance"] < 0 or shelf["pending"]:
                yield (
                    f"product {product}: {shelf['balance']} on the shelf and {shelf['pending']} set aside of "
                    f"{pieces} received and {sold[product]} sold")

    def _check_parcels(self, orders):
        parcels = {
            identifier: json.loads(document)["status"]
            for identifier, document in self.query("shipping", "SELECT order_id, document FROM shipments")}
        for identifier, order in orders.items():
            parcel = parcels.get(identifier)
            if order["state"] in COMPLETE and parcel in (None, "CANCELLED"):
                yield f"order {text(identifier)} is {order['state']}, its parcel is {parcel}"
            if order["state"] in ("CANCELLED", "PAYMENT_FAILED") and parcel not in (None, "CANCELLED"):
                yield f"order {text(identifier)} is {order['state']}, but its parcel is {parcel}"
        for identifier in parcels.keys() - orders.keys():
            yield f"a parcel goes out for order {text(identifier)}, which does not exist"

    def _check_mails(self, orders, is_complete):
        """One confirmation an order, in the list and among the files that went out; at most one while mails go out."""
        asked = Counter(about for about, in self.query(
            "notifications", "SELECT about FROM notifications WHERE kind = 'orderPlaced' AND channel = 'email'"))
        sent = Counter(identifier for identifier, in self.query(
            "notifications", "SELECT aggregate FROM events WHERE type = 'EmailSent'"))
        written = Counter()
        for path in glob.glob(os.path.join(self.directory, "mail", "email", "*")):
            with open(path, encoding="utf-8") as mail:
                head = mail.read(1_000).partition("\n\n")[0]
            for line in head.splitlines():
                words = line.split()
                if line.startswith("Subject: Your order ") and len(words) == 4:
                    written[raw(words[3])] += 1
        for identifier in orders:
            if asked[identifier] > 1 or written[identifier] > 1:
                yield f"order {text(identifier)} was confirmed {max(asked[identifier], written[identifier])} times"
            if is_complete and not (asked[identifier] and written[identifier]):
                yield f"order {text(identifier)} was never confirmed by mail"
        for identifier, count in sent.items():
            if count > 1:
                yield f"the mail {text(identifier)} was sent {count} times"
