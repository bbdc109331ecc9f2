// System calls that Swift cannot import, or only awkwardly. Linux only. No function here keeps state.
#ifndef MAINSTAY_CSHIMS_H
#define MAINSTAY_CSHIMS_H

#include <stddef.h>
#include <stdint.h>

/// One event of the poller.
typedef struct {
    uint64_t token;
    uint32_t flags;
} mainstay_event;

enum {
    MAINSTAY_READABLE = 1,
    MAINSTAY_WRITABLE = 2,
    MAINSTAY_PEER_ENDED = 4,
    MAINSTAY_FAILED = 8,
};

/// A new poller; -1 with errno.
int mainstay_poller(void);
/// Watches `fd` for everything, edge triggered; -1 with errno.
int mainstay_poller_add(int poller, int fd, uint64_t token);
/// Watches a listening socket that several pollers share, level triggered; one of them wakes per connection.
int mainstay_poller_add_listener(int poller, int fd, uint64_t token);
int mainstay_poller_remove(int poller, int fd);
/// Fills at most `capacity` (up to 512) events; the count, or -1 with errno. `timeout` in milliseconds, -1 for ever.
int mainstay_poller_wait(int poller, mainstay_event *events, int capacity, int timeout);

/// Something that another thread can wake a poller with.
int mainstay_waker(void);
void mainstay_wake(int waker);
void mainstay_wake_clear(int waker);

/// The numeric address and the port of a peer, as text.
typedef struct {
    char text[64];
    int length;
} mainstay_peer;

/// A new connection, not blocking, closed on exec, without delay; -1 with errno.
int mainstay_accept(int listener, mainstay_peer *peer);
/// Whether the last call failed because no descriptor or no memory for one was left.
int mainstay_is_out_of_descriptors(void);
/// A listening socket on a numeric address; -1 with errno. `*port` is set to the port that it got.
int mainstay_listen(const char *address, uint16_t *port, int backlog);
/// Begins to connect to a numeric address; the socket, or -1 with errno.
int mainstay_connect(const char *address, uint16_t port);
/// The error that a connection attempt ended with; 0 for none.
int mainstay_socket_error(int fd);
/// Receives; the count, 0 at the end, -1 when nothing is there, -2 when the connection failed.
long mainstay_receive(int fd, void *bytes, size_t count);
/// Sends two pieces at once; the count, -1 when the socket is full, -2 when the connection failed. Never raises SIGPIPE.
long mainstay_send(int fd, const void *first, size_t first_count, const void *second, size_t second_count);
void mainstay_end_sending(int fd);
/// Refuses connections from now on; the descriptor stays valid.
void mainstay_stop_listening(int listener);
void mainstay_close(int fd);

#endif
