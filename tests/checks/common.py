# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the project's files, C without its comments, and a
verdict that fails when there was nothing to check."""
import os
import re
import subprocess
import sys

# The self-test points the checks at trees of its own.
TOP = os.environ.get("AMZX_CHECK_TOP") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", ".."))
SKIPPED = 77  # what automake takes as "skipped"


def all_files():
    """Every file of the project, as a path relative to its top."""
    if os.path.exists(os.path.join(TOP, ".git")):
        listing = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co",
             "--exclude-standard"], cwd=TOP, check=True,
            stdout=subprocess.PIPE, universal_newlines=True).stdout
    else:
        with open(os.path.join(TOP, "MANIFEST"), encoding="utf-8") as f:
            listing = f.read()
    found = sorted(set(listing.split("\n")) - {""})
    return [f for f in found if os.path.isfile(os.path.join(TOP, f))]


def files(pattern):
    """The project's files whose path matches a regular expression."""
    return [f for f in all_files() if re.search(pattern, f)]


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def read_if_there(path):
    """The text of a file, empty when there is none."""
    if os.path.isfile(os.path.join(TOP, path)):
        return read(path)
    return ""


_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                    r"'(?:\\.|[^'\\\n])*'", re.S)


def blank(text, keep_strings=False):
    """C text with comments, and strings unless kept, turned into blanks.
    Line numbers stay as they were; quotes of strings stay too."""
    def hide(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        if keep_strings:
            return token
        return token[0] + " " * (len(token) - 2) + token[0]
    return _TOKEN.sub(hide, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def arguments(text, start):
    """The arguments of the call whose "(" is at start, split at commas of
    the outermost level, and the offset behind its ")"."""
    parts, depth, begin, i = [], 0, start + 1, start
    while i < len(text):
        c = text[i]
        if c in "\"'":
            i = _TOKEN.match(text, i).end() - 1
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                parts.append(text[begin:i].strip())
                return parts, i + 1
        elif c == "," and depth == 1:
            parts.append(text[begin:i].strip())
            begin = i + 1
        i += 1
    return parts, len(text)


class Verdict:
    """Counts what was looked at and what was wrong."""

    def __init__(self, what):
        self.what = what
        self.seen = 0
        self.faults = []

    def look(self, count=1):
        self.seen += count

    def fault(self, path, line, message):
        self.faults.append("%s:%d: %s" % (path, line, message))

    def end(self):
        for message in self.faults:
            print(message)
        if self.seen == 0:
            print("found no %s to check" % self.what)
            sys.exit(1)
        print("%d %s looked at, %d faults"
              % (self.seen, self.what, len(self.faults)))
        sys.exit(1 if self.faults else 0)
