# Unit tests of lib/flow: one program per file of the same name.
flow_tests = \
    tests/unit/test_machine \
    tests/unit/test_table
flow_test_extra = \
    tests/unit/flow_host.h
