#!/usr/bin/env python3
"""compare.py BINARY [PEER...]: plays the cases by turns on ours and on the peer, and prints medians of CPU nanoseconds."""
import os
import statistics
import subprocess
import sys

CASES = [(case, threads) for case in ("hit", "get-put", "put") for threads in (1, 2)]
CASES += [("hit-expiring", 1), ("hit-text", 1)]
ROUNDS = int(os.environ.get("ROUNDS", "7"))
WARM_UP = 4


class Player:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    def play(self, case, threads):
        self.process.stdin.write(f"{case} {threads}\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]


def main():
    ours = Player([sys.argv[1], "serve"])
    peer = Player(sys.argv[2:]) if len(sys.argv) > 2 else None
    ratios = {}
    print(f"{'case':13}{'threads':>8}{'ours':>9}{'caffeine':>10}{'its process':>13}{'ratio':>7}   ns of CPU time an operation")
    for case, threads in CASES:
        if peer:
            for _ in range(WARM_UP):
                peer.play(case, threads)
        ours.play(case, threads)
        rounds = [(ours.play(case, threads), peer.play(case, threads) if peer else [0, 0]) for _ in range(ROUNDS)]
        mine = statistics.median(own[0] for own, _ in rounds)
        calling = statistics.median(other[0] for _, other in rounds)
        process = statistics.median(other[1] for _, other in rounds)
        ratios[case, threads] = calling / mine
        print(f"{case:13}{threads:8}{mine:9.1f}{calling:10.1f}{process:13.1f}{calling / mine:7.2f}", flush=True)
    line = " ".join(f"{case}_{threads}={ratio:.2f}" for (case, threads), ratio in ratios.items()) if peer else ""
    # The least of one and two threads, by the threads that call: what Caffeine does elsewhere is not even counted.
    reads = f"reads_vs_caffeine={min(ratios['hit', 1], ratios['hit', 2]):.2f} " if peer else ""
    print(f"caching {reads}{line}".rstrip())


main()
