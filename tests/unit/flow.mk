# Unit tests of lib/flow: one program per file of the same name.
flow_tests = \
    tests/unit/test_machine
flow_test_extra = \
    tests/unit/flow_host.h
