#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every log line above TRACE has a number of its own, and the manual knows
exactly those numbers."""
import re

import common

MANUAL = "docs/log-messages.md"
# The function and its home; the home declares and defines it.
HOMES = {"lib/base/amzx_env.h", "lib/base/amzx_env.c"}
TRACE = "AMZX_LOG_TRACE"


def library_ids(path, text, verdict):
    """(id, line) of each amzx_log(env, level, id, rv, format, ...)"""
    for match in re.finditer(r"\bamzx_log\s*(\()", text):
        line = common.line_of(text, match.start())
        args, _ = common.arguments(text, match.start(1))
        verdict.look()
        if len(args) < 5:
            verdict.fault(path, line, "cannot read this call")
        elif not re.fullmatch(r"0|[1-9][0-9]*", args[2]):
            verdict.fault(path, line, "the id is %r, not a plain number"
                          % args[2])
        elif (args[2] == "0") != (args[1] == TRACE):
            verdict.fault(path, line, "TRACE, and only TRACE, has id 0")
        elif args[2] != "0":
            yield int(args[2]), line


def glue_ids(path, text, verdict):
    """(id, line) of each ap_log_error() and its kin: the text begins with
    AMZXnnnn, unless the level is TRACE. A call whose level is no constant is
    the sink that library lines go through."""
    for match in re.finditer(r"\bap_log_[rcp]?error\s*(\()", text):
        line = common.line_of(text, match.start())
        args, _ = common.arguments(text, match.start(1))
        if len(args) < 5 or "APLOG_" not in args[1]:
            continue
        verdict.look()
        found = re.match(r'"AMZX(\d{4}): ', args[4])
        if "APLOG_TRACE" in args[1]:
            if found:
                verdict.fault(path, line, "TRACE has no id")
        elif not found:
            verdict.fault(path, line, "the text does not begin with AMZXnnnn")
        else:
            yield int(found.group(1)), line


def main():
    verdict = common.Verdict("log calls")
    seen = {}
    for path in common.files(r"^(lib|mod_amzxero|sandbox)/.*\.(c|h)$"):
        if path in HOMES:
            continue
        text = common.blank(common.read(path), keep_strings=True)
        found = list(library_ids(path, text, verdict))
        found += list(glue_ids(path, text, verdict))
        for number, line in found:
            if number in seen:
                verdict.fault(path, line, "AMZX%04d is taken by %s:%d"
                              % ((number,) + seen[number]))
            else:
                seen[number] = (path, line)
    if verdict.seen == 0:
        print("no log call yet: nothing to compare")
        raise SystemExit(common.SKIPPED)
    manual = {}
    for number, line in enumerate(common.read_if_there(MANUAL).split("\n"), 1):
        for name in re.findall(r"^(?:#+|\|)\s*`?AMZX(\d{4})\b", line):
            if int(name) in manual:
                verdict.fault(MANUAL, number, "AMZX%s is there twice" % name)
            manual[int(name)] = number
    for number, (path, line) in sorted(seen.items()):
        if number not in manual:
            verdict.fault(path, line, "AMZX%04d is not in %s"
                          % (number, MANUAL))
    for number, line in sorted(manual.items()):
        if number not in seen:
            verdict.fault(MANUAL, line, "nothing logs AMZX%04d" % number)
    verdict.end()


main()
