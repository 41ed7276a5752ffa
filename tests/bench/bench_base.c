/* SPDX-License-Identifier: Apache-2.0 */
/* How long decimals and JSON take: nanoseconds per operation, the best of
 * five rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "amzx_env.h"
#include "amzx_json.h"
#include "amzx_str.h"

#define ROUNDS 5
#define PRICES 1000

typedef struct {
    char text[PRICES][16];
    apr_size_t len[PRICES];
    amzx_buf_t order; /* about 5 kB */
    const amzx_val_t *value;
    apr_pool_t *scratch;
    apr_int64_t sink; /* so that nothing is optimised away */
} work_t;

static void parse_sum_round(work_t *w)
{
    amzx_dec_t sum = amzx_dec_from_int(0);
    amzx_dec_t d;
    int i;

    for (i = 0; i < PRICES; i++) {
        amzx_dec_parse(&d, w->text[i], w->len[i]);
        amzx_dec_add(&sum, sum, d);
        amzx_dec_round(&d, sum, 2, AMZX_ROUND_HALF_UP);
        w->sink += (apr_int64_t)d.coef;
    }
}

static void multiply_and_divide(work_t *w)
{
    amzx_dec_t rate = amzx_dec_scaled(11234567, 7);
    amzx_dec_t d;
    int i;

    for (i = 0; i < PRICES; i++) {
        amzx_dec_mul(&d, amzx_dec_scaled(i * 317 + 1, 2), rate);
        amzx_dec_div_round(&d, d, amzx_dec_scaled(12, 1), 2,
                           AMZX_ROUND_HALF_UP);
        w->sink += (apr_int64_t)d.coef;
    }
}

static void print(work_t *w)
{
    char text[AMZX_DEC_TEXT];
    int i;

    for (i = 0; i < PRICES; i++) {
        w->sink += (apr_int64_t)amzx_dec_text(
            text, amzx_dec_scaled(i * 317 + 1, 2));
    }
}

static void parse_order(work_t *w)
{
    apr_pool_clear(w->scratch);
    amzx_json_parse(&w->value, w->order.s, w->order.len, NULL, NULL,
                    w->scratch);
}

static void write_order(work_t *w)
{
    apr_size_t len;

    amzx_json_write(w->value, &len, w->scratch);
    w->sink += (apr_int64_t)len;
}

static void measure(const char *name, void (*fn)(work_t *), work_t *w,
                    int calls, int each)
{
    double best = 0;
    int round;
    int i;

    for (round = 0; round < ROUNDS; round++) {
        apr_time_t start = amzx_mono(NULL);
        double ns;

        for (i = 0; i < calls; i++) {
            fn(w);
        }
        ns = (double)(amzx_mono(NULL) - start) * 1000 / calls / each;
        best = round == 0 || ns < best ? ns : best;
    }
    printf("%-34s %10.1f ns\n", name, best);
}

static void make_work(work_t *w, apr_pool_t *p)
{
    int i;

    for (i = 0; i < PRICES; i++) {
        w->len[i] = (apr_size_t)snprintf(w->text[i], sizeof(w->text[i]),
                                         "%d.%02d", i * 7, i % 100);
    }
    amzx_buf_init(&w->order, 8192, p);
    amzx_buf_puts(&w->order, "{\"orderId\":\"206-1234567-1234567\","
                             "\"orderItems\":[");
    for (i = 0; i < 16; i++) {
        amzx_buf_printf(
            &w->order,
            "%s{\"orderItemId\":\"%d\",\"sku\":\"SKU-%04d\","
            "\"title\":\"A thing of some use, in blue (%d)\",\"quantity\":%d,"
            "\"price\":{\"amount\":%d.%02d,\"currency\":\"GBP\"},"
            "\"tax\":{\"amount\":%d.%02d,\"currency\":\"GBP\"},"
            "\"isGift\":false,\"promotions\":[{\"id\":\"P%d\","
            "\"amount\":0.%02d}],\"note\":null}",
            i > 0 ? "," : "", 70000 + i, i, i, i + 1, i * 3, i, i, i, i, i);
    }
    amzx_buf_puts(&w->order, "],\"total\":\"812.40\"}");
    w->value = NULL;
    w->sink = 0;
}

int main(void)
{
    apr_pool_t *p;
    work_t *w;

    apr_initialize();
    if (apr_pool_create(&p, NULL) != APR_SUCCESS) {
        return EXIT_FAILURE;
    }
    w = apr_palloc(p, sizeof(*w));
    apr_pool_create(&w->scratch, p);
    make_work(w, p);
    measure("decimal parse, add, round", parse_sum_round, w, 1000, PRICES);
    measure("decimal multiply, divide", multiply_and_divide, w, 1000, PRICES);
    measure("decimal print", print, w, 1000, PRICES);
    printf("order of %lu bytes\n", (unsigned long)w->order.len);
    measure("JSON parse", parse_order, w, 2000, 1);
    measure("JSON write", write_order, w, 1000, 1);
    printf("(%ld)\n", (long)(w->sink % 10));
    apr_terminate();
    return EXIT_SUCCESS;
}
