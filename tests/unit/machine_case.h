/* SPDX-License-Identifier: Apache-2.0 */
/** @file machine_case.h  Small workflows for tests of the machine. */
#ifndef MACHINE_CASE_H
#define MACHINE_CASE_H

#include "flow_sweep.h"

#define HEAD                                                                 \
    "<workflow xmlns='urn:amzxero:workflow:1' name='t' version='1'>"         \
    "<connections><use name='amazon' type='amazon.spapi'/>"                  \
    "<use name='xero' type='xero.accounting'/></connections>"                \
    "<config><param name='limit' type='decimal' default='10.50'/></config>"  \
    "<tables><table name='acc' match='kind' give='code'>"                    \
    "<row kind='a*' code='200'/><row kind='*' code='210'/></table></tables>" \
    "<retries><retry name='quick' max-attempts='3' base='PT1S' cap='PT8S'/>" \
    "<retry name='ask' max-attempts='2' then='review'/>"                     \
    "<retry name='soft' max-attempts='2' backoff='fixed' then='fail'/>"      \
    "</retries>"                                                             \
    "<triggers><manual id='go'/></triggers>"
#define TAIL "</workflow>"
#define STEPS(s) HEAD "<steps>" s "</steps>" TAIL
#define GET "op='amazon.orders.getOrder' using='amazon'"
#define ID "<arg name='orderId' value='1'/>"
#define VOID "op='xero.invoices.void' using='xero'"
#define MATCHED                                                              \
    STEPS("<call id='order' " GET ">" ID "</call>"                           \
          "<call id='made' op='xero.items.create' using='xero' "             \
          "idempotency-key='item/1'><body><field to='Code' value='A'/>"      \
          "</body><confirm op='xero.items.get' same-if=\"{{ found.Code == "  \
          "request.Code and order.orderId == '1' }}\" "                      \
          "result='{{ found }}'><arg name='Code' "                           \
          "value='{{ request.Code }}'/></confirm></call>"                    \
          "<call id='after' " GET ">" ID "</call>")

static host_t *with(const char *xml)
{
    return host_make(host_load(xml, strlen(xml), "t.xml", host_root),
                     host_root);
}

__attribute__((unused)) static void value_is(host_t *h, const char *name,
                                             const char *json)
{
    assert_string_equal(host_text(amzx_machine_value(h->machine, name),
                                  h->p), json);
}

#endif
