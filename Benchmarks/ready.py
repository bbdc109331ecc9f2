"""Waits until `mainstay up` has said `ready`; prints its URL and the milliseconds since it was started.

Usage: ready.py PID BEGAN OUTPUT, BEGAN in seconds since 1970 and OUTPUT the file that its output goes to.
"""

import os
import sys
import time

pid, began, output = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
text = b""
with open(output, "rb") as reader:
    while b"\nready " not in text or not text.endswith(b"\n"):
        text += reader.read()
        if time.time() - began > 60 or not os.path.exists(f"/proc/{pid}"):
            sys.exit(f"the platform did not start: {text.decode()}")
        time.sleep(0.001)
print(text.decode().rsplit("\nready ", 1)[1].strip(), round((time.time() - began) * 1_000))
