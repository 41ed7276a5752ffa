# Sources of lib/db: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
db_sources =
