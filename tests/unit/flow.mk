# Unit tests of lib/flow: one program per file of the same name.
flow_tests = \
    tests/unit/test_flow_lint \
    tests/unit/test_flow_map \
    tests/unit/test_machine \
    tests/unit/test_machine_fail \
    tests/unit/test_order_ends \
    tests/unit/test_order_lines \
    tests/unit/test_table
flow_test_extra = \
    tests/unit/flow_lint_cases.txt \
    tests/unit/flow_host.h \
    tests/unit/flow_sweep.h \
    tests/unit/machine_case.h \
    tests/unit/booking_case.h
