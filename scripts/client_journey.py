#!/usr/bin/env python3
"""Walks through an order with a client that was generated from the OpenAPI document.

Usage: client_journey.py URL OPENAPI.json     with the generated package shop_client on PYTHONPATH
"""

import datetime
import importlib
import json
import pkgutil
import re
import sys
import uuid

import shop_client.api
from shop_client import AuthenticatedClient, Client
from shop_client import models
from shop_client.api.orders import create_order, get_order, list_orders
from shop_client.api.products import list_products
from shop_client.api.sessions import log_in
from shop_client.api.users import register_user

PASSWORD = "correct horse battery staple"


def plain(value):
    """Times as values: the client writes them with an offset where we write Z."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def need(answer, status):
    """The typed body of an answer with this status; what it lost or made up on the way is an error."""
    if answer.status_code != status:
        raise SystemExit(f"{status} was expected, not {answer.status_code}: {answer.content[:500]!r}")
    if plain(answer.parsed.to_dict()) != plain(json.loads(answer.content)):
        raise SystemExit(f"read and written again, this is not the same: {answer.content[:500]!r}")
    return answer.parsed


def functions():
    """The names of all generated operations."""
    return {module.name.rsplit(".", 1)[-1]
            for module in pkgutil.walk_packages(shop_client.api.__path__, "shop_client.api.")
            if not module.ispkg and hasattr(importlib.import_module(module.name), "sync_detailed")}


def main(url, document):
    with open(document, encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    operations = {re.sub(r"(?<!^)(?=[A-Z])", "_", operation["operationId"]).lower()
                  for methods in paths.values() for operation in methods.values()}
    if missing := operations - functions():
        raise SystemExit(f"these operations have no function: {', '.join(sorted(missing))}")

    visitor = Client(base_url=url)
    email = f"{uuid.uuid4().hex}@example.com"
    need(register_user.sync_detailed(
        client=visitor, body=models.Registration(email=email, password=PASSWORD, name="Ada")), 201)
    session = need(log_in.sync_detailed(client=visitor, body=models.Login(email=email, password=PASSWORD)), 201)
    customer = AuthenticatedClient(base_url=url, token=session.access_token)
    product = need(list_products.sync_detailed(client=visitor, limit=1), 200).items[0]
    body = models.CreateOrderRequest(
        customer_id=session.user_id,
        items=[models.OrderItemRequest(product_id=product.product_id, quantity=2)])
    key = str(uuid.uuid4())
    order = need(create_order.sync_detailed(client=customer, body=body, idempotency_key=key), 201)
    again = need(create_order.sync_detailed(client=customer, body=body, idempotency_key=key), 409)
    read = need(get_order.sync_detailed(order_id=order.order_id, client=customer), 200)
    history = need(list_orders.sync_detailed(client=customer), 200).items
    if {order.order_id, again.order_id, read.order_id} != {one.order_id for one in history}:
        raise SystemExit("the order is not the same everywhere")
    print(f"generated client operations={len(operations)} order={order.order_id} status={read.status}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
