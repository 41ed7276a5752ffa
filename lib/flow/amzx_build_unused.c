/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings for what a definition declares and never uses. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

/* Children of a header part that nothing names. */
static void unused_children(amzx_build_t *b, const amzx_xelem_t *root,
                            const char *part, const char *child,
                            const char *kind)
{
    const amzx_xelem_t *e = amzx_xchild(root, part);
    const amzx_xelem_t *c;

    if (!e) {
        return;
    }
    for (c = amzx_xchild(e, child); c; c = amzx_xnext(c)) {
        const char *name = amzx_xattr(c, "name", "");

        if (!amzx_build_is_used(b, kind, name)
            && !amzx_build_is_used(b, kind, "*")) {
            amzx_build_warn(b, c, "lint.unused", NULL,
                            "nothing uses the %s %s", kind, name);
        }
    }
}

/* Steps that do nothing but make a value. */
static void unused_values(amzx_build_t *b, const amzx_xelem_t *e)
{
    const amzx_xelem_t *c;

    for (c = e->child; c; c = c->next) {
        int kind = amzx_build_kind(c);

        if (kind == AMZX_NODE_SET || kind == AMZX_NODE_MAP) {
            const char *id = amzx_xattr(c, "id", "");
            int at = amzx_build_slot(b, id);

            if (at >= 0 && !b->used[at]) {
                amzx_build_warn(b, c, "lint.unused", NULL,
                                "nothing uses the value of %s %s", c->name,
                                id);
            }
        }
        unused_values(b, c);
    }
}

void amzx_build_unused(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *steps = amzx_xchild(root, "steps");
    const amzx_xelem_t *on_error = amzx_xchild(root, "on-error");

    unused_children(b, root, "connections", "use", "connection");
    unused_children(b, root, "config", "param", "param");
    unused_children(b, root, "tables", "table", "table");
    unused_children(b, root, "retries", "retry", "retry");
    if (steps) {
        unused_values(b, steps);
    }
    if (on_error) {
        unused_values(b, on_error);
    }
}
