"""Starts, kills and talks to one platform."""

import os
import random
import signal
import socket
import subprocess
import threading
import time


class StartFailed(Exception):
    """The platform did not say `ready` in time."""


def free_block(size=10):
    """The first of `size` neighbouring free ports, below those that the system gives to outgoing connections."""
    for _ in range(200):
        base = random.SystemRandom().randrange(12_000, 32_000, size)
        held = []
        try:
            for port in range(base, base + size):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise StartFailed("no block of free ports was found")


class Platform:
    """`mainstay up` on one data directory, which can be killed and started again."""

    def __init__(self, binary, data, port):
        self.binary, self.data, self.port = binary, data, port
        self.process = None
        self.launched = self.ready_at = 0.0
        self.administrator = None
        # Clients wait here while nobody listens.
        self.up = threading.Event()
        os.makedirs(data, exist_ok=True)
        self.log = os.path.join(os.path.dirname(os.path.abspath(data)), "platform.log")

    def launch(self):
        """Starts the process and returns at once."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MAINSTAY_")}
        log = open(self.log, "ab")
        self.launched = time.monotonic()
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            [self.binary, "up", "--data", self.data, "--port", str(self.port), "--demo"],
            stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, env=environment, text=True)
        log.close()
        threading.Thread(target=self._read, args=(self.process, self._ready), daemon=True).start()

    def _read(self, process, ready):
        for line in process.stdout:
            words = line.split()
            if "administrator" in words and "password" in words:
                self.administrator = (words[1], words[words.index("password") + 1])
            if line.startswith("ready "):
                self.ready_at = time.monotonic()
                ready.set()
        process.stdout.close()

    def wait_ready(self, seconds=60):
        """Waits for `ready`; returns the milliseconds that the start took."""
        deadline = time.monotonic() + seconds
        while not self._ready.wait(0.02):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StartFailed(
                    f"the platform did not start (exit code {self.process.poll()}); its last words: {self.last_words()}")
        self.up.set()
        return round((self.ready_at - self.launched) * 1_000)

    def kill(self):
        """SIGKILL, to the process that was started here and to no other."""
        self.up.clear()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code, or None when it had to be killed."""
        self.up.clear()
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def last_words(self):
        with open(self.log, "rb") as log:
            return log.read()[-600:].decode(errors="replace")

    def complaints(self):
        """Lines of the log that tell of a fault of the program."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return [line.strip() for line in log if line.startswith("error:") or "Fatal error" in line]
