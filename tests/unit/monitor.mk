# Unit tests of lib/monitor: one program per file of the same name.
monitor_tests =
monitor_test_extra =
