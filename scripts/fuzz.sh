#!/usr/bin/env bash
# Plays schemathesis against the served OpenAPI document through the gateway, signed in, with all checks on; what is
# relaxed stands in schemathesis.toml. Whatever a customer may do with a thing of theirs is tried by another one, too, who
# must be refused. Fails when a check does, when fewer than CASES were sent, when an operation never
# answered 2xx, and when the platform logged an error or went down.
# Usage: scripts/fuzz.sh BINARY     SEED=… repeats a run, EXAMPLES=… sets the cases per operation (besides those of
# coverage), CASES=… the least number of all cases, KEEP=DIR keeps the reports.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${1:?the mainstay binary}
examples=${EXAMPLES:-25}
seed=${SEED:-$RANDOM}
venv=${VENV:-.venv}
source scripts/support/demo.sh
cleanup() {
    [ -n "${KEEP:-}" ] && mkdir -p "$KEEP" && cp "$work"/{out,err,report,report.ndjson} "$KEEP" 2>/dev/null
    stop_demo
}
trap cleanup EXIT

if [ ! -x "$venv/bin/schemathesis" ]; then
    scripts/setup.sh fuzz
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.32.5'
fi

start_demo "$binary"
echo "fuzzing $url with seed $seed"
"$venv/bin/python" scripts/fuzz_session.py "$url" "$work/out" >"$work/session"
"$venv/bin/python" -c 'import sys, urllib.request as r; sys.stdout.buffer.write(r.urlopen(sys.argv[1]).read())' \
    "$url/openapi.json" >"$work/openapi.json"

status=0
SEED=$seed MAINSTAY_FUZZ_SESSION="$work/session" MAINSTAY_FUZZ_REFUSED="$work/refused" PYTHONPATH=scripts SCHEMATHESIS_HOOKS=fuzz_hooks \
    "$venv/bin/schemathesis" --config-file scripts/schemathesis.toml run "$url/openapi.json" \
    --seed "$seed" --max-examples "$examples" --no-color --report ndjson --report-ndjson-path "$work/report.ndjson" \
    >"$work/report" 2>&1 || status=1
if [ $status -ne 0 ]; then sed -n '/FAILURES/,$p;/ERRORS/,$p' "$work/report"; else tail -n 20 "$work/report"; fi
"$venv/bin/python" scripts/fuzz_report.py "$work/report.ndjson" "$work/openapi.json" "${CASES:-2000}" "$work/refused" || status=1
kill -0 "$platform" 2>/dev/null || { echo "the platform went down:"; tail -n 20 "$work/err"; status=1; }
if grep -q 'error' "$work/err"; then
    echo "the platform logged errors:"
    grep 'error' "$work/err" | head
    status=1
fi
echo "seed $seed"
exit $status
