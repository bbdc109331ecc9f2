#!/usr/bin/env python3
"""Checks a run of the fuzzer: enough cases were sent, and every operation of the document answered 2xx at least once,
and a stranger was refused what belongs to somebody else.

Usage: fuzz_report.py REPORT.ndjson OPENAPI.json MINIMUM REFUSED.json     REFUSED is what fuzz_hooks.py counted
"""

import collections
import json
import sys


def answers(path):
    """For each case that was sent: method, path template, status."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            scenario = json.loads(line).get("ScenarioFinished")
            if not scenario:
                continue
            recorder = scenario["recorder"]
            for case, interaction in recorder.get("interactions", {}).items():
                request = recorder["cases"][case]["value"]
                if interaction.get("response"):
                    yield request["method"].upper(), request["path"], interaction["response"]["status_code"]


def main(report, document, minimum, refused):
    with open(document, encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    operations = {(method.upper(), path): operation["operationId"]
                  for path, methods in paths.items() for method, operation in methods.items()}
    statuses = collections.defaultdict(collections.Counter)
    count = 0
    for method, path, status in answers(report):
        count += 1
        statuses[operations.get((method, path), "other methods")][status] += 1
    for name in sorted(statuses):
        print(f"{name:24}", " ".join(f"{status}:{number}" for status, number in sorted(statuses[name].items())))
    never = sorted(name for name in operations.values() if not any(200 <= s < 300 for s in statuses[name]))
    print(f"fuzz operations={len(operations)} cases={count} without_success={len(never)}")
    with open(refused, encoding="utf-8") as file:
        strangers = json.load(file)
    print(f"a stranger was refused {sum(strangers.values())} times, at {len(strangers)} operations")
    if never:
        print(f"these operations never answered 2xx: {', '.join(never)}")
    if count < minimum:
        print(f"only {count} cases were sent, not {minimum}")
    return 1 if never or count < minimum or not strangers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
