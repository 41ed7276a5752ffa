# What make install copies to $(pkgdatadir)/conf.
conf_files =
