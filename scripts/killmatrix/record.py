"""What clients were promised, written down outside the server: one JSON object a line, on disk before it counts."""

import json
import os
import threading


class Record:
    def __init__(self, path):
        self.path = path
        self._file = open(path, "a", encoding="utf-8")
        self._lock = threading.Lock()
        self.orders = 0

    def acknowledged(self, kind, **what):
        with self._lock:
            self._file.write(json.dumps({"kind": kind, **what}, sort_keys=True) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self.orders += kind == "order"

    def read(self):
        """All lines, read back from the disk."""
        with self._lock, open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]
