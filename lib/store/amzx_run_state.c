/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a run, and of an intent, as tables. */
#include <string.h>

#include "amzx_store_private.h"

/* A cell nobody filled stays 0 and reads as "not allowed". */
#define TO(s) (AMZX_RUN_##s + 1)

static const signed char next_state[AMZX_RUN_STATES][AMZX_EVENTS] = {
    [AMZX_RUN_READY] = {
        [AMZX_EV_CLAIM] = TO(RUNNING),
        [AMZX_EV_CANCEL] = TO(CANCELLED),
    },
    [AMZX_RUN_RUNNING] = {
        [AMZX_EV_WAIT] = TO(WAITING),
        [AMZX_EV_ASK] = TO(REVIEW),
        [AMZX_EV_PARK] = TO(PARKED),
        [AMZX_EV_FINISH] = TO(DONE),
        [AMZX_EV_DIE] = TO(DEAD),
        [AMZX_EV_RELEASE] = TO(READY),
        [AMZX_EV_EXPIRE] = TO(READY),
        [AMZX_EV_CANCEL] = TO(CANCELLED),
    },
    [AMZX_RUN_WAITING] = {
        [AMZX_EV_CLAIM] = TO(RUNNING),
        [AMZX_EV_WAKE] = TO(READY),
        [AMZX_EV_CANCEL] = TO(CANCELLED),
    },
    [AMZX_RUN_REVIEW] = {
        [AMZX_EV_WAKE] = TO(READY),
        [AMZX_EV_CANCEL] = TO(CANCELLED),
    },
    [AMZX_RUN_PARKED] = {
        [AMZX_EV_WAKE] = TO(READY),
        [AMZX_EV_CANCEL] = TO(CANCELLED),
    },
    [AMZX_RUN_DEAD] = {
        [AMZX_EV_REPLAY] = TO(READY),
        [AMZX_EV_CANCEL] = TO(CANCELLED),
    },
};

static const char *const run_names[AMZX_RUN_STATES] = {
    [AMZX_RUN_READY] = "ready",     [AMZX_RUN_RUNNING] = "running",
    [AMZX_RUN_WAITING] = "waiting", [AMZX_RUN_REVIEW] = "review",
    [AMZX_RUN_PARKED] = "parked",   [AMZX_RUN_DONE] = "done",
    [AMZX_RUN_DEAD] = "dead",       [AMZX_RUN_CANCELLED] = "cancelled",
};

static const char *const intent_names[AMZX_INTENT_STATES] = {
    [AMZX_INTENT_SENDING] = "sending", [AMZX_INTENT_UNKNOWN] = "unknown",
    [AMZX_INTENT_PLANNED] = "planned", [AMZX_INTENT_APPLIED] = "applied",
    [AMZX_INTENT_REJECTED] = "rejected", [AMZX_INTENT_REVIEW] = "review",
};

const char *amzx_run_state_name(amzx_run_state_e s)
{
    return (unsigned)s < AMZX_RUN_STATES ? run_names[s] : "unknown";
}

int amzx_run_state_of(const char *name)
{
    int i;

    for (i = 0; name && i < AMZX_RUN_STATES; i++) {
        if (strcmp(run_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

int amzx_run_next(amzx_run_state_e s, amzx_run_event_e ev)
{
    if ((unsigned)s >= AMZX_RUN_STATES || (unsigned)ev >= AMZX_EVENTS) {
        return -1;
    }
    return next_state[s][ev] - 1;
}

int amzx_run_state_is_open(amzx_run_state_e s)
{
    return s == AMZX_RUN_READY || s == AMZX_RUN_RUNNING
           || s == AMZX_RUN_WAITING || s == AMZX_RUN_REVIEW
           || s == AMZX_RUN_PARKED;
}

apr_status_t amzx_run_after(amzx_run_state_e *next, amzx_run_event_e ev,
                            amzx_fault_t *fault)
{
    int to = ev == AMZX_EVENTS ? AMZX_RUN_RUNNING
                               : amzx_run_next(AMZX_RUN_RUNNING, ev);

    if (to < 0) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "store.transition",
                              "event %d is not allowed while running",
                              (int)ev);
    }
    *next = (amzx_run_state_e)to;
    return APR_SUCCESS;
}

const char *amzx_intent_state_name(amzx_intent_state_e s)
{
    return (unsigned)s < AMZX_INTENT_STATES ? intent_names[s] : "unknown";
}
