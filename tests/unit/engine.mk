# Unit tests of lib/engine: one program per file of the same name.
engine_tests = \
    tests/unit/test_engine_database \
    tests/unit/test_engine_effect \
    tests/unit/test_engine_flow \
    tests/unit/test_engine_sweep \
    tests/unit/test_limit \
    tests/unit/test_limit_rules \
    tests/unit/test_token \
    tests/unit/test_token_fail
engine_test_extra = tests/unit/token_case.h tests/unit/engine_books.h \
    tests/unit/engine_host.h tests/unit/engine_node.h \
    tests/unit/engine_peer.h
