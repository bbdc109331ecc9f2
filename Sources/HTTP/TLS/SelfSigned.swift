import CTLS
public import Essentials

extension TLSIdentity {
    /// A certificate that nobody else has signed, with a new key: for tests, and for one's own machine.
    /// - Parameters:
    ///   - names: DNS names of letters, digits, hyphens, dots and asterisks; at least one.
    ///   - validity: rounded to seconds.
    /// - Throws: when a name is none, or OpenSSL has no chance or memory left.
    public static func selfSigned(
        for names: [String], validity: ClosedRange<Timestamp>
    ) throws(TLSConfigurationError) -> TLSIdentity {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*".utf8)
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(allowed.contains) }) else {
            throw TLSConfigurationError(problems: ["names: DNS names, at least one"])
        }
        var chain = [CChar](repeating: 0, count: 4_096 + names.count * 512)
        var key = [CChar](repeating: 0, count: 4_096)
        let isDone = mainstay_tls_self_signed(
            names.map { "DNS:\($0)" }.joined(separator: ","), validity.lowerBound.seconds, validity.upperBound.seconds,
            &chain, chain.count, &key, key.count)
        guard isDone == 1 else { throw TLSConfigurationError(problems: ["OpenSSL cannot make a certificate"]) }
        let bytes = { (text: [CChar]) in text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) } }
        return TLSIdentity(name: names[0], chain: bytes(chain), key: Redacted(bytes(key)))
    }
}
