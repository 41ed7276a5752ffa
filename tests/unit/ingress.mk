# Unit tests of lib/ingress: one program per file of the same name.
ingress_tests =
ingress_test_extra =
