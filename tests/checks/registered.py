#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No file is forgotten: sources, unit tests, fuzz targets, bench programs
and checks are each listed in a fragment, and what is listed exists."""
import os
import re

import common

# files, the fragments that must list them, and whether without their suffix
LISTS = (
    (r"^lib/.*\.c$", r"^lib/.*/sources\.mk$", False),
    (r"^mod_amzxero/.*\.c$", r"^mod_amzxero/sources\.mk$", False),
    (r"^sandbox/.*\.c$", r"^sandbox/sources\.mk$", False),
    (r"^tests/unit/test_\w+\.c$", r"^tests/unit/\w+\.mk$", True),
    (r"^tests/fuzz/fuzz_\w+\.c$", r"^tests/fuzz/sources\.mk$", True),
    (r"^tests/bench/bench_\w+\.c$", r"^tests/bench/sources\.mk$", True),
    (r"^tests/checks/(?!common\.)\w+\.(py|sh)$",
     r"^tests/checks/sources\.mk$", False),
)


def words_of(fragment):
    """The file names a fragment lists, each with its line; those of an
    x_test_extra variable are data and stay aside."""
    variable = ""
    for number, line in enumerate(common.read(fragment).split("\n"), 1):
        line = line.split("#", 1)[0]
        match = re.match(r"\s*(\w+)\s*\+?=", line)
        if match:
            variable = match.group(1)
            line = line[match.end():]
        if not variable.endswith("_test_extra"):
            for word in line.replace("\\", " ").split():
                if not word.startswith("$("):
                    yield word, number


def main():
    verdict = common.Verdict("files")
    for pattern, fragments, bare in LISTS:
        listed = {}
        for fragment in common.files(fragments):
            for word, number in words_of(fragment):
                if word in listed:
                    verdict.fault(fragment, number, "%s is listed twice"
                                  % word)
                listed[word] = (fragment, number)
        for path in common.files(pattern):
            verdict.look()
            name = os.path.splitext(path)[0] if bare else path
            if name not in listed:
                verdict.fault(path, 1, "is in no sources list")
        for word, (fragment, number) in listed.items():
            path = word + ".c" if bare else word
            if not os.path.isfile(os.path.join(common.TOP, path)):
                verdict.fault(fragment, number, "there is no %s" % path)
    for path in common.files(r"^tests/fuzz/fuzz_\w+\.c$"):
        name = re.sub(r".*/fuzz_(\w+)\.c$", r"\1", path)
        if not common.files(r"^tests/fuzz/corpus/%s/" % name):
            verdict.fault(path, 1, "has no seeds in tests/fuzz/corpus/%s"
                          % name)
    verdict.end()


main()
