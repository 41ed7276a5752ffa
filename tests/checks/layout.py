#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The licence line, 80 columns, no tabs, no trailing blanks, a last newline;
scripts are executable and executables are scripts."""
import os
import re

import common

CODE = re.compile(r"\.(c|h|def|py|sh|js|ts|mjs)$")
WIDE = re.compile(r"\.(c|h)$")
NO_TABS = re.compile(r"\.(c|h|def|py|sh|js|ts|mjs|xml|xsd)$")


def main():
    verdict = common.Verdict("files")
    for path in common.all_files():
        if path.startswith(("tests/fuzz/corpus/", "tests/data/")):
            continue
        with open(os.path.join(common.TOP, path), "rb") as f:
            raw = f.read()
        if b"\0" in raw[:4096] or not raw:
            continue
        verdict.look()
        runs = os.access(os.path.join(common.TOP, path), os.X_OK)
        if raw.startswith(b"#!") != runs:
            verdict.fault(path, 1, "has no shebang but is executable" if runs
                          else "has a shebang but is not executable")
        text = raw.decode("utf-8", "replace")
        lines = text.split("\n")
        code = bool(CODE.search(path)) or runs
        if code and not any("SPDX-License-Identifier: Apache-2.0" in line
                            for line in lines[:4]):
            verdict.fault(path, 1, "no SPDX line")
        if not text.endswith("\n"):
            verdict.fault(path, len(lines), "no newline at the end")
        for number, line in enumerate(lines, 1):
            if WIDE.search(path) and len(line) > 80:
                verdict.fault(path, number, "%d columns" % len(line))
            if NO_TABS.search(path) and "\t" in line:
                verdict.fault(path, number, "a tab")
            if code and line != line.rstrip():
                verdict.fault(path, number, "trailing blanks")
    verdict.end()


main()
