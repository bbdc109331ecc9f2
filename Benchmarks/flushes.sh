#!/usr/bin/env bash
# What a checkout costs the disk and the processor, with few and with many customers at once.
#
#   Benchmarks/flushes.sh .build/release/mainstay          # SECONDS_OF_LOAD=10 CLIENTS="1 8 32"
#
# Flushes are every fsync and fdatasync of the platform, told apart by file; counted in runs of their own, because counting
# slows the platform down. Processor time is user and system time of the platform's process without the load generator,
# which runs on the same cores.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(realpath "${1:?the mainstay binary}")
seconds=${SECONDS_OF_LOAD:-10}
work=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-bench.XXXXXX")
source Benchmarks/support/platform.sh
need jq curl python3 strace

# Milliseconds of processor time that the platform has used.
processor_ms() {
    awk -v hertz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hertz) }' "/proc/$(process)/stat"
}

for clients in ${CLIENTS:-1 8 32}; do
    start "$work/plain-$clients"
    python3 Benchmarks/restock.py "$url" "$work/out"
    load "$clients" 2
    before=$(processor_ms)
    load "$clients" "$seconds"
    after=$(processor_ms)
    stop
    result=$(jq -r '"checkouts_per_s=\(.checkouts_per_s * 10 | round / 10) p50_ms=\(.p50_ms * 10 | round / 10) p99_ms=\(.p99_ms * 10 | round / 10) failed=\(.failed)"' "$work/load")
    cpu=$(jq -r --argjson ms "$((after - before))" '$ms / .checkouts * 100 | round / 100' "$work/load")

    start "$work/counted-$clients" strace -f -y --seccomp-bpf -ttt -e trace=fsync,fdatasync -e signal=none -o "$work/trace"
    python3 Benchmarks/restock.py "$url" "$work/out"
    load "$clients" 2
    from=$EPOCHREALTIME
    load "$clients" "$seconds"
    to=$EPOCHREALTIME
    stop
    python3 Benchmarks/support/flushes.py "$work/trace" "$from" "$to" "$(jq .checkouts "$work/load")" >"$work/flushes"
    sed '1d' "$work/flushes"
    echo "clients=$clients flushes_per_checkout=$(head -1 "$work/flushes") cpu_ms_per_checkout=$cpu $result"
done
