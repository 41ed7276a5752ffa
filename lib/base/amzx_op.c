/* SPDX-License-Identifier: Apache-2.0 */
/* Names of effect classes as people and documents use them. */
#include "amzx_op.h"

static const char *const effect_names[] = {
    [AMZX_EFFECT_NONE] = "none",         [AMZX_EFFECT_READ] = "read",
    [AMZX_EFFECT_UNIQUE] = "unique",     [AMZX_EFFECT_FINDABLE] = "findable",
    [AMZX_EFFECT_BLIND] = "blind",
};

const char *amzx_effect_name(amzx_effect_e e)
{
    if (e < AMZX_EFFECT_NONE || e > AMZX_EFFECT_BLIND) {
        return "none";
    }
    return effect_names[e];
}
