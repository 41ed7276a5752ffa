# Unit tests of lib/expr: one program per file of the same name.
expr_tests = tests/unit/test_expr_cases tests/unit/test_expr_docs \
    tests/unit/test_expr_limits tests/unit/test_expr_lint
expr_test_extra = tests/unit/expr_cases.txt \
    tests/unit/expr_cases_computed.txt
