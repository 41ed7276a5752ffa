# Sources of mod_amzxero_sandbox.so. The core knows no httpd and is what
# the unit tests link.
sandbox_core_sources = \
    sandbox/sandbox.h \
    sandbox/sandbox_admin.c \
    sandbox/sandbox_amazon.c \
    sandbox/sandbox_amazon.h \
    sandbox/sandbox_amazon_gen.c \
    sandbox/sandbox_amazon_orders.c \
    sandbox/sandbox_core.c \
    sandbox/sandbox_db.c \
    sandbox/sandbox_db.h \
    sandbox/sandbox_faults.c \
    sandbox/sandbox_faults.h \
    sandbox/sandbox_identity.c \
    sandbox/sandbox_invoice.h \
    sandbox/sandbox_ledger.c \
    sandbox/sandbox_ledger.h \
    sandbox/sandbox_live.c \
    sandbox/sandbox_live.h \
    sandbox/sandbox_page.c \
    sandbox/sandbox_schema.def \
    sandbox/sandbox_seed.c \
    sandbox/sandbox_seed.h \
    sandbox/sandbox_seed_uk.c \
    sandbox/sandbox_sql.def \
    sandbox/sandbox_tokens.c \
    sandbox/sandbox_tokens.h \
    sandbox/sandbox_totals.c \
    sandbox/sandbox_totals.h \
    sandbox/sandbox_util.c \
    sandbox/sandbox_where.c \
    sandbox/sandbox_where.h \
    sandbox/sandbox_xero.c \
    sandbox/sandbox_xero.h \
    sandbox/sandbox_xero_contacts.c \
    sandbox/sandbox_xero_fields.c \
    sandbox/sandbox_xero_invoices.c \
    sandbox/sandbox_xero_items.c \
    sandbox/sandbox_xero_lines.c \
    sandbox/sandbox_xero_list.c \
    sandbox/sandbox_xero_payments.c \
    sandbox/sandbox_xero_reply.c \
    sandbox/sandbox_xero_settings.c \
    sandbox/sandbox_xml.c
sandbox_sources = \
    sandbox/mod_amzxero_sandbox.c \
    sandbox/sandbox_http.c \
    sandbox/sandbox_http.h
