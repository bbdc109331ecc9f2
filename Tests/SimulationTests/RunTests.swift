import Essentials
import Simulation
import Synchronization
import Testing

/// How a run ends, and what it says about it.
@Suite(.timeLimit(.minutes(10))) struct RunTests {
    private func run(
        _ seed: UInt64 = 1, _ configure: (inout Simulator.Configuration) -> Void = { _ in },
        _ driver: @escaping @Sendable (Simulator) async throws -> Void,
    ) -> SimulationReport {
        var configuration = Simulator.Configuration()
        configure(&configuration)
        return Simulator(seed: seed, configuration: configuration).run(driver)
    }

    @Test func `a run in which nothing can happen any more fails and names who waits`() throws {
        let report = self.run { simulator in
            simulator.node("a").start { process in try await process.idle() }
            await simulator.waiting(for: "client 3: the answer to everything") {
                await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            }
        }
        let failure = try #require(report.failure)
        #expect(failure.code == .deadlock)
        #expect(failure.detail == "waiting: client 3: the answer to everything, driver: main, a/1: main")
        #expect(report.leakedTasks == 1)
    }

    @Test func `a run that spins ends when its steps are used up`() throws {
        let report = self.run {
            $0.maximumSteps = 10_000
        } _: { _ in
            while true { await Task.yield() }
        }
        #expect(report.failure?.code == .stepBudget)
        #expect(report.steps == 10_000)
    }

    @Test func `a run that waits too long ends when its time is used up`() throws {
        let report = self.run {
            $0.maximumDuration = .seconds(60)
        } _: { simulator in
            while true { try await simulator.time.sleep(for: .seconds(1)) }
        }
        #expect(report.failure?.code == .timeBudget)
        #expect(report.simulated < .seconds(61))
    }

    @Test func `what is wrong ends the run with the first failure`() throws {
        let report = self.run { simulator in
            try await simulator.time.sleep(for: .seconds(1))
            simulator.always(true, "fine")
            simulator.always(1 + 1 == 3, "arithmetic", "1 + 1")
            simulator.always(false, "later")
            try await simulator.time.sleep(for: .seconds(1))
            simulator.sometimes("went on")
        }
        #expect(report.failure?.name == "arithmetic")
        #expect(report.failure?.detail == "1 + 1")
        #expect(report.sightings.isEmpty)
        #expect(self.run { _ in throw CancellationError() }.failure == nil)
        struct Broken: Error {}
        #expect(self.run { _ in throw Broken() }.failure?.code == .error)
        let client = self.run { simulator in
            simulator.spawn("client") { throw Broken() }
            try await simulator.time.sleep(for: .seconds(1))
        }
        #expect(client.failure?.name == "driver: client failed")
    }

    @Test func `chance follows from the seed and the name alone`() {
        let one = Simulator(seed: 1)
        let other = Simulator(seed: 2)
        func first(_ chance: Chance) -> UInt64 { chance.next() }
        #expect(first(one.chance("a")) == first(Simulator(seed: 1).chance("a")))
        #expect(first(one.chance("a")) != first(one.chance("b")))
        #expect(first(one.chance("a")) != first(other.chance("a")))
    }

    @Test func `rare paths are counted over the seeds, and those never taken are missed`() {
        var sightings = Sightings()
        for seed in UInt64(0)..<20 {
            sightings.add(
                self.run(seed) { simulator in
                    simulator.expectSometimes("even", "never")
                    simulator.sometimes("even", seed.isMultiple(of: 2))
                    simulator.sometimes("always")
                })
        }
        #expect(sightings.runs == 20)
        #expect(sightings.counts["even"]?.runs == 10)
        #expect(sightings.counts["even"]?.firstSeed == 0)
        #expect(sightings.counts["always"]?.runs == 20)
        #expect(sightings.missing == ["never"])
        var twice = sightings
        twice.add(sightings)
        #expect(twice.runs == 40 && twice.counts["even"]?.runs == 20)
    }

    @Test(arguments: [Scheduling.firstInFirstOut, .random, .prioritised(changeEvery: 20)])
    func `the order of what is ready is a matter of the seed`(scheduling: Scheduling) {
        func order(_ seed: UInt64) -> [Int] {
            let order = Mutex<[Int]>([])
            _ = self.run(seed) {
                $0.scheduling = scheduling
            } _: { simulator in
                for number in 0..<6 {
                    simulator.node("\(number)").start { process in
                        for _ in 0..<5 {
                            order.withLock { $0.append(number) }
                            await Task.yield()
                        }
                        try await process.idle()
                    }
                }
                try await simulator.time.sleep(for: .seconds(1))
            }
            return order.withLock { $0 }
        }
        let orders = (0..<20 as Range<UInt64>).map(order)
        #expect(orders.allSatisfy { $0.count == 30 })
        #expect(orders == (0..<20 as Range<UInt64>).map(order))
        #expect(Set(orders).count == (scheduling == .firstInFirstOut ? 1 : 20))
    }

    @Test func `the trace tells what happened, when and where`() {
        let report = self.run {
            $0.recordsTrace = true
        } _: { simulator in
            simulator.node("a").start { process in
                try await process.time.sleep(for: .milliseconds(1_500))
                simulator.trace("hello")
                try await process.idle()
            }
            try await simulator.time.sleep(for: .seconds(2))
            simulator.node("a").crash()
        }
        #expect(
            report.trace.map { $0.drop { $0 != "[" } } == [
                "[driver] a/1 starts", "[a/1] hello", "[driver] a crashes: kill",
            ])
        #expect(report.trace[1].hasPrefix("1.5000"))
        let other = self.run { simulator in
            simulator.node("a").start { process in
                try await process.time.sleep(for: .milliseconds(1_500))
                simulator.trace("hullo")
                try await process.idle()
            }
            try await simulator.time.sleep(for: .seconds(2))
            simulator.node("a").crash()
        }
        #expect(other.digest != report.digest)
        #expect(other.steps == report.steps)
    }
}
