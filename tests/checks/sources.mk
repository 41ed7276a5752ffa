# The guards that make check runs.
check_scripts =
