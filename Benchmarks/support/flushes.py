"""Counts the flushes in a trace of strace: their number for each checkout, then the same for each file.

Usage: flushes.py TRACE FROM TO CHECKOUTS, FROM and TO in seconds since 1970.
"""

import collections
import os
import re
import sys

trace, begin, end, checkouts = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), max(1, int(sys.argv[4]))
call = re.compile(r"^\d+ +([\d.]+) f(?:data)?sync\(\d+<([^>]*)>")
files = collections.Counter()
with open(trace, encoding="utf-8") as lines:
    for line in lines:
        match = call.match(line)
        if match and begin <= float(match[1]) <= end:
            name = os.path.basename(match[2])
            files[name if ".sqlite" in name else "other files, such as mails"] += 1
print(round(sum(files.values()) / checkouts, 2))
for name, count in files.most_common(20):
    print(f"  {name}: {count / checkouts:.2f}")
