#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The directives of the modules, of the reference configuration and of the
manual are the same, whichever way one looks."""
import re

import common

CONF = "conf/amzxero.conf"
MANUAL = "docs/directives.md"


def from_modules():
    """Names in command tables: whole string literals "AmzXero..." in a file
    that speaks of command_rec."""
    found = {}
    for path in common.files(r"^(mod_amzxero|sandbox)/.*\.(c|h|def)$"):
        text = common.blank(common.read(path), keep_strings=True)
        if "command_rec" not in text and not path.endswith(".def"):
            continue
        for match in re.finditer(r'"<?(AmzXero\w*)"', text):
            found.setdefault(match.group(1),
                             (path, common.line_of(text, match.start())))
    return found


def from_lines(path, pattern):
    found = {}
    for number, line in enumerate(
            common.read_if_there(path).split("\n"), 1):
        for name in re.findall(pattern, line):
            found.setdefault(name, (path, number))
    return found


def main():
    verdict = common.Verdict("directives")
    code = from_modules()
    if not code:
        print("no command table yet: nothing to compare")
        raise SystemExit(common.SKIPPED)
    conf = from_lines(CONF, r"^\s*#?\s*<?(AmzXero\w*)\b")
    manual = from_lines(MANUAL, r"^#+\s+`?<?(AmzXero\w*)\b")
    verdict.look(len(code))
    places = (("a command table", code), (CONF, conf), (MANUAL, manual))
    for here, names in places:
        for there, others in places:
            for name in sorted(set(names) - set(others)):
                path, line = names[name]
                verdict.fault(path, line, "%s is in %s but not in %s"
                              % (name, here, there))
    verdict.end()


main()
