public import Essentials

/// What the gateway believes about one service: a value that health checks and calls change.
public struct UpstreamHealth: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        /// Not yet checked; treated as up. May become up or down.
        case unknown = "UNKNOWN"
        /// The last check passed. May become down.
        case up = "UP"
        /// The last check failed; requests fail fast. May become up.
        case down = "DOWN"
    }

    public private(set) var state = State.unknown
    /// Why it is down.
    public private(set) var reason: String?
    /// When the state last changed.
    public private(set) var since: Tick
    /// Checks that failed, in all.
    public private(set) var failures = 0

    public init(at now: Tick) {
        self.since = now
    }

    /// A check passed.
    public mutating func passed(at now: Tick) {
        if self.state != .up { self.since = now }
        self.state = .up
        self.reason = nil
    }

    /// A check failed, or a call could not connect.
    public mutating func failed(_ reason: String, at now: Tick) {
        if self.state != .down { self.since = now }
        self.state = .down
        self.reason = reason
        self.failures += 1
    }

    /// Whether requests are forwarded.
    public var isAvailable: Bool {
        switch self.state {
        case .unknown, .up: true
        case .down: false
        }
    }
}
