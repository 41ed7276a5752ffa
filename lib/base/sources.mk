# Sources of lib/base: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
base_sources =
