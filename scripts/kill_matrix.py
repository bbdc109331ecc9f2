#!/usr/bin/env python3
"""Kills a running platform with SIGKILL at random instants under load, and checks that nothing was lost.

    scripts/kill_matrix.py --binary .build/release/mainstay --kills 200

The load is the simulator's: the same customers, in a process of their own (`mainstay simulate --live`), which writes down what
they were promised. After each kill the files are read as the platform left them, and the simulator's checkers read them as well
(`mainstay simulate --check`); every few kills the load pauses until all sagas have ended, and the whole of the books is checked.
Docs/KillMatrix.md says what is checked and what was found.

Exit codes: 0 nothing is wrong, 1 something is, 3 the platform could not be started.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from killmatrix.books import Books, UNFINISHED, text  # noqa: E402
from killmatrix.crowd import Crowd  # noqa: E402
from killmatrix.running import Platform, StartFailed, free_block  # noqa: E402

SETTLE_SECONDS = 150


class Matrix:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = directory
        self.platform = Platform(arguments.binary, os.path.join(directory, "data"), free_block())
        self.crowd = Crowd(
            arguments.binary, self.platform, os.path.join(directory, "acknowledged.jsonl"), arguments.seed,
            arguments.clients)
        self.kills, self.violations = [], []
        self.hit_sagas = {"orders": set(), "transfers": set()}

    def say(self, line):
        if not self.arguments.json:
            print(line, flush=True)

    def wrong(self, found, when):
        for one in found:
            self.violations.append(f"{when}: {one}")
            print(f"  ✗ {when}: {one}", file=sys.stderr, flush=True)

    # Before the first kill

    def open_shop(self):
        self.platform.launch()
        self.platform.wait_ready()
        self.crowd.open(*self.platform.administrator)
        if self.crowd.oddities:
            raise StartFailed(f"the shop did not open: {self.crowd.oddities[0]}")
        self.resumed_at = time.monotonic()

    # One kill

    def kill(self, number):
        """Kills the platform at an instant that follows from the seed, looks at what is left, and starts it again."""
        seed = (self.arguments.seed * 1_000_003 + number) & 0xFFFFFFFF
        chance = random.Random(seed)
        is_starting = number > 1 and chance.random() < 0.1
        if is_starting:
            # While it starts, and takes up what the last kill left.
            time.sleep(chance.uniform(0.0, 0.3))
        else:
            self.platform.wait_ready()
            aim = chance.uniform(0.02, 0.4) if chance.random() < 0.4 else chance.uniform(0.4, 2.0)
            # After a pause the load has to come back first.
            time.sleep(max(0.0, max(self.platform.ready_at, self.resumed_at) + aim - time.monotonic()))
        was_ready = self.platform.up.is_set()
        origin = max(self.platform.ready_at, self.resumed_at) if was_ready else self.platform.launched
        self.platform.kill()
        promised = self.crowd.acknowledged()
        row = {
            "kill": number, "seed": seed, "since": "ready" if was_ready else "launch",
            "instant_ms": round((time.monotonic() - origin) * 1_000), "acknowledged": self.orders(promised),
        }
        with Books(self.platform.data) as books:
            row["unfinished"] = books.unfinished()
            for service, ids in self.hit_sagas.items():
                ids.update(one for one, in books.query(service, f"SELECT id FROM sagas WHERE {UNFINISHED}"))
            self.wrong(books.check_always(promised), f"after kill {number}")
        self.wrong(self.judge(), f"after kill {number}, says mainstay simulate --check")
        self.kills.append(row)
        self.say(
            f"{number:5}  {seed:10}  {row['since']:>6}+{row['instant_ms']:<5}  {row['acknowledged']:12}  "
            f"{row['unfinished']['orders']:6}  {row['unfinished']['transfers']:9}  {len(self.violations):10}")
        self.platform.launch()

    @staticmethod
    def orders(promised):
        return sum(one["kind"] == "order" for one in promised)

    def judge(self, *options):
        """What the checkers of the simulator say of the files: a second opinion, by other code."""
        ended = subprocess.run(
            [self.arguments.binary, "simulate", "--check", self.platform.data, "--promises", self.crowd.promises, "--json",
             *options], capture_output=True, text=True, check=False)
        if ended.returncode not in (0, 1):
            return [ended.stderr.strip()]
        found = [json.loads(line) for line in ended.stdout.splitlines()]
        return [f"{one['kind']}: {one['what']}" for one in found]

    def judge_end(self):
        """The same when everything must have ended. Parcels go on for some seconds after the last order."""
        found = ["nothing was looked at"]
        end = time.monotonic() + 90
        while found and time.monotonic() < end:
            found = self.judge("--settled")
            time.sleep(1)
        self.wrong(found, "at the end, says mainstay simulate --check")

    # When nothing is under way

    def settle(self, when, with_mails=False):
        """Lets every customer finish their sentence, if they have not left, and every saga end, then checks all books.

        A mail that a killed process was sending is taken up again a minute later, so only the end waits for mails.
        """
        self.platform.wait_ready()
        began = time.monotonic()
        if not with_mails and not self.crowd.pause(90):
            self.wrong(["customers got no answer within 90 s"], when)
        work = ["everything"]
        while work and time.monotonic() - began < SETTLE_SECONDS:
            with Books(self.platform.data) as books:
                work = books.pending_work(with_mails)
            if work:
                time.sleep(0.1)
        with Books(self.platform.data) as books:
            if work:
                self.wrong([f"still under way after {SETTLE_SECONDS} s: {', '.join(work)}", *books.stuck()], when)
            self.wrong(books.check_settled(self.crowd.acknowledged(), with_mails), when)
            for service, ids in self.hit_sagas.items():
                ended = {one for one, in books.query(service, f"SELECT id FROM sagas WHERE NOT ({UNFINISHED})")}
                self.wrong((f"saga {text(one)} was hit and never ended" for one in ids - ended), when)
                ids.clear()
        self.say(f"       everything ended in {time.monotonic() - began:.1f} s; the books are checked")
        if not with_mails:
            self.crowd.resume()
        self.resumed_at = time.monotonic()

    def run(self):
        self.open_shop()
        self.say(
            f" kill        seed  instant (ms)  acknowledged  orders  transfers  violations\n"
            f"                                             unfinished sagas of")
        for number in range(1, self.arguments.kills + 1):
            self.kill(number)
            if number % self.arguments.settle_every == 0 and number < self.arguments.kills:
                self.settle(f"settled after kill {number}")
        self.platform.wait_ready()
        if not self.crowd.close():
            self.wrong(["the customers did not go home"], "at the end")
        self.settle("at the end", with_mails=True)
        self.judge_end()
        code = self.platform.stop()
        if code != 0:
            self.wrong([f"the platform did not stop by itself: exit code {code}"], "at the end")
        with Books(self.platform.data) as books:
            self.wrong(books.check_always(self.crowd.acknowledged()), "after the stop")
        self.wrong(self.crowd.oddities, "a client")
        self.wrong(self.platform.complaints(), "in the log")

    def report(self, elapsed):
        hit = sum(1 for one in self.kills if sum(one["unfinished"].values()))
        if hit * 4 < len(self.kills) * 3:
            self.wrong([f"only {hit} of {len(self.kills)} kills hit an unfinished saga"], "the matrix")
        summary = {
            "kills": len(self.kills), "hit": hit, "acknowledged": self.orders(self.crowd.acknowledged()),
            "seed": self.arguments.seed, "seconds": round(elapsed), "violations": len(self.violations),
        }
        if self.arguments.json:
            print(json.dumps({**summary, "answers": self.crowd.counts, "rows": self.kills, "found": self.violations}))
        else:
            done = ", ".join(f"{count} {what}" for what, count in sorted(self.crowd.counts.items()))
            print(f"\nload: {done}")
            print("kill-matrix " + " ".join(f"{key}={value}" for key, value in summary.items()))
        return 1 if self.violations else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/mainstay", help="the mainstay executable")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None, help="repeats the instants and the wishes of a run")
    parser.add_argument("--data", help="keep everything in this new directory; default: a temporary one")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--settle-every", type=int, default=10, help="kills between two checks of all books")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    arguments = parser.parse_args()
    if arguments.kills < 1 or arguments.clients < 2 or arguments.settle_every < 1:
        parser.error("at least one kill, two clients, and one kill between two checks are needed")
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1, 1_000_000)
    if not os.access(arguments.binary, os.X_OK):
        print(f"error: {arguments.binary} cannot be run; build it with: make build", file=sys.stderr)
        return 3
    if arguments.data and os.path.exists(arguments.data) and os.listdir(arguments.data):
        print(f"error: {arguments.data} is not empty", file=sys.stderr)
        return 3
    directory = arguments.data or tempfile.mkdtemp(prefix="mainstay-kill-matrix-")
    os.makedirs(directory, exist_ok=True)
    matrix = Matrix(arguments, directory)
    matrix.say(f"seed {arguments.seed}, {arguments.clients} clients, in {directory}")
    began = time.monotonic()
    try:
        matrix.run()
        code = matrix.report(time.monotonic() - began)
    except StartFailed as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1 if matrix.kills else 3
    finally:
        matrix.crowd.close()
        matrix.platform.stop()
    if code == 0 and not arguments.data:
        shutil.rmtree(directory)
    elif code:
        print(f"everything is kept in {directory}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
