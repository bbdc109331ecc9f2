#!/usr/bin/env bash
# How fast the simulator runs the whole shop: steps and orders a second, of one core.
#
#   Benchmarks/simulation.sh .build/release/mainstay          # SEEDS=200 ROUNDS=5
#
# Steps and simulated hours are those of seeds as they come, with all their troubles; orders a second those of seeds in which
# four customers order a hundred times each and nothing goes wrong, checks included. One process, so the time is that of one core; processor time is counted, not the clock on the wall. The median of the
# rounds counts. The last line is for machines.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(realpath "${1:?the mainstay binary}")
seeds=${SEEDS:-200}
rounds=${ROUNDS:-5}

python3 - "$binary" "$seeds" "$rounds" <<'PYTHON'
import json, resource, statistics, subprocess, sys

binary, seeds, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
steps, orders, hours = [], [], []


def measured(*options):
    """What the seeds gave, and the processor time that they took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = subprocess.run(
        [binary, "simulate", "--worker", "--json", "--first", "1", *options],
        check=True, capture_output=True, text=True).stdout.splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    runs = [json.loads(line) for line in lines]
    wrong = [run["seed"] for run in runs if run["anomalies"]]
    if wrong:
        sys.exit(f"seeds {wrong} are wrong: a measurement of a broken platform is none")
    return runs, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


for number in range(rounds):
    runs, spent = measured("--seeds", seeds)
    steps.append(sum(run["steps"] for run in runs) / spent)
    hours.append(sum(run["simulatedSeconds"] for run in runs) / 60 / spent)
    calm, took = measured("--seeds", "3", "--orders", "100")
    orders.append(sum(run["checkouts"] for run in calm) / took)
    print(f"round {number + 1}: {len(runs)} seeds in {spent:.1f} s of one processor, {len(calm)} calm ones in {took:.1f} s")
print(
    f"simulation steps_per_s={statistics.median(steps):.0f} checkouts_per_s={statistics.median(orders):.1f} "
    f"simulated_hours_per_minute={statistics.median(hours):.1f}")
PYTHON
