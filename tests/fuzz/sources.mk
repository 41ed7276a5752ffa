# Fuzz targets: tests/fuzz/fuzz_x.c defines LLVMFuzzerTestOneInput(); its
# seeds live in tests/fuzz/corpus/x/ and are replayed by make check.
fuzz_targets = \
    tests/fuzz/fuzz_dec \
    tests/fuzz/fuzz_flow \
    tests/fuzz/fuzz_envelope \
    tests/fuzz/fuzz_expr \
    tests/fuzz/fuzz_json \
    tests/fuzz/fuzz_reply \
    tests/fuzz/fuzz_xml
