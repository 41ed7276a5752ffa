/* SPDX-License-Identifier: Apache-2.0 */
/* Items: the catalogue of what is sold, by code. */
#include "sandbox_xero.h"

#include <string.h>

static const sbx_list_t list = {"item", "Items", "ItemID", 0,
                                SBX_SQL_DOC_BY_K1, "Code", NULL, NULL};

static void too_long(sbx_xcall_t *c, const char *name, const char *text,
                     apr_size_t most)
{
    if (amzx_utf8_count(text, strlen(text)) > most) {
        sbx_fail(c, "%s must not be longer than %d characters", name,
                 (int)most);
    }
}

/* SalesDetails or PurchaseDetails: the account and tax must be there. */
static void details_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in,
                        const char *name)
{
    const amzx_val_t *d = amzx_val_get(in, name);
    const char *account = sbx_in_text(c, d, "AccountCode");
    const char *tax = sbx_in_text(c, d, "TaxType");
    amzx_val_t *v = amzx_val_obj(4, c->p);
    amzx_dec_t price;

    if (sbx_in_dec(&price, c, d, "UnitPrice")) {
        sbx_put_dec(v, "UnitPrice", price, c->unit_scale == 4 ? 4 : 2, c->p);
    }
    if (*account) {
        if (!sbx_doc_cached(c, "account", account)) {
            sbx_fail(c,
                     "Account code '%s' is not a valid code for this "
                     "document.",
                     account);
        }
        sbx_put(v, "AccountCode", account, c->p);
    }
    if (*tax) {
        if (!sbx_doc_cached(c, "taxrate", tax)) {
            sbx_fail(c,
                     "The TaxType code '%s' does not exist or cannot be used "
                     "for this type of transaction.",
                     tax);
        }
        sbx_put(v, "TaxType", tax, c->p);
    }
    amzx_val_put_ref(out, name, v, c->p);
}

static const amzx_val_t *build(sbx_xcall_t *c, const amzx_val_t *in,
                               const char *id)
{
    static const char *const texts[] = {"Code", "Name", "Description",
                                        "PurchaseDescription"};
    static const apr_size_t most[] = {30, 50, 4000, 4000};
    amzx_val_t *out = amzx_val_obj(14, c->p);
    const char *key[3] = {NULL, NULL, NULL};
    const char *text;
    apr_size_t i;

    sbx_put(out, "ItemID", id, c->p);
    for (i = 0; i < 4; i++) {
        text = sbx_in_text(c, in, texts[i]);
        too_long(c, texts[i], text, most[i]);
        if (*text) {
            sbx_put(out, texts[i], text, c->p);
        }
    }
    if (!sbx_has(out, "Code")) {
        sbx_fail(c, "Item Code must be specified");
    }
    details_put(out, c, in, "SalesDetails");
    details_put(out, c, in, "PurchaseDetails");
    amzx_val_put_ref(out, "IsTrackedAsInventory", &amzx_val_false, c->p);
    amzx_val_put_ref(out, "IsSold",
                     amzx_val_bool(amzx_val_truth(
                         amzx_val_get(in, "IsSold"), 1)),
                     c->p);
    amzx_val_put_ref(out, "IsPurchased",
                     amzx_val_bool(amzx_val_truth(
                         amzx_val_get(in, "IsPurchased"), 1)),
                     c->p);
    sbx_put_updated(out, c, 0);
    if (c->bad_json || sbx_failed(c)) {
        return NULL;
    }
    key[0] = sbx_text(out, "Code");
    sbx_doc_put(c, "item", id, key, out);
    return out;
}

static const amzx_val_t *before_of(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *id = *c->id ? c->id : sbx_in_text(c, in, "ItemID");
    const amzx_val_t *before =
        *id && sbx_is_uuid(id) ? sbx_doc(c, "item", id) : NULL;
    const char *code = *c->id ? c->id : sbx_in_text(c, in, "Code");

    return before ? before : sbx_doc_by(c, "item", SBX_SQL_DOC_BY_K1, code);
}

static const amzx_val_t *save(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *before = before_of(c, in);
    const amzx_val_t *other;
    amzx_val_t *merged;
    apr_size_t i;

    if (c->is_put && before) {
        sbx_fail(c, "Price List Item with Code '%s' already exists",
                 sbx_text(in, "Code"));
        return NULL;
    }
    if (!before) {
        c->is_missing = *c->id != '\0';
        return c->is_missing ? NULL : build(c, in, sbx_uuid(c->p));
    }
    other = sbx_doc_by(c, "item", SBX_SQL_DOC_BY_K1,
                       sbx_in_text(c, in, "Code"));
    if (other && strcmp(sbx_text(other, "ItemID"),
                        sbx_text(before, "ItemID")) != 0) {
        sbx_fail(c, "Price List Item with Code '%s' already exists",
                 sbx_text(in, "Code"));
        return NULL;
    }
    merged = sbx_clone(before, c->p);
    for (i = 0; i < amzx_val_count(in); i++) {
        amzx_val_put_ref(merged, in->u.obj.member[i].name,
                         in->u.obj.member[i].val, c->p);
    }
    return build(c, merged, sbx_text(before, "ItemID"));
}

static void drop(sbx_xcall_t *c)
{
    const amzx_val_t *item = before_of(c, &amzx_val_null);

    if (!item) {
        sbx_xero_404(c);
        return;
    }
    sbx_db_run(NULL, c->req->db, SBX_SQL_DOC_DROP, "sss", c->tenant, "item",
               sbx_text(item, "ItemID"));
    sbx_reply(c->res, 204, NULL, "");
}

void sbx_xero_items(sbx_xcall_t *c)
{
    if (!strcmp(c->req->method, "GET")) {
        sbx_xero_get(c, &list);
    }
    else if (!strcmp(c->req->method, "DELETE")) {
        drop(c);
    }
    else {
        sbx_xero_write(c, &list, save);
    }
}
