# Sources of lib/expr: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
expr_sources =
