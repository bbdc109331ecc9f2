import Essentials
import GatewayCore
import Synchronization
import TLS

/// The certificates that the gateway shows, exchanged without dropping a connection.
final class FrontCertificates: Sendable {
    let server: TLSServer
    private let known: Mutex<[CertificateFiles]>

    /// - Returns: nil when there are none.
    /// - Throws: a ``CommandFailure`` with everything that is wrong with them.
    init?(_ files: [CertificateFiles], wallClock: WallClock) throws {
        guard !files.isEmpty else { return nil }
        self.server = try Self.explaining { () throws(TLSConfigurationError) in
            try TLSServer(Self.read(files), wallClock: wallClock)
        }
        self.known = Mutex(files)
    }

    /// Where they lie.
    var paths: [String] { self.known.withLock { $0.flatMap { [$0.certificate, $0.key] } } }

    /// Reads them again.
    /// - Throws: a ``CommandFailure`` with everything that is wrong; the old ones stay.
    func reload(_ files: [CertificateFiles]) throws {
        try Self.explaining { () throws(TLSConfigurationError) in try self.server.reload(Self.read(files)) }
        self.known.withLock { $0 = files }
    }

    private static func read(_ files: [CertificateFiles]) throws(TLSConfigurationError) -> TLSConfiguration {
        var (identities, problems): ([TLSIdentity], [String]) = ([], [])
        for pair in files {
            do throws(TLSConfigurationError) {
                identities.append(try TLSIdentity(certificateFile: pair.certificate, keyFile: pair.key))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw TLSConfigurationError(problems: problems) }
        return TLSConfiguration(identities: identities)
    }

    private static func explaining<Value>(_ body: () throws(TLSConfigurationError) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw CommandFailure.environment(
                "the gateway's certificates cannot be used:\n  " + error.problems.joined(separator: "\n  "))
        }
    }
}
