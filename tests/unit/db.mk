# Unit tests of lib/db: one program per file of the same name.
db_tests = tests/unit/test_db tests/unit/test_db_faults
db_test_extra =
