public import Essentials

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A certificate with its chain, and its key: what a server shows for some names.
public struct TLSIdentity: Sendable {
    /// What it is called in errors, such as the path of the file.
    public var name: String
    /// PEM: the certificate, then those between it and the root, each issued by the next.
    public var chain: [UInt8]
    /// PEM, without a passphrase.
    public var key: Redacted<[UInt8]>

    public init(name: String, chain: [UInt8], key: Redacted<[UInt8]>) {
        self.name = name
        self.chain = chain
        self.key = key
    }

    /// Reads both files.
    /// - Throws: ``TLSConfigurationError`` with the path and the reason.
    public init(certificateFile: String, keyFile: String) throws(TLSConfigurationError) {
        self.name = certificateFile
        self.chain = try Self.read(certificateFile)
        self.key = Redacted(try Self.read(keyFile))
    }

    /// More than any chain needs.
    private static let maximumSize = 1 << 20

    private static func read(_ path: String) throws(TLSConfigurationError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw TLSConfigurationError(problems: ["\(path): \(String(cString: strerror(errno)))"])
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: Self.maximumSize)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return bytes
    }
}

/// What a ``TLSServer`` is told.
public struct TLSConfiguration: Sendable {
    /// The oldest protocol version that is spoken.
    public enum Version: Int32, Hashable, Sendable, Comparable {
        case tls12 = 0x0303
        case tls13 = 0x0304

        public static func < (left: Version, right: Version) -> Bool { left.rawValue < right.rawValue }
    }

    /// At least one. The first also answers clients that ask for no name or for one that no certificate has.
    public var identities: [TLSIdentity]
    /// Default: TLS 1.2, with forward secrecy and authenticated encryption only.
    public var minimumVersion = Version.tls12
    /// Protocols offered by ALPN, the preferred one first. A client that names only others is refused; one that names none
    /// is served. Default: `h2`, `http/1.1`.
    public var protocols = ["h2", "http/1.1"]
    /// Whether clients get tickets to resume their sessions. Tickets end with a reload. Default: true.
    public var tickets = true

    public init(identities: [TLSIdentity]) {
        self.identities = identities
    }
}

/// Certificates that cannot be used, with everything that is wrong.
public struct TLSConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [String]

    public init(problems: [String]) {
        self.problems = problems
    }

    public var description: String { self.problems.joined(separator: "; ") }
}
