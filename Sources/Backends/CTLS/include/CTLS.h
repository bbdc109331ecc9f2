// OpenSSL without sockets and without its macros: bytes in, bytes out. No function here keeps state of its own.
#ifndef MAINSTAY_CTLS_H
#define MAINSTAY_CTLS_H

#include <stddef.h>
#include <stdint.h>

/// Certificate, key and rules. May be used by several threads at once.
typedef struct mainstay_tls_context mainstay_tls_context;
/// One connection. Belongs to one thread.
typedef struct mainstay_tls mainstay_tls;

enum {
    MAINSTAY_TLS_GOOD = 0,
    MAINSTAY_TLS_NO_CERTIFICATE = 1,
    MAINSTAY_TLS_NO_KEY = 2,
    MAINSTAY_TLS_KEY_MISMATCH = 3,
    MAINSTAY_TLS_CHAIN_BROKEN = 4,
    MAINSTAY_TLS_REFUSED = 5,
};

typedef struct {
    /// PEM: the certificate and those between it and the root, in order.
    const void *chain;
    size_t chain_count;
    /// PEM, without a passphrase.
    const void *key;
    size_t key_count;
    /// 0x0303 or 0x0304.
    int minimum_version;
    /// Each name behind its length in one byte, the preferred one first; at most 256 bytes.
    const uint8_t *protocols;
    unsigned protocols_count;
    int tickets;
} mainstay_tls_options;

/// A context of a server; NULL with what is wrong in `*problem`, and in words in `reason`.
mainstay_tls_context *mainstay_tls_server(const mainstay_tls_options *options, int *problem, char *reason, size_t room);
/// A context of a client that trusts the certificates in `chain` alone; the key is not used.
mainstay_tls_context *mainstay_tls_client(const mainstay_tls_options *options, int *problem, char *reason, size_t room);
void mainstay_tls_context_free(mainstay_tls_context *context);
/// Seconds since 1970 between which the certificate is valid.
void mainstay_tls_validity(const mainstay_tls_context *context, int64_t *from, int64_t *until);
/// The DNS names of the certificate, a line each; the bytes needed.
size_t mainstay_tls_names(const mainstay_tls_context *context, char *text, size_t room);

enum {
    MAINSTAY_TLS_NEEDS_INPUT = -1,
    MAINSTAY_TLS_NEEDS_ROOM = -2,
    /// The name that the client asks for is known; say which context answers, then call again.
    MAINSTAY_TLS_NEEDS_CONTEXT = -3,
    /// The peer has said that it sends no more.
    MAINSTAY_TLS_ENDED = -4,
    MAINSTAY_TLS_FAILED = -5,
};

/// Where records come from and go to during one call.
typedef struct {
    const uint8_t *in;
    size_t in_count;
    size_t in_used;
    uint8_t *out;
    size_t out_room;
    size_t out_used;
} mainstay_tls_io;

mainstay_tls *mainstay_tls_accept(mainstay_tls_context *context);
/// `name` is asked for and checked.
mainstay_tls *mainstay_tls_connect(mainstay_tls_context *context, const char *name);
void mainstay_tls_free(mainstay_tls *tls);
/// The name that the client asked for; NULL for none.
const char *mainstay_tls_requested_name(const mainstay_tls *tls);
void mainstay_tls_choose(mainstay_tls *tls, mainstay_tls_context *context);

/// 1 when established, or one of the negative values above.
int mainstay_tls_handshake(mainstay_tls *tls, mainstay_tls_io *io);
/// Bytes of content, at least one, or one of the negative values above.
long mainstay_tls_read(mainstay_tls *tls, mainstay_tls_io *io, void *content, size_t room);
long mainstay_tls_write(mainstay_tls *tls, mainstay_tls_io *io, const void *content, size_t count);
/// Says that nothing more will come. 1, or one of the negative values above.
int mainstay_tls_end(mainstay_tls *tls, mainstay_tls_io *io);

/// Why the last call failed.
const char *mainstay_tls_reason(const mainstay_tls *tls);
/// The protocol that was agreed on; its length, 0 for none.
unsigned mainstay_tls_protocol(const mainstay_tls *tls, const uint8_t **name);
const char *mainstay_tls_version(const mainstay_tls *tls);
const char *mainstay_tls_cipher(const mainstay_tls *tls);
int mainstay_tls_is_resumed(const mainstay_tls *tls);
/// Lets `tls`, a client that has not begun, resume the session of `earlier`.
void mainstay_tls_resume(mainstay_tls *tls, const mainstay_tls *earlier);

/// Writes a certificate for the DNS names in `names` ("DNS:a,DNS:b"), signed by its own new P-256 key, and that key, both as
/// PEM; 0 when they have no room or cannot be made.
int mainstay_tls_self_signed(
    const char *names, int64_t from, int64_t until, char *chain, size_t chain_room, char *key, size_t key_room);

#endif
