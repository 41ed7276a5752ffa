# The guards that make check runs.
check_scripts = \
    tests/checks/banned.py \
    tests/checks/directives.py \
    tests/checks/headers.py \
    tests/checks/layers.py \
    tests/checks/layout.py \
    tests/checks/libraries.py \
    tests/checks/logids.py \
    tests/checks/registered.py \
    tests/checks/selftest.py \
    tests/checks/sizes.py \
    tests/checks/symbols.py \
    tests/checks/words.py
