#!/usr/bin/env bash
# Runs the random tests of HTTPWire, TLS and HTTP2 with AddressSanitizer for MINUTES, with other seeds in each round. RUN=command of tests
# that are built already.
set -euo pipefail
minutes=${1:-10}
cd "$(dirname "$0")/.."
if [ -z "${RUN:-}" ]; then
    swift build --build-tests --sanitize=address --scratch-path .build/sanitized
    RUN=".build/sanitized/debug/mainstayPackageTests.xctest --testing-library swift-testing"
fi
end=$((SECONDS + minutes * 60)) rounds=0 seed=${SEED:-$RANDOM}
while [ $SECONDS -lt $end ]; do
    seed=$((seed + 100000)) rounds=$((rounds + 1))
    FUZZ_SEED=$seed ASAN_OPTIONS=detect_leaks=0 $RUN --filter 'FuzzTests|changed and random records' >/tmp/fuzz-wire.$$ 2>&1 \
        || { cat /tmp/fuzz-wire.$$; echo "fuzz-wire: FUZZ_SEED=$seed"; exit 1; }
done
rm -f /tmp/fuzz-wire.$$
echo "fuzz-wire: $rounds rounds in $minutes minutes, none failed"
