#!/usr/bin/env bash
# What a strategy and a pipeline cost: CPU time on one and two threads, allocations and instructions for each operation.
#
#   Benchmarks/resilience.sh            # everything; needs a C compiler, and valgrind for the instructions
#   Benchmarks/resilience.sh --check    # only allocations and instructions
#   Benchmarks/resilience.sh --store    # writes that file anew
#
# The library is built by itself. Times are medians of interleaved rounds of the process' CPU time (user and system).
# Allocations and instructions do not vary with the machine: either way they are compared with
# Benchmarks/Resilience/thresholds.txt, and the exit code is 1 when one of them has grown. A peer is measured in the same run when it can be built: Rust's
# tower from Debian (librust-tower-dev, librust-tokio-dev). The last line is for machines.
set -euo pipefail
cd "$(dirname "$0")/Resilience"

mode=${1:-all}
swift build -c release --static-swift-stdlib 2>&1 | grep -E "error|Compiling|Build" | tail -1
binary=.build/release/resilience-benchmark
work=$(mktemp -d "${TMPDIR:-/tmp}/resilience-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cc -O2 -shared -fPIC -o "$work/count.so" allocations/count.c
# valgrind cannot read the debug information of a binary of this size.
strip -g -o "$work/stripped" "$binary"
# Without the case that suspends: what it costs depends on which thread goes on.
cases="breaker rejection bucket empty pipeline observed refused timed standard"

# allocations CASE: per operation, the start of the process left out.
allocations() {
    local few many
    few=$(LD_PRELOAD="$work/count.so" "$binary" run "$1" 10000 2>&1 | awk '/^allocations/ { print $2 }')
    many=$(LD_PRELOAD="$work/count.so" "$binary" run "$1" 30000 2>&1 | awk '/^allocations/ { print $2 }')
    awk "BEGIN { printf \"%.2f\", ($many - $few) / 20000 }"
}

# collected CASE TIMES: instructions of the whole process.
collected() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work/stripped" run "$1" "$2" 2>&1 |
        awk '/Collected/ { print $NF }'
}

# instructions CASE: per operation, the start of the process left out.
instructions() {
    local few many
    few=$(collected "$1" 2000)
    many=$(collected "$1" 6000)
    echo $(((many - few) / 4000))
}

counted() {
    for case in $cases; do echo "$case $(allocations "$case") $(instructions "$case")"; done
}

# compare: what was counted beside what is stored; fails when something has grown.
compare() {
    counted >"$work/counted"
    # Two hundredths of an allocation are the slabs of a busy pool; five in a hundred instructions a new compiler.
    awk 'NR == FNR { if ($1 != "#") { a[$1] = $2; i[$1] = $3 }; next }
         { bad = $2 > a[$1] * 1.05 + 0.02 || $3 > i[$1] * 1.05
           printf "%-11s allocations %5.2f (stored %5.2f)  instructions %6d (stored %6d)%s\n", $1, $2, a[$1], $3, i[$1], bad ? "  TOO MANY" : ""
           failed += bad } END { exit failed > 0 }' thresholds.txt "$work/counted"
}

case $mode in
--store)
    {
        echo "# case, allocations and instructions for each operation; written by Benchmarks/resilience.sh --store"
        counted
    } | tee thresholds.txt
    ;;
--check) compare ;;
all)
    "$binary" time | tee "$work/times"
    "$binary" storm 100000
    status=0
    if command -v valgrind >/dev/null; then compare || status=1; fi
    if (cd tower && cargo build --quiet --release --offline --target-dir ../.build/tower) 2>"$work/cargo"; then
        .build/tower/release/tower-peer
    else
        echo "tower could not be built here, so no peer is claimed: $(head -1 "$work/cargo")"
    fi
    echo "$(tail -1 "$work/times") allocations=$(allocations pipeline)"
    exit $status
    ;;
*)
    echo "usage: Benchmarks/resilience.sh [--check | --store]" >&2
    exit 2
    ;;
esac
