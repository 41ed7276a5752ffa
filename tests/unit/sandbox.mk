# Unit tests of the sandbox: its core without httpd.
sandbox_tests =
sandbox_test_extra =
