# Unit tests of lib/store: one program per file of the same name.
store_tests = \
    tests/unit/test_batch \
    tests/unit/test_claim \
    tests/unit/test_claim_many \
    tests/unit/test_store \
    tests/unit/test_store_rows \
    tests/unit/test_writer
store_test_extra =
