/// Whom a limit counts for: an IPv4 address, or the /64 network of an IPv6 address, because one customer of a provider
/// is given all of it (RFC 6177) and could come from another address each time.
public enum ClientNetwork {
    /// - Parameter address: as text, without port. What is no address stands for itself.
    public static func key(of address: String) -> String {
        let text = address.prefix { $0 != "%" }.lowercased()
        guard text.contains(":") else { return text }
        // IPv4 in the clothes of IPv6: `::ffff:192.0.2.7`.
        if text.hasPrefix("::ffff:"), text.contains(".") { return String(text.dropFirst(7)) }
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
            .map { $0.split(separator: ":") }
        let missing = halves.count == 2 ? 8 - halves[0].count - halves[1].count : 0
        guard missing >= 0, halves.joined().count + missing == 8 else { return text }
        let groups = halves[0] + Array(repeating: "0", count: missing) + (halves.count == 2 ? halves[1] : [])
        return groups.prefix(4).map { String($0.drop { $0 == "0" }) }.map { $0.isEmpty ? "0" : $0 }
            .joined(separator: ":") + "::/64"
    }
}
