"""What schemathesis must know of the shop to come past its front door: who calls, and which ids are real.

Values are replaced in a share of the cases only; all others go out as they were generated. Nothing here looks at
answers: what is relaxed stands in schemathesis.toml.
"""

import atexit
import base64
import collections
import json
import os
import random
import sys
import threading
import uuid

import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fuzz_session import PASSWORD, Shop  # noqa: E402

with open(os.environ["MAINSTAY_FUZZ_SESSION"], encoding="utf-8") as file:
    SESSION = json.load(file)

SHOP = Shop(SESSION["url"])
CHANCE = random.Random(int(os.environ.get("SEED", "0")))
LOCK = threading.Lock()

OPERATORS = {"createProduct", "replaceProduct", "removeProduct", "receiveStock", "trackShipment", "processReturn",
             "archiveOrder", "salesReport", "exportOrders", "listUsers", "createUser", "importUser", "administerUser", "revokeUserTokens"}
# These end sessions or need a password: each case gets an account of its own.
THROWAWAY = {"logOut", "changeMyPassword"}
# bcrypt of "correct horse battery staple".
BCRYPT = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"

# What an operation uses up, first come, first served; the last of each is used again and again.
POOLS = {name: collections.deque(SESSION[name])
         for name in ("delivered", "returning", "declined", "placeable", "cancellable", "thinnable", "cancelled",
                      "doomed")}
ORDER_POOLS = {"returnOrder": "delivered", "processReturn": "returning", "retryPayment": "declined",
               "archiveOrder": "cancelled"}


def operation_id(operation):
    return operation.definition.raw.get("operationId", "")


def take(pool, for_good=True):
    """The next of a pool; it is used up only by a case that may succeed."""
    with LOCK:
        return POOLS[pool].popleft() if for_good and len(POOLS[pool]) > 1 else POOLS[pool][0]


def one_of(name):
    with LOCK:
        return CHANCE.choice(SESSION[name])


def in_share(share):
    with LOCK:
        return CHANCE.random() < share


@schemathesis.auth(refresh_interval=None)
class Caller:
    """A customer; an operator where that is needed, though not always."""

    def get(self, case, context):
        name = operation_id(context.operation)
        if name in THROWAWAY:
            return SHOP.register()["token"]
        if name in OPERATORS and in_share(0.97):
            return SESSION["admin"]
        return SESSION["customer"]["token"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.check
def another_customer_is_refused(ctx, response, case):
    """What a customer may do with a thing of theirs, reading or writing, another customer may not.

    schemathesis' own object_level_authorization asks the same of reads, but knows identities only from an
    authentication file, which would take the place of Caller.
    """
    sent = response.request
    is_private = case.operation.path_parameters and case.operation.definition.raw.get("security")
    # What OPTIONS tells is no secret.
    if not is_private or sent.method == "OPTIONS" or not 200 <= response.status_code < 300:
        return
    if sent.headers.get("Authorization") != f"Bearer {SESSION['customer']['token']}":
        return
    headers = {name: value for name, value in sent.headers.items()
               if name.lower() in ("content-type", "accept")}
    headers |= {"Authorization": f"Bearer {SESSION['stranger']['token']}", "Idempotency-Key": str(uuid.uuid4())}
    status = SHOP.replay(sent.method, sent.url, headers, sent.body)
    if status not in (403, 404):
        raise AssertionError(f"{sent.method} {sent.url} answered {status} to a customer who does not own it")
    with LOCK:
        REFUSED[case.operation.label] += 1


# How often a stranger was refused, by operation: none at all would mean that nothing was checked.
REFUSED = collections.Counter()


@atexit.register
def write_refused():
    if path := os.environ.get("MAINSTAY_FUZZ_REFUSED"):
        with open(path, "w", encoding="utf-8") as out:
            json.dump(REFUSED, out)


def real_path(name, parameters, is_good):
    """Path parameters that exist, or None where nothing is known."""
    if "orderId" in parameters and "lineId" in parameters:
        draft = take("thinnable", is_good) if name == "removeLine" else one_of("drafts")
        return {"orderId": draft["orderId"], "lineId": draft["lineId"]}
    if "orderId" in parameters:
        if name in ORDER_POOLS:
            return {"orderId": take(ORDER_POOLS[name], is_good)}
        if name == "addLine":
            return {"orderId": one_of("drafts")["orderId"]}
        if name in ("placeOrder", "cancelOrder"):
            return {"orderId": take("placeable" if name == "placeOrder" else "cancellable", is_good)["orderId"]}
        return {"orderId": one_of("delivered")}
    if "productId" in parameters:
        if name == "removeProduct":
            return {"productId": take("doomed", is_good)}
        return {"productId": one_of("spare" if name == "replaceProduct" else "products")}
    if "userId" in parameters:
        return {"userId": one_of("others")["id"]}
    for parameter, known in (("accountId", "accounts"), ("paymentId", "payments"), ("shipmentId", "shipments"),
                             ("transferId", "transfers"), ("notificationId", "notifications")):
        if parameter in parameters and SESSION.get(known):
            return {parameter: one_of(known)}
    return None


def money(amount="3.50"):
    return {"amount": amount, "currency": "EUR"}


def items(body):
    for item in body.get("items") or []:
        item["productId"] = one_of("products")
        item.pop("unitPrice", None)


def real_body(name, body):
    """Makes a generated body mean something that can be done."""
    if "customerId" in body:
        body["customerId"] = SESSION["customer"]["id"]
        items(body)
    if name == "addLine":
        body["productId"] = one_of("products")
        body.pop("unitPrice", None)
    elif name in ("createProduct", "replaceProduct"):
        body["sku"] = f"F-{uuid.uuid4().hex[:12].upper()}"
        body["price"] = money(f"{CHANCE.randrange(1, 10_000)}.99")
    elif name == "makeDeposit":
        body["amount"] = money(f"{CHANCE.randrange(1, 900)}.25")
    elif name == "createTransfer":
        body["amount"] = money("0.01")
        body["fromAccountId"], body["toAccountId"] = SESSION["accounts"][0], SESSION["accounts"][1]
    elif name == "trackShipment":
        body["status"] = "DELIVERED"
    elif name == "importUser":
        body["passwordHash"] = BCRYPT
    elif name == "logIn":
        body["email"], body["password"] = one_of("others")["email"], PASSWORD
    elif name == "refreshSession":
        body["refreshToken"] = SHOP.register()["refresh"]
    elif name == "changeMyPassword":
        body["currentPassword"] = PASSWORD
        if in_share(0.5):
            body["newPassword"] = uuid.uuid4().hex
    elif name in ("registerUser", "createUser"):
        body["email"] = f"{uuid.uuid4().hex[:10]}@example.com"
        if in_share(0.5):
            body["password"] = uuid.uuid4().hex
    return body


def forged_cursor():
    """A cursor of the right form whose key no page ever gave."""
    parts = CHANCE.choice([
        ["9223372036854775807", str(uuid.uuid4())], ["-9223372036854775808", str(uuid.uuid4())], ["1e400", "x"],
        ["NaN", str(uuid.uuid4())], ["-1"], ["9223372036854775807"], [str(uuid.uuid4())], ["\u0000"], []])
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def is_negative(case, location):
    return case.meta is not None and case.meta.is_negative_at(location)


def keep_own(name, case):
    """Keeps the fuzzer from taking away what it stands on, wherever it found the id."""
    parameters = case.path_parameters or {}
    if name in ("administerUser", "revokeUserTokens"):
        if parameters.get("userId") in (SESSION["customer"]["id"], SESSION["adminId"]):
            parameters["userId"] = one_of("others")["id"]
    if name == "replaceProduct" and parameters.get("productId") in SESSION["products"]:
        parameters["productId"] = one_of("spare")
    if name == "removeProduct" and parameters.get("productId") in SESSION["products"] + SESSION["spare"]:
        parameters["productId"] = take("doomed")


@schemathesis.hook
def before_call(context, case, kwargs):
    name = operation_id(case.operation)
    is_real = in_share(0.7)
    if case.method == "TRACE":
        # With content it is no HTTP (RFC 9110 §9.3.8): refused with 400 before anybody looks where it leads.
        case.body = NOT_SET
    # Stateful tests follow what they made themselves.
    is_stateful = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
    if case.path_parameters and not is_stateful and not is_negative(case, ParameterLocation.PATH):
        is_good = case.meta is None or case.meta.generation.mode.is_positive
        path = real_path(name, case.path_parameters, is_good) if is_real else None
        if path:
            case.path_parameters.update(path)
    keep_own(name, case)
    if case.headers and not is_negative(case, ParameterLocation.HEADER):
        for header in list(case.headers):
            if header.lower() == "idempotency-key" and in_share(0.9):
                case.headers[header] = str(uuid.uuid4())
    if is_real and isinstance(case.body, dict) and not is_negative(case, ParameterLocation.BODY):
        case.body = real_body(name, dict(case.body))
    if case.query and "cursor" in case.query and not is_negative(case, ParameterLocation.QUERY) and in_share(0.5):
        case.query["cursor"] = forged_cursor()
