/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up orders: the same seed gives the same orders, totals always add. */
#include "sandbox_seed.h"

#include <string.h>

/** What is asked of the generator. */
typedef struct {
    apr_int64_t count;
    apr_int64_t seed;
    apr_int64_t spacing; /* seconds between orders */
    apr_int64_t max_lines;
    apr_time_t start;
    int fba;
    int pending;
    int cancelled;
    int b2b;
    int promotion;
    int gift_wrap;
    int shipping;
    int unknown_sku;
    int positive_discount;
    const char *tax; /* inclusive, exclusive, facilitator */
    int market;      /* index into markets */
    const char *seller;
} plan_t;

/** An order being made; amounts in minor units. */
typedef struct {
    apr_uint64_t state;
    const plan_t *plan;
    apr_pool_t *p;
    apr_int64_t sum[5]; /* by kind_e */
    int is_fba;
    int is_b2b;
    const char *status;
} maker_t;

typedef enum { ITEM, SHIPPING, GIFT_WRAP, TAX, DISCOUNT, KINDS } kind_e;

static const char *const kind_name[] = {"ITEM", "SHIPPING", "GIFT_WRAP",
                                        "TAX", "DISCOUNT"};

static const struct {
    const char *id;
    const char *name;
    const char *country;
    const char *currency;
    const char *prefix; /* of order ids */
    const char *tax;
    apr_int64_t rate; /* hundredths of a percent */
} markets[] = {
    {"A1F83G8C2ARO7P", "Amazon.co.uk", "GB", "GBP", "026", "inclusive", 2000},
    {"A1PA6795UKMFR9", "Amazon.de", "DE", "EUR", "305", "exclusive", 1900},
    {"A13V1IB3VIYZZH", "Amazon.fr", "FR", "EUR", "403", "inclusive", 2000},
    {"ATVPDKIKX0DER", "Amazon.com", "US", "USD", "112", "facilitator", 825},
};

static const struct {
    const char *sku;
    const char *title;
    apr_int64_t price;
} catalogue[] = {
    {"TEA-KETTLE-17", "Stovetop kettle 1.7 l, brushed steel", 5995},
    {"BOOK-STAND-OAK", "Reading stand, solid oak", 2917},
    {"MUG-STONE-4", "Stoneware mugs, set of 4", 2499},
    {"LAMP-CLIP-LED", "Clip-on LED reading lamp", 1749},
    {"TOWEL-LINEN-2", "Linen tea towels, pair", 1200},
    {"PEN-BRASS", "Brass ballpoint pen", 3450},
    {"BOOK-LOG-A5", "Reading log, A5, 160 pages", 999},
    {"TIN-TEA-500", "Tea caddy 500 g", 1425},
    {"CANDLE-FIG", "Fig candle 220 g", 1890},
    {"BOARD-ASH-L", "Chopping board, ash, large", 4200},
    {"SCARF-WOOL-GRN", "Lambswool scarf, green", 3995},
    {"CABLE-USBC-2M", "USB-C cable 2 m", 779},
};

static const char *const first_names[] = {"Amelia", "Noah",  "Freya",
                                          "Oskar",  "Clara", "Idris",
                                          "Mabel",  "Theo"};
static const char *const last_names[] = {"Ashdown", "Berger",  "Castell",
                                         "Dunmore", "Eriksen", "Fairfax",
                                         "Grimaldi", "Holloway"};
static const char *const cities[] = {"Norwich", "Leeds", "Bath", "Truro"};

/* splitmix64: small, and the same on every machine. */
static apr_uint64_t draw(maker_t *m)
{
    apr_uint64_t z;

    m->state += 0x9e3779b97f4a7c15ULL;
    z = m->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static apr_int64_t below(maker_t *m, apr_int64_t bound)
{
    return (apr_int64_t)(draw(m) % (apr_uint64_t)bound);
}

static int chance(maker_t *m, int percent)
{
    return below(m, 100) < percent;
}

static const amzx_val_t *money(const maker_t *m, apr_int64_t minor)
{
    amzx_val_t *v = amzx_val_obj(2, m->p);
    char text[AMZX_DEC_TEXT];

    amzx_dec_text(text, amzx_dec_scaled(minor, 2));
    sbx_put(v, "amount", text, m->p);
    sbx_put(v, "currencyCode", markets[m->plan->market].currency, m->p);
    return v;
}

static apr_int64_t tax_on(const maker_t *m, apr_int64_t net)
{
    return (net * markets[m->plan->market].rate + 5000) / 10000;
}

static void detail_push(amzx_val_t *list, const maker_t *m, const char *name,
                        apr_int64_t minor)
{
    amzx_val_t *v = amzx_val_obj(2, m->p);

    if (minor) {
        sbx_put(v, "subtype", name, m->p);
        amzx_val_put_ref(v, "value", money(m, minor), m->p);
        amzx_val_push(list, v, m->p);
    }
}

static void breakdown_push(amzx_val_t *list, const maker_t *m, kind_e kind,
                           apr_int64_t minor, const amzx_val_t *details)
{
    amzx_val_t *v = amzx_val_obj(3, m->p);
    int flips = kind == DISCOUNT && m->plan->positive_discount;

    if (!minor) {
        return;
    }
    sbx_put(v, "type", kind_name[kind], m->p);
    amzx_val_put_ref(v, "subtotal", money(m, flips ? -minor : minor), m->p);
    if (details) {
        amzx_val_put_ref(v, "detailedBreakdowns", details, m->p);
    }
    amzx_val_push(list, v, m->p);
}

/* Amounts of one item, and its share of the order's sums. */
static const amzx_val_t *proceeds_make(maker_t *m, apr_int64_t part[KINDS])
{
    amzx_val_t *v = amzx_val_obj(2, m->p);
    amzx_val_t *list = amzx_val_list(5, m->p);
    amzx_val_t *taxes = amzx_val_list(3, m->p);
    amzx_val_t *cuts = amzx_val_list(1, m->p);
    apr_int64_t total = 0;
    int i;

    if (strcmp(m->plan->tax, "inclusive") != 0) {
        detail_push(taxes, m, "ITEM", tax_on(m, part[ITEM]));
        detail_push(taxes, m, "SHIPPING", tax_on(m, part[SHIPPING]));
        detail_push(taxes, m, "GIFT_WRAP", tax_on(m, part[GIFT_WRAP]));
        detail_push(taxes, m, "DISCOUNT", -tax_on(m, -part[DISCOUNT]));
        part[TAX] = tax_on(m, part[ITEM]) + tax_on(m, part[SHIPPING]) +
                    tax_on(m, part[GIFT_WRAP]) - tax_on(m, -part[DISCOUNT]);
    }
    detail_push(cuts, m, "ITEM",
                m->plan->positive_discount ? -part[DISCOUNT]
                                           : part[DISCOUNT]);
    for (i = 0; i < KINDS; i++) {
        breakdown_push(list, m, (kind_e)i, part[i],
                       i == TAX        ? taxes
                       : i == DISCOUNT ? cuts
                                       : NULL);
        total += part[i];
        m->sum[i] += part[i];
    }
    amzx_val_put_ref(v, "proceedsTotal", money(m, total), m->p);
    amzx_val_put_ref(v, "breakdowns", list, m->p);
    return v;
}

static const amzx_val_t *product_make(maker_t *m, apr_int64_t pick,
                                      apr_int64_t price)
{
    amzx_val_t *v = amzx_val_obj(6, m->p);
    amzx_val_t *unit = amzx_val_obj(2, m->p);
    amzx_val_t *condition = amzx_val_obj(2, m->p);
    int is_unknown = chance(m, m->plan->unknown_sku);

    sbx_put(v, "asin",
            apr_psprintf(m->p, "B0SANDBX%02d", (int)pick), m->p);
    sbx_put(v, "title", catalogue[pick].title, m->p);
    sbx_put(v, "sellerSku",
            is_unknown ? apr_psprintf(m->p, "NEW-%05d",
                                      (int)below(m, 100000))
                       : catalogue[pick].sku,
            m->p);
    sbx_put(condition, "conditionType", "NEW", m->p);
    sbx_put(condition, "conditionSubtype", "NEW", m->p);
    amzx_val_put_ref(v, "condition", condition, m->p);
    amzx_val_put_ref(unit, "unitPrice", money(m, price), m->p);
    if (m->is_b2b) {
        sbx_put(unit, "priceDesignation", "BUSINESS_PRICE", m->p);
    }
    amzx_val_put_ref(v, "price", unit, m->p);
    return v;
}

static const amzx_val_t *item_fulfillment(maker_t *m, apr_int64_t quantity,
                                          int is_gift)
{
    amzx_val_t *v = amzx_val_obj(3, m->p);
    amzx_val_t *packing = amzx_val_obj(1, m->p);
    amzx_val_t *gift = amzx_val_obj(2, m->p);
    int is_shipped = !strcmp(m->status, "SHIPPED");

    sbx_put_int(v, "quantityFulfilled", is_shipped ? quantity : 0, m->p);
    sbx_put_int(v, "quantityUnfulfilled", is_shipped ? 0 : quantity, m->p);
    if (is_gift) {
        sbx_put(gift, "giftMessage", "With best wishes", m->p);
        sbx_put(gift, "giftWrapLevel", "STANDARD", m->p);
        amzx_val_put_ref(packing, "giftOption", gift, m->p);
        amzx_val_put_ref(v, "packing", packing, m->p);
    }
    return v;
}

static void item_extras(amzx_val_t *v, maker_t *m, int has_promotion)
{
    amzx_val_t *one = amzx_val_obj(2, m->p);
    amzx_val_t *list = amzx_val_list(1, m->p);
    amzx_val_t *outer = amzx_val_obj(1, m->p);

    if (has_promotion) {
        sbx_put(one, "promotionId", "SANDBOX-PROMO", m->p);
        amzx_val_push(list, one, m->p);
        amzx_val_put_ref(outer, "breakdowns", list, m->p);
        amzx_val_put_ref(v, "promotion", outer, m->p);
    }
    if (!strcmp(m->plan->tax, "facilitator")) {
        one = amzx_val_obj(2, m->p);
        list = amzx_val_list(1, m->p);
        outer = amzx_val_obj(1, m->p);
        sbx_put(one, "model", "MARKETPLACE_FACILITATOR", m->p);
        sbx_put(one, "responsibleParty", "Amazon Services, Inc.", m->p);
        amzx_val_push(list, one, m->p);
        amzx_val_put_ref(outer, "taxCollections", list, m->p);
        amzx_val_put_ref(v, "tax", outer, m->p);
    }
}

static const amzx_val_t *item_make(maker_t *m, apr_int64_t line,
                                   apr_int64_t order)
{
    amzx_val_t *v = amzx_val_obj(8, m->p);
    apr_int64_t pick = below(
        m, (apr_int64_t)(sizeof(catalogue) / sizeof(*catalogue)));
    apr_int64_t quantity = 1 + (chance(m, 30) ? below(m, 4) : 0);
    apr_int64_t part[KINDS] = {0, 0, 0, 0, 0};
    int is_gift = chance(m, m->plan->gift_wrap);
    int has_promotion = chance(m, m->plan->promotion);

    if (strcmp(m->status, "CANCELLED") != 0) {
        part[ITEM] = catalogue[pick].price * quantity;
        part[SHIPPING] = chance(m, m->plan->shipping) ? 399 : 0;
        part[GIFT_WRAP] = is_gift ? 250 : 0;
        part[DISCOUNT] = has_promotion ? -(part[ITEM] / 10) : 0;
    }
    sbx_put(v, "orderItemId",
            apr_psprintf(m->p, "%07" APR_INT64_T_FMT "%04" APR_INT64_T_FMT,
                         order % 10000000, line + 1),
            m->p);
    sbx_put_int(v, "quantityOrdered",
                strcmp(m->status, "CANCELLED") ? quantity : 0, m->p);
    amzx_val_put_ref(v, "product",
                     product_make(m, pick, catalogue[pick].price), m->p);
    if (strcmp(m->status, "PENDING") != 0) {
        amzx_val_put_ref(v, "proceeds", proceeds_make(m, part), m->p);
    }
    amzx_val_put_ref(v, "fulfillment", item_fulfillment(m, quantity, is_gift),
                     m->p);
    item_extras(v, m, has_promotion);
    return v;
}

static const amzx_val_t *order_proceeds(maker_t *m)
{
    amzx_val_t *v = amzx_val_obj(2, m->p);
    amzx_val_t *list = amzx_val_list(5, m->p);
    apr_int64_t total = 0;
    int i;

    for (i = 0; i < KINDS; i++) {
        breakdown_push(list, m, (kind_e)i, m->sum[i], NULL);
        total += m->sum[i];
    }
    amzx_val_put_ref(v, "grandTotal", money(m, total), m->p);
    amzx_val_put_ref(v, "breakdowns", list, m->p);
    return v;
}

/* FBA orders come without the buyer and without the address. */
static void people_put(amzx_val_t *v, maker_t *m, apr_int64_t order)
{
    apr_pool_t *p = m->p;
    const char *name =
        apr_pstrcat(p, first_names[below(m, 8)], " ", last_names[below(m, 8)],
                    NULL);
    const char *city = cities[below(m, 4)];
    amzx_val_t *buyer = amzx_val_obj(4, p);
    amzx_val_t *address = amzx_val_obj(8, p);
    amzx_val_t *recipient = amzx_val_obj(1, p);

    if (m->is_fba || !strcmp(m->status, "PENDING")) {
        return;
    }
    sbx_put(buyer, "buyerName", name, p);
    sbx_put(buyer, "buyerEmail",
            apr_psprintf(p, "b%07" APR_INT64_T_FMT "@marketplace.%s",
                         order % 10000000,
                         sbx_lower(markets[m->plan->market].name, p)),
            p);
    if (m->is_b2b) {
        sbx_put(buyer, "buyerCompanyName", "Dunmore Trading Ltd", p);
        sbx_put(buyer, "buyerPurchaseOrderNumber",
                apr_psprintf(p, "PO-%05d", (int)below(m, 100000)), p);
    }
    amzx_val_put_ref(v, "buyer", buyer, p);
    sbx_put(address, "name", name, p);
    sbx_put(address, "addressLine1",
            apr_psprintf(p, "%d Mill Lane", 1 + (int)below(m, 90)), p);
    sbx_put(address, "city", city, p);
    sbx_put(address, "postalCode",
            apr_psprintf(p, "NR%d 3QU", 1 + (int)below(m, 9)), p);
    sbx_put(address, "countryCode", markets[m->plan->market].country, p);
    amzx_val_put_ref(recipient, "deliveryAddress", address, p);
    amzx_val_put_ref(v, "recipient", recipient, p);
}

static void fulfillment_put(amzx_val_t *v, maker_t *m)
{
    amzx_val_t *f = amzx_val_obj(3, m->p);

    sbx_put(f, "fulfillmentStatus", m->status, m->p);
    sbx_put(f, "fulfilledBy", m->is_fba ? "AMAZON" : "MERCHANT", m->p);
    sbx_put(f, "fulfillmentServiceLevel", "STANDARD", m->p);
    amzx_val_put_ref(v, "fulfillment", f, m->p);
}

static void head_put(amzx_val_t *v, maker_t *m, const char *id,
                     apr_int64_t index)
{
    apr_pool_t *p = m->p;
    amzx_val_t *programs = amzx_val_list(1, p);
    amzx_val_t *channel = amzx_val_obj(3, p);
    apr_time_t at =
        m->plan->start + apr_time_from_sec(index * m->plan->spacing);
    char text[AMZX_TIME_TEXT];

    sbx_put(v, "orderId", id, p);
    amzx_time_text(text, at);
    sbx_put(v, "createdTime", text, p);
    amzx_time_text(text, at + apr_time_from_sec(1800));
    sbx_put(v, "lastUpdatedTime", text, p);
    if (m->is_b2b) {
        amzx_val_push(programs, amzx_val_str("AMAZON_BUSINESS", p), p);
    }
    amzx_val_put_ref(v, "programs", programs, p);
    sbx_put(channel, "channelName", "AMAZON", p);
    sbx_put(channel, "marketplaceId", markets[m->plan->market].id, p);
    sbx_put(channel, "marketplaceName", markets[m->plan->market].name, p);
    amzx_val_put_ref(v, "salesChannel", channel, p);
}

static const amzx_val_t *order_make(const plan_t *plan, apr_int64_t index,
                                    apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(12, p);
    amzx_val_t *items = amzx_val_list(4, p);
    apr_int64_t lines;
    apr_int64_t i;
    maker_t m;

    memset(&m, 0, sizeof(m));
    m.plan = plan;
    m.p = p;
    m.state = (apr_uint64_t)plan->seed * 1000003ULL + (apr_uint64_t)index;
    m.is_fba = chance(&m, plan->fba);
    m.is_b2b = chance(&m, plan->b2b);
    m.status = chance(&m, plan->pending)     ? "PENDING"
               : chance(&m, plan->cancelled) ? "CANCELLED"
               : chance(&m, 50)              ? "SHIPPED"
                                             : "UNSHIPPED";
    head_put(v, &m,
             apr_psprintf(p, "%s-%07" APR_INT64_T_FMT "-%07" APR_INT64_T_FMT,
                          markets[plan->market].prefix, plan->seed % 10000000,
                          index % 10000000),
             index);
    lines = 1 + below(&m, plan->max_lines);
    for (i = 0; i < lines; i++) {
        amzx_val_push(items, item_make(&m, i, index), p);
    }
    people_put(v, &m, index);
    if (strcmp(m.status, "PENDING") != 0) {
        amzx_val_put_ref(v, "proceeds", order_proceeds(&m), p);
    }
    fulfillment_put(v, &m);
    amzx_val_put_ref(v, "orderItems", items, p);
    return v;
}

static apr_int64_t number(const amzx_val_t *v, const char *name,
                          apr_int64_t fallback)
{
    apr_int64_t n = fallback;

    if (!amzx_val_is_null(amzx_val_get(v, name)) &&
        amzx_dec_to_int(&n, sbx_dec(v, name)) != APR_SUCCESS) {
        n = fallback;
    }
    return n;
}

static int percent(const amzx_val_t *v, const char *name, int fallback)
{
    apr_int64_t n = number(amzx_val_get(v, "mix"), name, fallback);

    return (int)(n < 0 ? 0 : n > 100 ? 100 : n);
}

static const char *plan_read(plan_t *plan, const amzx_val_t *v)
{
    const char *market = sbx_text(v, "marketplace");
    const char *start = amzx_val_text(amzx_val_get(v, "start"),
                                      "2026-11-01T00:00:00Z");
    const char *tax = sbx_text(v, "tax");
    int i;

    memset(plan, 0, sizeof(*plan));
    market = *market ? market : markets[0].id;
    for (i = 0; i < 4 && strcmp(markets[i].id, market) != 0; i++) {
    }
    if (i == 4 || amzx_time_parse(&plan->start, start) != APR_SUCCESS) {
        return "generate: unknown marketplace or malformed start";
    }
    plan->market = i;
    plan->tax = *tax ? tax : markets[i].tax;
    plan->count = number(v, "count", 1);
    plan->seed = number(v, "seed", 1);
    plan->spacing = number(v, "spacingSeconds", 60);
    plan->max_lines = number(v, "maxLines", 3);
    plan->fba = percent(v, "fba", 30);
    plan->pending = percent(v, "pending", 0);
    plan->cancelled = percent(v, "cancelled", 0);
    plan->b2b = percent(v, "b2b", 5);
    plan->promotion = percent(v, "promotion", 15);
    plan->gift_wrap = percent(v, "giftWrap", 10);
    plan->shipping = percent(v, "shipping", 40);
    plan->unknown_sku = percent(v, "unknownSku", 0);
    plan->positive_discount =
        !strcmp(sbx_text(v, "discountSign"), "positive");
    if (plan->count < 1 || plan->count > 100000 || plan->max_lines < 1 ||
        plan->max_lines > 50 || plan->seed < 0) {
        return "generate: count is 1 to 100000, maxLines 1 to 50";
    }
    return NULL;
}

const char *sbx_orders_generate(sbx_req_t *req, const amzx_val_t *what,
                                const char *seller, amzx_val_t *ids)
{
    const amzx_val_t *order;
    const char *why;
    apr_pool_t *each;
    apr_int64_t i;
    plan_t plan;
    sbx_req_t own = *req;

    why = plan_read(&plan, what);
    for (i = 0; !why && i < plan.count; i++) {
        apr_pool_create(&each, req->pool);
        own.pool = each;
        order = order_make(&plan, i, each);
        why = sbx_order_save(&own, order, seller);
        amzx_val_push(ids,
                      amzx_val_str(sbx_text(order, "orderId"), req->pool),
                      req->pool);
        apr_pool_destroy(each);
    }
    return why;
}
