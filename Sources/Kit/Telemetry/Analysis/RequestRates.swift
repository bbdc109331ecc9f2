public import Essentials

/// Rate, errors and duration of requests for each service and route, over a sliding window.
///
/// Time is cut into slots; the window is the slot that is being filled and as many before it as make up its length.
/// Memory is bounded by `maximumRoutes`; what comes after counts under the route `(other)`.
public struct RequestRates: Sendable {
    public struct Key: Hashable, Comparable, Sendable {
        public var service: String
        /// Method and route, `GET /v1/orders/{orderId}`, or the span's name.
        public var route: String

        public init(service: String, route: String) {
            self.service = service
            self.route = route
        }

        public static func < (left: Key, right: Key) -> Bool {
            (left.service, left.route) < (right.service, right.route)
        }
    }

    /// What happened in a window.
    public struct Summary: Hashable, Sendable {
        public var requests = 0
        public var errors = 0
        /// In seconds.
        public var durations = ExponentialHistogram(maximumSize: 80)
        /// How long the window is.
        public var window: Duration = .zero

        public var perSecond: Double { self.window > .zero ? Double(self.requests) / self.window.fractionalSeconds : 0 }
        public var errorRatio: Double { self.requests == 0 ? 0 : Double(self.errors) / Double(self.requests) }

        /// - Returns: nil when nothing was asked.
        public func duration(atQuantile quantile: Double) -> Duration? {
            self.durations.value(atQuantile: quantile).map { .nanoseconds(Int64($0 * 1e9)) }
        }

        mutating func add(_ other: Summary) {
            self.requests += other.requests
            self.errors += other.errors
            self.durations.merge(other.durations)
        }
    }

    private struct Slot {
        var number: Int64
        var summary = Summary()
    }

    /// The route of everything that found no place.
    public static let other = "(other)"

    private let slotLength: Duration
    private let slotCount: Int
    private let maximumRoutes: Int
    private var slots: [Key: [Slot]] = [:]

    /// - Parameters:
    ///   - window: the longest window that can be asked for. Default: 1 hour.
    ///   - slot: how finely. Default: 30 seconds.
    ///   - maximumRoutes: how many pairs of service and route. Default: 500.
    public init(window: Duration = .seconds(3_600), slot: Duration = .seconds(30), maximumRoutes: Int = 500) {
        precondition(slot > .zero && window >= slot, "a window has at least one slot")
        self.slotLength = slot
        self.slotCount = Int(window.nanoseconds / slot.nanoseconds)
        self.maximumRoutes = maximumRoutes
    }

    /// Everything that was asked lately, by service and route.
    public var keys: [Key] { self.slots.keys.sorted() }

    /// Counts a span at its service's entry; others are left out.
    public mutating func add(_ span: SpanRecord) {
        guard span.kind == .server || span.kind == .consumer else { return }
        let status = span.attributes[SemanticConventions.httpStatus]?.int ?? 0
        self.record(
            Self.key(of: span), took: span.duration, isError: span.isError || status >= 500,
            at: Timestamp(microseconds: span.end / 1_000))
    }

    /// The service and route of a span.
    public static func key(of span: SpanRecord) -> Key {
        guard let route = span.attributes[SemanticConventions.httpRoute]?.string else {
            return Key(service: span.resource.service, route: span.name)
        }
        let method = span.attributes[SemanticConventions.httpMethod]?.string.map { "\($0) " } ?? ""
        return Key(service: span.resource.service, route: method + route)
    }

    /// Counts one request that ended at `moment`. What ended before the longest window is left out.
    public mutating func record(_ key: Key, took duration: Duration, isError: Bool, at moment: Timestamp) {
        let number = self.slotNumber(moment)
        var key = key
        if self.slots[key] == nil, self.slots.count >= self.maximumRoutes {
            self.forget(before: number - Int64(self.slotCount))
            if self.slots.count >= self.maximumRoutes { key = Key(service: key.service, route: Self.other) }
            // Services that come when all places are taken share one.
            if self.slots[key] == nil, self.slots.count >= 2 * self.maximumRoutes {
                key = Key(service: Self.other, route: Self.other)
            }
        }
        var ring = self.slots[key] ?? []
        if let newest = ring.last?.number, number <= newest - Int64(self.slotCount) { return }
        let position: Int
        if let known = ring.lastIndex(where: { $0.number <= number }), ring[known].number == number {
            position = known
        } else {
            position = (ring.lastIndex { $0.number < number }).map { $0 + 1 } ?? 0
            ring.insert(Slot(number: number), at: position)
        }
        ring[position].summary.requests += 1
        if isError { ring[position].summary.errors += 1 }
        ring[position].summary.durations.record(duration.fractionalSeconds)
        if ring.count > self.slotCount { ring.removeFirst(ring.count - self.slotCount) }
        self.slots[key] = ring
    }

    /// What happened in the last `window` before `now`, in whole slots, the one that is being filled included.
    public func summary(_ key: Key, over window: Duration, at now: Timestamp) -> Summary {
        self.summary(over: window, at: now) { $0 == key }
    }

    /// The same for a service, or for all of them.
    public func summary(service: String? = nil, over window: Duration, at now: Timestamp) -> Summary {
        self.summary(over: window, at: now) { service == nil || $0.service == service }
    }

    private func summary(over window: Duration, at now: Timestamp, of isMeant: (Key) -> Bool) -> Summary {
        let last = self.slotNumber(now)
        let count = max(1, min(Int64(self.slotCount), window.nanoseconds / self.slotLength.nanoseconds))
        var sum = Summary()
        for key in self.slots.keys.sorted() where isMeant(key) {
            for slot in self.slots[key] ?? [] where slot.number > last - count && slot.number <= last {
                sum.add(slot.summary)
            }
        }
        sum.window = self.slotLength * Int(count)
        return sum
    }

    private mutating func forget(before number: Int64) {
        self.slots = self.slots.filter { ($0.value.last?.number ?? .min) > number }
    }

    private func slotNumber(_ moment: Timestamp) -> Int64 {
        let length = max(1, self.slotLength.nanoseconds / 1_000)
        let quotient = moment.microseconds / length
        return moment.microseconds % length < 0 ? quotient - 1 : quotient
    }
}
