#!/usr/bin/env bash
# Builds all tests and runs them, one target after the other: many tests wait by yielding, so that all of them at once take
# several times as long. Ends with the sum. Fails when a test does, or when a target has none.
# Usage: scripts/test.sh [OPTIONS OF swift build]; without options it builds with every trait that has tests.
set -uo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- --traits PostgreSQL
swift build --build-tests "$@" || exit 1
binary=.build/debug/mainstayPackageTests.xctest
output=$(mktemp)
trap 'rm -f "$output"' EXIT
tests=0
failed=""
for folder in Tests/*/; do
    target=$(basename "$folder")
    echo "== $target"
    "$binary" --testing-library swift-testing --filter "^$target\\." 2>&1 | sed 's/\x1b\[[0-9;]*m//g' | tee "$output" | grep -av '^[◇✔]'
    [ "${PIPESTATUS[0]}" -eq 0 ] || failed+=" $target"
    count=$(grep -a 'Test run with' "$output" | tail -n 1 | sed -E 's/.*Test run with ([0-9]+) tests?.*/\1/')
    tail -n 1 "$output"
    [ "${count:-0}" -gt 0 ] || failed+=" $target (no test ran)"
    tests=$((tests + ${count:-0}))
done
if [ -n "$failed" ]; then
    echo "failed:$failed"
    exit 1
fi
echo "$tests passed, 0 failed"
