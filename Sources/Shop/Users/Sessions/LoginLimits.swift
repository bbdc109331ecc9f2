import Essentials
import Resilience

/// How many wrong passwords are put up with, for each e-mail address and for each address of a client.
///
/// A try is counted before its outcome is known, so that many tries at once cannot slip through.
struct LoginLimits: Sendable {
    private let emails: KeyedSlidingWindow<String>
    private let clients: KeyedSlidingWindow<String>

    init(_ configuration: UsersService.Configuration, time: TimeSource) {
        self.emails = KeyedSlidingWindow(
            named: "login.email", Rate(configuration.triesPerEmail, per: configuration.loginWindow), time: time)
        self.clients = KeyedSlidingWindow(
            named: "login.client", Rate(configuration.triesPerClient, per: configuration.loginWindow), time: time)
    }

    /// Counts a try.
    /// - Throws: a `Refusal` with the time until the next try.
    func admit(email: String, client: String) throws {
        try self.clients.admit(client)
        do {
            try self.emails.admit(email)
        } catch {
            self.clients.withdraw(client)
            throw error
        }
    }

    /// The password was right: nothing is held against the e-mail address any more.
    func succeeded(email: String, client: String) {
        self.emails.clear(email)
        self.clients.withdraw(client)
    }

    /// The password was not looked at after all.
    func withdraw(email: String, client: String) {
        self.emails.withdraw(email)
        self.clients.withdraw(client)
    }
}
