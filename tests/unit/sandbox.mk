# Unit tests of the sandbox: its core without httpd.
sandbox_tests = \
    tests/unit/test_sandbox \
    tests/unit/test_sandbox_live \
    tests/unit/test_sandbox_totals \
    tests/unit/test_sandbox_where
sandbox_test_extra =
