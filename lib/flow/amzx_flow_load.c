/* SPDX-License-Identifier: Apache-2.0 */
/* From text to a definition: size, XML, schema, names, parts. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_crypto.h"

#define FLOW_MAX_BYTES (1024 * 1024)
#define FLOW_NS "urn:amzxero:workflow:1"

/* Frames beside those of steps: the root and the handler of on-error. */
#define FRAMES_BESIDE 3

static int is_workflow(amzx_build_t *b, const amzx_xelem_t *root)
{
    if (!root->ns || strcmp(root->ns, FLOW_NS) != 0) {
        amzx_build_error(b, root, "lint.unsupported", NULL,
                         "the namespace is not %s", FLOW_NS);
        return 0;
    }
    if (strcmp(root->name, "workflow") != 0) {
        amzx_build_error(b, root, "lint.unsupported", NULL,
                         "<%s> is not available in this version",
                         root->name);
        return 0;
    }
    return 1;
}

static void trigger_items(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "triggers");
    const amzx_xelem_t *e;

    for (e = part ? amzx_xchild(part, "poll") : NULL; e; e = amzx_xnext(e)) {
        const char *item = amzx_xattr(e, "item", "item");
        int at = amzx_slot_add(b->flow, item, e->line, b->pool);

        if (at >= AMZX_SLOT_OWN) {
            APR_ARRAY_IDX(b->flow->slots, at, amzx_slot_t).is_set_only = -1;
        }
        else if (at != AMZX_SLOT_ITEM) {
            amzx_build_error(b, e, "lint.reserved_name", NULL,
                             "the name %s belongs to the language", item);
        }
    }
}

static void number_names(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *steps = amzx_xchild(root, "steps");
    const amzx_xelem_t *on_error = amzx_xchild(root, "on-error");
    apr_size_t n;

    amzx_slots_init(b->flow, b->pool);
    trigger_items(b, root);
    if (steps) {
        amzx_build_ids(b, steps);
    }
    if (on_error) {
        amzx_build_ids(b, on_error);
    }
    amzx_slots_index(b->flow, b->pool);
    n = (apr_size_t)b->flow->slots->nelts;
    b->visible = apr_pcalloc(b->pool, n);
    b->used = apr_pcalloc(b->pool, n);
    b->varies = apr_pcalloc(b->pool, n);
    b->strict = apr_pcalloc(b->pool, n);
}

static void known_members(amzx_build_t *b)
{
    static const struct {
        int slot;
        const char *members;
    } known[] = {
        { AMZX_SLOT_TENANT, "id baseCurrency timezone" },
        { AMZX_SLOT_RUN, "id workflow version" },
        { AMZX_SLOT_TRIGGER, "id" },
        { AMZX_SLOT_ERROR, "code detail step connection" },
    };
    int i;

    for (i = 0; i < (int)(sizeof(known) / sizeof(known[0])); i++) {
        APR_ARRAY_IDX(b->flow->slots, known[i].slot, amzx_slot_t).members =
            known[i].members;
        b->strict[known[i].slot] = 1;
    }
    b->strict[AMZX_SLOT_CONFIG] = 1;
    b->strict[AMZX_SLOT_INPUT] = 1;
}

static void all_steps(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *on_error = amzx_xchild(root, "on-error");
    int i;

    b->visible[AMZX_SLOT_RUN] = 1;
    b->visible[AMZX_SLOT_TRIGGER] = 1;
    b->visible[AMZX_SLOT_INPUT] = 1;
    b->visible[AMZX_SLOT_EVENT] = 1;
    b->visible[AMZX_SLOT_ITEM] = 1;
    b->visible[AMZX_SLOT_BODY] = 1;
    for (i = 0; i < b->flow->triggers->nelts; i++) {
        int item = APR_ARRAY_IDX(b->flow->triggers, i, amzx_trigger_impl_t *)
                       ->item_slot;

        if (item >= 0) {
            b->visible[item] = 1;
        }
    }
    b->flow->first = amzx_build_from(b, amzx_xchild(root, "steps"));
    if (on_error) {
        b->element = "on-error";
        b->flow->on_error = amzx_build_catches(b, on_error);
    }
}

static apr_status_t compile_matches(amzx_build_t *b)
{
    amzx_place_t at = { "builtin", 1 };
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    return amzx_expr_compile(&b->flow->matches, "{{ matches(value, pattern) }}",
                             &at, &fault, b->pool);
}

static void build(amzx_build_t *b, const amzx_xelem_t *root)
{
    number_names(b, root);
    known_members(b);
    b->flow->tables = apr_array_make(b->pool, 4, sizeof(amzx_table_t *));
    b->flow->zones = amzx_zones_make(b->pool);
    if (compile_matches(b) != APR_SUCCESS) {
        amzx_build_error(b, root, "internal.expr", NULL,
                         "the expression language has no matches()");
    }
    amzx_build_head(b, root);
    amzx_build_tables(b, root);
    amzx_build_triggers(b, root);
    all_steps(b, root);
    b->flow->depth += FRAMES_BESIDE;
    amzx_build_unused(b, root);
}

apr_status_t amzx_flow_load(amzx_flow_t **flow, const char *bytes,
                            apr_size_t len, const amzx_flow_world_t *world,
                            amzx_problems_t *ps, apr_pool_t *p)
{
    const amzx_xelem_t *root = NULL;
    amzx_build_t b;

    *flow = NULL;
    if (len > FLOW_MAX_BYTES) {
        amzx_problems_add(ps, 1, 0, 0, "limit.size", NULL,
                          "a workflow is at most 1 MiB");
        return APR_EINVAL;
    }
    if (amzx_xml_parse(&root, bytes, len, world->xsd, ps, p) != APR_SUCCESS
        || !root) {
        return APR_EINVAL;
    }
    memset(&b, 0, sizeof(b));
    b.flow = apr_pcalloc(p, sizeof(*b.flow));
    b.world = world;
    b.ps = ps;
    b.pool = p;
    b.uses = apr_hash_make(p);
    b.ranges = apr_hash_make(p);
    b.element = "workflow";
    if (!is_workflow(&b, root)) {
        return APR_EINVAL;
    }
    build(&b, root);
    if (amzx_problems_errors(ps) > 0) {
        return APR_EINVAL;
    }
    b.flow->text = apr_pstrmemdup(p, bytes, len);
    b.flow->len = len;
    b.flow->sha = amzx_sha256_hex(bytes, len, p);
    *flow = b.flow;
    return APR_SUCCESS;
}
