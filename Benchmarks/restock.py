"""Puts a million pieces of every product but the sold-out one on the shelf, as the administrator of the demo.

Usage: restock.py URL OUTPUT, where OUTPUT holds what `mainstay up --demo` printed.
"""

import json
import sys
import urllib.request
import uuid

url, output = sys.argv[1:]


def call(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method)) as answer:
        return json.load(answer)


with open(output, encoding="utf-8") as lines:
    words = next(line.split() for line in lines if line.split()[:1] == ["administrator"])
session = call("POST", "/v1/sessions", {"email": words[1], "password": words[3]})
for product in call("GET", "/v1/products?limit=100")["items"]:
    if product["sku"] != "SOLD-OUT":
        path = f"/v1/stock/{product['productId']}/receipts"
        call("POST", path, {"quantity": 1_000_000}, session["accessToken"])
