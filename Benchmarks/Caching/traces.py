#!/usr/bin/env python3
"""traces.py [--binary BINARY] DIRECTORY: plays recorded traces, and checks the hit ratios against other caches'.

DIRECTORY holds the traces and a README.md with the ratio of each peer for each trace and size, in a table whose first columns
are trace, size and lru. Ours must have a better mean than every peer but the optimal one, and be nowhere more than half a point
below LRU. Exit code 1 when that is not so.
"""
import argparse
import gzip
import lzma
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

FILES = {"oltp": "oltp.arc.gz", "glimpse": "glimpse.lirs.gz", "loop": "loop.lirs.gz", "orm-busy": "orm-busy.be32.xz",
         "web07": "web07.be32.xz"}
LRU_MARGIN = 0.5


def keys(path):
    data = (lzma if path.suffix == ".xz" else gzip).open(path).read()
    if ".be32." in path.name:
        return (key for (key,) in struct.iter_unpack(">I", data[: len(data) // 4 * 4]))
    if ".lirs." in path.name:
        return (int(word) for word in data.split() if word != b"*")
    # ARC: first block, number of blocks, and two fields that do not matter.
    rows = (line.split() for line in data.splitlines() if line.strip())
    return (int(row[0]) + step for row in rows for step in range(int(row[1])))


def table(directory):
    rows = [line for line in (directory / "README.md").read_text().splitlines() if re.match(r"\|.*\|$", line)]
    start = next(number for number, line in enumerate(rows) if re.match(r"\| *trace *\| *size *\|", line))
    names = [name.strip() for name in rows[start].strip("|").split("|")]
    ratios = {}
    for line in rows[start + 2:]:
        fields = [field.strip() for field in line.strip("|").split("|")]
        if len(fields) == len(names):
            ratios[fields[0], int(fields[1])] = {n: float(f) for n, f in zip(names[2:], fields[2:]) if "peer" not in n}
    return ratios


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=pathlib.Path(__file__).parent / ".build/release/caching-benchmark")
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    peers = table(options.directory)
    with tempfile.TemporaryDirectory() as work:
        for name, file in FILES.items():
            with open(f"{work}/{name}.txt", "w") as out:
                out.writelines(f"{key}\n" for key in keys(options.directory / file))
        played = subprocess.run([options.binary, "traces", work], check=True, capture_output=True, text=True).stdout
    ours = {(w[0], int(w[1])): float(w[2]) for w in map(str.split, played.splitlines()) if len(w) == 3}
    failed = []
    print(f"{'trace':10}{'size':>6}{'ours':>8}{'lru':>8}{'best':>8}  best peer")
    for cell, ratio in ours.items():
        others = {name: value for name, value in peers[cell].items() if name != "belady"}
        best = max(others, key=others.get)
        print(f"{cell[0]:10}{cell[1]:6}{ratio:8.2f}{others['lru']:8.2f}{others[best]:8.2f}  {best}")
        if ratio < others["lru"] - LRU_MARGIN:
            failed.append(f"{cell[0]} {cell[1]} is more than {LRU_MARGIN} below LRU")
    mean = sum(ours.values()) / len(ours)
    names = [name for name in next(iter(peers.values())) if name != "belady"]
    means = {name: sum(peers[cell][name] for cell in ours) / len(ours) for name in names}
    print(f"mean {mean:.2f}; " + ", ".join(f"{name} {value:.2f}" for name, value in means.items()))
    failed += [f"the mean of {name} is not below ours" for name, value in means.items() if value >= mean]
    for sentence in failed:
        print(f"failed: {sentence}")
    return 1 if failed else 0


sys.exit(main())
