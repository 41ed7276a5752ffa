# Sources of lib/monitor: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
monitor_sources =
