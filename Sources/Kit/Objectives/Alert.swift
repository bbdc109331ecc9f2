public import Essentials

/// The life of one alert: a value that is told at each evaluation whether its condition holds.
///
/// ```
/// inactive ──holds──▶ pending ──long enough──▶ firing ──holds no more──▶ resolving ──long enough──▶ inactive
///     ▲                  │                        ▲                          │
///     └──holds no more───┘                        └──────────holds───────────┘
/// ```
public struct AlertMachine: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Nothing is wrong. `pending` or `firing` may follow.
        case inactive
        /// The condition holds, but not for long enough. `firing` or `inactive` may follow.
        case pending(since: Tick)
        /// Somebody should look. `resolving` or `inactive` may follow.
        case firing(since: Tick)
        /// The condition holds no more, but not for long enough. `inactive` or `firing` may follow.
        case resolving(firingSince: Tick, since: Tick)
    }

    /// What whoever evaluates has to tell others, once for each change.
    public enum Transition: Hashable, Sendable {
        case fired
        case cleared
    }

    public private(set) var state = State.inactive
    private let after: Duration
    private let clearAfter: Duration

    /// - Parameters:
    ///   - after: how long the condition holds before the alert fires. Default: at once.
    ///   - clearAfter: how long it does not before the alert clears. Default: at once.
    public init(after: Duration = .zero, clearAfter: Duration = .zero) {
        self.after = after
        self.clearAfter = clearAfter
    }

    public var isFiring: Bool {
        switch self.state {
        case .firing, .resolving: true
        case .inactive, .pending: false
        }
    }

    /// - Parameter holds: whether the condition holds; nil when it cannot be said, which changes nothing.
    public mutating func evaluate(_ holds: Bool?, at now: Tick) -> Transition? {
        guard let holds else { return nil }
        switch self.state {
        case .inactive:
            guard holds else { return nil }
            return self.pend(since: now, at: now)
        case .pending(let since):
            guard holds else {
                self.state = .inactive
                return nil
            }
            return self.pend(since: since, at: now)
        case .firing(let since):
            guard !holds else { return nil }
            return self.resolve(firingSince: since, since: now, at: now)
        case .resolving(let firingSince, let since):
            guard !holds else {
                self.state = .firing(since: firingSince)
                return nil
            }
            return self.resolve(firingSince: firingSince, since: since, at: now)
        }
    }

    private mutating func pend(since: Tick, at now: Tick) -> Transition? {
        guard now - since >= self.after else {
            self.state = .pending(since: since)
            return nil
        }
        self.state = .firing(since: now)
        return .fired
    }

    private mutating func resolve(firingSince: Tick, since: Tick, at now: Tick) -> Transition? {
        guard now - since >= self.clearAfter else {
            self.state = .resolving(firingSince: firingSince, since: since)
            return nil
        }
        self.state = .inactive
        return .cleared
    }
}
