/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts: made once by their ContactNumber. Fact sheet xero-api 4.6. */
#include "amzx_xero.h"

#include <apr_strings.h>

#include <string.h>

static const amzx_shape_t address_shape[] = {
    {"AddressType", AMZX_SHAPE_TEXT, 8, NULL, 1},
    {"AddressLine1", AMZX_SHAPE_TEXT, 500, NULL, 0},
    {"AddressLine2", AMZX_SHAPE_TEXT, 500, NULL, 0},
    {"AddressLine3", AMZX_SHAPE_TEXT, 500, NULL, 0},
    {"AddressLine4", AMZX_SHAPE_TEXT, 500, NULL, 0},
    {"City", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"Region", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"PostalCode", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"Country", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"AttentionTo", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t phone_shape[] = {
    {"PhoneType", AMZX_SHAPE_TEXT, 7, NULL, 1},
    {"PhoneNumber", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"PhoneAreaCode", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {"PhoneCountryCode", AMZX_SHAPE_TEXT, 20, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t contact_shape[] = {
    {"ContactNumber", AMZX_SHAPE_TEXT, 50, NULL, 1},
    {"AccountNumber", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"Name", AMZX_SHAPE_TEXT, 255, NULL, 1},
    {"FirstName", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"LastName", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"CompanyNumber", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"EmailAddress", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"TaxNumber", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"AccountsReceivableTaxType", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"DefaultCurrency", AMZX_SHAPE_TEXT, 3, NULL, 0},
    {"Addresses", AMZX_SHAPE_LIST, 0, address_shape, 0},
    {"Phones", AMZX_SHAPE_LIST, 0, phone_shape, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

/* Xero refuses angle brackets and blanks at the ends or doubled; control
 * characters are nobody's name. */
static const char *clean_name(const char *name, apr_pool_t *p)
{
    amzx_buf_t out;
    int is_gap = 0;

    amzx_buf_init(&out, strlen(name) + 1, p);
    for (; *name; name++) {
        if ((unsigned char)*name <= ' ' || *name == 0x7F) {
            is_gap = out.len > 0;
        }
        else if (*name != '<' && *name != '>') {
            if (is_gap) {
                amzx_buf_putc(&out, ' ');
                is_gap = 0;
            }
            amzx_buf_putc(&out, *name);
        }
    }
    return out.s;
}

/* Good enough for Xero? A bad address would have the contact refused. */
static int is_mail(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at > text && !strchr(at + 1, '@') && strchr(at + 1, '.')
        && at[1] != '.' && text[strlen(text) - 1] != '.'
        && text[strcspn(text, " \t\r\n,;<>\"()")] == '\0';
}

static const amzx_val_t *cleaned(const amzx_val_t *body, apr_pool_t *p)
{
    amzx_val_t *out;
    const char *name = amzx_val_text(amzx_val_get(body, "Name"), NULL);
    const char *mail = amzx_val_text(amzx_val_get(body, "EmailAddress"), "");
    apr_size_t i;

    if (amzx_val_type(body) != AMZX_OBJ) {
        return body;
    }
    out = amzx_val_obj(amzx_val_count(body), p);
    for (i = 0; i < amzx_val_count(body); i++) {
        amzx_val_put_ref(out, body->u.obj.member[i].name,
                         body->u.obj.member[i].val, p);
    }
    if (name) {
        amzx_val_put_str(out, "Name", clean_name(name, p), p);
    }
    if (*mail && !is_mail(mail)) {
        amzx_val_put(out, "EmailAddress", &amzx_val_null, p);
    }
    return out;
}

apr_status_t amzx_xero_contact_create(amzx_step_e *next,
                                      amzx_http_request_t *req,
                                      const amzx_val_t **result,
                                      amzx_op_call_t *call,
                                      const amzx_http_response_t *rsp,
                                      amzx_fault_t *fault)
{
    amzx_val_t *contact = NULL;
    amzx_buf_t url;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_made(result, call, rsp, "Contacts", "ContactID",
                              fault);
    }
    rv = amzx_shape_apply(&contact, contact_shape, cleaned(call->body,
                                                           call->pool), "",
                          fault, call->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_call_begin(req, &url, call, "PUT");
    amzx_url_segment(&url, "Contacts");
    amzx_url_param(&url, "summarizeErrors", "false");
    req->url = url.s;
    amzx_xero_put(req, "Contacts", contact, call->pool);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

/* Of a page of contacts the one that has the number; null. */
static const amzx_val_t *of_number(const amzx_val_t *list, const char *number)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *one = amzx_val_at(list, i);

        if (strcasecmp(amzx_val_text(amzx_val_get(one, "ContactNumber"), ""),
                       number) == 0) {
            return one;
        }
    }
    return &amzx_val_null;
}

/* Through the search: Xero takes a number in the place of the id in the path
 * as well, but its own document does not tell the two paths apart. */
apr_status_t amzx_xero_contact_by_number(amzx_step_e *next,
                                         amzx_http_request_t *req,
                                         const amzx_val_t **result,
                                         amzx_op_call_t *call,
                                         const amzx_http_response_t *rsp,
                                         amzx_fault_t *fault)
{
    const amzx_val_t *list = &amzx_val_null;
    amzx_buf_t url;
    const char *number;
    apr_status_t rv = amzx_call_text(&number, call, "number", fault);

    if (rv == APR_SUCCESS && rsp) {
        rv = amzx_xero_list(&list, call, rsp, "Contacts", fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *next = AMZX_STEP_DONE;
    *result = of_number(list, number);
    if (rsp && (!amzx_val_is_null(*result)
                || amzx_val_count(list) < AMZX_XERO_PAGE_SIZE)) {
        return APR_SUCCESS;
    }
    call->phase++;
    amzx_call_begin(req, &url, call, "GET");
    amzx_url_segment(&url, "Contacts");
    amzx_url_param(&url, "searchTerm", number);
    amzx_url_param(&url, "includeArchived", "true");
    amzx_url_param(&url, "page", apr_itoa(call->pool, call->phase));
    amzx_url_param(&url, "pageSize", AMZX_XERO_PAGE);
    req->url = url.s;
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}
