# Sources of lib/connector: a plain make fragment, read by automake and by
# apxs/Makefile. Only "name = value" lines with backslashes.
connector_sources = lib/connector/amzx_call.c lib/connector/amzx_call.h \
    lib/connector/amzx_confirm.c \
    lib/connector/amzx_connector.c lib/connector/amzx_connector.h \
    lib/connector/amzx_credential.c lib/connector/amzx_fold.c \
    lib/connector/amzx_fold.h lib/connector/amzx_fx.c \
    lib/connector/amzx_oauth.c lib/connector/amzx_shape.c \
    lib/connector/amzx_shape.h lib/connector/amazon/amazon_markets.def \
    lib/connector/amazon/amzx_amazon.c lib/connector/amazon/amzx_amazon.h \
    lib/connector/amazon/amzx_amazon_fault.c \
    lib/connector/amazon/amzx_amazon_ops.c \
    lib/connector/amazon/amzx_breakdown.c \
    lib/connector/amazon/amzx_breakdown.h \
    lib/connector/amazon/amzx_market.c lib/connector/amazon/amzx_market.h \
    lib/connector/amazon/amzx_order.c lib/connector/amazon/amzx_order.h \
    lib/connector/amazon/amzx_order_line.c \
    lib/connector/amazon/tax_rates.def lib/connector/xero/amzx_xero.c \
    lib/connector/xero/amzx_xero.h lib/connector/xero/amzx_xero_contact.c \
    lib/connector/xero/amzx_xero_fault.c \
    lib/connector/xero/amzx_xero_invoice.c \
    lib/connector/xero/amzx_xero_item.c \
    lib/connector/xero/amzx_xero_match.c \
    lib/connector/xero/amzx_xero_ops.c \
    lib/connector/xero/amzx_xero_payment.c \
    lib/connector/xero/amzx_xero_setting.c \
    lib/connector/xero/amzx_xero_value.c lib/connector/xero/xero_errors.def
