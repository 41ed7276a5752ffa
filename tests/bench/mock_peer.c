/* SPDX-License-Identifier: Apache-2.0 */
/* A fast stand-in for Amazon and Xero in benchmarks: one thread, epoll, a
 * fixed delay before each answer. It checks nothing; the sandbox does.
 *
 *     mock_peer [--port N] [--delay-ms N]
 *
 * prints its port on a line of its own and serves 127.0.0.1 until SIGTERM,
 * then says how many requests of each kind it saw. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mock_answers.h"

#define BATCH 256
#define IN_FIRST 4096
#define IN_MAX 4194304

typedef struct conn_t conn_t;

struct conn_t {
    int fd;
    char *in;
    size_t in_len;
    size_t in_room;
    mock_text_t out;
    size_t out_done;
    long long due_us;
    int waits;    /* in the queue of answers to come */
    int is_gone;  /* closed while it waits */
    conn_t *next; /* in the queue */
};

static int epoll_fd;
static long long delay_us;
static conn_t *queue_head;
static conn_t *queue_tail;
static volatile sig_atomic_t must_stop;

static long long now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void on_signal(int sig)
{
    (void)sig;
    must_stop = 1;
}

static void conn_free(conn_t *c)
{
    free(c->in);
    free(c->out.s);
    free(c);
}

static void conn_close(conn_t *c)
{
    close(c->fd);
    c->fd = -1;
    c->is_gone = 1;
    if (!c->waits) {
        conn_free(c);
    }
}

static void watch(const conn_t *c, unsigned events, int op)
{
    struct epoll_event ev = { .events = events };

    ev.data.ptr = (void *)(uintptr_t)c;
    (void)epoll_ctl(epoll_fd, op, c->fd, &ev);
}

/* 0: the connection is gone. */
static int send_out(conn_t *c)
{
    ssize_t put;

    while (c->out_done < c->out.len) {
        put = send(c->fd, c->out.s + c->out_done, c->out.len - c->out_done,
                   MSG_NOSIGNAL);
        if (put < 0 && errno == EAGAIN) {
            watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return 1;
        }
        if (put <= 0) {
            conn_close(c);
            return 0;
        }
        c->out_done += (size_t)put;
    }
    c->out.len = c->out_done = 0;
    return 1;
}

/* The length of the first whole request in the buffer, 0 when incomplete. */
static size_t whole_request(const conn_t *c, size_t *head_len)
{
    const char *end = strstr(c->in, "\r\n\r\n");
    const char *length;
    size_t body_len = 0;

    if (end == NULL) {
        return 0;
    }
    *head_len = (size_t)(end - c->in) + 4;
    length = strcasestr(c->in, "\r\nContent-Length:");
    if (length != NULL && length < end) {
        body_len = (size_t)strtoul(length + 17, NULL, 10);
    }
    return c->in_len >= *head_len + body_len ? *head_len + body_len : 0;
}

static void enqueue(conn_t *c)
{
    c->waits = 1;
    c->next = NULL;
    c->due_us = now_us() + delay_us;
    if (queue_tail != NULL) {
        queue_tail->next = c;
    }
    else {
        queue_head = c;
    }
    queue_tail = c;
}

/* Answer whole requests; with a delay one at a time. */
static void serve(conn_t *c)
{
    size_t head_len = 0;
    size_t len;
    char end;

    while (!c->waits) {
        len = c->in_len > 0 ? whole_request(c, &head_len) : 0;
        if (len == 0) {
            return;
        }
        end = c->in[len];
        c->in[len] = '\0';
        mock_answer(&c->out, c->in, c->in + head_len);
        c->in[len] = end;
        memmove(c->in, c->in + len, c->in_len - len + 1);
        c->in_len -= len;
        if (delay_us > 0) {
            enqueue(c);
        }
        else if (!send_out(c)) {
            return;
        }
    }
}

static void on_readable(conn_t *c)
{
    ssize_t got;
    char *bigger;

    if (c->in_room - c->in_len < IN_FIRST / 2) {
        c->in_room = c->in_room > 0 ? c->in_room * 2 : IN_FIRST;
        bigger = c->in_room <= IN_MAX ? realloc(c->in, c->in_room) : NULL;
        if (bigger == NULL) {
            conn_close(c);
            return;
        }
        c->in = bigger;
    }
    got = recv(c->fd, c->in + c->in_len, c->in_room - c->in_len - 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        conn_close(c);
        return;
    }
    c->in_len += (size_t)got;
    c->in[c->in_len] = '\0';
    serve(c);
}

static void on_acceptable(int listen_fd)
{
    int one = 1;
    conn_t *c;
    int fd;

    for (;;) {
        fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        c = calloc(1, sizeof(*c));
        if (c == NULL) {
            close(fd);
            return;
        }
        c->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        watch(c, EPOLLIN, EPOLL_CTL_ADD);
    }
}

/* Send what is due. @return ms until the next, -1 for none */
static int answer_due(void)
{
    long long now = now_us();
    conn_t *c;

    while (queue_head != NULL && queue_head->due_us <= now) {
        c = queue_head;
        queue_head = c->next;
        if (queue_head == NULL) {
            queue_tail = NULL;
        }
        c->waits = 0;
        if (c->is_gone) {
            conn_free(c);
        }
        else if (send_out(c)) {
            serve(c);
        }
    }
    if (queue_head == NULL) {
        return -1;
    }
    return (int)((queue_head->due_us - now + 999) / 1000);
}

static int listen_on(int port)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    socklen_t len = sizeof(addr);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addr.sin_port = htons((unsigned short)port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) != 0
        || listen(fd, 4096) != 0
        || getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        perror("mock_peer");
        exit(1);
    }
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

static void run(int listen_fd)
{
    struct epoll_event ev[BATCH];
    struct epoll_event listening = { .events = EPOLLIN };
    int wait_ms = -1;
    int count;
    int i;
    conn_t *c;

    listening.data.ptr = NULL;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &listening);
    while (!must_stop) {
        count = epoll_wait(epoll_fd, ev, BATCH, wait_ms);
        for (i = 0; i < count; i++) {
            c = ev[i].data.ptr;
            if (c == NULL) {
                on_acceptable(listen_fd);
                continue;
            }
            if ((ev[i].events & EPOLLOUT) != 0) {
                watch(c, EPOLLIN, EPOLL_CTL_MOD);
                if (!send_out(c)) {
                    continue;
                }
            }
            if ((ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
                on_readable(c);
            }
        }
        wait_ms = answer_due();
    }
}

int main(int argc, char **argv)
{
    struct sigaction sa = { .sa_handler = on_signal };
    struct rlimit files;
    int port = 0;
    int i;

    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--port") == 0) {
            port = (int)strtol(argv[i + 1], NULL, 10);
        }
        else if (strcmp(argv[i], "--delay-ms") == 0) {
            delay_us = strtol(argv[i + 1], NULL, 10) * 1000;
        }
        else {
            break;
        }
    }
    if (i < argc) {
        fprintf(stderr, "usage: mock_peer [--port N] [--delay-ms N]\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    run(listen_on(port));
    mock_report(stderr);
    return 0;
}
