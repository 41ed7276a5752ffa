# Sources of lib/engine: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
engine_sources =
