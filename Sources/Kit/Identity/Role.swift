/// What its bearer may do in general. Finer rules belong to whoever owns the resource.
public enum Role: String, Hashable, Sendable, CaseIterable, Codable {
    /// A customer: their own things only.
    case user = "USER"
    /// Staff: the console and the catalogue.
    case `operator` = "OPERATOR"
    /// Staff who also manage accounts.
    case admin = "ADMIN"
    /// Another service, calling on its own behalf.
    case service = "SERVICE"
}
