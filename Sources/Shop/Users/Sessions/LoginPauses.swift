import Essentials

/// A client address that tries one e-mail address.
struct LoginAttempt: Hashable, Sendable {
    var email: String
    var client: String
}

/// The progressive delay of log-ins: the more passwords have been wrong for an e-mail address, from wherever, the longer
/// the next try must wait. A value: time comes in, decisions come out.
///
/// It slows down who guesses from many addresses, and locks nobody out: the pause has a longest length, is the same for
/// everybody, and is not asked of a client address that has logged in to this account before. Only a quiet window or a
/// success shortens it.
struct LoginPauses: Sendable {
    struct Rules: Hashable, Sendable {
        /// Failures without a pause behind them.
        var free: Int
        /// The pause behind the first failure that is one too many; it doubles with each further one.
        var first: Duration
        var longest: Duration
        /// Failures are forgotten when none has come for so long.
        var window: Duration
        /// How long a client address is known after a log-in.
        var familiarity: Duration
        /// E-mail addresses, and pairs of e-mail and client address, that are remembered in each of two generations.
        var capacity = 65_536

        /// The pause behind the failure with this number, from 1.
        func pause(after failures: Int) -> Duration {
            guard failures >= self.free else { return .zero }
            var pause = self.first
            for _ in 0..<(failures - self.free) where pause < self.longest { pause *= 2 }
            return min(pause, self.longest)
        }
    }

    private struct Failures {
        var count: Int
        var last: Tick
    }

    private let rules: Rules
    private var failures: RecentMemory<String, Failures>
    private var familiar: RecentMemory<LoginAttempt, Tick>

    init(_ rules: Rules, from now: Tick) {
        self.rules = rules
        self.failures = RecentMemory(capacity: rules.capacity, lifetime: rules.window, from: now)
        self.familiar = RecentMemory(capacity: rules.capacity, lifetime: rules.familiarity, from: now)
    }

    /// Counts a try as a failure, before its outcome is known.
    /// - Returns: nil, or how long the client has to wait; nothing is counted then.
    mutating func admit(_ attempt: LoginAttempt, at now: Tick) -> Duration? {
        let known = self.recent(attempt.email, at: now)
        if let known, !self.isFamiliar(attempt, at: now) {
            let wait = known.last + self.rules.pause(after: known.count) - now
            guard wait <= .zero else { return wait }
        }
        self.failures.set(Failures(count: (known?.count ?? 0) + 1, last: now), for: attempt.email, at: now)
        return nil
    }

    /// The password was right: nothing is held against the e-mail address, and its owner is known to come from there.
    mutating func succeeded(_ attempt: LoginAttempt, at now: Tick) {
        self.failures.forget(attempt.email)
        self.familiar.set(now, for: attempt, at: now)
    }

    /// The password was not looked at after all.
    mutating func withdraw(_ attempt: LoginAttempt, at now: Tick) {
        guard let known = self.recent(attempt.email, at: now) else { return }
        guard known.count > 1 else { return self.failures.forget(attempt.email) }
        self.failures.set(Failures(count: known.count - 1, last: known.last), for: attempt.email, at: now)
    }

    private func recent(_ email: String, at now: Tick) -> Failures? {
        self.failures.value(of: email).flatMap { $0.last + self.rules.window > now ? $0 : nil }
    }

    private func isFamiliar(_ attempt: LoginAttempt, at now: Tick) -> Bool {
        self.familiar.value(of: attempt).map { $0 + self.rules.familiarity > now } ?? false
    }
}
