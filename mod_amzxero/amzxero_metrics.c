/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics endpoint: Prometheus text format 0.0.4. */
#include "mod_amzxero.h"

#include <apr_strings.h>

#include "amzx_str.h"

static void add_gauge(amzx_buf_t *out, const char *name, const char *help,
                      apr_int64_t value)
{
    amzx_buf_printf(out,
                    "# HELP amzxero_%s %s\n# TYPE amzxero_%s gauge\n"
                    "amzxero_%s %" APR_INT64_T_FMT "\n",
                    name, help, name, name, value);
}

/* What only the database knows. Seconds since are absent, not zero, when
 * there is nothing to measure from. */
static void add_backlog(amzx_buf_t *out, request_rec *r)
{
    amzxero_backlog_t b;
    apr_time_t now = amzx_now(&amzxero_child->env);
    int is_up = amzxero_backlog_get(&b, r) == APR_SUCCESS;

    add_gauge(out, "database_up", "1 when the database answers", is_up);
    if (!is_up) {
        return;
    }
    add_gauge(out, "inbox_waiting", "Deliveries that wait for the engine",
              b.waiting);
    add_gauge(out, "inbox_oldest_seconds",
              "Age of the oldest delivery that waits",
              b.oldest ? apr_time_sec(now - b.oldest) : 0);
    if (b.beat_at != 0) {
        add_gauge(out, "engine_seen_seconds",
                  "Time since an engine last said that it lives",
                  apr_time_sec(now - b.beat_at));
    }
}

int amzxero_metrics_handler(request_rec *r, const amzxero_dir_t *dir)
{
    amzx_buf_t out;

    (void)dir;
    if (r->method_number != M_GET) {
        apr_table_setn(r->err_headers_out, "Allow", "GET, HEAD");
        return amzxero_reply_problem(r, HTTP_METHOD_NOT_ALLOWED, "method",
                                     "metrics are read by GET", NULL);
    }
    amzx_buf_init(&out, 8192, r->pool);
    if (amzxero_main->counters != NULL) {
        amzx_counter_text(&out, &amzxero_child->counters);
    }
    add_backlog(&out, r);
    return amzxero_reply_text(r, "text/plain; version=0.0.4; charset=utf-8",
                              out.s, out.len);
}
