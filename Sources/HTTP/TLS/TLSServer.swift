public import Essentials
import Synchronization

/// The server's side of TLS: its certificates, which can be exchanged while it runs.
///
/// ```swift
/// let tls = try TLSServer(TLSConfiguration(identities: [identity]))
/// let connection = tls.accept()             // one per socket
/// try tls.reload(TLSConfiguration(identities: [renewed]))
/// ```
public final class TLSServer: Sendable {
    private let identities: Mutex<TLSIdentities>
    private let wallClock: WallClock

    /// - Throws: every problem of every certificate: missing, not PEM, of another key, expired, not yet valid, chain out of order.
    public init(_ configuration: TLSConfiguration, wallClock: WallClock = .system) throws(TLSConfigurationError) {
        self.wallClock = wallClock
        self.identities = Mutex(try TLSIdentities(configuration, at: wallClock.now))
    }

    /// Exchanges everything. Handshakes that begin from now on get the new certificates; connections that have begun keep
    /// theirs. Old tickets are not honoured any more, so that no session outlives the certificate it was made with.
    /// - Throws: every problem; the old certificates stay in force.
    public func reload(_ configuration: TLSConfiguration) throws(TLSConfigurationError) {
        let identities = try TLSIdentities(configuration, at: self.wallClock.now)
        self.identities.withLock { $0 = identities }
    }

    /// The server's side of a new connection.
    public func accept() -> TLSConnection { TLSConnection(accepting: self.identities.withLock { $0 }) }
}

/// The client's side of TLS.
public final class TLSClient: Sendable {
    private let context: TLSContext

    /// - Parameters:
    ///   - roots: PEM: the only certificates that are trusted to issue others.
    ///   - protocols: what is offered by ALPN.
    /// - Throws: when there is no certificate among the roots.
    public init(
        trusting roots: [UInt8], minimumVersion: TLSConfiguration.Version = .tls12, protocols: [String] = []
    ) throws(TLSConfigurationError) {
        self.context = try .client(trusting: roots, minimumVersion, protocols)
    }

    /// The client's side of a new connection.
    /// - Parameters:
    ///   - name: asked for, and checked against the certificate.
    ///   - earlier: a connection whose session is resumed if the server agrees.
    public func connect(to name: String, resuming earlier: TLSConnection? = nil) -> TLSConnection {
        TLSConnection(connecting: self.context, name, resuming: earlier)
    }
}
