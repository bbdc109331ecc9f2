#include "CTLS.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mainstay_tls_context {
    SSL_CTX *ssl;
    uint8_t protocols[256];
    unsigned protocols_count;
};

struct mainstay_tls {
    SSL *ssl;
    mainstay_tls_io *io;
    int is_chosen;
    char reason[160];
};

// MARK: Records come from and go to the memory of the call

static int bio_read(BIO *bio, char *bytes, int count) {
    mainstay_tls_io *io = ((mainstay_tls *)BIO_get_data(bio))->io;
    BIO_clear_retry_flags(bio);
    size_t rest = io ? io->in_count - io->in_used : 0;
    if (rest == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t taken = rest < (size_t)count ? rest : (size_t)count;
    memcpy(bytes, io->in + io->in_used, taken);
    io->in_used += taken;
    return (int)taken;
}

static int bio_write(BIO *bio, const char *bytes, int count) {
    mainstay_tls_io *io = ((mainstay_tls *)BIO_get_data(bio))->io;
    BIO_clear_retry_flags(bio);
    size_t rest = io ? io->out_room - io->out_used : 0;
    if (rest == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    size_t taken = rest < (size_t)count ? rest : (size_t)count;
    memcpy(io->out + io->out_used, bytes, taken);
    io->out_used += taken;
    return (int)taken;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

__attribute__((constructor)) static void make_bio_method(void) {
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory of the caller");
    BIO_meth_set_read(bio_method, bio_read);
    BIO_meth_set_write(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_control);
}

// MARK: Contexts

static void describe(char *reason, size_t room) {
    unsigned long error = ERR_peek_last_error();
    const char *text = ERR_reason_error_string(error);
    if (room > 0) strncpy(reason, text ? text : "unknown reason", room - 1), reason[room - 1] = 0;
    ERR_clear_error();
}

static X509 *read_certificate(BIO *bio) { return PEM_read_bio_X509(bio, NULL, NULL, NULL); }

static int no_passphrase(char *buffer, int size, int writing, void *state) {
    (void)buffer, (void)size, (void)writing, (void)state;
    return -1;
}

/// Each certificate must have been issued by the next.
static int use_chain(SSL_CTX *ssl, const mainstay_tls_options *options) {
    BIO *bio = BIO_new_mem_buf(options->chain, (int)options->chain_count);
    X509 *certificate = bio ? read_certificate(bio) : NULL;
    if (!certificate) {
        BIO_free(bio);
        return MAINSTAY_TLS_NO_CERTIFICATE;
    }
    int problem = SSL_CTX_use_certificate(ssl, certificate) == 1 ? MAINSTAY_TLS_GOOD : MAINSTAY_TLS_REFUSED;
    X509 *last = certificate, *next;
    while (problem == MAINSTAY_TLS_GOOD && (next = read_certificate(bio))) {
        if (X509_check_issued(next, last) != X509_V_OK) problem = MAINSTAY_TLS_CHAIN_BROKEN;
        if (SSL_CTX_add0_chain_cert(ssl, next) != 1) X509_free(next), problem = MAINSTAY_TLS_REFUSED;
        else last = next;
    }
    if (problem == MAINSTAY_TLS_GOOD && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        problem = MAINSTAY_TLS_CHAIN_BROKEN;
    if (problem == MAINSTAY_TLS_GOOD) ERR_clear_error();
    X509_free(certificate);
    BIO_free(bio);
    return problem;
}

static int use_key(SSL_CTX *ssl, const mainstay_tls_options *options) {
    BIO *bio = BIO_new_mem_buf(options->key, (int)options->key_count);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    if (!key) return MAINSTAY_TLS_NO_KEY;
    int isUsed = SSL_CTX_use_PrivateKey(ssl, key) == 1 && SSL_CTX_check_private_key(ssl) == 1;
    EVP_PKEY_free(key);
    return isUsed ? MAINSTAY_TLS_GOOD : MAINSTAY_TLS_KEY_MISMATCH;
}

static int select_protocol(
    SSL *ssl, const unsigned char **out, unsigned char *count, const unsigned char *offered, unsigned offered_count,
    void *state) {
    mainstay_tls_context *context = state;
    (void)ssl;
    int outcome = SSL_select_next_proto(
        (unsigned char **)out, count, context->protocols, context->protocols_count, offered, offered_count);
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Stops the handshake until the caller has said which certificate is to be shown.
static int certificate_wanted(SSL *ssl, void *state) {
    (void)state;
    mainstay_tls *tls = SSL_get_app_data(ssl);
    return tls->is_chosen ? 1 : -1;
}

static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

static mainstay_tls_context *make(const SSL_METHOD *method, const mainstay_tls_options *options) {
    mainstay_tls_context *context = calloc(1, sizeof *context);
    if (!context) return NULL;
    context->ssl = SSL_CTX_new(method);
    context->protocols_count = options->protocols_count;
    if (options->protocols_count <= sizeof context->protocols)
        memcpy(context->protocols, options->protocols, options->protocols_count);
    if (!context->ssl || options->protocols_count > sizeof context->protocols || SSL_CTX_set_min_proto_version(context->ssl, options->minimum_version) != 1 ||
        SSL_CTX_set_cipher_list(context->ssl, ciphers) != 1 ||
        SSL_CTX_set1_groups_list(context->ssl, "X25519:P-256:P-384") != 1) {
        mainstay_tls_context_free(context);
        return NULL;
    }
    SSL_CTX_set_options(context->ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(
        context->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return context;
}

mainstay_tls_context *mainstay_tls_server(const mainstay_tls_options *options, int *problem, char *reason, size_t room) {
    ERR_clear_error();
    mainstay_tls_context *context = make(TLS_server_method(), options);
    *problem = context ? use_chain(context->ssl, options) : MAINSTAY_TLS_REFUSED;
    if (*problem == MAINSTAY_TLS_GOOD) *problem = use_key(context->ssl, options);
    if (*problem != MAINSTAY_TLS_GOOD) {
        describe(reason, room);
        mainstay_tls_context_free(context);
        return NULL;
    }
    // Sessions live in tickets, not here.
    SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context->ssl, (const unsigned char *)"mainstay", 8);
    SSL_CTX_set_cert_cb(context->ssl, certificate_wanted, NULL);
    if (!options->tickets) {
        SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context->ssl, 0);
    }
    if (context->protocols_count > 0) SSL_CTX_set_alpn_select_cb(context->ssl, select_protocol, context);
    return context;
}

mainstay_tls_context *mainstay_tls_client(const mainstay_tls_options *options, int *problem, char *reason, size_t room) {
    ERR_clear_error();
    mainstay_tls_context *context = make(TLS_client_method(), options);
    BIO *bio = BIO_new_mem_buf(options->chain, (int)options->chain_count);
    int trusted = 0;
    for (X509 *root; context && bio && (root = read_certificate(bio)); X509_free(root))
        trusted += X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl), root) == 1;
    BIO_free(bio);
    *problem = trusted > 0 ? MAINSTAY_TLS_GOOD : MAINSTAY_TLS_NO_CERTIFICATE;
    if (trusted == 0) {
        describe(reason, room);
        mainstay_tls_context_free(context);
        return NULL;
    }
    ERR_clear_error();
    SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER, NULL);
    if (context->protocols_count > 0)
        SSL_CTX_set_alpn_protos(context->ssl, context->protocols, context->protocols_count);
    return context;
}

void mainstay_tls_context_free(mainstay_tls_context *context) {
    if (!context) return;
    SSL_CTX_free(context->ssl);
    free(context);
}

static int64_t seconds(const ASN1_TIME *time) {
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

void mainstay_tls_validity(const mainstay_tls_context *context, int64_t *from, int64_t *until) {
    const X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    *from = seconds(X509_get0_notBefore(certificate));
    *until = seconds(X509_get0_notAfter(certificate));
}

size_t mainstay_tls_names(const mainstay_tls_context *context, char *text, size_t room) {
    X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        if (name->type != GEN_DNS) continue;
        size_t count = (size_t)ASN1_STRING_length(name->d.dNSName);
        if (used + count + 1 <= room) {
            memcpy(text + used, ASN1_STRING_get0_data(name->d.dNSName), count);
            text[used + count] = '\n';
        }
        used += count + 1;
    }
    GENERAL_NAMES_free(names);
    return used;
}

// MARK: Connections

static mainstay_tls *connection(mainstay_tls_context *context) {
    mainstay_tls *tls = calloc(1, sizeof *tls);
    BIO *bio = tls ? BIO_new(bio_method) : NULL;
    if (bio) tls->ssl = SSL_new(context->ssl);
    if (!tls || !tls->ssl) {
        BIO_free(bio);
        free(tls);
        return NULL;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    return tls;
}

mainstay_tls *mainstay_tls_accept(mainstay_tls_context *context) {
    mainstay_tls *tls = connection(context);
    if (tls) SSL_set_accept_state(tls->ssl);
    return tls;
}

mainstay_tls *mainstay_tls_connect(mainstay_tls_context *context, const char *name) {
    mainstay_tls *tls = connection(context);
    if (!tls) return NULL;
    SSL_set_connect_state(tls->ssl);
    SSL_set_tlsext_host_name(tls->ssl, name);
    SSL_set1_host(tls->ssl, name);
    return tls;
}

void mainstay_tls_free(mainstay_tls *tls) {
    if (!tls) return;
    SSL_free(tls->ssl);
    free(tls);
}

const char *mainstay_tls_requested_name(const mainstay_tls *tls) {
    return SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name);
}

void mainstay_tls_choose(mainstay_tls *tls, mainstay_tls_context *context) {
    SSL_set_SSL_CTX(tls->ssl, context->ssl);
    tls->is_chosen = 1;
}

/// What a call that did not succeed means.
static int outcome(mainstay_tls *tls, int result) {
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ: return MAINSTAY_TLS_NEEDS_INPUT;
    case SSL_ERROR_WANT_WRITE: return MAINSTAY_TLS_NEEDS_ROOM;
    case SSL_ERROR_WANT_X509_LOOKUP: return MAINSTAY_TLS_NEEDS_CONTEXT;
    case SSL_ERROR_ZERO_RETURN: return MAINSTAY_TLS_ENDED;
    default: describe(tls->reason, sizeof tls->reason); return MAINSTAY_TLS_FAILED;
    }
}

static void begin(mainstay_tls *tls, mainstay_tls_io *io) {
    ERR_clear_error();
    tls->io = io;
}

int mainstay_tls_handshake(mainstay_tls *tls, mainstay_tls_io *io) {
    begin(tls, io);
    int result = SSL_do_handshake(tls->ssl);
    int answer = result == 1 ? 1 : outcome(tls, result);
    tls->io = NULL;
    return answer;
}

long mainstay_tls_read(mainstay_tls *tls, mainstay_tls_io *io, void *content, size_t room) {
    begin(tls, io);
    size_t count = 0;
    int result = SSL_read_ex(tls->ssl, content, room, &count);
    long answer = result == 1 ? (long)count : outcome(tls, result);
    tls->io = NULL;
    return answer;
}

long mainstay_tls_write(mainstay_tls *tls, mainstay_tls_io *io, const void *content, size_t count) {
    begin(tls, io);
    size_t written = 0;
    int result = SSL_write_ex(tls->ssl, content, count, &written);
    long answer = result == 1 ? (long)written : outcome(tls, result);
    tls->io = NULL;
    return answer;
}

int mainstay_tls_end(mainstay_tls *tls, mainstay_tls_io *io) {
    begin(tls, io);
    int result = SSL_shutdown(tls->ssl);
    int answer = result >= 0 ? 1 : outcome(tls, result);
    tls->io = NULL;
    return answer;
}

const char *mainstay_tls_reason(const mainstay_tls *tls) { return tls->reason; }

unsigned mainstay_tls_protocol(const mainstay_tls *tls, const uint8_t **name) {
    unsigned count = 0;
    SSL_get0_alpn_selected(tls->ssl, name, &count);
    return count;
}

const char *mainstay_tls_version(const mainstay_tls *tls) { return SSL_get_version(tls->ssl); }

const char *mainstay_tls_cipher(const mainstay_tls *tls) { return SSL_get_cipher_name(tls->ssl); }

int mainstay_tls_is_resumed(const mainstay_tls *tls) { return SSL_session_reused(tls->ssl); }

void mainstay_tls_resume(mainstay_tls *tls, const mainstay_tls *earlier) {
    SSL_SESSION *session = SSL_get1_session(earlier->ssl);
    if (session) SSL_set_session(tls->ssl, session);
    SSL_SESSION_free(session);
}

// MARK: Certificates for tests and for a machine of one's own

static int has_extension(X509 *certificate, X509V3_CTX *context, int kind, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, kind, value);
    int added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static int fill(X509 *certificate, EVP_PKEY *key, const char *names, int64_t from, int64_t until) {
    unsigned char serial[8];
    uint64_t number;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    if (RAND_bytes(serial, sizeof serial) != 1) return 0;
    memcpy(&number, serial, sizeof number);
    // Two certificates with one subject could not be told apart as issuers.
    char name[40];
    snprintf(name, sizeof name, "mainstay %016llx", (unsigned long long)number);
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, 2) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)until) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) &&
           X509_set_issuer_name(certificate, subject) && X509_set_pubkey(certificate, key) &&
           has_extension(certificate, &context, NID_basic_constraints, "critical,CA:TRUE") &&
           has_extension(certificate, &context, NID_subject_alt_name, names) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static int take_text(BIO *bio, char *text, size_t room) {
    const char *bytes;
    long count = BIO_get_mem_data(bio, &bytes);
    if (count <= 0 || (size_t)count >= room) return 0;
    memcpy(text, bytes, (size_t)count);
    text[count] = 0;
    return 1;
}

int mainstay_tls_self_signed(
    const char *names, int64_t from, int64_t until, char *chain, size_t chain_room, char *key, size_t key_room) {
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *first = BIO_new(BIO_s_mem()), *second = BIO_new(BIO_s_mem());
    int done = pair && certificate && first && second && fill(certificate, pair, names, from, until) &&
               PEM_write_bio_X509(first, certificate) == 1 &&
               PEM_write_bio_PrivateKey(second, pair, NULL, NULL, 0, NULL, NULL) == 1 &&
               take_text(first, chain, chain_room) && take_text(second, key, key_room);
    BIO_free(first);
    BIO_free(second);
    X509_free(certificate);
    EVP_PKEY_free(pair);
    ERR_clear_error();
    return done;
}
