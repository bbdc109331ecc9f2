#!/usr/bin/env bash
# What a checkout costs: rate, latency and flushes of the whole platform under load, its idle memory, and its start.
#
#   Benchmarks/checkout.sh .build/release/mainstay          # SECONDS_OF_LOAD=20 CLIENTS=32 STARTS=5
#
# Everything runs with the default, durable settings (WAL, synchronous=FULL) on the disk that holds ${TMPDIR:-/tmp}. The
# last line is for machines.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(realpath "${1:?the mainstay binary}")
seconds=${SECONDS_OF_LOAD:-20}
clients=${CLIENTS:-32}
starts=${STARTS:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-bench.XXXXXX")
source Benchmarks/support/platform.sh
need jq curl python3 strace

# 1. From the start of the process to `ready`, with an empty directory that gets the demo data.
all=()
for i in $(seq "$starts"); do
    start "$work/start-$i"
    all+=("$start_ms")
    stop
done
median_ms=$(printf '%s\n' "${all[@]}" | sort -n | sed -n "$(((starts + 1) / 2))p")
echo "start to ready with demo data: ${all[*]} ms, median $median_ms"

# 2. Memory: the process' share (PSS), 10 s after ready and after one login.
start "$work/data"
login='{"email":"bench@example.com","password":"a bench of memory"}'
curl -sf -o /dev/null -H 'Content-Type: application/json' "$url/v1/users" -d "${login%\}},\"name\":\"Bench\"}"
curl -sf -o /dev/null -H 'Content-Type: application/json' "$url/v1/sessions" -d "$login"
sleep 10
idle_mib=$(awk '/^Pss:/ { print int($2 / 1024 + 0.5) }' "/proc/$platform/smaps_rollup")
echo "idle memory (PSS): $idle_mib MiB"

# 3. The load. The demo shelves are filled up first, so that nothing sells out.
python3 Benchmarks/restock.py "$url" "$work/out"
fsync_us=$(python3 Benchmarks/flush.py "$work")
load "$clients" 3 # warms up
load "$clients" "$seconds"
rate=$(jq -r '.checkouts_per_s * 10 | round / 10' "$work/load")
p50=$(jq -r '.p50_ms * 10 | round / 10' "$work/load")
p99=$(jq -r '.p99_ms * 10 | round / 10' "$work/load")
failed=$(jq -r '.failed' "$work/load")
echo "load with $clients customers for $seconds s: $rate checkouts/s, p50 $p50 ms, p99 $p99 ms, $failed failed"

stop

# 4. Flushes, counted in a run of their own: the kernel stops the platform at flushes only (seccomp), but still at each.
start "$work/counted" strace -f --seccomp-bpf -ttt -e trace=fsync,fdatasync -e signal=none -o "$work/trace"
python3 Benchmarks/restock.py "$url" "$work/out"
load "$clients" 2
from=$EPOCHREALTIME
load "$clients" 10
to=$EPOCHREALTIME
stop
counted=$(jq -r '.checkouts' "$work/load")
flushes=$(awk -v from="$from" -v to="$to" '$2 >= from && $2 <= to && !/resumed/ { n++ } END { print n + 0 }' "$work/trace")
per_checkout=$(python3 -c "print(round($flushes / max(1, $counted), 2))")
echo "flushes: $flushes for $counted checkouts, $per_checkout each; one append and fdatasync of 4 KiB here takes $fsync_us µs"

[ "$failed" = 0 ] || echo "note: $failed checkouts failed"
echo "checkout checkouts_per_s=$rate fsyncs_per_checkout=$per_checkout p99_ms=$p99 idle_mib=$idle_mib start_ms=$median_ms"
