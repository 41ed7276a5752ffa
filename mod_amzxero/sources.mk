# Sources of mod_amzxero.so, the only folder that includes httpd headers
# beside sandbox/.
module_sources = \
    mod_amzxero/mod_amzxero.c
