import CTLS
import Essentials
import Synchronization

/// OpenSSL's view of one identity. Connections that began with it keep it.
final class TLSContext: Sendable {
    /// OpenSSL counts references and locks inside; the mutex is what makes the pointer `Sendable`.
    private let pointer: Mutex<OpaquePointer>

    private init(_ pointer: sending OpaquePointer) {
        self.pointer = Mutex(pointer)
    }

    deinit { self.pointer.withLock { mainstay_tls_context_free($0) } }

    func with<Value: Sendable>(_ body: (OpaquePointer) -> Value) -> Value { self.pointer.withLock { body($0) } }

    /// - Throws: one problem, named after the identity.
    static func server(
        _ identity: TLSIdentity, _ configuration: TLSConfiguration
    ) throws(TLSConfigurationError) -> TLSContext {
        try Self.make(
            identity.name, chain: identity.chain, key: identity.key.exposed, configuration.minimumVersion,
            configuration.protocols, tickets: configuration.tickets, mainstay_tls_server)
    }

    static func client(
        trusting roots: [UInt8], _ minimumVersion: TLSConfiguration.Version, _ protocols: [String]
    ) throws(TLSConfigurationError) -> TLSContext {
        try Self.make(
            "roots", chain: roots, key: [], minimumVersion, protocols, tickets: true, mainstay_tls_client)
    }

    private typealias Maker = (
        UnsafePointer<mainstay_tls_options>?, UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<CChar>?, Int
    ) -> OpaquePointer?

    private static func make(
        _ name: String, chain: [UInt8], key: [UInt8], _ version: TLSConfiguration.Version, _ protocols: [String],
        tickets: Bool, _ maker: Maker
    ) throws(TLSConfigurationError) -> TLSContext {
        let names = protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
        var problem: Int32 = 0
        var reason = [CChar](repeating: 0, count: 160)
        let address = chain.withUnsafeBytes { chain in
            key.withUnsafeBytes { key in
                names.withUnsafeBufferPointer { names in
                    var options = mainstay_tls_options(
                        chain: chain.baseAddress, chain_count: chain.count, key: key.baseAddress, key_count: key.count,
                        minimum_version: version.rawValue, protocols: names.baseAddress,
                        protocols_count: UInt32(names.count), tickets: tickets ? 1 : 0)
                    return UInt(bitPattern: maker(&options, &problem, &reason, reason.count))
                }
            }
        }
        guard let pointer = OpaquePointer(bitPattern: address) else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw TLSConfigurationError(problems: ["\(name): \(Self.sentence(problem, text))"])
        }
        return TLSContext(pointer)
    }

    private static func sentence(_ problem: Int32, _ reason: String) -> String {
        switch Int(problem) {
        case MAINSTAY_TLS_NO_CERTIFICATE: "there is no certificate in PEM form (\(reason))"
        case MAINSTAY_TLS_NO_KEY: "there is no private key in PEM form without a passphrase (\(reason))"
        case MAINSTAY_TLS_KEY_MISMATCH: "the key is not that of the certificate (\(reason))"
        case MAINSTAY_TLS_CHAIN_BROKEN: "the chain is not in order: each certificate must be issued by the next"
        default: "OpenSSL refuses it (\(reason))"
        }
    }

    /// Between which moments the certificate is valid.
    var validity: ClosedRange<Timestamp> {
        var (from, until): (Int64, Int64) = (0, 0)
        self.with { mainstay_tls_validity($0, &from, &until) }
        let first = Timestamp(milliseconds: from * 1_000)
        return first...Swift.max(first, Timestamp(milliseconds: until * 1_000))
    }

    /// The DNS names of the certificate, in lower case.
    var names: [String] {
        let count = self.with { mainstay_tls_names($0, nil, 0) }
        var text = [CChar](repeating: 0, count: count)
        _ = self.with { mainstay_tls_names($0, &text, count) }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
            .split(separator: "\n").map(String.init)
    }
}
