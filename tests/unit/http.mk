# Unit tests of lib/http: one program per file of the same name.
http_tests =
http_test_extra =
