import Essentials
import Resilience
import Synchronization

/// How many wrong passwords are put up with: so many for an e-mail address from one client address, so many from a client
/// address in all, and for an e-mail address from anywhere with longer and longer pauses between them.
///
/// The limit of an e-mail address counts per client address, and the pauses have a longest length: whoever knows
/// somebody's e-mail address cannot keep them out by being wrong on purpose. A try is counted before its outcome is
/// known, so that many tries at once cannot slip through.
final class LoginLimits: Sendable {
    private let attempts: KeyedSlidingWindow<LoginAttempt>
    private let clients: KeyedSlidingWindow<String>
    private let pauses: Mutex<LoginPauses>
    private let time: TimeSource

    init(_ configuration: UsersService.Configuration, time: TimeSource) {
        self.time = time
        self.attempts = KeyedSlidingWindow(
            named: "login.email", Rate(configuration.triesPerEmail, per: configuration.loginWindow), time: time)
        self.clients = KeyedSlidingWindow(
            named: "login.client", Rate(configuration.triesPerClient, per: configuration.loginWindow), time: time)
        let rules = LoginPauses.Rules(
            free: configuration.triesPerEmail, first: configuration.firstLoginPause,
            longest: configuration.longestLoginPause, window: configuration.loginWindow,
            familiarity: configuration.refreshLifetime)
        self.pauses = Mutex(LoginPauses(rules, from: time.now))
    }

    /// Counts a try.
    /// - Throws: a `Refusal` with the time until the next try.
    func admit(_ attempt: LoginAttempt) throws {
        try self.clients.admit(attempt.client)
        do {
            try self.attempts.admit(attempt)
        } catch {
            self.clients.withdraw(attempt.client)
            throw error
        }
        let now = self.time.now
        guard let wait = self.pauses.withLock({ $0.admit(attempt, at: now) }) else { return }
        self.attempts.withdraw(attempt)
        self.clients.withdraw(attempt.client)
        throw Refusal(
            .rateLimited, by: "login.pause", .because("too many passwords were wrong for this e-mail address"),
            retryAfter: wait)
    }

    /// The password was right: nothing is held against the e-mail address any more.
    func succeeded(_ attempt: LoginAttempt) {
        let now = self.time.now
        self.attempts.clear(attempt)
        self.clients.withdraw(attempt.client)
        self.pauses.withLock { $0.succeeded(attempt, at: now) }
    }

    /// The password was not looked at after all.
    func withdraw(_ attempt: LoginAttempt) {
        let now = self.time.now
        self.attempts.withdraw(attempt)
        self.clients.withdraw(attempt.client)
        self.pauses.withLock { $0.withdraw(attempt, at: now) }
    }
}
