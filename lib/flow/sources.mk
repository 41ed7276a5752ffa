# Sources of lib/flow: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
flow_sources =
