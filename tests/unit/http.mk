# Unit tests of lib/http: one program per file of the same name.
http_tests = \
    tests/unit/test_loop
http_test_extra =
