#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: count-tests.py BUILD NAME STATUS

Prints "passed failed skipped NAME" for a finished `make check`: the single
tests of each cmocka program, and one for every other program. Failing logs
are shown on stderr. STATUS is what make said."""
import os
import re
import sys

GROUP = re.compile(r"^\[\s*(PASSED|FAILED|SKIPPED)\s*\] (\d+) test\(s\)",
                   re.M)


def count(trs, log):
    """(passed, failed, skipped) of one test program."""
    result = re.search(r"^:test-result: (\w+)", trs, re.M)
    result = result.group(1) if result else "ERROR"
    sums = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for kind, number in GROUP.findall(log):
        sums[kind] += int(number)
    if result == "PASS" and not any(sums.values()):
        return 1, 0, 0
    if result == "SKIP" and not any(sums.values()):
        return 0, 0, 1
    if result not in ("PASS", "SKIP") and sums["FAILED"] == 0:
        sums["FAILED"] = 1  # it crashed, hung or never started
    return sums["PASSED"], sums["FAILED"], sums["SKIPPED"]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def main():
    build, name, status = sys.argv[1], sys.argv[2], int(sys.argv[3])
    total = [0, 0, 0]
    for folder, _, names in os.walk(os.path.join(build, "tests")):
        for trs in sorted(n for n in names if n.endswith(".trs")):
            path = os.path.join(folder, trs[:-len(".trs")] + ".log")
            log = read(path) if os.path.exists(path) else ""
            counts = count(read(os.path.join(folder, trs)), log)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                sys.stderr.write("--- %s\n%s\n" % (path, log[-6000:]))
    if sum(total) == 0 or (status != 0 and total[1] == 0):
        total[1] += 1  # the tests did not even build
        sys.stderr.write("make check (%s) failed before its tests ran\n"
                         % name)
    print("%d %d %d make check (%s)" % (total[0], total[1], total[2], name))
    sys.exit(1 if total[1] else 0)


main()
