"""Asks a shop for things at fixed rates, in quiet and in troubled phases that alternate.

Usage: cascade.py URL DEMO PAYMENTS PHASE ROUNDS: DEMO is what `mainstay up --demo` printed, PAYMENTS the process id of the
payments service, PHASE seconds of a phase.
"""

import http.client
import json
import os
import random
import signal
import statistics
import sys
import threading
import time
import urllib.parse
import uuid

url, demo, payments, phase, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
host = urllib.parse.urlsplit(url).netloc
local = threading.local()


def call(method, path, token=None, body=None, parse=True):
    """The status and the JSON of an answer, if it is to be read: reading long ones would take the processor from the shop."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if method != "GET":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection(host, timeout=60)
    try:
        local.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = local.connection.getresponse()
        data = answer.read()
    except (http.client.HTTPException, OSError):
        local.connection.close()
        raise
    is_json = parse and "json" in answer.getheader("Content-Type", "")
    return answer.status, json.loads(data) if data and is_json else None


def need(*arguments):
    status, answer = call(*arguments)
    if not 200 <= status < 300:
        sys.exit(f"{arguments[:2]} answered {status}: {answer}")
    return answer


class Crowd:
    """People who come at a rate, each on a thread of their own while they wait."""

    def __init__(self, rate, ask, seed):
        self.rate, self.ask, self.chance = rate, ask, random.Random(seed)
        self.times, self.statuses = [], {}
        self.lock = threading.Lock()

    def visit(self):
        began = time.monotonic()
        try:
            status = self.ask()
        except (http.client.HTTPException, OSError):
            status = 0
        took = time.monotonic() - began
        with self.lock:
            self.times.append(took)
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def run(self, until):
        visitors = []
        next_visit = time.monotonic()
        while True:
            next_visit += self.chance.expovariate(self.rate)
            if next_visit >= until:
                break
            time.sleep(max(0, next_visit - time.monotonic()))
            visitors.append(threading.Thread(target=self.visit))
            visitors[-1].start()
        for visitor in visitors:
            visitor.join()


def play(*crowds):
    until = time.monotonic() + phase
    threads = [threading.Thread(target=crowd.run, args=(until,)) for crowd in crowds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def p95(times):
    return sorted(times)[len(times) * 95 // 100] * 1_000


with open(demo, encoding="utf-8") as lines:
    words = next(line.split() for line in lines if line.split()[:1] == ["administrator"])
admin = need("POST", "/v1/sessions", None, {"email": words[1], "password": words[3]})["accessToken"]
person = {"email": f"cascade-{uuid.uuid4().hex[:8]}@example.com", "password": "a cascade of trouble"}
need("POST", "/v1/users", None, person | {"name": "Ada"})
session = need("POST", "/v1/sessions", None, person)
token, customer = session["accessToken"], session["userId"]
products = [p for p in need("GET", "/v1/products?limit=100")["items"] if p["sku"] != "SOLD-OUT"]


def browse():
    return call("GET", "/v1/products?limit=5", parse=False)[0]


def pay():
    return call("GET", "/v1/payments", token, parse=False)[0]


def order():
    items = [{"productId": random.choice(products)["productId"], "quantity": 1}]
    return call("POST", "/v1/orders", token, {"customerId": customer, "items": items}, parse=False)[0]


def report():
    return call("GET", "/v1/reports/orders?limit=1000", admin, parse=False)[0]


def merged(crowds):
    statuses = {}
    for crowd in crowds:
        for status, count in crowd.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return [t for crowd in crowds for t in crowd.times], statuses


quiet, troubled, held, calm, busy, reports = [], [], [], [], [], []
play(Crowd(20, browse, 0), Crowd(4, order, 0))  # warms up
for number in range(rounds):
    quiet.append(Crowd(20, browse, number))
    play(quiet[-1], Crowd(4, pay, number))
    troubled.append(Crowd(20, browse, number))
    held.append(Crowd(4, pay, number))
    os.kill(payments, signal.SIGSTOP)
    try:
        play(troubled[-1], held[-1])
    finally:
        os.kill(payments, signal.SIGCONT)
    time.sleep(3)
    calm.append(Crowd(4, order, number))
    play(calm[-1])
    busy.append(Crowd(4, order, number))
    reports.append(Crowd(60, report, number))
    play(busy[-1], reports[-1])

print(f"| what | {rounds} × {phase:.0f} s | p50 ms | p95 ms | longest ms | answers |\n| --- | --- | --- | --- | --- | --- |")
for name, crowds in [
    ("browsing, quiet", quiet), ("browsing, payments stopped", troubled), ("payments, stopped", held),
    ("orders, quiet", calm), ("orders, reports without end", busy), ("those reports", reports),
]:
    times, statuses = merged(crowds)
    answers = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    print(f"| {name} | {len(times)} | {statistics.median(times) * 1_000:.1f} | {p95(times):.1f} | "
          f"{max(times) * 1_000:.0f} | {answers} |")
figures = [p95(merged(crowds)[0]) for crowds in (quiet, troubled, calm, busy)]
print("cascade browse_quiet_p95_ms={:.1f} browse_troubled_p95_ms={:.1f} order_quiet_p95_ms={:.1f} order_busy_p95_ms={:.1f} "
      "held_ms={:.0f}".format(*figures, max(merged(held)[0]) * 1_000))
