/* SPDX-License-Identifier: Apache-2.0 */
/* Measures expressions: reading a marketplace order of about 5 kB and mapping
 * it to an invoice, as the shipped workflow does, field by field. Prints the
 * median of several rounds, processor time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_expr.h"
#include "amzx_json.h"
#include "amzx_str.h"

#define LINES 6
#define ROUNDS 7
#define RUNS 4000

static const char *const head_text[] = {
    "AMZ-{{ order.orderId }}",
    "{{ order.orderId }}",
    "{{ present(order.buyer.name) ? order.buyer.name : 'Amazon' }}",
    "{{ date(order.purchaseDate) }}",
    "{{ order.currency }}",
    "{{ order.taxInclusive ? 'Inclusive' : 'Exclusive' }}",
    "{{ round(order.total * rate, 2) }}",
    "{{ order.lines.sum(i => i.tax + i.shippingTax) }}",
    "{{ order.lines.map(i => i.sku).unique() }}",
};
static const char *const line_text[] = {
    "{{ it.qty > 0 }}",
    "{{ round(it.amount * rate, 2) }}",
    "{{ it.title ?? it.sku }}",
    "{{ it.sku in skus ? it.sku : null }}",
    "{{ it.qty }}",
    "{{ round(it.amount / it.qty, 4) }}",
    "{{ it.collected ? 'ZERO' : 'OUTPUT2' }}",
    "{{ it.sku.startsWith('BOOK-') ? '201' : '200' }}",
};

#define HEADS (sizeof head_text / sizeof *head_text)
#define CELLS (sizeof line_text / sizeof *line_text)

static const amzx_expr_t *head[HEADS];
static const amzx_expr_t *cell[CELLS];
static int failures;

static const char *sample(apr_pool_t *p)
{
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 8192, p);
    amzx_buf_puts(&b, "{\"rate\":1,\"skus\":[\"BOOK-1\",\"BOOK-2\",\"BOOK-3\","
                  "\"TOY-1\"],\"order\":{\"orderId\":\"026-1520163-6049104\","
                  "\"status\":\"SHIPPED\",\"purchaseDate\":"
                  "\"2026-01-31T23:30:00Z\",\"currency\":\"GBP\",\"total\":"
                  "\"212.40\",\"taxInclusive\":true,\"salesChannel\":"
                  "\"Amazon.co.uk\",\"marketplaceId\":\"A1F83G8C2ARO7P\","
                  "\"buyer\":{\"name\":\"Jo Public\",\"email\":"
                  "\"abc123@marketplace.amazon.co.uk\"},\"address\":{"
                  "\"line1\":\"1 High Street\",\"city\":\"Leeds\","
                  "\"postalCode\":\"AB1 2CD\",\"country\":\"GB\"},\"lines\":[");
    for (i = 0; i < LINES; ++i) {
        amzx_buf_printf(&b, "%s{\"orderItemId\":\"4041234567890%d\",\"asin\":"
                        "\"B0ABCDEFG%d\",\"sku\":\"BOOK-%d\",\"title\":\"A "
                        "title as long as titles in shops often are, volume "
                        "%d of the collected works, hardback edition with "
                        "many pictures and a very long subtitle\",\"qty\":%d,"
                        "\"amount\":\"%d.95\",\"shipping\":3.49,"
                        "\"shippingDiscount\":0,\"giftwrap\":0,\"discount\":"
                        "\"0.50\",\"tax\":3.33,\"shippingTax\":0.58,"
                        "\"giftwrapTax\":0,\"collected\":false,\"taxRate\":"
                        "0.2,\"condition\":{\"id\":\"New\",\"subtype\":"
                        "\"New\"},\"promotionIds\":[\"PROMO-2026-JAN-%d\"],"
                        "\"giftMessage\":null,\"customisation\":{\"url\":"
                        "\"https://example.invalid/customisation/%d\"},"
                        "\"note\":\"%s\"}", i > 0 ? "," : "", i, i, i, i,
                        1 + i % 3, 10 + i, i, i,
                        "delivered with care, handle like glass, and ring "
                        "the bell twice before leaving the parcel at the door");
    }
    amzx_buf_puts(&b, "]}}");
    return b.s;
}

static const amzx_val_t *value(const amzx_expr_t *e, amzx_eval_t *ev,
                               apr_pool_t *p)
{
    const amzx_val_t *v;

    if (amzx_expr_eval(&v, e, ev, NULL, p) != APR_SUCCESS) {
        ++failures;
    }
    return v;
}

static const amzx_val_t *map_order(const amzx_val_t *input, apr_pool_t *p)
{
    const amzx_val_t *lines = amzx_val_path(input, "order.lines");
    amzx_val_t *out = amzx_val_obj(HEADS + 1, p);
    amzx_val_t *list = amzx_val_list(amzx_val_count(lines), p);
    amzx_scope_t outer, inner;
    amzx_eval_t ev;
    apr_size_t i, k;

    amzx_scope_of(&outer, input, NULL);
    amzx_eval_init(&ev, &outer, 0);
    for (i = 0; i < HEADS; ++i) {
        amzx_val_put_ref(out, head_text[i], value(head[i], &ev, p), p);
    }
    for (i = 0; i < amzx_val_count(lines); ++i) {
        amzx_val_t *line = amzx_val_obj(CELLS, p);
        amzx_val_t *names = amzx_val_obj(1, p);

        amzx_val_put_ref(names, "it", amzx_val_at(lines, i), p);
        amzx_scope_of(&inner, names, &outer);
        ev.scope = &inner;
        for (k = 0; k < CELLS; ++k) {
            amzx_val_put_ref(line, line_text[k], value(cell[k], &ev, p), p);
        }
        amzx_val_push(list, line, p);
    }
    amzx_val_put_ref(out, "lines", list, p);
    return out;
}

static void compile(apr_pool_t *p)
{
    const amzx_place_t at = {"bench", 1};
    apr_size_t i;

    for (i = 0; i < HEADS; ++i) {
        amzx_expr_compile_template(&head[i], head_text[i], &at, NULL, p);
    }
    for (i = 0; i < CELLS; ++i) {
        amzx_expr_compile_template(&cell[i], line_text[i], &at, NULL, p);
    }
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

typedef enum { COMPILE, PARSE, MAP, ALL } what_e;

static double measure(what_e what, const char *text, const amzx_val_t *input,
                      apr_pool_t *root)
{
    double round[ROUNDS];
    apr_pool_t *p;
    int r, i;

    apr_pool_create(&p, root);
    for (r = 0; r < ROUNDS; ++r) {
        double start = now_us();

        for (i = 0; i < RUNS; ++i) {
            const amzx_val_t *v = input;

            if (what == COMPILE) {
                compile(p);
            }
            if ((what == PARSE || what == ALL)
                && amzx_json_parse(&v, text, strlen(text), NULL, NULL, p)) {
                ++failures;
            }
            if (what == MAP || what == ALL) {
                v = map_order(v, p);
            }
            if (what == ALL) {
                (void)amzx_json_write(v, NULL, p);
            }
            apr_pool_clear(p);
        }
        round[r] = (now_us() - start) / RUNS;
    }
    apr_pool_destroy(p);
    qsort(round, ROUNDS, sizeof *round, by_value);
    return round[ROUNDS / 2];
}

int main(void)
{
    const amzx_val_t *input = NULL;
    apr_pool_t *root;
    const char *text;

    if (apr_initialize() || apr_pool_create(&root, NULL)) {
        return 1;
    }
    text = sample(root);
    if (amzx_json_parse(&input, text, strlen(text), NULL, NULL, root)) {
        return 1;
    }
    printf("order of %lu bytes, %d lines, %d expressions evaluated\n",
           (unsigned long)strlen(text), LINES,
           (int)(HEADS + LINES * CELLS));
    printf("compile the expressions  %7.2f us\n",
           measure(COMPILE, text, input, root));
    compile(root);
    printf("parse JSON               %7.2f us\n",
           measure(PARSE, text, input, root));
    printf("map                      %7.2f us\n",
           measure(MAP, text, input, root));
    printf("parse, map and write     %7.2f us\n",
           measure(ALL, text, input, root));
    apr_pool_destroy(root);
    apr_terminate();
    return failures > 0;
}
