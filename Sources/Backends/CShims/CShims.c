#define _GNU_SOURCE
#include "CShims.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int mainstay_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int add(int poller, int fd, uint64_t token, uint32_t events) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

int mainstay_poller_add(int poller, int fd, uint64_t token) {
    return add(poller, fd, token, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int mainstay_poller_add_listener(int poller, int fd, uint64_t token) {
    return add(poller, fd, token, EPOLLIN | EPOLLEXCLUSIVE);
}

int mainstay_poller_remove(int poller, int fd) { return epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL); }

int mainstay_poller_wait(int poller, mainstay_event *events, int capacity, int timeout) {
    struct epoll_event raw[512];
    int count = epoll_wait(poller, raw, capacity < 512 ? capacity : 512, timeout);
    for (int i = 0; i < count; i++) {
        uint32_t flags = raw[i].events;
        events[i].token = raw[i].data.u64;
        events[i].flags = (flags & EPOLLIN ? MAINSTAY_READABLE : 0) | (flags & EPOLLOUT ? MAINSTAY_WRITABLE : 0) |
                          (flags & EPOLLRDHUP ? MAINSTAY_PEER_ENDED : 0) |
                          (flags & (EPOLLERR | EPOLLHUP) ? MAINSTAY_FAILED : 0);
    }
    return count;
}

int mainstay_waker(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void mainstay_wake(int waker) {
    uint64_t one = 1;
    (void)!write(waker, &one, sizeof one);
}

void mainstay_wake_clear(int waker) {
    uint64_t count;
    (void)!read(waker, &count, sizeof count);
}

int mainstay_accept(int listener, mainstay_peer *peer) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length = sizeof address;
    int fd = accept4(listener, &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -1;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const void *raw = address.any.sa_family == AF_INET6 ? (const void *)&address.v6.sin6_addr
                                                        : (const void *)&address.v4.sin_addr;
    peer->length = inet_ntop(address.any.sa_family, raw, peer->text, sizeof peer->text) ? (int)strlen(peer->text) : 0;
    return fd;
}

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} socket_address;

static socklen_t parse(const char *text, uint16_t port, socket_address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof address->v4;
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        return sizeof address->v6;
    }
    errno = EINVAL;
    return 0;
}

static int fail(int fd) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int mainstay_listen(const char *text, uint16_t *port, int backlog) {
    socket_address address;
    socklen_t length = parse(text, *port, &address);
    if (length == 0) return -1;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address.any, length) < 0 || listen(fd, backlog) < 0) return fail(fd);
    if (getsockname(fd, &address.any, &length) < 0) return fail(fd);
    *port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    return fd;
}

int mainstay_connect(const char *text, uint16_t port) {
    socket_address address;
    socklen_t length = parse(text, port, &address);
    if (length == 0) return -1;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, &address.any, length) < 0 && errno != EINPROGRESS) return fail(fd);
    return fd;
}

int mainstay_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

long mainstay_receive(int fd, void *bytes, size_t count) {
    for (;;) {
        ssize_t received = recv(fd, bytes, count, 0);
        if (received >= 0) return received;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
    }
}

long mainstay_send(int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
    struct iovec pieces[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    for (;;) {
        ssize_t sent = second_count == 0 ? send(fd, first, first_count, MSG_NOSIGNAL)
                                         : sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
    }
}

void mainstay_end_sending(int fd) { shutdown(fd, SHUT_WR); }

void mainstay_close(int fd) { close(fd); }

void mainstay_stop_listening(int listener) { shutdown(listener, SHUT_RD); }

int mainstay_is_out_of_descriptors(void) {
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
}
