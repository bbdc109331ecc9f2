public import Essentials
import Synchronization

/// Keeps the keys of a publisher and fetches them again when they are old or a token names a key that they lack.
///
/// One caller at a time fetches. When a fetch fails, the keys from before serve on, up to
/// ``Configuration/maximumStaleness``.
public final class CachedKeySource: KeySource {
    public struct Configuration: Hashable, Sendable {
        /// How old keys may be before they are fetched again. Default: 5 minutes.
        public var refreshInterval: Duration = .seconds(300)
        /// The least time between two fetches, whatever `kid` tokens name. More than zero. Default: 10 seconds.
        public var minimumInterval: Duration = .seconds(10)
        /// How long keys serve when no fetch succeeds. Default: 24 hours.
        public var maximumStaleness: Duration = .seconds(86_400)

        public init() {}
    }

    private struct State {
        var cache: KeyCache
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let fetch: @Sendable () async throws -> JWKSet
    private let time: TimeSource
    private let state: Mutex<State>

    /// - Parameter fetch: gets the published keys, usually over HTTP; it must bound its own time. Its failure is kept
    ///   from callers while there are keys.
    public init(
        configuration: Configuration = Configuration(), time: TimeSource = .system,
        fetch: @escaping @Sendable () async throws -> JWKSet
    ) {
        precondition(configuration.minimumInterval > .zero, "without a pause between fetches, tokens could drive them")
        self.fetch = fetch
        self.time = time
        self.state = Mutex(State(cache: KeyCache(configuration: configuration)))
    }

    /// The keys that are there, without fetching: nil before the first success, or when they are too old.
    public var current: JWKSet? { self.state.withLock { $0.cache.current(at: self.time.now) } }

    /// The keys, fetched first if they are old. Cancellation ends the caller's own fetch.
    /// - Throws: `keysUnavailable` when there are none and none can be had; `CancellationError`.
    public func keys() async throws -> JWKSet { try await self.keys(missing: nil) }

    public func keys(afterMissing keyID: String) async throws -> JWKSet { try await self.keys(missing: keyID) }

    private func keys(missing keyID: String?) async throws -> JWKSet {
        while true {
            try Task.checkCancellation()
            switch self.state.withLock({ $0.cache.ask(missing: keyID, at: self.time.now) }) {
            case .use(let keys): return keys
            case .fetch: try await self.refresh()
            case .wait: await self.waitForFetch()
            case .fail(let retryAfter):
                throw JOSEError(
                    .keysUnavailable, "the keys could not be fetched, next try in \(retryAfter.milliseconds) ms")
            }
        }
    }

    private func refresh() async throws {
        let result: Result<JWKSet, any Error>
        do {
            result = .success(try await self.fetch())
        } catch {
            result = .failure(error)
        }
        let isCancelled = Task.isCancelled
        let waiters = self.state.withLock { state in
            switch result {
            case .success(let keys): state.cache.fetched(keys, at: self.time.now)
            case .failure: state.cache.fetchFailed(cancelled: isCancelled, at: self.time.now)
            }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
        if case .failure(let error) = result, isCancelled || error is CancellationError { throw CancellationError() }
    }

    private func waitForFetch() async {
        await withCheckedContinuation { continuation in
            let isFetching = self.state.withLock { state in
                guard state.cache.isFetching else { return false }
                state.waiters.append(continuation)
                return true
            }
            if !isFetching { continuation.resume() }
        }
    }
}
