# Unit tests of lib/ctl: one program per file of the same name.
ctl_tests =
ctl_test_extra =
