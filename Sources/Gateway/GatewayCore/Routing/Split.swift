/// How the requests of a route are divided among groups: one group, a canary, a strangler, blue and green.
public struct Split: Hashable, Sendable {
    /// A group and its part.
    public struct Target: Hashable, Sendable {
        public var group: String
        /// Compared with the other targets'. At least 0.
        public var weight: Int

        public init(_ group: String, weight: Int) {
            self.group = group
            self.weight = weight
        }
    }

    /// A header that chooses a group, whatever the weights say.
    public struct Override: Hashable, Sendable {
        public var header: String
        /// Nil: any value.
        public var value: String?
        public var group: String

        public init(header: String, value: String? = nil, group: String) {
            self.header = header
            self.value = value
            self.group = group
        }
    }

    /// What keeps a client with its group.
    public enum Key: Hashable, Sendable {
        /// Nothing: each request is drawn by itself.
        case none
        /// The client's address.
        case client
        /// A header, or the client's address where it is missing. Likewise below.
        case header(String)
        case cookie(String)
        case query(String)
    }

    /// In order: when the weight of the first target grows it takes keys from those behind it, and no key moves between
    /// the others; so put first what is to grow.
    public var targets: [Target]
    public var key: Key
    /// Splits of one name and equal weights send a client to the same target. Default: empty.
    public var name: String
    /// The first that fits decides.
    public var overrides: [Override]

    public init(_ targets: [Target], by key: Key = .client, named name: String = "", overrides: [Override] = []) {
        self.targets = targets
        self.key = key
        self.name = name
        self.overrides = overrides
    }

    /// A strangler: `percent` of the clients reach the new service, all others what it replaces.
    public static func migrating(
        _ percent: Int, of name: String, from old: String, to new: String, by key: Key = .client
    ) -> Split {
        Split([Target(new, weight: percent), Target(old, weight: 100 - percent)], by: key, named: name)
    }
}
