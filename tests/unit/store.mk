# Unit tests of lib/store: one program per file of the same name.
store_tests = tests/unit/test_store
store_test_extra =
