# Sources of lib/ingress: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
ingress_sources =
