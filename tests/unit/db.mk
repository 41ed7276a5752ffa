# Unit tests of lib/db: one program per file of the same name.
db_tests = tests/unit/test_db
db_test_extra =
