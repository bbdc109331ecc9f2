import Essentials
import EssentialsTesting
import Synchronization
import Testing

@Suite struct SharedTaskTests {
    private let world = VirtualWorld()

    /// What a waiter got, in a few words.
    private final class Waiter: Sendable {
        private let outcome = Mutex("waits")
        private let task = Mutex<Task<Void, Never>?>(nil)

        init(_ shared: SharedTask<Int>, until limit: Tick? = nil, in world: VirtualWorld) {
            let time = world.time
            self.task.withLock {
                $0 = Task(executorPreference: world) {
                    let outcome =
                        switch await shared.wait(until: limit, time) {
                        case .finished(.success(let value)): "\(value)"
                        case .finished(.failure(let error)): "\(error)"
                        case .timedOut: "timed out"
                        case .cancelled: "cancelled"
                        }
                    self.outcome.withLock { $0 = outcome }
                }
            }
        }

        var said: String { self.outcome.withLock { $0 } }
        func cancel() { self.task.withLock { $0 }?.cancel() }
    }

    /// Work that takes ten ticks and says whether it was cancelled.
    private func start(_ shared: SharedTask<Int>, _ cancelled: Mark) {
        let time = self.world.time
        self.world.spawn {
            shared.start {
                do { try await time.sleep(until: Tick(nanoseconds: 10)) } catch {
                    cancelled.set()
                    throw error
                }
                return 7
            }
        }
        self.run(until: 0)
    }

    private final class Mark: Sendable {
        private let mark = Mutex(false)
        var isSet: Bool { self.mark.withLock { $0 } }
        func set() { self.mark.withLock { $0 = true } }
    }

    private func run(until tick: Int64) { self.world.run(until: Tick(nanoseconds: tick)) }

    /// Else a run of the simulator would depend on what the process hashes with.
    @Test func `who came first is told first`() {
        let shared = SharedTask<Int>()
        let told = Mutex<[Int]>([])
        for _ in 0..<20 { #expect(shared.join()) }
        self.start(shared, Mark())
        for number in 0..<20 {
            self.world.spawn {
                _ = await shared.wait(self.world.time)
                told.withLock { $0.append(number) }
            }
        }
        self.run(until: 10)
        #expect(told.withLock { $0 } == Array(0..<20))
    }

    @Test func `all who wait get the result, and who comes later too`() {
        let (shared, cancelled) = (SharedTask<Int>(), Mark())
        #expect(shared.join() && shared.join() && shared.join())
        self.start(shared, cancelled)
        let early = [Waiter(shared, in: self.world), Waiter(shared, in: self.world)]
        self.run(until: 9)
        #expect(early.map(\.said) == ["waits", "waits"] && shared.isRunning)
        self.run(until: 10)
        let late = Waiter(shared, in: self.world)
        self.run(until: 10)
        #expect((early + [late]).map(\.said) == ["7", "7", "7"])
        #expect(!shared.join() && !shared.isRunning && !cancelled.isSet)
    }

    @Test func `work is cancelled with the last waiter, not before, and cannot be joined then`() {
        let (shared, cancelled) = (SharedTask<Int>(), Mark())
        #expect(shared.join() && shared.join())
        self.start(shared, cancelled)
        let (first, second) = (Waiter(shared, in: self.world), Waiter(shared, in: self.world))
        self.run(until: 1)
        first.cancel()
        self.run(until: 2)
        #expect(first.said == "cancelled" && second.said == "waits" && !cancelled.isSet)
        second.cancel()
        #expect(!shared.join())
        self.run(until: 2)
        #expect(second.said == "cancelled" && cancelled.isSet)
    }

    @Test func `a waiter who is cancelled before it waits leaves at once`() {
        let (shared, cancelled) = (SharedTask<Int>(), Mark())
        #expect(shared.join())
        self.start(shared, cancelled)
        let waiter = Waiter(shared, in: self.world)
        waiter.cancel()
        self.run(until: 1)
        #expect(waiter.said == "cancelled" && cancelled.isSet)
    }

    @Test func `a waiter whose own limit has come goes, and the work goes on`() {
        let (shared, cancelled) = (SharedTask<Int>(), Mark())
        #expect(shared.join())
        self.start(shared, cancelled)
        let waiter = Waiter(shared, until: Tick(nanoseconds: 4), in: self.world)
        self.run(until: 4)
        #expect(waiter.said == "timed out" && shared.isRunning)
        self.run(until: 10)
        #expect(!shared.isRunning && !cancelled.isSet)
    }

    @Test func `work that is given up is cancelled, and all who wait are told why`() {
        struct GivenUp: Error {}
        let (shared, cancelled) = (SharedTask<Int>(), Mark())
        #expect(shared.join())
        self.start(shared, cancelled)
        let waiter = Waiter(shared, in: self.world)
        self.run(until: 1)
        shared.fail(GivenUp())
        self.run(until: 1)
        #expect(waiter.said == "GivenUp()" && cancelled.isSet)
    }
}
