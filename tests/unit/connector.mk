# Unit tests of lib/connector: one program per file of the same name.
connector_tests =
connector_test_extra =
