#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run_tests.py COUNTS FOLDER...

Runs every test_*.py of the folders that exist and writes "passed failed
skipped server tests" to the file COUNTS. Fails when nothing was found."""
import os
import sys
import unittest


def main():
    counts, folders = sys.argv[1], sys.argv[2:]
    if os.path.exists(counts):
        os.remove(counts)
    suite = unittest.TestSuite()
    for folder in folders:
        if os.path.isdir(folder):
            # A loader keeps its first top folder: take a new one for each.
            suite.addTests(unittest.TestLoader().discover(
                folder, top_level_dir=folder))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    failed += len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = max(result.testsRun - failed - skipped, 0)
    if result.testsRun == 0 and not failed:
        print("no server test was found in %s" % ", ".join(folders))
        failed = 1
    with open(counts, "w", encoding="utf-8") as f:
        f.write("%d %d %d server tests\n" % (passed, failed, skipped))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
