#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone, and twice, without a warning."""
import os
import shlex
import subprocess

import common


def main():
    verdict = common.Verdict("headers")
    compiler = shlex.split(os.environ.get("AMZX_CC", "cc"))
    flags = shlex.split(os.environ.get("AMZX_CPPFLAGS", ""))
    if not flags:
        print("AMZX_CPPFLAGS is not set: run this through make check")
        raise SystemExit(1)
    for path in common.files(r"^(lib|mod_amzxero|sandbox)/.*\.h$"):
        verdict.look()
        full = os.path.join(common.TOP, path)
        text = "#include \"%s\"\n#include \"%s\"\nextern int amzx_alone;\n" % (
            full, full)
        run = subprocess.run(
            compiler + flags + ["-std=gnu11", "-Wall", "-Wextra", "-Werror",
                                "-fsyntax-only", "-x", "c", "-"],
            input=text, universal_newlines=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        if run.returncode != 0:
            verdict.fault(path, 1, "does not compile alone\n" + run.stdout)
    verdict.end()


main()
