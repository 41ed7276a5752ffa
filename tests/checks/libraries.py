#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each foreign library lives in one file, and SQL text in catalogues only."""
import re

import common

# header pattern -> the files that may include it
HOMES = (
    ("curl", r"curl/", ("lib/http/amzx_curl.c",)),
    ("libxml2", r"libxml/", ("lib/base/amzx_xml.c",)),
    ("OpenSSL", r"openssl/", ("lib/base/amzx_crypto.c",)),
    ("pcre2", r"pcre2\.h", None),
    ("apr_dbd", r"apr_dbd\.h|mod_dbd\.h", None),
    ("sqlite3", r"sqlite3\.h", None),
)
DATABASE = {"apr_dbd", "sqlite3"}
# It stands for somebody else's server, so it keeps its state by itself.
SANDBOX = "sandbox/sandbox_db.c"
CATALOGUE = re.compile(r"^(lib/db|sandbox)/\w+\.def$")
SQL = re.compile(r"^\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s"
                 r"+SET\s|DELETE\s+FROM\s|CREATE\s+(UNIQUE\s+)?(TABLE|INDEX)"
                 r"\s|ALTER\s+TABLE\s|DROP\s+(TABLE|INDEX)\s|WITH\s+\w+\s+AS"
                 r"\s*\()", re.I)


def main():
    verdict = common.Verdict("libraries")
    sources = common.files(r"^(lib|mod_amzxero|sandbox)/.*\.(c|h|def)$")
    texts = {path: common.blank(common.read(path), keep_strings=True)
             for path in sources}
    for name, header, homes in HOMES:
        include = re.compile(r'^[ \t]*#[ \t]*include[ \t]+[<"](%s)' % header,
                             re.M)
        users = sorted(p for p in sources if include.search(texts[p]))
        if not users:
            verdict.fault("lib", 1, "nothing includes %s: is the pattern of "
                          "this check still right?" % name)
        verdict.look()
        if name == "sqlite3":
            users = [path for path in users if path != SANDBOX]
        for path in users:
            line = common.line_of(texts[path],
                                  include.search(texts[path]).start())
            if homes is not None and path not in homes:
                verdict.fault(path, line, "%s belongs to %s"
                              % (name, ", ".join(homes)))
            elif name in DATABASE:
                if not re.match(r"lib/db/amzx_dbd\w*\.c$", path):
                    verdict.fault(path, line, "%s belongs to "
                                  "lib/db/amzx_dbd*.c" % name)
            elif len(users) > 1:
                verdict.fault(path, line, "%s is in several files: %s"
                              % (name, ", ".join(users)))
    for path in sources:
        if CATALOGUE.match(path):
            verdict.look()
            continue
        for match in re.finditer(r'"((?:\\.|[^"\\\n])*)"', texts[path]):
            if SQL.match(match.group(1)):
                verdict.fault(path, common.line_of(texts[path],
                                                   match.start()),
                              "SQL text outside a catalogue")
    verdict.end()


main()
