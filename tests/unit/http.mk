# Unit tests of lib/http: one program per file of the same name.
http_tests = \
    tests/unit/test_guard \
    tests/unit/test_http \
    tests/unit/test_http_fail \
    tests/unit/test_http_tls \
    tests/unit/test_loop
http_test_extra = tests/unit/http_case.h tests/unit/http_peer.h
