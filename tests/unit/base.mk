# Unit tests of lib/base: one program per file of the same name.
base_tests = \
    tests/unit/test_counter \
    tests/unit/test_crypto \
    tests/unit/test_dec \
    tests/unit/test_dec_oracle \
    tests/unit/test_env \
    tests/unit/test_fault \
    tests/unit/test_json \
    tests/unit/test_json_oracle \
    tests/unit/test_money \
    tests/unit/test_str \
    tests/unit/test_time \
    tests/unit/test_val \
    tests/unit/test_xml
base_test_extra =
