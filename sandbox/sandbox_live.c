/* SPDX-License-Identifier: Apache-2.0 */
/* Shared counters: a mapped file guarded by one record lock. */
#include "sandbox_live.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#define LIVE_MAGIC 0x616d7a7873627836LL /* changes with the layout */
#define TENANTS 16
#define SLOTS 512
#define BUCKETS 64
#define NAME 80

typedef struct {
    char name[NAME];
    apr_time_t minute;
    apr_int64_t minute_calls;
    apr_int64_t minute_max;
    apr_time_t day;
    apr_int64_t day_calls;
    apr_int64_t calls;
    apr_int64_t refused;
    apr_int64_t in_flight_max;
    apr_time_t told_at;    /* a Retry-After was sent then ... */
    apr_time_t told_until; /* ... and ends then */
} tenant_t;

typedef struct {
    apr_int64_t pid; /* 0: free */
    apr_int64_t tenant;
    apr_uint64_t key_hash;
} slot_t;

typedef struct {
    char name[NAME];
    apr_time_t at;
    apr_int64_t micro; /* millionths of a token */
} bucket_t;

typedef struct {
    apr_int64_t seen;
    apr_int64_t fired;
} fault_t;

typedef struct {
    apr_int64_t magic;
    apr_int64_t set[SBX_SET_COUNT];
    apr_int64_t fault_count;
    fault_t fault[SBX_FAULT_SLOTS];
    tenant_t tenant[TENANTS];
    tenant_t app[TENANTS];
    slot_t slot[SLOTS];
    bucket_t bucket[BUCKETS];
} shared_t;

struct sbx_live_t {
    shared_t *sh;
    int fd;
    apr_thread_mutex_t *mutex;
};

static const struct {
    const char *name;
    apr_int64_t value;
} settings[] = {
#define X(name, text, value) {text, value},
    SBX_SETTINGS(X)
#undef X
};

static void record_lock(int fd, short type)
{
    struct flock l;
    int rc;

    memset(&l, 0, sizeof(l));
    l.l_type = type;
    l.l_whence = SEEK_SET;
    l.l_len = 1;
    do {
        rc = fcntl(fd, F_SETLKW, &l);
    } while (rc != 0 && errno == EINTR);
}

static void enter(sbx_live_t *live)
{
    apr_thread_mutex_lock(live->mutex);
    record_lock(live->fd, F_WRLCK);
}

static void leave(sbx_live_t *live)
{
    record_lock(live->fd, F_UNLCK);
    apr_thread_mutex_unlock(live->mutex);
}

static void shared_clear(shared_t *sh)
{
    int i;

    memset(sh, 0, sizeof(*sh));
    for (i = 0; i < SBX_SET_COUNT; i++) {
        sh->set[i] = settings[i].value;
    }
    sh->magic = LIVE_MAGIC;
}

static apr_status_t live_close(void *data)
{
    sbx_live_t *live = data;

    munmap(live->sh, sizeof(*live->sh));
    close(live->fd);
    return APR_SUCCESS;
}

apr_status_t sbx_live_open(sbx_live_t **out, const char *path, apr_pool_t *p)
{
    sbx_live_t *live = apr_pcalloc(p, sizeof(*live));
    void *at;

    *out = NULL;
    live->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (live->fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (ftruncate(live->fd, (off_t)sizeof(shared_t)) != 0) {
        close(live->fd);
        return APR_FROM_OS_ERROR(errno);
    }
    at = mmap(NULL, sizeof(shared_t), PROT_READ | PROT_WRITE, MAP_SHARED,
              live->fd, 0);
    if (at == MAP_FAILED) {
        close(live->fd);
        return APR_FROM_OS_ERROR(errno);
    }
    live->sh = at;
    apr_thread_mutex_create(&live->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_pool_cleanup_register(p, live, live_close, apr_pool_cleanup_null);
    enter(live);
    if (live->sh->magic != LIVE_MAGIC) {
        shared_clear(live->sh);
    }
    leave(live);
    *out = live;
    return APR_SUCCESS;
}

apr_int64_t sbx_live_get(const sbx_live_t *live, sbx_set_e what)
{
    return __atomic_load_n(&live->sh->set[what], __ATOMIC_RELAXED);
}

void sbx_live_set(sbx_live_t *live, sbx_set_e what, apr_int64_t value)
{
    __atomic_store_n(&live->sh->set[what], value, __ATOMIC_RELAXED);
}

int sbx_live_setting(const char *name)
{
    int i;

    for (i = 0; i < SBX_SET_COUNT; i++) {
        if (!strcmp(settings[i].name, name)) {
            return i;
        }
    }
    return -1;
}

const char *sbx_live_setting_name(sbx_set_e what)
{
    return settings[what].name;
}

void sbx_live_reset(sbx_live_t *live)
{
    enter(live);
    shared_clear(live->sh);
    leave(live);
}

/* The entry of a name; the last one is shared when the table is full. */
static tenant_t *entry(tenant_t *table, const char *name)
{
    int i;

    for (i = 0; i < TENANTS - 1; i++) {
        if (!table[i].name[0]) {
            apr_cpystrn(table[i].name, name, NAME);
        }
        if (!strncmp(table[i].name, name, NAME - 1)) {
            break;
        }
    }
    return &table[i];
}

/* Windows start at another second for each name, as Xero's do. */
static void windows_roll(tenant_t *t, apr_time_t now)
{
    apr_time_t shift = 0;
    apr_time_t at;
    const char *s;

    for (s = t->name; *s; s++) {
        shift = shift * 31 + (unsigned char)*s;
        shift %= 60;
    }
    at = now - apr_time_from_sec(shift);
    if (at / apr_time_from_sec(60) != t->minute) {
        t->minute = at / apr_time_from_sec(60);
        t->minute_calls = 0;
    }
    if (at / apr_time_from_sec(86400) != t->day) {
        t->day = at / apr_time_from_sec(86400);
        t->day_calls = 0;
    }
}

static apr_int64_t left_in(apr_time_t now, const char *name,
                           apr_int64_t seconds)
{
    apr_time_t shift = 0;

    for (; *name; name++) {
        shift = (shift * 31 + (unsigned char)*name) % 60;
    }
    return seconds - (apr_time_sec(now) - shift) % seconds;
}

/* Slots of processes that died are given back when somebody looks. */
static apr_int64_t in_flight(shared_t *sh, apr_int64_t tenant)
{
    apr_int64_t n = 0;
    int i;

    for (i = 0; i < SLOTS; i++) {
        if (sh->slot[i].pid && sh->slot[i].tenant == tenant) {
            if (kill((pid_t)sh->slot[i].pid, 0) != 0 && errno == ESRCH) {
                sh->slot[i].pid = 0;
            }
            else {
                n++;
            }
        }
    }
    return n;
}

static int key_is_busy(const shared_t *sh, apr_uint64_t key_hash)
{
    int i;

    for (i = 0; key_hash && i < SLOTS; i++) {
        if (sh->slot[i].pid && sh->slot[i].key_hash == key_hash) {
            return 1;
        }
    }
    return 0;
}

static int slot_take(shared_t *sh, apr_int64_t tenant, apr_uint64_t key_hash)
{
    int i;

    for (i = 0; i < SLOTS; i++) {
        if (!sh->slot[i].pid) {
            sh->slot[i].pid = getpid();
            sh->slot[i].tenant = tenant;
            sh->slot[i].key_hash = key_hash;
            return i;
        }
    }
    return -1;
}

static void problem_find(sbx_gate_t *gate, const sbx_live_t *live,
                         const tenant_t *t, const tenant_t *app,
                         apr_int64_t busy, apr_time_t now)
{
    if (busy >= sbx_live_get(live, SBX_SET_XERO_CONCURRENT)) {
        gate->problem = "concurrent";
    }
    else if (t->day_calls >= sbx_live_get(live, SBX_SET_XERO_DAY)) {
        gate->problem = "day";
        gate->retry_after = left_in(now, t->name, 86400);
    }
    else if (t->minute_calls >= sbx_live_get(live, SBX_SET_XERO_MINUTE)) {
        gate->problem = "minute";
        gate->retry_after = left_in(now, t->name, 60);
    }
    else if (app->minute_calls >=
             sbx_live_get(live, SBX_SET_XERO_APP_MINUTE)) {
        gate->problem = "appminute";
        gate->retry_after = left_in(now, app->name, 60);
    }
}

static void count_in(sbx_gate_t *gate, sbx_live_t *live, tenant_t *t,
                     tenant_t *app, apr_uint64_t key_hash)
{
    apr_int64_t index = t - live->sh->tenant;
    apr_int64_t busy;

    t->calls++;
    t->minute_calls++;
    t->day_calls++;
    app->minute_calls++;
    if (t->minute_calls > t->minute_max) {
        t->minute_max = t->minute_calls;
    }
    gate->slot = slot_take(live->sh, index, key_hash);
    busy = in_flight(live->sh, index);
    if (busy > t->in_flight_max) {
        t->in_flight_max = busy;
    }
}

static apr_int64_t at_least_0(apr_int64_t n)
{
    return n > 0 ? n : 0;
}

void sbx_live_enter(sbx_gate_t *gate, sbx_live_t *live, const char *tenant,
                    const char *app_name, apr_uint64_t key_hash,
                    apr_time_t now)
{
    tenant_t *t;
    tenant_t *app;

    memset(gate, 0, sizeof(*gate));
    gate->slot = -1;
    enter(live);
    t = entry(live->sh->tenant, tenant);
    app = entry(live->sh->app, app_name);
    windows_roll(t, now);
    windows_roll(app, now);
    gate->is_impatient = now > t->told_at + apr_time_from_sec(1) &&
                         now < t->told_until;
    gate->is_key_parallel = key_is_busy(live->sh, key_hash);
    if (sbx_live_get(live, SBX_SET_XERO_LIMITS)) {
        problem_find(gate, live, t, app,
                     in_flight(live->sh, t - live->sh->tenant), now);
    }
    if (gate->problem) {
        t->refused++;
    }
    else {
        count_in(gate, live, t, app, key_hash);
    }
    gate->day_left =
        at_least_0(sbx_live_get(live, SBX_SET_XERO_DAY) - t->day_calls);
    gate->minute_left =
        at_least_0(sbx_live_get(live, SBX_SET_XERO_MINUTE) - t->minute_calls);
    gate->app_left = at_least_0(sbx_live_get(live, SBX_SET_XERO_APP_MINUTE) -
                                app->minute_calls);
    leave(live);
}

void sbx_live_leave(sbx_live_t *live, const sbx_gate_t *gate)
{
    if (gate->slot >= 0) {
        enter(live);
        live->sh->slot[gate->slot].pid = 0;
        leave(live);
    }
}

void sbx_live_block(sbx_live_t *live, const char *tenant,
                    apr_int64_t seconds, apr_time_t now)
{
    tenant_t *t;

    enter(live);
    t = entry(live->sh->tenant, tenant);
    t->told_at = now;
    t->told_until = now + apr_time_from_sec(seconds);
    leave(live);
}

int sbx_live_bucket(sbx_live_t *live, const char *name,
                    apr_int64_t micro_rate, apr_int64_t burst,
                    apr_time_t now)
{
    const apr_int64_t full = burst * 1000000;
    bucket_t *b = NULL;
    apr_int64_t gained;
    int granted = 0;
    int i;

    enter(live);
    for (i = 0; i < BUCKETS; i++) {
        b = &live->sh->bucket[i];
        if (!b->name[0]) {
            apr_cpystrn(b->name, name, NAME);
            b->micro = full;
            b->at = now;
        }
        if (!strncmp(b->name, name, NAME - 1)) {
            break;
        }
    }
    if (now > b->at) {
        /* A long pause fills the bucket: no product that could overflow. */
        gained = now - b->at > apr_time_from_sec(86400)
                     ? full
                     : (now - b->at) * micro_rate / 1000000;
        if (gained > 0) {
            b->micro += gained;
            b->at = now;
        }
    }
    if (b->micro > full) {
        b->micro = full;
    }
    if (b->micro >= 1000000) {
        b->micro -= 1000000;
        granted = 1;
    }
    leave(live);
    return granted;
}

int sbx_live_figures(sbx_figures_t *out, sbx_live_t *live, int i,
                     apr_pool_t *p)
{
    const tenant_t *t;

    if (i < 0 || i >= TENANTS || !live->sh->tenant[i].name[0]) {
        return 0;
    }
    enter(live);
    t = &live->sh->tenant[i];
    out->tenant = apr_pstrdup(p, t->name);
    out->calls = t->calls;
    out->in_flight = in_flight(live->sh, i);
    out->in_flight_max = t->in_flight_max;
    out->minute_max = t->minute_max;
    out->refused = t->refused;
    out->day_calls = t->day_calls;
    leave(live);
    return 1;
}

int sbx_live_has_faults(const sbx_live_t *live)
{
    return __atomic_load_n(&live->sh->fault_count, __ATOMIC_ACQUIRE) > 0;
}

void sbx_live_faults_changed(sbx_live_t *live, int count)
{
    enter(live);
    memset(live->sh->fault, 0, sizeof(live->sh->fault));
    __atomic_store_n(&live->sh->fault_count, count, __ATOMIC_RELEASE);
    leave(live);
}

apr_int64_t sbx_live_fault_seen(sbx_live_t *live, int slot)
{
    return __atomic_fetch_add(&live->sh->fault[slot].seen, 1,
                              __ATOMIC_RELAXED);
}

int sbx_live_fault_fire(sbx_live_t *live, int slot, apr_int64_t times)
{
    fault_t *f = &live->sh->fault[slot];
    int fires = 0;

    enter(live);
    if (times == 0 || f->fired < times) {
        f->fired++;
        fires = 1;
    }
    leave(live);
    return fires;
}

void sbx_live_fault_counts(apr_int64_t *seen, apr_int64_t *fired,
                           sbx_live_t *live, int slot)
{
    enter(live);
    *seen = live->sh->fault[slot].seen;
    *fired = live->sh->fault[slot].fired;
    leave(live);
}
