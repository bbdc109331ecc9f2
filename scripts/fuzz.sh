#!/usr/bin/env bash
# Plays schemathesis against the served OpenAPI document through the gateway, all checks on, signed in.
# Usage: scripts/fuzz.sh BINARY [CASES]     SEED=… repeats a run.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${1:?the mainstay binary}
examples=${EXAMPLES:-40}
seed=${SEED:-$RANDOM}
work=$(mktemp -d)
venv=${VENV:-.venv}
platform=""
cleanup() {
    [ -n "$platform" ] && kill -TERM "$platform" 2>/dev/null && wait "$platform" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

scripts/setup.sh fuzz
if [ ! -x "$venv/bin/schemathesis" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4,<5'
fi

"$binary" up --data "$work/data" --port 0 --demo >"$work/out" 2>"$work/err" &
platform=$!
for _ in $(seq 300); do
    grep -q '^ready ' "$work/out" && break
    kill -0 "$platform" 2>/dev/null || { cat "$work/err" >&2; exit 1; }
    sleep 0.1
done
url=$(sed -n 's/^ready //p' "$work/out")
echo "fuzzing $url with seed $seed"
python3 scripts/fuzz_session.py "$url" "$work/out" >"$work/session"
token=$(sed -n 's/^token //p' "$work/session")

status=0
SCHEMATHESIS_HOOKS=scripts/fuzz_hooks.py MAINSTAY_FUZZ_SESSION="$work/session" \
    "$venv/bin/schemathesis" --config-file scripts/schemathesis.toml run "$url/openapi.json" \
    --header "Authorization: Bearer $token" --seed "$seed" --max-examples "$examples" --no-color \
    >"$work/report" 2>&1 || status=$?
tail -n 60 "$work/report"
if grep -q 'error:' "$work/err"; then
    echo "the platform logged errors:"; grep 'error:' "$work/err" | head; status=1
fi
exit $status
