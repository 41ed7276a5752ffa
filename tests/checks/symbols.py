#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A module exports its record and nothing else, and lacks nothing of ours:
the linker lets any name of a module stay open, so only httpd would tell."""
import os
import re
import subprocess

import common

MODULES = {"mod_amzxero.so": "amzxero_module",
           "mod_amzxero_sandbox.so": "amzxero_sandbox_module"}
OURS = re.compile(r"^(amzx|amzxero|sbx)_")


def names(path, option):
    listing = subprocess.run(["nm", "-D", option, path], check=True,
                             stdout=subprocess.PIPE,
                             universal_newlines=True).stdout
    return [line.split()[-1] for line in listing.splitlines() if line.strip()]


def main():
    verdict = common.Verdict("symbols")
    for module, record in MODULES.items():
        # make check runs in the build tree
        path = os.path.join(".libs", module)
        exported = names(path, "--defined-only")
        verdict.look(len(exported))
        for name in exported:
            # sanitizers and the linker add a few of their own
            if name != record and OURS.match(name):
                verdict.fault(path, 1, "exports %s" % name)
        if record not in exported:
            verdict.fault(path, 1, "does not export %s" % record)
        for name in names(path, "--undefined-only"):
            verdict.look()
            if OURS.match(name):
                verdict.fault(path, 1, "lacks %s" % name)
    verdict.end()


main()
