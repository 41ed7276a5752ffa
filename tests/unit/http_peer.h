/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted HTTP server for tests: one thread, poll, loopback. The path of
 * a request chooses what happens to it; see peer_answer in the test. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PEER_CONNECTIONS 1200
#define PEER_OUT 131072

enum { PEER_KEEP, PEER_CLOSE, PEER_RESET };

typedef struct {
    int fd;
    char *in;
    size_t in_len;
    size_t in_room;
    int served; /* requests on this connection */
    char *out;
    size_t out_len;
    long long answer_at; /* ms; 0: no answer waits */
    int after;           /* PEER_KEEP... once out is written */
    int is_deaf;         /* read no more */
} peer_conn_t;

typedef struct {
    int listen_fd;
    int stop_fd;
    int port;
    pthread_t thread;
    peer_conn_t conn[PEER_CONNECTIONS];
    int conns;
    atomic_int accepted;
    atomic_int requests;
    atomic_int at_once; /* most connections at a time */
} peer_t;

/* Decide the answer: fill out, out_len, answer_at, after. The request is
 * whole: head and body in c->in. */
static void peer_answer(peer_t *peer, peer_conn_t *c, const char *method,
                        const char *path, const char *body, size_t body_len);

static long long peer_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void peer_put(peer_conn_t *c, const void *bytes, size_t len)
{
    if (c->out == NULL) {
        c->out = malloc(PEER_OUT);
    }
    if (len > PEER_OUT - c->out_len) {
        len = PEER_OUT - c->out_len;
    }
    memcpy(c->out + c->out_len, bytes, len);
    c->out_len += len;
}

static void peer_puts(peer_conn_t *c, const char *text)
{
    peer_put(c, text, strlen(text));
}

/* A plain answer with its length. */
static void peer_reply(peer_conn_t *c, const char *head, const char *body)
{
    char line[128];

    peer_puts(c, head);
    snprintf(line, sizeof(line), "Content-Length: %zu\r\n\r\n", strlen(body));
    peer_puts(c, line);
    peer_puts(c, body);
}

static void peer_drop(peer_t *peer, int i, int by_reset)
{
    struct linger hard = { 1, 0 };
    peer_conn_t *c = &peer->conn[i];

    if (by_reset) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    }
    close(c->fd);
    free(c->in);
    free(c->out);
    *c = peer->conn[--peer->conns];
}

/* The body length of a complete request, or -1 while it is incomplete. */
static long peer_complete(const peer_conn_t *c, size_t *head_len)
{
    const char *end = c->in_len > 0 ? strstr(c->in, "\r\n\r\n") : NULL;
    const char *length;
    long len = 0;

    if (end == NULL) {
        return -1;
    }
    *head_len = (size_t)(end - c->in) + 4;
    length = strstr(c->in, "Content-Length: ");
    if (length != NULL && length < end) {
        len = strtol(length + 16, NULL, 10);
    }
    return c->in_len - *head_len >= (size_t)len ? len : -1;
}

static void peer_read(peer_t *peer, int i)
{
    peer_conn_t *c = &peer->conn[i];
    char method[16] = "";
    char path[128] = "";
    size_t head_len = 0;
    ssize_t got;
    long len;

    if (c->in_room - c->in_len < 8192) {
        c->in_room = c->in_room * 2 + 16384;
        c->in = realloc(c->in, c->in_room);
    }
    got = recv(c->fd, c->in + c->in_len, c->in_room - c->in_len - 1, 0);
    if (got <= 0) {
        peer_drop(peer, i, 0);
        return;
    }
    c->in_len += (size_t)got;
    c->in[c->in_len] = '\0';
    if (strstr(c->in, " /deaf") != NULL) {
        c->is_deaf = 1;
        return;
    }
    len = peer_complete(c, &head_len);
    if (len < 0) {
        return;
    }
    (void)sscanf(c->in, "%15s %127s", method, path);
    atomic_fetch_add(&peer->requests, 1);
    c->after = PEER_KEEP;
    c->answer_at = peer_ms();
    c->out_len = 0;
    peer_answer(peer, c, method, path, c->in + head_len, (size_t)len);
    c->served++;
    c->in_len = 0;
}

static void peer_write(peer_t *peer, int i)
{
    peer_conn_t *c = &peer->conn[i];
    size_t done = 0;
    ssize_t put;

    /* Blocking, short answers to a reader that reads. */
    while (done < c->out_len) {
        put = send(c->fd, c->out + done, c->out_len - done, MSG_NOSIGNAL);
        if (put <= 0) {
            break;
        }
        done += (size_t)put;
    }
    c->answer_at = 0;
    if (c->after != PEER_KEEP) {
        if (c->after == PEER_RESET) {
            usleep(20000); /* let what was sent arrive before the reset */
        }
        peer_drop(peer, i, c->after == PEER_RESET);
    }
}

static int peer_due_ms(const peer_t *peer)
{
    long long soonest = 0;
    long long wait;
    int i;

    for (i = 0; i < peer->conns; i++) {
        if (peer->conn[i].answer_at != 0
            && (soonest == 0 || peer->conn[i].answer_at < soonest)) {
            soonest = peer->conn[i].answer_at;
        }
    }
    if (soonest == 0) {
        return -1;
    }
    wait = soonest - peer_ms();
    return wait > 0 ? (int)wait : 0;
}

static void peer_accept(peer_t *peer)
{
    int fd = accept(peer->listen_fd, NULL, NULL);

    if (fd < 0 || peer->conns >= PEER_CONNECTIONS) {
        close(fd);
        return;
    }
    peer->conn[peer->conns] = (peer_conn_t){ .fd = fd };
    peer->conns++;
    atomic_fetch_add(&peer->accepted, 1);
    if (peer->conns > atomic_load(&peer->at_once)) {
        atomic_store(&peer->at_once, peer->conns);
    }
}

static void *peer_main(void *data)
{
    static struct pollfd fds[PEER_CONNECTIONS + 2];
    peer_t *peer = data;
    int count;
    int i;

    for (;;) {
        fds[0] = (struct pollfd){ peer->stop_fd, POLLIN, 0 };
        fds[1] = (struct pollfd){ peer->listen_fd, POLLIN, 0 };
        count = peer->conns;
        for (i = 0; i < count; i++) {
            fds[i + 2] = (struct pollfd){
                peer->conn[i].fd, peer->conn[i].is_deaf ? 0 : POLLIN, 0
            };
        }
        poll(fds, (nfds_t)count + 2, peer_due_ms(peer));
        if (fds[0].revents != 0) {
            break;
        }
        /* Backwards: a dropped one is replaced by the last, seen already. */
        for (i = count - 1; i >= 0; i--) {
            if ((fds[i + 2].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
                peer_read(peer, i);
            }
        }
        for (i = peer->conns - 1; i >= 0; i--) {
            if (peer->conn[i].answer_at != 0
                && peer->conn[i].answer_at <= peer_ms()) {
                peer_write(peer, i);
            }
        }
        if (fds[1].revents != 0) {
            peer_accept(peer);
        }
    }
    while (peer->conns > 0) {
        peer_drop(peer, peer->conns - 1, 0);
    }
    return NULL;
}

static int peer_start(peer_t *peer)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    socklen_t len = sizeof(addr);

    memset(peer, 0, sizeof(*peer));
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->stop_fd = eventfd(0, EFD_CLOEXEC);
    peer->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(peer->listen_fd, (struct sockaddr *)&addr, len) != 0
        || listen(peer->listen_fd, 1024) != 0
        || getsockname(peer->listen_fd, (struct sockaddr *)&addr, &len)
               != 0) {
        return 0;
    }
    peer->port = ntohs(addr.sin_port);
    return pthread_create(&peer->thread, NULL, peer_main, peer) == 0;
}

static void peer_stop(peer_t *peer)
{
    eventfd_write(peer->stop_fd, 1);
    pthread_join(peer->thread, NULL);
    close(peer->listen_fd);
    close(peer->stop_fd);
}

#endif
