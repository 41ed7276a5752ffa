# Unit tests of lib/base: one program per file of the same name.
base_tests =
base_test_extra =
