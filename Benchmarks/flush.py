"""Prints how many microseconds one append of 4 KiB and its fdatasync take in a directory: the median of 300.

Usage: flush.py DIRECTORY
"""

import os
import statistics
import sys
import time

path = os.path.join(sys.argv[1], "flush")
file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
page = os.urandom(4_096)
times = []
for _ in range(300):
    began = time.perf_counter_ns()
    os.write(file, page)
    os.fdatasync(file)
    times.append(time.perf_counter_ns() - began)
os.close(file)
os.unlink(path)
print(round(statistics.median(times) / 1_000))
