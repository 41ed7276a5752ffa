# Unit tests of lib/store: one program per file of the same name.
store_tests =
store_test_extra =
