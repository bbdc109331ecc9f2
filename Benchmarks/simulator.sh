#!/usr/bin/env bash
# What the bare simulator does per second of CPU time: steps, sleeps (a timer, a jump of the clock, a step) and calls over
# its network.
#
#   Benchmarks/simulator.sh          # ROUNDS=5
#
# Rates are per second of CPU time, the kinds of work take turns, each key is the median of the rounds. The last line is for
# machines.
set -euo pipefail
cd "$(dirname "$0")/Simulation"
swift build -c release --quiet
exec .build/release/simulation-benchmark "${ROUNDS:-5}"
