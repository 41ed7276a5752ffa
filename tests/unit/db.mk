# Unit tests of lib/db: one program per file of the same name.
db_tests =
db_test_extra =
