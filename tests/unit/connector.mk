# Unit tests of lib/connector: one program per file of the same name.
connector_tests = \
    tests/unit/test_amazon_ops \
    tests/unit/test_amazon_order \
    tests/unit/test_amazon_tax \
    tests/unit/test_connector \
    tests/unit/test_xero_contact \
    tests/unit/test_xero_fault \
    tests/unit/test_xero_invoice
connector_test_extra = tests/unit/connector_case.h tests/unit/order_case.h
