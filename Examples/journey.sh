#!/usr/bin/env bash
# A customer's whole journey through a running `mainstay up --demo`, over its public API, with curl and jq only.
#
#   Examples/journey.sh                            # against http://127.0.0.1:3000, or $MAINSTAY_URL
#
# Taking in a return is an operator's work: put what the first start printed into MAINSTAY_ADMIN_EMAIL and
# MAINSTAY_ADMIN_PASSWORD to walk that way too. Ends with exit code 1 at the first answer that is not as it should be.
set -euo pipefail

url=${MAINSTAY_URL:-http://127.0.0.1:3000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
status=""
token=""
key=""

say() { printf '\n%s\n' "$1"; }

pass() { checks=$((checks + 1)); printf '  ✓ %s\n' "$1"; }

fail() {
    printf '  ✗ %s\n' "$1" >&2
    [ ! -s "$work/answer" ] || { printf '    the last answer was %s: ' "$status"; head -c 1000 "$work/answer"; echo; } >&2
    exit 1
}

new_key() { cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen | tr '[:upper:]' '[:lower:]'; }

# call METHOD PATH [BODY]: leaves the status in $status and the body in $work/answer. Uses $token and $key where set.
call() {
    local arguments=(--silent --show-error --max-time 30 --request "$1" --output "$work/answer" --write-out '%{http_code}')
    [ -z "$token" ] || arguments+=(--header "Authorization: Bearer $token")
    [ -z "$key" ] || arguments+=(--header "Idempotency-Key: $key")
    [ $# -lt 3 ] || arguments+=(--header 'Content-Type: application/json' --data "$3")
    : >"$work/answer"
    status=$(curl "${arguments[@]}" "$url$2") || { status="none"; fail "$1 $2: nobody answers at $url"; }
}

# expect STATUS TEXT: the last answer had this status.
expect() { [ "$status" = "$1" ] && pass "$2" || fail "$2: $1 was expected"; }

# answer FILTER [--arg NAME VALUE…]: what jq finds in the last answer.
answer() { jq -r "$@" <"$work/answer"; }

# holds TEXT FILTER [--arg NAME VALUE…]: the filter is true of the last answer.
holds() {
    local text=$1 filter=$2
    shift 2
    jq -e "$@" "$filter" <"$work/answer" >/dev/null && pass "$text" || fail "$text: not so ($filter)"
}

# await TEXT SECONDS PATH FILTER: asks again and again until the filter is true of the answer.
await() {
    local end=$((SECONDS + $2))
    key=""
    while :; do
        call GET "$3"
        if [ "$status" = 200 ] && jq -e "$4" <"$work/answer" >/dev/null; then pass "$1"; return; fi
        [ "$SECONDS" -lt "$end" ] || fail "$1: not within $2 s"
        sleep 0.1
    done
}

# register NAME: makes an account and logs in; leaves $token and $id.
register() {
    local email password="a long journey $RANDOM$RANDOM"
    email="$(new_key)@example.com"
    token="" key=""
    call POST /v1/users "$(jq -n --arg e "$email" --arg p "$password" --arg n "$1" '{email: $e, password: $p, name: $n}')"
    expect 201 "$1 registers"
    call POST /v1/sessions "$(jq -n --arg e "$email" --arg p "not $password" '{email: $e, password: $p}')"
    expect 401 "a wrong password is refused"
    call POST /v1/sessions "$(jq -n --arg e "$email" --arg p "$password" '{email: $e, password: $p}')"
    expect 201 "$1 logs in"
    token=$(answer .accessToken)
    id=$(answer .userId)
}

product() { # product SKU: its id
    call GET "/v1/products?limit=100"
    answer --arg sku "$1" '.items[] | select(.sku == $sku) | .productId'
}

order_body() { # order_body PRODUCT QUANTITY METHOD
    jq -nc --arg c "$id" --arg p "$1" --argjson q "$2" --arg m "$3" \
        '{customerId: $c, items: [{productId: $p, quantity: $q}], paymentMethod: $m,
          shippingAddress: {name: "Ada", street: "1 Analytical Way", city: "London", postalCode: "N1", country: "GB"}}'
}

place() { # place PRODUCT QUANTITY METHOD TEXT: leaves $order
    key=$(new_key)
    call POST /v1/orders "$(order_body "$1" "$2" "$3")"
    expect 201 "$4"
    order=$(answer .orderId)
}

stock() { # stock PRODUCT: how many can be bought
    local kept=$token
    token="" key=""
    call GET "/v1/stock/$1"
    token=$kept
    answer .available
}

# back TEXT PRODUCT PIECES: waits until so many pieces are on the shelf again.
back() {
    for _ in $(seq 50); do
        [ "$(stock "$2")" != "$3" ] || { pass "$1"; return; }
        sleep 0.1
    done
    fail "$1: $(stock "$2") are on the shelf, not $3"
}

for tool in curl jq; do
    command -v "$tool" >/dev/null || { echo "error: $tool is needed" >&2; exit 3; }
done

say "The shop is open"
call GET /health/ready
expect 200 "every service is ready"

say "An account"
register "Bea"
bea_token=$token bea_id=$id
register "Ada"
ada_token=$token
call GET /v1/users/me
expect 200 "Ada sees her profile"
token=""
call GET /v1/users/me
expect 401 "nobody sees it without a token"

say "The catalogue"
call GET "/v1/products?limit=5"
expect 200 "everybody can look"
holds "pages are as short as they are asked to be, and lead on" '(.items | length) == 5 and (.nextCursor | length) > 0'
call GET "/v1/products?q=coffee%20grind"
holds "words are searched for, the last one unfinished" 'any(.items[]; .sku == "KIT-GRIND-1")'
call GET "/v1/categories"
holds "there are categories" 'any(.items[]; .name == "books" and .productCount > 0)'
moka=$(product KIT-MOKA-3)
bread=$(product BOK-BREAD-3)
ruler=$(product SOLD-OUT)
[ -n "$moka" ] && [ -n "$bread" ] && [ -n "$ruler" ] || fail "the demo catalogue is not there: start with --demo"
token=$ada_token

say "An order"
moka_before=$(stock "$moka")
place "$moka" 2 pm_ok "Ada places an order"
holds "it costs what its lines cost" '.totalAmount == {amount: "49.80", currency: "EUR"} and .itemCount == 2'
holds "it begins PENDING" '.status == "PENDING"'
first=$order
call POST /v1/orders "$(order_body "$moka" 2 pm_ok)"
expect 409 "the same key again is answered 409"
holds "… with the existing order" '.orderId == $o' --arg o "$first"
call POST /v1/orders "$(order_body "$moka" 3 pm_ok)"
expect 422 "the same key with another body is answered 422"
holds "… and says why" '.code == "idempotency-key-reused"'
call POST /v2/orders "$(order_body "$moka" 2 pm_ok)"
expect 201 "version 2 replays the first answer"
holds "… of the same order" '.orderId == $o' --arg o "$first"
key=""
call POST /v1/orders "$(order_body "$moka" 1 pm_ok)"
expect 400 "no key, no order"
key=$(new_key)
call POST /v1/orders "$(order_body "$moka" 101 pm_ok)"
expect 400 "101 pieces of one product are too many"
token=$bea_token key=""
call GET "/v1/orders/$first"
expect 404 "to Bea, Ada's order does not exist"
key=$(new_key)
call POST /v1/orders "$(order_body "$moka" 1 pm_ok)"
expect 403 "Bea cannot order in Ada's name"
token=$ada_token
await "it is confirmed: stock held, money captured" 15 "/v2/orders/$first" \
    '.status | IN("CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED")'
call GET /v1/payments
holds "one payment, captured, of the whole amount" \
    '[.items[] | select(.orderId == $o)] | length == 1 and .[0].status == "CAPTURED" and .[0].amount.amount == "49.80"' \
    --arg o "$first"
await "the parcel leaves" 15 "/v2/orders/$first" '.status | IN("SHIPPED", "IN_TRANSIT", "DELIVERED")'
holds "it has a tracking number" '(.trackingNumber | length) > 0'
await "it arrives" 15 "/v2/orders/$first" '.status == "DELIVERED"'
call GET "/v1/orders/$first"
holds "version 1 says so too" '.status == "DELIVERED"'
call GET /v1/shipments
holds "the parcel is among Ada's" 'any(.items[]; .orderId == $o and .status == "DELIVERED")' --arg o "$first"
call POST "/v1/orders/$first/cancel"
expect 409 "what has arrived cannot be cancelled"

say "Sending it back"
key=$(new_key)
call POST "/v1/orders/$first/return"
expect 200 "Ada announces the return"
call POST "/v1/orders/$first/return"
expect 200 "saying it twice with one key is saying it once"
if [ -n "${MAINSTAY_ADMIN_EMAIL:-}" ] && [ -n "${MAINSTAY_ADMIN_PASSWORD:-}" ]; then
    call POST "/v1/orders/$first/process-return"
    expect 403 "customers do not take in returns"
    token="" key=""
    call POST /v1/sessions "$(jq -n '{email: env.MAINSTAY_ADMIN_EMAIL, password: env.MAINSTAY_ADMIN_PASSWORD}')"
    expect 201 "the administrator logs in"
    token=$(answer .accessToken) key=$(new_key)
    call POST "/v1/orders/$first/process-return"
    expect 200 "the goods have come back"
    token=$ada_token
    await "the order is refunded" 15 "/v2/orders/$first" '.status == "REFUNDED" and .refundedAmount.amount == "49.80"'
    call GET /v1/payments
    holds "the money went back" 'any(.items[]; .orderId == $o and .status == "REFUNDED")' --arg o "$first"
    back "the pieces are on the shelf again" "$moka" "$moka_before"
else
    echo "  – taking it in is an operator's work: MAINSTAY_ADMIN_EMAIL and MAINSTAY_ADMIN_PASSWORD are not set"
fi

say "A declined payment"
bread_before=$(stock "$bread")
place "$bread" 1 pm_declined "Ada orders with a card that will be declined"
declined=$order
await "the payment fails" 15 "/v2/orders/$declined" '.status == "PAYMENT_FAILED"'
holds "it says why" '(.reason | length) > 0'
back "no stock is kept" "$bread" "$bread_before"
key=$(new_key)
call POST "/v1/orders/$declined/retry-payment" '{"paymentMethod": "pm_ok"}'
expect 200 "Ada tries another card"
await "now it is confirmed" 15 "/v2/orders/$declined" '.status | IN("CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED")'

say "Out of stock"
place "$ruler" 1 pm_ok "Ada orders something of which there is none"
await "the order is cancelled" 15 "/v1/orders/$order" '.status == "CANCELLED"'
holds "it says why" '.reason == "out of stock"'
call GET /v1/payments
holds "nothing was charged" 'all(.items[]; .orderId != $o or .status == "VOIDED")' --arg o "$order"

say "A payment whose outcome is unknown"
place "$bread" 1 pm_unknown "the provider does not know yet"
await "it was inquired, and the order confirmed" 30 "/v2/orders/$order" \
    '.status | IN("CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED")'
call GET /v1/payments
holds "charged exactly once" '[.items[] | select(.orderId == $o)] | length == 1 and .[0].status == "CAPTURED"' \
    --arg o "$order"

say "A payment whose answer is lost"
place "$bread" 1 pm_lost "the provider's answer never arrives"
await "it was inquired, and the order confirmed" 30 "/v2/orders/$order" \
    '.status | IN("CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED")'
call GET /v1/payments
holds "charged exactly once" '[.items[] | select(.orderId == $o)] | length == 1 and .[0].status == "CAPTURED"' \
    --arg o "$order"

say "A change of mind"
place "$moka" 1 pm_ok "Ada orders once more"
key=$(new_key)
for _ in $(seq 50); do # While the payment is under way an order cannot be cancelled.
    call POST "/v1/orders/$order/cancel"
    [ "$status" = 409 ] && [ "$(answer .details.state)" = PAYMENT_PROCESSING ] || break
    sleep 0.05
done
expect 200 "and cancels before the parcel leaves"
await "her money is back, or was never taken" 15 /v1/payments \
    "all(.items[]; .orderId != \"$order\" or (.status | IN(\"VOIDED\", \"REFUNDED\")))"

say "A draft, line by line"
key=$(new_key)
call POST /v1/orders/drafts "$(jq -nc --arg c "$id" '{customerId: $c}')"
expect 201 "it begins empty"
draft=$(answer .orderId)
key=""
call POST "/v1/orders/$draft/place"
expect 422 "nothing cannot be placed"
call POST "/v1/orders/$draft/lines" "$(jq -nc --arg p "$moka" '{productId: $p, quantity: 1}')"
expect 200 "a line is added"
line=$(answer '.items[0].lineId')
call PUT "/v1/orders/$draft/lines/$line" '{"quantity": 3}'
holds "its quantity is changed" '.items[0].quantity == 3 and .totalAmount.amount == "74.70"'
call POST "/v1/orders/$draft/lines" "$(jq -nc --arg p "$bread" '{productId: $p, quantity: 1}')"
call DELETE "/v1/orders/$draft/lines/$line"
holds "it is removed again, and another one stays" '(.items | length) == 1 and .totalAmount.amount == "28.00"'
call POST "/v1/orders/$draft/place"
expect 200 "the draft is placed"
await "it is confirmed" 15 "/v2/orders/$draft" '.status | IN("CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED")'
call POST "/v1/orders/$draft/lines" "$(jq -nc --arg p "$moka" '{productId: $p, quantity: 1}')"
expect 409 "what is placed is not changed any more"

say "Money between wallets"
call POST /v1/accounts '{"currency": "EUR"}'
expect 201 "Ada opens a wallet"
ada_wallet=$(answer .accountId)
key=$(new_key)
call POST "/v1/accounts/$ada_wallet/deposits" '{"amount": {"amount": "100.00", "currency": "EUR"}}'
expect 201 "she fills it from her card"
holds "at once" '.status == "COMPLETED"'
call POST "/v1/accounts/$ada_wallet/deposits" '{"amount": {"amount": "100.00", "currency": "EUR"}}'
expect 201 "the same key fills it once"
token=$bea_token key=""
call POST /v1/accounts '{"currency": "EUR"}'
bea_wallet=$(answer .accountId)
call GET "/v1/accounts/$ada_wallet"
expect 404 "Bea does not see Ada's wallet"
token=$ada_token key=$(new_key)
call POST /v1/transfers "$(jq -nc --arg f "$ada_wallet" --arg t "$bea_wallet" \
    '{fromAccountId: $f, toAccountId: $t, amount: {amount: "30.00", currency: "EUR"}}')"
expect 201 "Ada sends 30 to Bea"
transfer=$(answer .transferId)
await "the transfer completes" 15 "/v1/transfers/$transfer" '.status == "COMPLETED"'
call GET "/v1/accounts/$ada_wallet"
holds "Ada has 70" '.balance.amount == "70.00" and .available.amount == "70.00"'
key=$(new_key)
call POST /v1/transfers "$(jq -nc --arg f "$ada_wallet" --arg t "$bea_wallet" \
    '{fromAccountId: $f, toAccountId: $t, amount: {amount: "70.01", currency: "EUR"}}')"
expect 201 "Ada sends more than she has"
transfer=$(answer .transferId)
await "that transfer fails" 15 "/v1/transfers/$transfer" '.status == "FAILED" and (.reason | length) > 0'
call GET "/v1/accounts/$ada_wallet"
holds "Ada still has 70" '.balance.amount == "70.00" and .available.amount == "70.00"'
token=$bea_token
call GET "/v1/accounts/$bea_wallet"
holds "Bea has 30" '.balance.amount == "30.00" and .pending.amount == "0.00"'
[ "$bea_id" != "$id" ] || fail "Ada and Bea are one person"
token=$ada_token

say "What Ada was told"
await "her first order was confirmed by mail, once" 15 "/v1/notifications?limit=100" \
    "[.items[] | select(.kind == \"orderPlaced\" and (.subject | contains(\"$first\")))] | length == 1"
await "every message has gone out" 15 "/v1/notifications?limit=100" 'all(.items[]; .status == "SENT")'
holds "of payments, cancellations and deliveries too" \
    '[.items[].kind] | contains(["welcome", "paymentFailed", "orderCancelled", "orderShipped", "orderDelivered"])'

printf '\nThe journey is complete: %d checks passed at %s\n' "$checks" "$url"
