import Caching
import Essentials
import EssentialsTesting
import Synchronization
import Testing

struct SourceFailed: Error, Equatable {}

final class Counter: Sendable {
    private let number = Mutex(0)

    var count: Int { self.number.withLock { $0 } }

    func add() { self.number.withLock { $0 += 1 } }
}

/// A source that answers when it is told to, and counts.
final class Source: Sendable {
    private struct State {
        var calls = 0
        var cancelled = 0
        var waiting: [CheckedContinuation<Void, any Error>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var calls: Int { self.state.withLock(\.calls) }
    var cancelled: Int { self.state.withLock(\.cancelled) }

    /// Waits for `answer` or `fail`, and returns the number of the call.
    func load() async throws -> Int {
        let call = self.state.withLock { state in
            state.calls += 1
            return state.calls
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let watchers = self.state.withLock { state in
                    state.waiting.append(continuation)
                    defer { state.watchers = [] }
                    return state.watchers
                }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.cancelled += 1 }
            self.resume(.failure(CancellationError()))
        }
        return call
    }

    func answer() { self.resume(.success(())) }
    func fail() { self.resume(.failure(SourceFailed())) }

    private func resume(_ result: Result<Void, any Error>) {
        let waiting = self.state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }
}

/// A cache, a source and readers in a world that runs only when it is told to.
final class LoadingFixture: Sendable {
    let world = VirtualWorld()
    let source = Source()
    let cache: Cache<String, Int>

    init(_ change: (inout Cache<String, Int>.Configuration) -> Void = { _ in }) {
        var configuration = Cache<String, Int>.Configuration(maximumCount: 100, expiry: .afterWrite(.seconds(10)))
        configuration.hardTimeout = nil
        change(&configuration)
        self.cache = Cache(configuration, chance: Chance(seed: 9), time: self.world.time)
    }

    /// Begins a read of "a" and lets it come as far as it can.
    func read(_ options: CacheEntryOptions? = nil, deadline: Duration? = nil) -> Reader {
        let deadline = deadline.map { Deadline(at: self.world.now + $0) }
        return self.reader {
            try await Deadline.$current.withValue(deadline) {
                try await self.cache.value(for: "a", options) { _ in try await self.source.load() }
            }
        }
    }

    func reader(_ body: @escaping @Sendable () async throws -> Int?) -> Reader {
        let reader = Reader(in: self.world, body)
        self.settle()
        return reader
    }

    /// Lets everybody run who can.
    func settle() { self.world.run(until: self.world.now) }

    func advance(by duration: Duration) {
        let end = self.world.now + duration
        // The world's time is that of its last sleeper.
        self.world.spawn { try? await self.world.time.sleep(until: end) }
        self.world.run(until: end)
    }

    func answer() {
        self.source.answer()
        self.settle()
    }

    func fail() {
        self.source.fail()
        self.settle()
    }
}

/// A task that reads, and what it got.
final class Reader: Sendable {
    private let outcome = Mutex<Result<Int?, any Error>?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(in world: VirtualWorld, _ body: @escaping @Sendable () async throws -> Int?) {
        let task = Task(executorPreference: world) {
            let outcome: Result<Int?, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            self.outcome.withLock { $0 = outcome }
        }
        self.task.withLock { $0 = task }
    }

    func cancel() { self.task.withLock { $0 }?.cancel() }

    var isWaiting: Bool { self.outcome.withLock { $0 == nil } }
    var value: Int? { self.outcome.withLock { try? $0?.get() } }
    var error: (any Error)? {
        self.outcome.withLock { outcome in
            if case .failure(let error) = outcome { error } else { nil }
        }
    }
}

@Suite struct LoadingTests {
    @Test func `ten thousand tasks on one missing key load once`() async throws {
        var configuration = Cache<String, Int>.Configuration(maximumCount: 10)
        configuration.hardTimeout = nil
        let cache = Cache<String, Int>(configuration)
        let loads = Counter()
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10_000 {
                group.addTask {
                    try await cache.value(for: "a") { _ in
                        loads.add()
                        for _ in 0..<1_000 { await Task.yield() }
                        return 7
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 70_000)
        #expect(loads.count == 1)
    }

    @Test func `a reader who is cancelled does not poison the others`() {
        let fixture = LoadingFixture()
        let (first, second) = (fixture.read(), fixture.read())
        first.cancel()
        fixture.settle()
        #expect(first.error is CancellationError)
        #expect(second.isWaiting && fixture.source.cancelled == 0)
        fixture.answer()
        #expect(second.value == 1 && fixture.source.calls == 1)
    }

    @Test func `when the last reader goes the load is cancelled, and the next reader begins another`() {
        let fixture = LoadingFixture()
        let readers = (0..<3).map { _ in fixture.read() }
        for reader in readers { reader.cancel() }
        let next = fixture.read()
        #expect(readers.allSatisfy { $0.error is CancellationError })
        #expect(fixture.source.cancelled == 1)
        fixture.answer()
        #expect(next.value == 2)
    }

    @Test func `all who wait get the error, and the next reader asks again`() {
        let fixture = LoadingFixture()
        let readers = (0..<3).map { _ in fixture.read() }
        fixture.fail()
        #expect(readers.allSatisfy { $0.error is SourceFailed })
        #expect(fixture.source.calls == 1 && fixture.cache.statistics.loadFailures == 1)
        let next = fixture.read()
        fixture.answer()
        #expect(next.value == 2)
    }

    @Test func `a load that takes too long is given up for all`() {
        let fixture = LoadingFixture { $0.hardTimeout = .seconds(3) }
        let reader = fixture.read()
        fixture.advance(by: .seconds(2))
        #expect(reader.isWaiting)
        fixture.advance(by: .seconds(1))
        #expect(reader.error is CacheLoadTimedOut)
        #expect(fixture.source.cancelled == 1)
    }

    @Test func `a reader waits no longer than its own deadline, the others go on`() {
        let fixture = LoadingFixture()
        let (patient, hasty) = (fixture.read(), fixture.read(deadline: .seconds(1)))
        fixture.advance(by: .seconds(1))
        #expect(hasty.error is CacheLoadTimedOut)
        #expect(patient.isWaiting)
        fixture.answer()
        #expect(patient.value == 1)
    }

    @Test func `that there is none is loaded once`() async throws {
        let fixture = LoadingFixture()
        let calls = Counter()
        for _ in 0..<3 {
            let found = try await fixture.cache.find("a") { _ in
                calls.add()
                return Loaded(nil)
            }
            #expect(found == nil)
        }
        #expect(calls.count == 1)
        #expect(try await fixture.cache.value(for: "a") { _ in 5 } == 5)
    }

    @Test func `how long a value may be kept says nothing about how long there is none`() async throws {
        let fixture = LoadingFixture { $0.negativeDuration = .seconds(5) }
        _ = try await fixture.cache.find("a", .init(expiry: .afterWrite(.seconds(300)))) { _ in Loaded(nil) }
        #expect(fixture.cache.lookup("a") == .absent)
        fixture.advance(by: .seconds(5))
        #expect(fixture.cache.lookup("a") == .miss)
    }

    @Test func `a loader may say how long its value lives`() async throws {
        let fixture = LoadingFixture()
        _ = try await fixture.cache.find("a") { _ in Loaded(1, options: .init(expiry: .afterWrite(.seconds(1)))) }
        fixture.advance(by: .seconds(1))
        #expect(fixture.cache.value(for: "a") == nil)
    }

    // MARK: Invalidation while loading

    @Test(arguments: ["invalidate", "tag", "all", "put"])
    func `what was invalidated or written while it was loaded is not kept`(how: String) {
        let fixture = LoadingFixture()
        let options = CacheEntryOptions(tags: ["catalogue"])
        let early = fixture.read(options)
        switch how {
        case "invalidate": fixture.cache.invalidate("a")
        case "tag": fixture.cache.invalidate(tag: "catalogue")
        case "all": fixture.cache.invalidateAll()
        default: fixture.cache.put(99, for: "a")
        }
        let late = fixture.read(options)
        #expect(fixture.source.calls == (how == "put" ? 1 : 2), "who comes after must not join")
        fixture.answer()
        #expect(early.value == 1)
        #expect(late.value == (how == "put" ? 99 : 2))
        #expect(fixture.cache.value(for: "a") == late.value)
        #expect(fixture.cache.statistics.loadsRefused == 1)
    }

    @Test func `a tag that only the loader knows is refused too when it was purged meanwhile`() {
        let fixture = LoadingFixture()
        let reader = fixture.reader {
            try await fixture.cache.find("a") { _ in
                Loaded(try await fixture.source.load(), options: .init(tags: ["catalogue"]))
            }
        }
        fixture.cache.invalidate(tag: "catalogue")
        fixture.answer()
        #expect(reader.value == 1)
        #expect(fixture.cache.value(for: "a") == nil)
    }

    // MARK: Stale values and refreshing ahead

    private static func failSafe(_ configuration: inout Cache<String, Int>.Configuration) {
        configuration.failSafe = .init(maximumDuration: .seconds(100), throttleDuration: .seconds(5))
        configuration.softTimeout = .seconds(1)
        configuration.hardTimeout = .seconds(30)
    }

    @Test func `when the source fails an expired value is served, and the source left alone for a while`() {
        let fixture = LoadingFixture(Self.failSafe)
        fixture.cache.put(99, for: "a")
        fixture.advance(by: .seconds(20))
        #expect(fixture.cache.value(for: "a") == nil)
        let reader = fixture.read()
        fixture.fail()
        #expect(reader.value == 99)
        #expect(fixture.read().value == 99)
        #expect(fixture.source.calls == 1 && fixture.cache.statistics.staleServed == 1)
        fixture.advance(by: .seconds(5))
        let later = fixture.read()
        #expect(fixture.source.calls == 2)
        fixture.answer()
        #expect(later.value == 2)
    }

    @Test func `while the source is left alone it is not asked to refresh either`() {
        let fixture = LoadingFixture { configuration in
            Self.failSafe(&configuration)
            configuration.refreshAhead = 0.5
        }
        fixture.cache.put(99, for: "a")
        fixture.advance(by: .seconds(20))
        _ = fixture.read()
        fixture.fail()
        #expect(fixture.read().value == 99)
        #expect(fixture.source.calls == 1)
    }

    @Test func `a reader who goes away does not make an expired value fresh`() {
        let fixture = LoadingFixture(Self.failSafe)
        fixture.cache.put(99, for: "a")
        fixture.advance(by: .seconds(20))
        let reader = fixture.read()
        reader.cancel()
        fixture.settle()
        #expect(fixture.cache.value(for: "a") == nil)
        let next = fixture.read()
        #expect(fixture.source.calls == 2)
        fixture.answer()
        #expect(next.value == 2)
    }

    @Test func `an expired value is served no longer than it may be`() {
        let fixture = LoadingFixture(Self.failSafe)
        fixture.cache.put(99, for: "a")
        fixture.advance(by: .seconds(109))
        let (reader, later) = (fixture.read(), fixture.read())
        fixture.fail()
        #expect(reader.value == 99 && later.value == 99)
        fixture.advance(by: .seconds(1))
        let last = fixture.read()
        fixture.fail()
        #expect(last.error is SourceFailed)
    }

    @Test func `a slow source is waited for only for so long, and its answer is kept when it comes`() {
        let fixture = LoadingFixture(Self.failSafe)
        fixture.cache.put(99, for: "a")
        fixture.advance(by: .seconds(20))
        let reader = fixture.read()
        #expect(reader.isWaiting)
        fixture.advance(by: .seconds(1))
        #expect(reader.value == 99)
        #expect(fixture.source.cancelled == 0)
        fixture.answer()
        #expect(fixture.cache.value(for: "a") == 1)
    }

    @Test func `without an expired value a slow source is waited for to the hard time-out`() {
        let fixture = LoadingFixture(Self.failSafe)
        let reader = fixture.read()
        fixture.advance(by: .seconds(29))
        #expect(reader.isWaiting)
        fixture.advance(by: .seconds(1))
        #expect(reader.error is CacheLoadTimedOut)
    }

    @Test func `a hot key is refreshed before it expires, by one load, and nobody waits`() {
        let fixture = LoadingFixture { $0.refreshAhead = 0.8 }
        fixture.cache.put(99, for: "a")
        fixture.advance(by: .seconds(8) - .nanoseconds(1))
        #expect(fixture.read().value == 99)
        #expect(fixture.source.calls == 0)
        fixture.advance(by: .nanoseconds(1))
        for _ in 0..<5 { #expect(fixture.read().value == 99) }
        #expect(fixture.source.calls == 1 && fixture.cache.statistics.refreshes == 1)
        fixture.answer()
        fixture.advance(by: .seconds(5))
        #expect(fixture.read().value == 1)
        #expect(fixture.cache.statistics.misses == 0)
    }
}
