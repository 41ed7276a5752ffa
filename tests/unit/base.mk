# Unit tests of lib/base: one program per file of the same name.
base_tests = \
    tests/unit/test_dec_oracle \
    tests/unit/test_time \
    tests/unit/test_xml
base_test_extra =
