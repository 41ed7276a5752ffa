#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions that have no place here, each with what to use instead."""
import re

import common

EVERYWHERE = {
    "atoi": "apr_strtoi64 with its checks", "atol": "apr_strtoi64",
    "atoll": "apr_strtoi64", "atof": "amzx_dec_parse",
    "strtod": "amzx_dec_parse", "strtof": "amzx_dec_parse",
    "sprintf": "apr_snprintf", "vsprintf": "apr_vsnprintf",
    "strcpy": "apr_cpystrn", "strcat": "apr_pstrcat",
    "strncpy": "apr_cpystrn", "strncat": "apr_pstrcat",
    "strtok": "a scanner of your own", "strtok_r": "a scanner of your own",
    "gets": "fgets", "alloca": "a pool", "tmpnam": "apr_file_mktemp",
    "localtime": "amzx_time", "localtime_r": "amzx_time",
    "ctime": "amzx_time", "asctime": "amzx_time",
    "rand": "env->random", "srand": "env->random", "random": "env->random",
    "system": "apr_proc_create", "popen": "apr_proc_create",
}
OURS = {
    "assert": "a fault of class bug", "abort": "a fault of class bug",
    "curl_global_cleanup": "nothing: other modules use curl too",
    "xmlCleanupParser": "nothing: other modules use libxml2 too",
    "json_set_alloc_funcs": "nothing: it is global to the process",
    "apr_dbd_transaction_start": "amzx_txn_begin",
    "apr_pool_note_subprocess": "apr_proc_other_child_register",
    "ap_get_client_block": "a brigade loop", "atexit": "a pool cleanup",
}
LIBRARY = {"exit": "a status", "_exit": "a status"}
TYPES = {"double": "amzx_dec_t", "float": "amzx_dec_t"}
# Where one of these is right after all.
EXCEPTIONS = {
    ("lib/base/amzx_crypto.c", "abort"),  # libcrypto without memory
}


def banned_in(path):
    """name -> what to use instead, for one file"""
    names = dict(EVERYWHERE)
    if not path.startswith("tests/"):
        names.update(OURS)
    if path.startswith("lib/"):
        names.update(TYPES)
        if not path.startswith("lib/ctl/"):
            names.update(LIBRARY)
    return {name: instead for name, instead in names.items()
            if (path, name) not in EXCEPTIONS}


def main():
    verdict = common.Verdict("C files")
    for path in common.files(r"\.(c|h|def)$"):
        verdict.look()
        names = banned_in(path)
        text = common.blank(common.read(path))
        # a member call (env->random(...)) is not the function of that name
        for match in re.finditer(r"(?<![\w.>])(\w+)\b(\s*\()?", text):
            name, call = match.groups()
            if name in names and (call or name in TYPES):
                verdict.fault(path, common.line_of(text, match.start()),
                              "%s: use %s" % (name, names[name]))
    verdict.end()


main()
