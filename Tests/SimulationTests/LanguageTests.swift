import Essentials
import Simulation
import Synchronization
import Testing

/// Everything that Swift's concurrency offers runs in the simulator, on its thread, and the same way each time.
@Suite(.timeLimit(.minutes(10))) struct LanguageTests {
    actor Account {
        private(set) var balance = 0
        func deposit(_ amount: Int, _ time: TimeSource) async throws {
            let before = self.balance
            try await time.sleep(for: .milliseconds(1))
            self.balance = before + amount
        }
        func add(_ amount: Int) { self.balance += amount }
    }

    /// An actor on its process's own executor.
    actor Pinned {
        private let executor: any SerialExecutor
        private var count = 0
        nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }
        init(_ process: SimulatedProcess) { self.executor = process.serialExecutor() }
        func next() async -> Int {
            self.count += 1
            await Task.yield()
            return self.count
        }
    }

    /// Runs a body on a node, over a handful of seeds, twice each.
    private func check(_ body: @escaping @Sendable (SimulatedProcess, Simulator) async throws -> Void) {
        for seed in UInt64(0)..<8 {
            let digests = (0..<2).map { _ in
                let report = Simulator(seed: seed).run { simulator in
                    let done = Mutex(false)
                    simulator.node("a").start { process in
                        try await body(process, simulator)
                        done.withLock { $0 = true }
                    }
                    try await simulator.time.sleep(for: .seconds(10))
                    simulator.always(done.withLock { $0 }, "the body ended")
                }
                #expect(report.failure == nil)
                #expect(report.leakedTasks == 0)
                return report.digest
            }
            #expect(digests[0] == digests[1])
        }
    }

    @Test func `actors, and what happens between their awaits`() {
        self.check { process, simulator in
            let account = Account()
            async let one: Void = account.deposit(1, process.time)
            async let two: Void = account.deposit(1, process.time)
            _ = try await (one, two)
            simulator.always(await account.balance == 1, "both read the balance before either wrote it")
            await withDiscardingTaskGroup { group in
                for _ in 0..<50 { group.addTask { await account.add(1) } }
            }
            simulator.always(await account.balance == 51, "plain calls exclude each other")
        }
    }

    @Test func `actors on the process's own executor`() {
        self.check { process, simulator in
            let pinned = Pinned(process)
            async let one = pinned.next()
            async let two = pinned.next()
            let sum = await one + two
            simulator.always(sum == 3 || sum == 4, "each counted", "\(sum)")
            let last = await pinned.next()
            simulator.always(last == 3, "counted three", "\(last)")
        }
    }

    @Test func `task groups, async let, concurrent functions and yields`() {
        self.check { process, simulator in
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...20 {
                    group.addTask {
                        await Task.yield()
                        try await process.time.sleep(for: .milliseconds(21 - number))
                        return await Self.doubled(number)
                    }
                }
                return try await group.reduce(0, +)
            }
            simulator.always(sum == 420, "all children ended", "\(sum)")
        }
    }

    @concurrent private static func doubled(_ number: Int) async -> Int {
        await Task.yield()
        return 2 * number
    }

    @Test func `streams`() {
        self.check { process, simulator in
            let (stream, continuation) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingOldest(4))
            async let sent: Void = {
                for number in 1...10 {
                    continuation.yield(number)
                    try await process.time.sleep(for: .milliseconds(2))
                }
                continuation.finish()
            }()
            var sum = 0
            for await number in stream { sum += number }
            try await sent
            simulator.always(sum == 55, "everything arrived", "\(sum)")
        }
    }

    @Test func `continuations, locks and cancellation`() {
        self.check { process, simulator in
            let kept = Mutex<CheckedContinuation<Int, Never>?>(nil)
            async let answer = withCheckedContinuation { continuation in kept.withLock { $0 = continuation } }
            try await process.time.sleep(for: .milliseconds(1))
            kept.withLock { $0.take() }?.resume(returning: 7)
            simulator.always(await answer == 7, "resumed")
            let slept = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do { try await process.time.sleep(for: .seconds(9)) } catch is CancellationError { return false }
                    return true
                }
                try await process.time.sleep(for: .milliseconds(1))
                group.cancelAll()
                return try await group.next()
            }
            simulator.always(slept == false, "a cancelled sleep ends at once")
            simulator.always(simulator.now < Tick(nanoseconds: 1_000_000_000), "and takes no time")
        }
    }

    @Test func `blocking work in its order`() {
        self.check { process, simulator in
            let executor = process.blockingExecutor("disk", latency: .uniform(.zero, .milliseconds(3)))
            let order = Mutex<[Int]>([])
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<10 {
                    executor.submit { order.withLock { $0.append(number) } }
                }
                group.addTask { try await executor.run {} }
            }
            let seen = order.withLock { $0 }
            simulator.always(seen == Array(0..<10), "first in, first out", "\(seen)")
        }
    }
}
