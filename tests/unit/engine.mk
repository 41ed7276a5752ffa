# Unit tests of lib/engine: one program per file of the same name.
engine_tests =
engine_test_extra =
