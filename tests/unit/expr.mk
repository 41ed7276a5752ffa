# Unit tests of lib/expr: one program per file of the same name.
expr_tests =
expr_test_extra =
