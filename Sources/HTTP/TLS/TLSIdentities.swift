import Essentials

/// The certificates of one configuration, and which of them a name gets.
final class TLSIdentities: Sendable {
    private let contexts: [TLSContext]
    private let exact: [String: Int]
    /// By what stands behind `*.`.
    private let wildcards: [String: Int]

    /// - Throws: every problem of every identity.
    init(_ configuration: TLSConfiguration, at now: Timestamp) throws(TLSConfigurationError) {
        var problems: [String] = []
        var contexts: [TLSContext] = []
        var (exact, wildcards): ([String: Int], [String: Int]) = ([:], [:])
        if configuration.identities.isEmpty { problems.append("identities: at least one certificate") }
        for name in configuration.protocols where name.isEmpty || name.utf8.count > 32 {
            problems.append("protocols: names of 1 to 32 bytes")
        }
        for identity in configuration.identities {
            do throws(TLSConfigurationError) {
                let context = try TLSContext.server(identity, configuration)
                problems += Self.problems(context.validity, at: now).map { "\(identity.name): \($0)" }
                for name in context.names {
                    if name.hasPrefix("*.") {
                        wildcards[String(name.dropFirst(2))] = wildcards[String(name.dropFirst(2))] ?? contexts.count
                    } else {
                        exact[name] = exact[name] ?? contexts.count
                    }
                }
                contexts.append(context)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw TLSConfigurationError(problems: problems) }
        (self.contexts, self.exact, self.wildcards) = (contexts, exact, wildcards)
    }

    private static func problems(_ validity: ClosedRange<Timestamp>, at now: Timestamp) -> [String] {
        if now > validity.upperBound { return ["the certificate has expired at \(validity.upperBound.rfc3339)"] }
        if now < validity.lowerBound { return ["the certificate is valid from \(validity.lowerBound.rfc3339) on"] }
        return []
    }

    var first: TLSContext { self.contexts[0] }

    /// The certificate with that name, else the one with a wildcard for it (RFC 9525 §6.3: one label), else the first.
    func context(for name: String?) -> TLSContext {
        guard var name = name?.lowercased() else { return self.first }
        if name.last == "." { name.removeLast() }
        if let index = self.exact[name] { return self.contexts[index] }
        guard let dot = name.firstIndex(of: "."), let index = self.wildcards[String(name[name.index(after: dot)...])]
        else { return self.first }
        return self.contexts[index]
    }
}
