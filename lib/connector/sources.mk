# Sources of lib/connector: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
connector_sources =
