# Unit tests of lib/flow: one program per file of the same name.
flow_tests =
flow_test_extra =
