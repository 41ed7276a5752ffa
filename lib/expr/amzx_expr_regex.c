/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: the only file that includes PCRE2. A callout before
 * each item of the pattern counts the work and can stop it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "amzx_expr_regex.h"

#include <apr_strings.h>

/* Nets below the counting of steps. */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 5000
#define HEAP_LIMIT_KB 4096

/* One step for so many characters that one item runs over. */
#define RUN_PER_STEP 32

struct amzx_regex_t {
    pcre2_code *code;
};

typedef struct {
    apr_int64_t steps;
    PCRE2_SIZE last;
} work_t;

static apr_status_t release(void *data)
{
    pcre2_code_free(data);
    return APR_SUCCESS;
}

apr_status_t amzx_regex_compile(const amzx_regex_t **out, const char *pattern,
                                apr_size_t len, const char **why,
                                apr_pool_t *p)
{
    const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED
                             | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT
                             | PCRE2_DOLLAR_ENDONLY;
    pcre2_compile_context *cc;
    amzx_regex_t *re;
    pcre2_code *code;
    PCRE2_UCHAR text[128] = "";
    PCRE2_SIZE at = 0;
    int error = 0;

    *out = NULL;
    *why = NULL;
    if (len > AMZX_REGEX_PATTERN) {
        *why = apr_psprintf(p, "longer than %d bytes", AMZX_REGEX_PATTERN);
        return APR_EINVAL;
    }
    cc = pcre2_compile_context_create(NULL);
    if (!cc) {
        *why = "no memory";
        return APR_ENOMEM;
    }
    pcre2_set_parens_nest_limit(cc, 32);
    code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &error, &at, cc);
    pcre2_compile_context_free(cc);
    if (!code) {
        pcre2_get_error_message(error, text, sizeof text);
        *why = apr_psprintf(p, "%s (at character %" APR_SIZE_T_FMT ")",
                            (const char *)text, (apr_size_t)at + 1);
        return APR_EINVAL;
    }
    re = apr_palloc(p, sizeof *re);
    re->code = code;
    apr_pool_cleanup_register(p, code, release, apr_pool_cleanup_null);
    *out = re;
    return APR_SUCCESS;
}

/* Before each item of the pattern. A negative result ends the match. */
static int count_step(pcre2_callout_block *block, void *data)
{
    work_t *work = data;
    PCRE2_SIZE now = block->current_position;

    work->steps -= 1 + (apr_int64_t)((now > work->last ? now - work->last
                                                       : work->last - now)
                                     / RUN_PER_STEP);
    work->last = now;
    return work->steps < 0 ? PCRE2_ERROR_MATCHLIMIT : 0;
}

apr_status_t amzx_regex_match(int *fits, const amzx_regex_t *re,
                              const char *text, apr_size_t len,
                              apr_int64_t *steps)
{
    work_t work = {*steps, 0};
    pcre2_match_context *mc = pcre2_match_context_create(NULL);
    pcre2_match_data *md = pcre2_match_data_create(1, NULL);
    int rc = PCRE2_ERROR_NOMEMORY;

    *fits = 0;
    if (mc && md) {
        pcre2_set_match_limit(mc, MATCH_LIMIT);
        pcre2_set_depth_limit(mc, DEPTH_LIMIT);
        pcre2_set_heap_limit(mc, HEAP_LIMIT_KB);
        pcre2_set_callout(mc, count_step, &work);
        rc = pcre2_match(re->code, (PCRE2_SPTR)text, len, 0, 0, md, mc);
    }
    pcre2_match_data_free(md);
    pcre2_match_context_free(mc);
    *steps = work.steps > 0 ? work.steps : 0;
    *fits = rc >= 0;
    return rc >= 0 || rc == PCRE2_ERROR_NOMATCH ? APR_SUCCESS : APR_ENOSPC;
}
