#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the table of docs/architecture.md, no header of a
foreign area beside it, no cycle, and httpd only in the glue."""
import os
import re

import common

LIB = {"base", "http", "db", "store", "ingress", "expr", "flow", "connector",
       "connector/amazon", "connector/xero", "engine", "monitor", "ctl"}
MAY = {
    "base": set(),
    "http": {"base"},
    "db": {"base"},
    "store": {"base", "http", "db"},
    "ingress": {"base", "http", "db"},
    "expr": {"base", "store"},
    "flow": {"base", "store", "expr"},
    "connector": {"base", "http", "store"},
    "connector/amazon": {"base", "http", "store", "connector"},
    "connector/xero": {"base", "http", "store", "connector"},
    "settlement": {"base", "store"},
    "inventory": {"base", "store"},
    "match": {"base", "store"},
    "monitor": {"base", "store"},
    "engine": LIB - {"ctl"},
    "ctl": LIB,
    "mod_amzxero": LIB - {"ctl"},
    "sandbox": {"base"},
}
HTTPD = re.compile(r"^(httpd|http_\w+|ap_\w+|util_\w+|mod_\w+|mpm_common|"
                   r"scoreboard|unixd)\.h$")


def area_of(path):
    parts = path.split("/")
    if parts[0] != "lib":
        return parts[0]
    inner = parts[1:-1]
    if inner[:1] == ["connector"] and len(inner) > 1:
        return "connector/" + inner[1]
    return inner[0] if inner else "lib"


def find_cycle(graph):
    """One cycle of the include graph, or None."""
    state = {}

    def visit(node, path):
        state[node] = 1
        for nxt in sorted(graph.get(node, ())):
            if state.get(nxt) == 1:
                return path[path.index(nxt):] + [nxt] if nxt in path else None
            if nxt not in state:
                found = visit(nxt, path + [nxt])
                if found:
                    return found
        state[node] = 2
        return None

    for node in sorted(graph):
        if node not in state:
            found = visit(node, [node])
            if found:
                return found
    return None


def main():
    verdict = common.Verdict("includes")
    sources = common.files(r"^(lib|mod_amzxero|sandbox)/.*\.(c|h|def)$")
    homes = {}
    for path in sources:
        name = os.path.basename(path)
        if name in homes and path.endswith(".h"):
            verdict.fault(path, 1, "same name as %s" % homes[name])
        homes[name] = path
    graph, areas = {}, {}
    for path in sources:
        area = area_of(path)
        if area not in MAY:
            verdict.fault(path, 1, "the area %s is in no table" % area)
            continue
        text = common.blank(common.read(path), keep_strings=True)
        for match in re.finditer(
                r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', text, re.M):
            line = common.line_of(text, match.start())
            kind, name = match.groups()
            base = os.path.basename(name)
            verdict.look()
            if base in homes:
                target = area_of(homes[base])
                graph.setdefault(path, set()).add(homes[base])
                if target != area:
                    areas.setdefault(area, set()).add(target)
                    if target not in MAY[area]:
                        verdict.fault(path, line, "%s may not include %s (%s)"
                                      % (area, target, name))
            elif kind == '"':
                verdict.fault(path, line, "there is no %s" % name)
            elif HTTPD.match(base) and path.startswith("lib/"):
                verdict.fault(path, line, "lib includes httpd's %s" % name)
    for what, edges in (("files", graph), ("areas", areas)):
        cycle = find_cycle(edges)
        if cycle:
            verdict.fault(cycle[0], 1, "cycle of %s: %s"
                          % (what, " -> ".join(cycle)))
    verdict.end()


main()
