/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader complains about: flow_lint_cases.txt, and what it makes of
 * definitions that are good. */
#include "flow_sweep.h"

#define NS "<workflow xmlns='urn:amzxero:workflow:1' name='t' version='1'>"
/* one line, so that lines of a case are lines of the file less one */
#define HEAD                                                                 \
    NS "<connections><use name='amazon' type='amazon.spapi'/>"               \
    "<use name='xero' type='xero.accounting'/></connections>"                \
    "<config><param name='limit' type='decimal' default='10'/>"              \
    "<param name='mode' type='string' default='a' enum='a b'/></config>"     \
    "<tables><table name='acc' match='kind sku' give='code'>"                \
    "<row kind='*' sku='*' code='200'/></table><table name='tax' match='r' " \
    "give='type'><row r='0.2' type='X'/></table></tables>"                   \
    "<retries><retry name='api'/><retry name='slow'/></retries>"             \
    "<triggers><event id='e' source='a.b' type='T' "                         \
    "dedup-key='{{ event.id }}'/><manual id='m'/></triggers>"                \
    "<input><field name='orderId' type='string' "                            \
    "from='{{ event.orderId ?? body.orderId }}'/></input><steps>\n"

/** A problem that a case expects. */
typedef struct {
    int is_warning;
    int line;
    char code[64];
    char part[128]; /**< of message or hint; "" for any */
    int is_found;
} expected_t;

typedef struct {
    const char *name;
    expected_t want[12];
    int wants;
    char *text;
    int skipped; /**< lines before the text */
} case_t;

static const amzx_op_t blind = {
    "test.blind", "xero.accounting", AMZX_EFFECT_BLIND, NULL, NULL, NULL,
    NULL, NULL, "", 0, 0, ""
};

static const amzx_op_t *find_op(const char *name)
{
    return strcmp(name, blind.name) == 0 ? &blind : amzx_op_find(name);
}

static int has_workflow(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "other") == 0;
}

static amzx_problems_t *lint(const char *text, amzx_flow_t **flow)
{
    amzx_problems_t *ps = amzx_problems_make("case.xml", host_root);
    amzx_flow_world_t world = *host_world();
    apr_status_t rv;

    world.find_op = find_op;
    world.has_workflow = has_workflow;
    rv = amzx_flow_load(flow, text, strlen(text), &world, ps, host_root);
    assert_int_equal(rv == APR_SUCCESS, amzx_problems_errors(ps) == 0);
    assert_int_equal(rv == APR_SUCCESS, *flow != NULL);
    return ps;
}

static int is_wanted(const expected_t *w, const amzx_problem_t *p, int line)
{
    return w->is_warning == p->is_warning && w->line == line
           && strcmp(w->code, p->code) == 0
           && (!*w->part || strstr(p->message, w->part)
               || (p->hint && strstr(p->hint, w->part)));
}

/* @return how many expectations were not met */
static int check_case(case_t *c, const char *manual)
{
    amzx_flow_t *flow;
    amzx_problems_t *ps = lint(c->text, &flow);
    int i, k, bad = 0;

    for (i = 0; i < ps->list->nelts; i++) {
        const amzx_problem_t *p =
            &APR_ARRAY_IDX(ps->list, i, amzx_problem_t);
        int is_known = p->is_warning;

        for (k = 0; k < c->wants; k++) {
            if (is_wanted(&c->want[k], p, p->line - c->skipped)) {
                c->want[k].is_found = 1;
                is_known = 1;
            }
        }
        if (!is_known) {
            print_error("%s: not expected\n", c->name);
            bad++;
        }
    }
    for (k = 0; k < c->wants; k++) {
        if (!strstr(manual, c->want[k].code)) {
            print_error("%s is not in the manual\n", c->want[k].code);
            bad++;
        }
        if (!c->want[k].is_found) {
            print_error("%s: missing %d %s %s\n", c->name, c->want[k].line,
                        c->want[k].code, c->want[k].part);
            bad++;
        }
    }
    if (bad) {
        print_error("%s\n", amzx_problems_text(ps, host_root));
    }
    return bad;
}

static void expect(case_t *c, const char *line)
{
    expected_t *w = &c->want[c->wants++];
    const char *bar = strstr(line, " | ");

    assert_true(c->wants <= 12);
    memset(w, 0, sizeof(*w));
    w->is_warning = strncmp(line, "warn", 4) == 0;
    assert_int_equal(sscanf(line, "%*s %d %63s", &w->line, w->code), 2);
    if (bar) {
        apr_cpystrn(w->part, bar + 3, sizeof(w->part));
    }
}

/* The text of a case up to the next one, in its frame. */
static void frame(case_t *c, const char *kind, char **next)
{
    char *begin = *next;
    char *end = strstr(begin, "\n# ");
    char *text;

    if (end) {
        *end = '\0';
        *next = end + 1;
    }
    else {
        *next = begin + strlen(begin);
    }
    text = begin;
    c->skipped = 0;
    if (strcmp(kind, "steps") == 0) {
        text = apr_pstrcat(host_root, HEAD, begin, "</steps></workflow>",
                           NULL);
        c->skipped = 1;
    }
    else if (strcmp(kind, "body") == 0) {
        text = apr_pstrcat(host_root, NS "\n", begin, "</workflow>", NULL);
        c->skipped = 1;
    }
    c->text = text;
}

static void each_mistake_is_told_with_line_and_code(void **state)
{
    apr_size_t len;
    char *next = strstr(host_file("tests/unit/flow_lint_cases.txt", &len,
                                  host_root), "\n# ") + 1;
    const char *manual =
        host_file("docs/workflow-language.md", &len, host_root);
    int bad = 0, negative = 0;

    (void)state;
    while (*next) {
        char *line = next, *end = strchr(next, '\n');
        case_t c;

        memset(&c, 0, sizeof(c));
        *end = '\0';
        c.name = line + 2;
        for (line = end + 1;; line = end + 1) {
            end = strchr(line, '\n');
            *end = '\0';
            if (strncmp(line, "error ", 6) != 0
                && strncmp(line, "warn ", 5) != 0) {
                break;
            }
            expect(&c, line);
        }
        assert_true(c.wants > 0);
        negative += !c.want[0].is_warning;
        next = end + 1;
        frame(&c, line, &next);
        bad += check_case(&c, manual);
    }
    print_message("%d cases of mistakes\n", negative);
    assert_true(negative >= 60);
    assert_int_equal(bad, 0);
}

static void the_shipped_workflows_have_nothing_to_complain_about(void **s)
{
    static const char *const files[] = { "workflows/order-to-invoice.xml",
                                         "workflows/order-cancelled.xml" };
    int i;

    (void)s;
    for (i = 0; i < 2; i++) {
        amzx_problems_t *ps = amzx_problems_make(files[i], host_root);
        amzx_flow_t *flow = NULL;
        apr_size_t len;
        char *bytes = host_file(files[i], &len, host_root);

        amzx_flow_load(&flow, bytes, len, host_world(), ps, host_root);
        assert_string_equal(amzx_problems_text(ps, host_root), "");
        assert_non_null(flow);
        assert_int_equal(strlen(amzx_flow_sha(flow)), 64);
    }
}

static void too_large_a_text_is_refused(void **state)
{
    apr_size_t len = 1024 * 1024 + 1;
    char *text = apr_palloc(host_root, len + 1);
    amzx_flow_t *flow;
    amzx_problems_t *ps;

    (void)state;
    memset(text, ' ', len);
    text[len] = '\0';
    ps = lint(text, &flow);
    assert_string_equal(APR_ARRAY_IDX(ps->list, 0, amzx_problem_t).code,
                        "limit.size");
}

static void a_definition_tells_its_header(void **state)
{
    const char *xml =
        "<workflow xmlns='urn:amzxero:workflow:1' name='a-b' version='7' "
        "title='T'><settings timeout='PT1H' max-running-per-tenant='9' "
        "priority='-3' sensitive='false'/><connections>"
        "<use name='x' type='xero.accounting'/></connections><triggers>"
        "<poll id='p' op='xero.items.list' using='x' every='PT5M' "
        "overlap='PT2M' item='thing' dedup-key='{{ thing.Code }}'/>"
        "<webhook id='w' path='in' verify='xero' dedup-key='{{ body.id }}' "
        "max-body='1000'/></triggers><steps>"
        "<log id='l' message='{{ thing.Code }}'/></steps></workflow>";
    const amzx_flow_t *f =
        host_load(xml, strlen(xml), "h.xml", host_root);
    const amzx_trigger_t *t = amzx_flow_trigger(f, 0);

    (void)state;
    assert_string_equal(amzx_flow_name(f), "a-b");
    assert_string_equal(amzx_flow_title(f), "T");
    assert_int_equal(amzx_flow_version(f), 7);
    assert_int_equal(amzx_flow_priority(f), -3);
    assert_int_equal(amzx_flow_max_running(f), 9);
    assert_int_equal(amzx_flow_timeout(f), apr_time_from_sec(3600));
    assert_false(amzx_flow_is_sensitive(f));
    assert_int_equal(t->kind, AMZX_TRIGGER_POLL);
    assert_int_equal(t->every_us, apr_time_from_sec(300));
    assert_int_equal(t->overlap_us, apr_time_from_sec(120));
    assert_string_equal(t->item, "thing");
    t = amzx_flow_trigger_by_id(f, "w");
    assert_int_equal(t->kind, AMZX_TRIGGER_WEBHOOK);
    assert_int_equal(t->max_body, 1000);
    assert_null(amzx_flow_trigger(f, 2));
    assert_null(amzx_flow_trigger_by_id(f, "z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_told_with_line_and_code),
        cmocka_unit_test(
            the_shipped_workflows_have_nothing_to_complain_about),
        cmocka_unit_test(too_large_a_text_is_refused),
        cmocka_unit_test(a_definition_tells_its_header),
    };

    return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
