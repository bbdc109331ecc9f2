"""The simulator's customers at the running platform: one process of `mainstay simulate --live`, which nobody kills."""

import json
import os
import subprocess
import threading

from .running import StartFailed


class Crowd:
    def __init__(self, binary, platform, promises, seed, customers):
        self.promises = promises
        self.oddities, self.counts = [], {}
        self._command = [
            binary, "simulate", "--live", f"127.0.0.1:{platform.port}", "--promises", promises, "--first", str(seed),
            "--customers", str(customers)]
        self._process = None
        self._opened, self._idle = threading.Event(), threading.Event()

    def open(self, email, password, seconds=90):
        """Fills the shop and lets the customers in."""
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._say(f"{email}\n{password}")
        if not self._opened.wait(seconds):
            raise StartFailed(f"the customers did not come: {self.oddities[:1]}")

    def _read(self):
        for line in self._process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "open":
                self._opened.set()
            elif word == "idle":
                self._idle.set()
            elif word == "answers":
                self.counts = json.loads(rest)
            else:
                self.oddities.append(rest)

    def _say(self, word):
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except OSError:
            self.oddities.append("the customers' process has ended")

    def pause(self, seconds):
        """Lets everybody finish what they are at. Returns whether they did."""
        self._idle.clear()
        self._say("pause")
        return self._idle.wait(seconds)

    def resume(self):
        self._say("resume")

    def close(self, seconds=60):
        """Sends everybody home; returns whether all went."""
        if self._process is None:
            return True
        if self._process.poll() is None:
            self._say("stop")
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10)
        return self._process.returncode == 0

    def acknowledged(self):
        """All that clients were promised so far."""
        if not os.path.exists(self.promises):
            return []
        with open(self.promises, encoding="utf-8") as file:
            # The last line may be being written.
            return [json.loads(line) for line in file if line.endswith("\n")]
