public import Essentials
import HTTPWire

/// The head of an answer, and what its origin says about keeping it: everything that is decided about a stored answer but
/// its content.
public struct CachedHead: Hashable, Sendable {
    public let status: Int
    public private(set) var reason: [UInt8]
    /// Without those of the connection and of framing, without `Age`, and without those that may not be kept.
    public private(set) var fields: CacheFields
    /// When the answer's head came.
    public private(set) var receivedAt: Timestamp
    /// What counts of `Cache-Control` and its targeted kin.
    public private(set) var directives: CacheDirectives
    /// Whether ``directives`` were aimed at this cache, so that `Expires` does not count (RFC 9213 §2.2).
    private var isTargeted: Bool
    /// Age when it was received (RFC 9111 §4.2.3), in milliseconds.
    private var initialAge: Int64
    /// Milliseconds from its origination for which it is fresh.
    public private(set) var lifetime: Int64
    /// Whether the lifetime was said, rather than guessed.
    public private(set) var hasExplicitLifetime: Bool
    public private(set) var date: Timestamp
    public private(set) var lastModified: Timestamp?

    /// - Parameters:
    ///   - requestedAt: when the request was sent.
    ///   - receivedAt: when this head came.
    public init(
        status: Int, reason: [UInt8] = [], fields: CacheFields, requestedAt: Timestamp, receivedAt: Timestamp,
        policy: CachePolicy
    ) {
        self.status = status
        self.reason = reason
        self.fields = fields
        self.receivedAt = receivedAt
        (self.directives, self.isTargeted) = Self.directives(fields, policy)
        (self.initialAge, self.lifetime, self.hasExplicitLifetime, self.lastModified) = (0, 0, false, nil)
        self.date = receivedAt
        self.measure(fields, requestedAt: requestedAt, policy: policy)
        self.removeWhatMayNotBeKept()
    }

    private static func directives(_ fields: CacheFields, _ policy: CachePolicy) -> (CacheDirectives, Bool) {
        for target in policy.targets {
            if let list = fields.list(target), let found = CacheDirectives(structured: list) { return (found, true) }
        }
        if let list = fields.list("cache-control") { return (CacheDirectives(list), false) }
        return (CacheDirectives(), false)
    }

    /// Finds dates, age and lifetime.
    private mutating func measure(_ fields: CacheFields, requestedAt: Timestamp, policy: CachePolicy) {
        let now = self.receivedAt
        let sent = fields.text("date").flatMap { HTTPDate.read($0, now: now) }
        self.date = sent ?? now
        self.lastModified = fields.text("last-modified").flatMap { HTTPDate.read($0, now: now) }
        let told = Self.age(fields)
        let apparent = sent.map { Swift.max(0, now.milliseconds - $0.milliseconds) } ?? 0
        // The fraction of a second that `Date` cannot say is no age.
        let corrected = told * 1_000 + (now.milliseconds - requestedAt.milliseconds)
        self.initialAge = Swift.max(apparent < 1_000 ? 0 : apparent, corrected)
        let explicit = self.explicitLifetime(fields)
        self.hasExplicitLifetime = explicit != nil
        self.lifetime = explicit ?? self.guessedLifetime(policy)
    }

    /// The first element of `Age`; what is no number is ignored (RFC 9111 §5.1).
    private static func age(_ fields: CacheFields) -> Int64 {
        let first = fields.text("age").map { $0.prefix { $0 != "," }.trimmed }
        return CacheDirectives.seconds(first.map(String.init)) ?? 0
    }

    private func explicitLifetime(_ fields: CacheFields) -> Int64? {
        if let seconds = self.directives.sharedMaxAge ?? self.directives.maxAge { return seconds * 1_000 }
        guard !self.isTargeted, let expires = fields.list("expires") else { return nil }
        guard let moment = HTTPDate.read(expires, now: self.receivedAt) else { return 0 }
        return Swift.max(0, moment.milliseconds - self.date.milliseconds)
    }

    /// RFC 9111 §4.2.2.
    private func guessedLifetime(_ policy: CachePolicy) -> Int64 {
        guard Self.heuristicStatuses.contains(self.status) || self.directives.isPublic,
            !self.fields.contains("set-cookie")
        else { return 0 }
        if let lastModified {
            let since = Double(self.date.milliseconds - lastModified.milliseconds)
            return Swift.max(0, Swift.min(Int64(since * policy.heuristicFraction), policy.heuristicLimit.milliseconds))
        }
        return self.status == 200 ? policy.defaultLifetime?.milliseconds ?? 0 : 0
    }

    /// RFC 9110 §15.1, without 206, which is never kept here.
    private static let heuristicStatuses: Set<Int> = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]

    private mutating func removeWhatMayNotBeKept() {
        var names: Set<String> = ["age", "proxy-authentication-info"]
        if case .fields(let listed) = self.directives.isPrivate { names.formUnion(listed) }
        if case .fields(let listed) = self.directives.noCache { names.formUnion(listed) }
        self.fields.remove(names)
    }

    // MARK: Age

    /// How old it is, in milliseconds.
    public func age(at now: Timestamp) -> Int64 {
        self.initialAge + Swift.max(0, now.milliseconds - self.receivedAt.milliseconds)
    }

    /// Milliseconds for which it is still fresh; negative when it is stale.
    public func remaining(at now: Timestamp) -> Int64 { self.lifetime - self.age(at: now) }

    public var entityTag: [UInt8]? { self.fields.first("etag") }

    /// Whether its origin can be asked if it still holds.
    public var hasValidator: Bool { self.entityTag != nil || self.fields.contains("last-modified") }

    // MARK: Renewal

    /// The same answer after its origin said that it still holds (RFC 9111 §3.2, §4.3.4).
    /// - Parameter confirmation: fields of the 304, or of the 200 to a `HEAD`.
    public func renewed(
        by confirmation: CacheFields, requestedAt: Timestamp, receivedAt: Timestamp, policy: CachePolicy
    ) -> CachedHead {
        let new = confirmation.lines.filter { !Self.keptOnRenewal.contains($0.key) }
        var fields = self.fields
        fields.remove(Set(new.map(\.key)))
        fields.lines += new
        return CachedHead(
            status: self.status, reason: self.reason, fields: fields, requestedAt: requestedAt, receivedAt: receivedAt,
            policy: policy)
    }

    /// Fields that belong to the stored content and its framing.
    private static let keptOnRenewal: Set<String> = ["content-length", "content-encoding", "content-range"]
}
