#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files stay under 500 lines, functions within 60 lines from brace to brace
and within 8 parameters."""
import ast
import re

import common

FILE_LINES = 500
FUNCTION_LINES = 60
PARAMETERS = 8
# Callbacks whose parameters somebody else laid down.
FOREIGN = {("lib/base/amzx_xml.c", "on_start")}  # libxml2's startElementNs


def plain(text):
    """C without comments, strings and preprocessor lines; a continued
    directive goes as a whole."""
    text = common.blank(text)
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), text,
                  flags=re.M)


def c_functions(text):
    """(name, line of the name, lines of the body, parameters)"""
    text = plain(text)
    depth, head, start, found, i = 0, 0, 0, None, 0
    while i < len(text):
        c = text[i]
        if c == "{":
            if depth == 0:
                # `extern "C" {`, initialisers and types have no ")" before
                match = re.search(r"(\w+)\s*(\()", text[head:i])
                if match and text[head:i].rstrip().endswith(")"):
                    args, _ = common.arguments(text,
                                               head + match.start(2))
                    found = (match.group(1), head + match.start(1), args)
                start = i
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                if found:
                    yield (found[0], common.line_of(text, found[1]),
                           text.count("\n", start, i) + 1, len(found[2]))
                found, head = None, i + 1
        elif c == ";" and depth == 0:
            head = i + 1
        i += 1


def py_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            last = max(getattr(n, "end_lineno", None) or 0
                       for n in ast.walk(node))
            count = len(node.args.args) + len(node.args.kwonlyargs)
            yield node.name, node.lineno, last - node.lineno + 1, count


def sh_functions(text):
    lines = text.split("\n")
    for at, line in enumerate(lines):
        match = re.match(r"(?:function\s+)?([\w-]+)\s*\(\)\s*\{\s*$", line)
        if match:
            body = [n for n in range(at, len(lines)) if lines[n] == "}"]
            yield (match.group(1), at + 1,
                   (body[0] if body else len(lines)) - at + 1, 0)


def main():
    verdict = common.Verdict("functions")
    kinds = 0
    for path in common.all_files():
        if path.startswith("tests/fuzz/corpus/"):
            continue
        try:
            text = common.read(path)
        except UnicodeDecodeError:
            continue
        if re.search(r"\.(c|h)$", path):
            functions = c_functions
        elif path.endswith(".py") or re.match(r"#!.*python", text):
            functions = py_functions
        elif path.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", text):
            functions = sh_functions
        elif re.search(r"\.(js|ts|mjs)$", path):
            functions = None
        else:
            continue
        lines = text.count("\n")
        if lines >= FILE_LINES:
            verdict.fault(path, lines, "%d lines, should be under %d"
                          % (lines, FILE_LINES))
        kinds += 1
        for name, line, size, count in functions(text) if functions else ():
            verdict.look()
            if size > FUNCTION_LINES:
                verdict.fault(path, line, "%s has %d lines, should have at "
                              "most %d" % (name, size, FUNCTION_LINES))
            if count > PARAMETERS and (path, name) not in FOREIGN:
                verdict.fault(path, line, "%s has %d parameters, should have "
                              "at most %d" % (name, count, PARAMETERS))
    if kinds == 0:
        verdict.seen = 0
    verdict.end()


main()
