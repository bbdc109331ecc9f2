#!/usr/bin/env bash
# Makes every planted mistake work, one after another, and lets the simulator look for it.
#
#   scripts/mutants.sh .build/planted/release/mainstay [SEEDS] [FAULT…]
#
# Prints a table in Markdown. Exit code 1 when a mistake is not found, or when the platform without any is found wanting.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(realpath "${1:?the mainstay binary, built with the trait PlantedFaults}")
seeds=${2:-400}
shift $(($# < 2 ? $# : 2))
python3 - "$binary" "$seeds" "$@" <<'PYTHON'
import json, re, subprocess, sys

binary, seeds, chosen = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
source = open("Sources/Kit/Essentials/PlantedFault.swift", encoding="utf-8").read()
names = [name for line in re.findall(r"^\s+case (.+)$", source, re.M) for name in line.split(", ")]
missed = []


def first_failure(plant):
    """The first seed at which something is wrong, with what it is; nil when none is."""
    command = [binary, "simulate", "--worker", "--json", "--seeds", str(seeds), "--first", "1"]
    process = subprocess.Popen(
        command + (["--plant", plant] if plant else []), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    last = 0
    for line in process.stdout:
        run = json.loads(line)
        last = run["seed"]
        if run["anomalies"]:
            process.kill()
            process.wait()
            return last, run["anomalies"][0]["kind"], run["anomalies"][0]["what"]
    if process.wait() != 0:
        return last + 1, "trap", "the process died"
    return None


print("| planted | seed | anomaly | in words |\n| --- | --- | --- | --- |", flush=True)
if not chosen and (found := first_failure(None)):
    sys.exit(f"without any mistake seed {found[0]} shows {found[1]}: {found[2]}")
for name in chosen or names:
    found = first_failure(name)
    if not found:
        missed.append(name)
        print(f"| {name} | not found in {seeds} | | |", flush=True)
        continue
    words = re.sub(r"\s+", " ", found[2]).replace("|", "\\|")[:110]
    print(f"| `{name}` | {found[0]} | {found[1]} | {words} |", flush=True)
if missed:
    sys.exit(f"not found in {seeds} seeds: {', '.join(missed)}")
PYTHON
