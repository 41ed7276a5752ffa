# Sources of lib/ctl: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
ctl_sources =
