# Sources of mod_amzxero_sandbox.so.
sandbox_sources = \
    sandbox/mod_amzxero_sandbox.c
