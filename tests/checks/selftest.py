#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks checked: each finds what is planted for it in a small tree,
accepts the tree without it, and never takes an empty tree for a clean one."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
LIBRARIES = {
    "lib/http/amzx_curl.c": "#include <curl/curl.h>\n",
    "lib/base/amzx_xml.c": "#include <libxml/parser.h>\n",
    "lib/base/amzx_crypto.c": "#include <openssl/evp.h>\n",
    "lib/expr/amzx_re.c": "#include <pcre2.h>\n",
    "lib/db/amzx_dbd.c": "#include <apr_dbd.h>\n#include <sqlite3.h>\n",
}
COMMANDS = ('static const command_rec cmds[] = {\n    AP_INIT_TAKE1('
            '"AmzXeroLease", f, 0, 0, "how long")\n};\n')
DIRECTIVES = {"mod_amzxero/c.c": COMMANDS,
              "conf/amzxero.conf": "#AmzXeroLease 30s\n",
              "docs/directives.md": "## AmzXeroLease\n"}
LOG = 'void f(void)\n{\n    amzx_log(e, AMZX_LOG_%s, %s, 0, "x, %%d", g(1));\n}\n'
GLUE_LOG = 'void f(void)\n{\n    ap_log_error(M, APLOG_ERR, 0, s, "%sx");\n}\n'
LOGGED = {"lib/base/a.c": LOG % ("INFO", "7"),
          "docs/log-messages.md": "## AMZX0007\n"}
LISTED = {"lib/base/a.c": SPDX, "lib/base/sources.mk":
          "base_sources = \\\n    lib/base/a.c\n"}
LONG = "int f(void)\n{\n" + "    g(\"{\");\n" * 60 + "}\n"

# check, clean tree, what is planted, what the check must say
CASES = (
    ("layers", {"lib/db/b.h": "", "lib/store/a.c": '#include "b.h"\n'},
     {"lib/base/c.c": '#include "b.h"\n'}, "base may not include db"),
    ("layers", {"lib/base/a.c": "#include <apr_pools.h>\n"},
     {"lib/base/b.c": "#include <httpd.h>\n"}, "lib includes httpd's"),
    ("layers", {"lib/base/a.h": '#include "b.h"\n', "lib/base/b.h": ""},
     {"lib/base/b.h": '#include "a.h"\n'}, "cycle of files"),
    ("libraries", LIBRARIES,
     {"lib/base/amzx_id.c": "#include <openssl/rand.h>\n"},
     "OpenSSL belongs to"),
    ("libraries", LIBRARIES,
     {"lib/http/amzx_curl.c": "/* #include <curl/curl.h> */\n"},
     "nothing includes curl"),
    ("libraries", LIBRARIES, {"lib/db/amzx_pool.c": "#include <apr_dbd.h>\n"},
     "apr_dbd belongs to"),
    ("libraries", LIBRARIES,
     {"lib/store/a.c": 'const char *q = "select 1 from run";\n'},
     "SQL text outside"),
    ("sizes", {"lib/base/a.c": LONG.replace('    g("{");\n', "", 2)},
     {"lib/base/b.c": LONG}, "f has 62 lines"),
    ("sizes", {"lib/base/a.c": "int f(int a)\n{\n}\n"},
     {"lib/base/b.c": "int f(int a, T b, c, d, e, f, g, h, i)\n{\n}\n"},
     "f has 9 parameters"),
    ("sizes", {"lib/base/a.c": "int f(int a)\n{\n}\n"},
     {"lib/base/b.c": "\n" * 500}, "500 lines"),
    ("headers", {"lib/base/a.h": "int f(void);\n"},
     {"lib/base/b.h": "int f(unknown_t a);\n"}, "does not compile alone"),
    ("banned", {"lib/base/a.c": "/* sprintf( */ int x = e->random(c);\n"},
     {"lib/base/b.c": "int x = sprintf (p);\n"}, "apr_snprintf"),
    ("banned", {"lib/base/a.c": 'f("double");\n'},
     {"lib/base/b.c": "static double x;\n"}, "use amzx_dec_t"),
    ("layout", {"lib/base/a.c": SPDX}, {"lib/base/b.c": "int x;\n"},
     "no SPDX line"),
    ("layout", {"lib/base/a.c": SPDX},
     {"lib/base/b.c": SPDX + "int %s;\n" % ("x" * 80)}, "85 columns"),
    ("layout", {"lib/base/a.c": SPDX},
     {"lib/base/b.sh": "#!/bin/sh\n# " + SPDX}, "not executable"),
    ("directives", DIRECTIVES, {"conf/amzxero.conf": "# none\n"},
     "not in conf/amzxero.conf"),
    ("directives", DIRECTIVES, {"docs/directives.md":
                                "## AmzXeroLease\n## AmzXeroGone\n"},
     "AmzXeroGone is in docs/directives.md but not in a command table"),
    ("logids", LOGGED, {"lib/base/b.c": LOG % ("ERR", "7")},
     "AMZX0007 is taken"),
    ("logids", LOGGED, {"lib/base/b.c": LOG % ("ERR", "8")},
     "AMZX0008 is not in"),
    ("logids", LOGGED, {"lib/base/b.c": LOG % ("ERR", "010")},
     "not a plain number"),
    ("logids", LOGGED, {"lib/base/b.c": LOG % ("INFO", "0")},
     "only TRACE, has id 0"),
    ("logids", LOGGED, {"mod_amzxero/b.c": GLUE_LOG % "AMZX0007: "},
     "AMZX0007 is taken"),
    ("logids", LOGGED, {"mod_amzxero/b.c": GLUE_LOG % ""},
     "does not begin with AMZXnnnn"),
    ("registered", LISTED, {"lib/base/b.c": SPDX}, "is in no sources list"),
    ("registered", LISTED, {"tests/unit/test_a.c": SPDX},
     "is in no sources list"),
    ("registered", LISTED, {"tests/unit/base.mk": "x = tests/unit/test_b\n"},
     "there is no tests/unit/test_b.c"),
    ("words", {"docs/a.md": "a networked\n"},
     {"docs/b.md": "see /wo" + "rk/main\n"}, "says"),
)


def run(check, tree):
    """(exit code, output) of a check on a tree {path: text}"""
    with tempfile.TemporaryDirectory() as top:
        for path, text in tree.items():
            full = os.path.join(top, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        with open(os.path.join(top, "MANIFEST"), "w", encoding="utf-8") as f:
            f.write("\n".join(tree) + "\n")
        env = dict(os.environ, AMZX_CHECK_TOP=top, AMZX_CPPFLAGS="-DX")
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, check + ".py")], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True)
        return done.returncode, done.stdout


def main():
    faults = 0
    for check, clean, planted, expected in CASES:
        code, output = run(check, clean)
        if code != 0:
            faults += 1
            print("%s refuses a clean tree:\n%s" % (check, output))
        code, output = run(check, dict(clean, **planted))
        if code != 1 or expected not in output:
            faults += 1
            print("%s does not say %r:\n%s" % (check, expected, output))
    for check in sorted({case[0] for case in CASES}):
        code, output = run(check, {})
        if code == 0:
            faults += 1
            print("%s takes an empty tree for a clean one:\n%s"
                  % (check, output))
    print("%d cases, %d faults" % (len(CASES), faults))
    sys.exit(1 if faults else 0)


main()
