#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The project speaks of itself alone: no path of the machine it was written
on, no word about the tools it was written with."""
import os
import re

import common

# Put together here, so that this file does not find itself.
WORDS = ["Chat" + "GPT", "LLM" + "-generated", "AI" + "-generated",
         "as an " + "AI", "Cop" + "ilot", "Clau" + "de", "language model "
         + "wrote", "generated with" + " AI", "Anth" + "ropic"]
PATTERNS = [r"\b" + re.escape(word) + r"\b" for word in WORDS]
PATTERNS += [r"(?<![\w.-])/wo" + r"rk/", r"(?<![\w.-])/home/\w+/",
             r"(?<![\w.-])/ro" + r"ot/", r"\bissue" + r" #?\d+\b"]


def main():
    verdict = common.Verdict("files")
    banned = re.compile("|".join(PATTERNS), re.I)
    for path in common.all_files():
        with open(os.path.join(common.TOP, path), "rb") as f:
            text = f.read().decode("utf-8", "replace")
        verdict.look()
        for number, line in enumerate(text.split("\n"), 1):
            match = banned.search(line)
            if match:
                verdict.fault(path, number, "says %r" % match.group(0))
    verdict.end()


main()
