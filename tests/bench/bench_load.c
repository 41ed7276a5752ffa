/* SPDX-License-Identifier: Apache-2.0 */
/* A load generator whose every request is another one: POSTs of a template in
 * which @ID@... and @ORDER@... are replaced, over kept connections.
 *
 *     bench_load --port N --path P --body FILE [--header 'K: V']...
 *         [--connections C] [--requests N] [--ms N] [--orders FILE]
 *
 * prints one line of JSON: rate, latencies, answers by status. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ID_MARK "@ID@............................" /* 32: a UUID in hex */
#define ORDER_MARK "@ORDER@............"           /* 19: 3-7-7 digits */
#define ID_LEN 32
#define ORDER_LEN 19
#define CONNECTIONS_MAX 1024
#define IN_ROOM 16384

typedef struct {
    int fd;
    char *out;
    size_t out_done;
    char in[IN_ROOM];
    size_t in_len;
    long long sent_us;
    int is_busy;
} conn_t;

typedef struct {
    int port;
    int connections;
    long requests;
    long ms;
    const char *path;
    const char *body_file;
    const char *orders_file;
    char headers[4096];
} options_t;

static options_t opt = { .connections = 1, .path = "/" };
static conn_t conns[CONNECTIONS_MAX];
static int epoll_fd;
static char *request; /* the template with its head */
static size_t request_len;
static char *id_at;
static char *order_at;
static char *orders; /* one a line */
static long order_count;
static unsigned *latency_us;
static size_t latencies;
static size_t latency_room;
static long sent;
static long statuses[600];
static long broken;
static char run_id[17];
static unsigned long first_order; /* the time in us: other runs began before */
static long long end_us;

static long long now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char *read_file(const char *name, size_t *len)
{
    FILE *f = fopen(name, "rb");
    char *text;
    long size;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0
        || fseek(f, 0, SEEK_SET) != 0) {
        die(name);
    }
    text = calloc(1, (size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, f) != (size_t)size) {
        die(name);
    }
    fclose(f);
    *len = (size_t)size;
    return text;
}

/* Head and body in one buffer, and where the marks are in it. */
static void make_request(void)
{
    size_t body_len = 0;
    char *body = opt.body_file ? read_file(opt.body_file, &body_len)
                               : calloc(1, 1);
    size_t room = body_len + sizeof(opt.headers) + 512;
    int head;

    request = malloc(room);
    if (request == NULL || body == NULL) {
        die("memory");
    }
    head = snprintf(request, room,
                    "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                    "Content-Type: application/json\r\n%s"
                    "Content-Length: %zu\r\n\r\n",
                    opt.path, opt.port, opt.headers, body_len);
    memcpy(request + head, body, body_len + 1);
    request_len = (size_t)head + body_len;
    id_at = strstr(request, ID_MARK);
    order_at = strstr(request, ORDER_MARK);
    free(body);
}

static void read_orders(void)
{
    size_t len = 0;

    if (opt.orders_file != NULL) {
        orders = read_file(opt.orders_file, &len);
        order_count = (long)(len / (ORDER_LEN + 1));
    }
}

static void fill_marks(char *text, long n)
{
    char id[64];
    char order[64];
    unsigned long unique;

    if (id_at != NULL) {
        snprintf(id, sizeof(id), "%.16s%016lx", run_id, (unsigned long)n);
        memcpy(text + (id_at - request), id, ID_LEN);
    }
    if (order_at != NULL && orders != NULL) {
        memcpy(text + (order_at - request),
               orders + (n % order_count) * (ORDER_LEN + 1), ORDER_LEN);
    }
    else if (order_at != NULL) {
        unique = first_order + (unsigned long)n;
        snprintf(order, sizeof(order), "%03lu-%07lu-%07lu",
                 100 + unique / 100000000000000UL % 800,
                 unique / 10000000UL % 10000000UL, unique % 10000000UL);
        memcpy(text + (order_at - request), order, ORDER_LEN);
    }
}

static void watch(const conn_t *c, unsigned events, int op)
{
    struct epoll_event ev = { .events = events };

    ev.data.ptr = (void *)(size_t)c;
    (void)epoll_ctl(epoll_fd, op, c->fd, &ev);
}

static void conn_open(conn_t *c)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    int one = 1;

    addr.sin_port = htons((unsigned short)opt.port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0
        || connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        die("connect");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->in_len = 0;
    c->is_busy = 0;
    watch(c, EPOLLIN, EPOLL_CTL_ADD);
}

static int may_send(void)
{
    return (opt.requests == 0 || sent < opt.requests)
           && (end_us == 0 || now_us() < end_us);
}

/* Requests are small: the socket's buffer takes them whole. */
static void send_next(conn_t *c)
{
    size_t done = 0;
    ssize_t put;

    if (!may_send()) {
        return;
    }
    memcpy(c->out, request, request_len);
    fill_marks(c->out, sent);
    sent++;
    c->sent_us = now_us();
    c->is_busy = 1;
    while (done < request_len) {
        put = send(c->fd, c->out + done, request_len - done, MSG_NOSIGNAL);
        if (put <= 0) {
            return; /* the peer closed: reading will tell */
        }
        done += (size_t)put;
    }
}

static void note_latency(unsigned us)
{
    if (latencies == latency_room) {
        latency_room = latency_room > 0 ? latency_room * 2 : 65536;
        latency_us = realloc(latency_us, latency_room * sizeof(unsigned));
        if (latency_us == NULL) {
            die("memory");
        }
    }
    latency_us[latencies++] = us;
}

/* 1 when a whole answer is there; it is counted and taken out. */
static int take_answer(conn_t *c)
{
    char *end;
    char *length;
    size_t len;
    long status;

    c->in[c->in_len] = '\0';
    end = strstr(c->in, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    length = strcasestr(c->in, "\r\nContent-Length:");
    len = (size_t)(end - c->in) + 4;
    if (length != NULL && length < end) {
        len += strtoul(length + 17, NULL, 10);
    }
    if (c->in_len < len) {
        return 0;
    }
    status = strtol(c->in + 9, NULL, 10);
    statuses[status > 0 && status < 600 ? status : 0]++;
    note_latency((unsigned)(now_us() - c->sent_us));
    memmove(c->in, c->in + len, c->in_len - len);
    c->in_len -= len;
    c->is_busy = 0;
    return 1;
}

static void on_readable(conn_t *c)
{
    ssize_t got = recv(c->fd, c->in + c->in_len, IN_ROOM - 1 - c->in_len, 0);

    if (got <= 0) {
        broken += c->is_busy;
        close(c->fd);
        conn_open(c);
        send_next(c);
        return;
    }
    c->in_len += (size_t)got;
    while (take_answer(c)) {
        send_next(c);
    }
}

static int busy_count(void)
{
    int count = 0;
    int i;

    for (i = 0; i < opt.connections; i++) {
        count += conns[i].is_busy;
    }
    return count;
}

static void drive(void)
{
    struct epoll_event ev[256];
    int count;
    int i;

    for (i = 0; i < opt.connections; i++) {
        conns[i].out = malloc(request_len + 1);
        if (conns[i].out == NULL) {
            die("memory");
        }
        conn_open(&conns[i]);
        send_next(&conns[i]);
    }
    while (busy_count() > 0) {
        count = epoll_wait(epoll_fd, ev, 256, 10000);
        if (count <= 0) {
            broken += busy_count();
            break; /* ten seconds without an answer */
        }
        for (i = 0; i < count; i++) {
            on_readable(ev[i].data.ptr);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const unsigned *x = a;
    const unsigned *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double at_ms(double share)
{
    size_t i = (size_t)((double)latencies * share);

    return latencies == 0
               ? 0
               : latency_us[i < latencies ? i : latencies - 1] / 1000.0;
}

static void report(double seconds)
{
    struct rusage used;
    int status;
    int count = 0;

    getrusage(RUSAGE_SELF, &used);
    qsort(latency_us, latencies, sizeof(unsigned), by_size);
    printf("{\"answers\": %zu, \"broken\": %ld, \"seconds\": %.3f, "
           "\"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"max_ms\": %.3f, \"cpu_s\": %.3f, \"statuses\": {",
           latencies, broken, seconds, (double)latencies / seconds,
           at_ms(0.5), at_ms(0.99), at_ms(1.0),
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
               + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec)
                     / 1e6);
    for (status = 0; status < 600; status++) {
        if (statuses[status] > 0) {
            printf("%s\"%d\": %ld", count++ > 0 ? ", " : "", status,
                   statuses[status]);
        }
    }
    printf("}}\n");
}

static int read_option(const char *name, const char *value)
{
    size_t used = strlen(opt.headers);

    if (strcmp(name, "--port") == 0) {
        opt.port = (int)strtol(value, NULL, 10);
    }
    else if (strcmp(name, "--path") == 0) {
        opt.path = value;
    }
    else if (strcmp(name, "--body") == 0) {
        opt.body_file = value;
    }
    else if (strcmp(name, "--orders") == 0) {
        opt.orders_file = value;
    }
    else if (strcmp(name, "--connections") == 0) {
        opt.connections = (int)strtol(value, NULL, 10);
    }
    else if (strcmp(name, "--requests") == 0) {
        opt.requests = strtol(value, NULL, 10);
    }
    else if (strcmp(name, "--ms") == 0) {
        opt.ms = strtol(value, NULL, 10);
    }
    else if (strcmp(name, "--header") == 0) {
        snprintf(opt.headers + used, sizeof(opt.headers) - used, "%s\r\n",
                 value);
    }
    else {
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    struct timespec wall;
    long long begin;
    int i;

    for (i = 1; i + 1 < argc && read_option(argv[i], argv[i + 1]); i += 2) {
        continue;
    }
    if (i < argc || opt.port == 0 || opt.connections < 1
        || opt.connections > CONNECTIONS_MAX
        || (opt.requests == 0 && opt.ms <= 0)) {
        fprintf(stderr, "usage: bench_load --port N [--path P] [--body FILE]"
                " [--header 'K: V']... [--connections C]\n"
                "    (--requests N | --ms N) [--orders FILE]\n");
        return 2;
    }
    clock_gettime(CLOCK_REALTIME, &wall);
    snprintf(run_id, sizeof(run_id), "%08lx%08lx",
             (unsigned long)wall.tv_sec & 0xffffffffUL,
             ((unsigned long)wall.tv_nsec ^ (unsigned long)getpid() << 16)
                 & 0xffffffffUL);
    first_order = (unsigned long)wall.tv_sec * 1000000UL
                  + (unsigned long)wall.tv_nsec / 1000UL;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    make_request();
    read_orders();
    begin = now_us();
    if (opt.ms > 0) {
        end_us = begin + opt.ms * 1000LL;
    }
    drive();
    report((double)(now_us() - begin) / 1e6);
    return broken > 0;
}
