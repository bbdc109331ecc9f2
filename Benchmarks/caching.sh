#!/usr/bin/env bash
# What a cache costs: CPU time of reads and writes on one and two threads beside Caffeine's, bytes for each entry, and hit ratios.
#
#   Benchmarks/caching.sh                  # everything
#   TRACES=DIR Benchmarks/caching.sh       # and the hit ratios on recorded traces (see Benchmarks/Caching/traces.py)
#   CAFFEINE=JAR Benchmarks/caching.sh     # with this Caffeine; default: Debian's libcaffeine-java, which is 2.6.2
#
# The library is built by itself. Both play the same keys, by turns, each in its process; times are medians over the rounds of the
# CPU time of the threads that call, and for Caffeine, which does a part of its work in other threads, of the whole process too.
# The last line is for machines.
set -euo pipefail
cd "$(dirname "$0")/Caching"

swift build -c release --static-swift-stdlib 2>&1 | grep -E "error|Compiling|Build" | tail -1
binary=.build/release/caching-benchmark
work=$(mktemp -d "${TMPDIR:-/tmp}/caching-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$binary" memory
"$binary" ratio
if [ -n "${TRACES:-}" ]; then ./traces.py --binary "$binary" "$TRACES"; fi
jar=${CAFFEINE:-/usr/share/java/caffeine.jar}
peer=()
if [ -e "$jar" ] && javac -cp "$jar" -d "$work" caffeine/CaffeinePeer.java 2>"$work/javac"; then
    "$binary" keys "$work/keys"
    peer=(java -Xmx1g -cp "$jar:$work" CaffeinePeer "$work/keys")
else
    echo "Caffeine could not be built here, so no peer is claimed: $(head -1 "$work/javac" 2>/dev/null || echo "there is no $jar")"
fi
./compare.py "$binary" "${peer[@]}"
