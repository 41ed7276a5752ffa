# Sources of lib/http: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
http_sources =
