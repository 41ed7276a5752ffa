# What make install copies to $(pkgdatadir)/workflows.
workflow_files =
