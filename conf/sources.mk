# What make install copies to $(pkgdatadir)/conf.
conf_files = conf/amzxero.conf conf/minimal.conf
