# Unit tests of lib/expr: one program per file of the same name.
expr_tests = tests/unit/test_expr_cases tests/unit/test_expr_limits
expr_test_extra = tests/unit/expr_cases.txt
