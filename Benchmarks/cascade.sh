#!/usr/bin/env bash
# Whether trouble stays where it is: the shop as eight processes behind the gateway; payments is stopped (SIGSTOP) while people
# browse, and reports are asked for without end while people order.
#
#   Benchmarks/cascade.sh .build/release/mainstay          # PHASE=10 seconds for each phase, ROUNDS=3
#
# Requests come at a fixed rate, whether or not earlier ones are answered. Quiet and troubled phases alternate. The last
# line is for machines: p95 in ms of browsing and of placing an order, quiet and troubled, and the longest that a payment's
# caller was held.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(realpath "${1:?the mainstay binary}")
work=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-bench.XXXXXX")
source Benchmarks/support/platform.sh
need jq python3

pids=()
finish() {
    for pid in "${pids[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill -TERM "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}

# The demo data, and some orders for the reports to read.
start "$work/data"
python3 Benchmarks/restock.py "$url" "$work/out"
load 16 10
cp "$work/out" "$work/demo"
stop
trap finish EXIT

services="users catalog inventory payments shipping orders notifications"
for service in $services gateway; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    declare "port_$service=$port"
    name=${service^^}
    [ "$service" = gateway ] || export "MAINSTAY_SERVICES_${name}_PORT=$port" "MAINSTAY_SERVICES_${name}_ADDRESS=127.0.0.1:$port"
done
# ready SERVICE…: waits until they say so.
ready() {
    local service
    for service in "$@"; do
        for _ in $(seq 300); do
            grep -q '^ready ' "$work/$service" && break
            sleep 0.1
        done
        grep -q '^ready ' "$work/$service" || { cat "$work/$service" >&2; exit 1; }
    done
}

for service in $services; do
    "$binary" serve "$service" --data "$work/data" >"$work/$service" 2>&1 &
    pids+=($!)
    declare "pid_$service=$!"
done
# shellcheck disable=SC2086
ready $services
# After them: it asks for their health when it starts, and then every ten seconds.
"$binary" gateway --data "$work/data" --port "$port_gateway" >"$work/gateway" 2>&1 &
pids+=($!)
ready gateway

python3 Benchmarks/cascade.py "http://127.0.0.1:$port_gateway" "$work/demo" "$pid_payments" "${PHASE:-10}" "${ROUNDS:-3}"
