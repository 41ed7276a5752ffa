# What make install copies to $(pkgdatadir)/workflows.
workflow_files = \
    workflows/amzxero-workflow-1.xsd \
    workflows/order-cancelled.xml \
    workflows/order-to-invoice.xml
