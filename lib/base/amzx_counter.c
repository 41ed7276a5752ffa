/* SPDX-License-Identifier: Apache-2.0 */
/* Counting without locks in memory the host gave. */
#include "amzx_counter.h"

#include <stdint.h>
#include <string.h>

#define LINE ((apr_size_t)64)
#define MAGIC 0x414d5a58434e5431ULL /* "AMZXCNT1" */
#define SLOTS_MAX 65536

/* At the start of the block; the slots begin at the next cache line. */
typedef struct {
    apr_uint64_t magic;
    apr_uint32_t slots;
    apr_uint32_t cells;
} head_t;

#define COUNTER_SUFFIX "_total"
#define GAUGE_SUFFIX ""
#define COUNTER_IS_GAUGE 0
#define GAUGE_IS_GAUGE 1

static const amzx_counter_info_t infos[AMZX_COUNTERS] = {
#define X(symbol, kind, family, labels, help)                                \
    {"amzxero_" family kind##_SUFFIX, labels, help, kind##_IS_GAUGE},
#include "amzx_counter.def"
#undef X
};

/* Bytes of a slot, in whole cache lines. */
static apr_size_t slot_size(void)
{
    apr_size_t bytes = (apr_size_t)AMZX_COUNTERS * sizeof(apr_int64_t);

    return (bytes + LINE - 1) / LINE * LINE;
}

apr_size_t amzx_counter_size(unsigned slots)
{
    return LINE + (apr_size_t)slots * slot_size();
}

apr_status_t amzx_counter_init(void *block, apr_size_t size, unsigned slots)
{
    head_t *head = block;

    if (block == NULL || (uintptr_t)block % LINE != 0 || slots == 0
        || slots > SLOTS_MAX) {
        return APR_EINVAL;
    }
    if (size < amzx_counter_size(slots)) {
        return APR_ENOSPC;
    }
    memset(block, 0, amzx_counter_size(slots));
    head->slots = slots;
    head->cells = AMZX_COUNTERS;
    __atomic_store_n(&head->magic, MAGIC, __ATOMIC_RELEASE);
    return APR_SUCCESS;
}

apr_status_t amzx_counter_attach(amzx_counters_t *at, void *block,
                                 unsigned slot)
{
    head_t *head = block;

    at->block = NULL;
    at->slot = 0;
    if (head == NULL
        || __atomic_load_n(&head->magic, __ATOMIC_ACQUIRE) != MAGIC
        || head->cells != AMZX_COUNTERS || head->slots == 0) {
        return APR_EINVAL;
    }
    at->block = block;
    at->slot = slot % head->slots;
    return APR_SUCCESS;
}

static apr_int64_t *cell(const amzx_counters_t *at, unsigned slot,
                         amzx_counter_e id)
{
    char *slots = (char *)at->block + LINE;

    return (apr_int64_t *)(void *)(slots + slot * slot_size()) + id;
}

static int is_known(const amzx_counters_t *at, amzx_counter_e id)
{
    return at != NULL && at->block != NULL && (int)id >= 0
           && id < AMZX_COUNTERS;
}

void amzx_counter_reset_gauges(const amzx_counters_t *at)
{
    int i;

    for (i = 0; i < AMZX_COUNTERS; i++) {
        if (infos[i].is_gauge && is_known(at, (amzx_counter_e)i)) {
            __atomic_store_n(cell(at, at->slot, (amzx_counter_e)i), 0,
                             __ATOMIC_RELAXED);
        }
    }
}

void amzx_counter_add(const amzx_env_t *env, amzx_counter_e id,
                      apr_int64_t n)
{
    if (env != NULL && is_known(env->counters, id)) {
        __atomic_fetch_add(cell(env->counters, env->counters->slot, id), n,
                           __ATOMIC_RELAXED);
    }
}

void amzx_counter_set(const amzx_env_t *env, amzx_counter_e id, apr_int64_t n)
{
    if (env != NULL && is_known(env->counters, id)) {
        __atomic_store_n(cell(env->counters, env->counters->slot, id), n,
                         __ATOMIC_RELAXED);
    }
}

apr_int64_t amzx_counter_sum(const amzx_counters_t *at, amzx_counter_e id)
{
    apr_int64_t sum = 0;
    unsigned slots;
    unsigned i;

    if (!is_known(at, id)) {
        return 0;
    }
    slots = ((const head_t *)at->block)->slots;
    for (i = 0; i < slots; i++) {
        sum += __atomic_load_n(cell(at, i, id), __ATOMIC_RELAXED);
    }
    return sum;
}

const amzx_counter_info_t *amzx_counter_info(amzx_counter_e id)
{
    return (int)id >= 0 && id < AMZX_COUNTERS ? &infos[id] : NULL;
}

void amzx_counter_text(amzx_buf_t *out, const amzx_counters_t *at)
{
    const char *family = "";
    int i;

    for (i = 0; i < AMZX_COUNTERS; i++) {
        const amzx_counter_info_t *info = &infos[i];

        if (strcmp(info->family, family) != 0) {
            family = info->family;
            amzx_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family,
                            info->help, family,
                            info->is_gauge ? "gauge" : "counter");
        }
        amzx_buf_puts(out, family);
        if (*info->labels != '\0') {
            amzx_buf_printf(out, "{%s}", info->labels);
        }
        amzx_buf_printf(out, " %lld\n",
                        (long long)amzx_counter_sum(at, (amzx_counter_e)i));
    }
}
