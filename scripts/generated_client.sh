#!/usr/bin/env bash
# Generates a client from the served OpenAPI document (openapi-python-client), compiles it, and walks through an order with
# it: what is documented is what a program that knows nothing else can use. Fails when an operation has no function.
# Usage: scripts/generated_client.sh BINARY
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/support/demo.sh

venv=${CLIENT_VENV:-.build/client-venv}
if [ ! -x "$venv/bin/openapi-python-client" ]; then
    scripts/setup.sh fuzz
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'openapi-python-client==0.29.1'
fi

start_demo "${1:?the mainstay binary}"
"$venv/bin/python" -c 'import sys, urllib.request as r; sys.stdout.buffer.write(r.urlopen(sys.argv[1]).read())' \
    "$url/openapi.json" >"$work/openapi.json"
printf 'post_hooks: []\n' >"$work/config.yaml"
"$venv/bin/openapi-python-client" generate --path "$work/openapi.json" --meta none --config "$work/config.yaml" \
    --fail-on-warning --output-path "$work/shop_client" >"$work/generated" 2>&1 || { cat "$work/generated" >&2; exit 1; }
"$venv/bin/python" -m compileall -q "$work/shop_client"
PYTHONPATH=$work "$venv/bin/python" scripts/client_journey.py "$url" "$work/openapi.json"
