#!/usr/bin/env bash
# What an append costs on the simulated disk, beside a database in memory and a real file: CPU time (user and system) of
# one thread, one transaction an append, the kinds interleaved, median of five. The last line is for machines.
#
#   Benchmarks/simulated-disk.sh
set -euo pipefail
cd "$(dirname "$0")/SimulatedDisk"
swift build -c release 2>&1 | grep -E "error|Build" | tail -1
.build/release/simulated-disk-benchmark
