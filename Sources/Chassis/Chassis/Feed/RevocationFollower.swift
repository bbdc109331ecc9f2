public import Essentials
public import EventSourcing
public import Identity
public import Logging
public import Messaging

/// Keeps a process's ``RevocationList`` up to date from the log of whoever calls tokens back.
///
/// The log is read from its start; what is too old to matter is passed over. A revocation is known here as soon as the
/// long poll has brought it. While the log cannot be read, what is known goes on to count.
public struct RevocationFollower: Sendable {
    private let feed: any EventFeed
    private let list: RevocationList
    private let time: TimeSource
    private let logger: Logger
    private let read: @Sendable (RecordedEvent) throws -> TokenRevocation?

    /// - Parameter read: the revocation that an event is; nil when it is about something else.
    public init(
        _ feed: any EventFeed, into list: RevocationList, time: TimeSource, logger: Logger,
        read: @escaping @Sendable (RecordedEvent) throws -> TokenRevocation?,
    ) {
        self.feed = feed
        self.list = list
        self.time = time
        self.logger = logger
        self.read = read
    }

    /// The work of following, until its task is cancelled.
    public var work: BackgroundWork { BackgroundWork("revoked tokens") { try await self.run() } }

    private func run() async throws {
        var cursor: Cursor?
        while !Task.isCancelled {
            do {
                cursor = try await self.follow(from: cursor, wait: .seconds(20))
            } catch is CancellationError {
                return
            } catch {
                self.logger.debug("the log of revoked tokens cannot be read", metadata: ["error": "\(error)"])
                do { try await self.time.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    /// Reads one page. Returns where the next one begins.
    private func follow(from cursor: Cursor?, wait: Duration) async throws -> Cursor {
        let page = try await self.feed.page(after: cursor, limit: 1_000, wait: wait)
        for event in page.events {
            do {
                if let revocation = try self.read(event) { self.list.insert(revocation) }
            } catch {
                self.logger.error(
                    "a revocation cannot be read",
                    metadata: ["event.id": "\(event.id)", "event.type": "\(event.type)", "error": "\(error)"])
            }
        }
        return page.next
    }
}
