#!/usr/bin/env bash
# What one choice of a host (by algorithm and number of hosts) and one decision about a route cost: nanoseconds of user
# time, and allocations for each of all of them together.
set -euo pipefail
cd "$(dirname "$0")/routing"
scratch="${TMPDIR:-/tmp}/mainstay-routingbench"
mkdir -p "$scratch"
"${CC:-cc}" -shared -fPIC -O2 -o "$scratch/count.so" ../Resilience/allocations/count.c -ldl
swift build -c release --scratch-path "$scratch/build" >/dev/null
bench="$scratch/build/release/routingbench"
count() { LD_PRELOAD="$scratch/count.so" "$bench" "$1" 2>&1 >/dev/null | grep -oE '[0-9]+' | tail -1; }
few=$(count 1000)
many=$(count 11000)
line=$("$bench")
echo "$line allocations=$(((many - few) / 10000))"
