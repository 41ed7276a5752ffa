/* SPDX-License-Identifier: Apache-2.0 */
/* Our JSON reader and jansson accept the same texts, and see the same in
 * them: documents damaged at random places, always the same ones. */
#include "base_test.h"

#include <string.h>

#include <jansson.h>

#include "amzx_json.h"

#define ROUNDS 40000

static const char *const seeds[] = {
    "{\"a\":[1,2.50,-3e2],\"b\":{\"c\":\"x\\u00e9\\n\"},\"d\":null}",
    "[true,false,null,\"\\ud83d\\ude00\",\"\xc3\xa9\",{},[],\"\"]",
    "{\"order\":{\"id\":\"026-1\",\"lines\":[{\"qty\":2},{\"qty\":1}]}}",
    " [ 0 , -0.0 , 1E+2 , \"\\\"\\\\\\/\\b\\f\\r\\t\" ] \n",
};
static const char bytes[] = "{}[]:,\"\\u0dDeE+-.19 tnf\xc3\xa9\x01";

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Change, drop or double some bytes. */
static size_t damage(char *text, size_t len, unsigned *state)
{
    unsigned times = next(state) % 4;

    for (; times > 0 && len > 1; times--) {
        size_t at = next(state) % len;

        switch (next(state) % 3) {
        case 0:
            text[at] = bytes[next(state) % (sizeof(bytes) - 1)];
            break;
        case 1:
            memmove(text + at, text + at + 1, len - at - 1);
            len--;
            break;
        default:
            memmove(text + at + 1, text + at, len - at);
            len++;
            break;
        }
    }
    return len;
}

static int is_same(const amzx_val_t *v, const json_t *j);

static int is_same_object(const amzx_val_t *v, const json_t *j)
{
    apr_size_t i;

    for (i = 0; i < v->u.obj.count; i++) {
        const amzx_member_t *m = &v->u.obj.member[i];
        const json_t *other = json_object_get(j, m->name);

        if (other == NULL || strlen(m->name) != m->len
            || m->hash != amzx_val_hash(m->name, m->len)
            || !is_same(m->val, other)) {
            return 0;
        }
    }
    return v->u.obj.count == json_object_size(j);
}

static int is_same(const amzx_val_t *v, const json_t *j)
{
    apr_size_t i;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return amzx_val_type(v) == AMZX_OBJ && is_same_object(v, j);
    case JSON_ARRAY:
        for (i = 0; i < json_array_size(j); i++) {
            if (!is_same(amzx_val_at(v, i), json_array_get(j, i))) {
                return 0;
            }
        }
        return amzx_val_type(v) == AMZX_LIST
               && amzx_val_count(v) == json_array_size(j);
    case JSON_STRING:
        return amzx_val_type(v) == AMZX_STR
               && v->u.str.len == json_string_length(j)
               && strcmp(v->u.str.s, json_string_value(j)) == 0;
    case JSON_INTEGER:
        return amzx_val_type(v) == AMZX_NUM
               && amzx_dec_cmp(v->u.num,
                               amzx_dec_from_int(json_integer_value(j)))
                      == 0;
    case JSON_REAL:
        return amzx_val_type(v) == AMZX_NUM;
    case JSON_TRUE:
        return v == &amzx_val_true;
    case JSON_FALSE:
        return v == &amzx_val_false;
    case JSON_NULL:
        break;
    }
    return amzx_val_is_null(v);
}

static void both_readers_accept_the_same_texts(void **state)
{
    unsigned random = 7;
    int taken = 0;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        const char *seed = seeds[(size_t)round % 4];
        size_t len = strlen(seed);
        char text[160];
        const amzx_val_t *v;
        amzx_fault_t fault;
        apr_status_t rv;
        json_t *j;

        memcpy(text, seed, len);
        len = damage(text, len, &random);
        amzx_fault_clear(&fault);
        rv = amzx_json_parse(&v, text, len, NULL, &fault, *state);
        j = json_loadb(text, len,
                       JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        /* jansson rounds where we refuse, and has shorter integers */
        if (strstr(fault.detail, "digits") == NULL
            && (rv == APR_SUCCESS) != (j != NULL)) {
            fail_msg("%.*s: %s", (int)len, text, fault.detail);
        }
        if (rv == APR_SUCCESS && j != NULL && !is_same(v, j)) {
            fail_msg("%.*s is read differently", (int)len, text);
        }
        taken += rv == APR_SUCCESS;
        json_decref(j);
        apr_pool_clear(*state);
    }
    assert_in_range(taken, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(both_readers_accept_the_same_texts),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
