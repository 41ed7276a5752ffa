# Unit tests of lib/ingress: one program per file of the same name.
ingress_tests = \
    tests/unit/test_envelope \
    tests/unit/test_verify
ingress_test_extra =
