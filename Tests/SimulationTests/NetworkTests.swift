import Essentials
import Simulation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct NetworkTests {
    typealias Network = SimulatedNetwork<Int, Int>

    /// What became of many calls from the driver to a server that doubles.
    private struct Outcome {
        var answers = 0
        var errors: [SimulatedNetworkError.Code: Int] = [:]
        /// How often the handler ran for each request.
        var runs: [Int: Int] = [:]
        var order: [Int] = []
        var latencies: [Duration] = []
        var answered: Set<Int> = []
    }

    private final class Recorder: Sendable {
        private let outcome = Mutex(Outcome())
        func withLock<Value: Sendable>(_ body: (inout Outcome) -> Value) -> Value {
            self.outcome.withLock { body(&$0) }
        }
    }

    private func calls(
        _ link: LinkSettings, count: Int = 1_000,
        _ prepare: @escaping @Sendable (Network) -> Void = { _ in },
    ) -> Outcome {
        let outcome = Recorder()
        let report = Simulator(seed: 1).run { simulator in
            let network = Network(simulator, link: link)
            simulator.node("server").start { process in
                network.serve("double", on: process) { number in
                    outcome.withLock {
                        $0.runs[number, default: 0] += 1; $0.order.append(number)
                    }
                    return 2 * number
                }
                try await process.idle()
            }
            try await simulator.time.sleep(for: .milliseconds(1))
            prepare(network)
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<count {
                    group.addTask {
                        let began = simulator.now
                        do {
                            let answer = try await network.call(
                                from: simulator.driver, to: "double", number, deadline: began + .seconds(5))
                            simulator.always(answer == 2 * number, "the right answer", "\(number): \(answer)")
                            outcome.withLock {
                                $0.answers += 1; $0.answered.insert(number)
                            }
                        } catch let error as SimulatedNetworkError {
                            outcome.withLock { $0.errors[error.code, default: 0] += 1 }
                        }
                        outcome.withLock { $0.latencies.append(simulator.now - began) }
                    }
                    try await simulator.time.sleep(for: .milliseconds(1))
                }
            }
        }
        #expect(report.failure == nil)
        #expect(report.leakedTasks == 0)
        return outcome.withLock { $0 }
    }

    @Test func `requests that are held up are carried out late, behind those that were sent after them`() {
        var link = LinkSettings()
        link.delay = .constant(.milliseconds(1))
        link.straggling = 0.3
        link.straggle = .constant(.seconds(3))
        let outcome = self.calls(link)
        #expect(outcome.answers == 1_000)
        let late = outcome.latencies.count { $0 >= .seconds(3) }
        #expect((250...350).contains(late))
        #expect(outcome.order.suffix(late).allSatisfy { outcome.runs[$0] == 1 })
        #expect(outcome.order != outcome.order.sorted())
    }

    @Test func `a request that is held up is carried out when its sender has given up`() {
        var link = LinkSettings()
        link.straggling = 1
        link.straggle = .constant(.seconds(7))
        let runs = Atomic(0)
        let report = Simulator(seed: 2).run { [link] simulator in
            let network = Network(simulator, link: link)
            simulator.node("server").start { process in
                network.serve("double", on: process) { number in
                    runs.wrappingAdd(1, ordering: .relaxed)
                    return 2 * number
                }
                try await process.idle()
            }
            try await simulator.time.sleep(for: .milliseconds(1))
            do {
                _ = try await network.call(
                    from: simulator.driver, to: "double", 1, deadline: simulator.now + .seconds(5))
                simulator.fail("an answer", "came in time")
            } catch let error as SimulatedNetworkError {
                simulator.always(error.code == .deadlineExceeded, "the deadline passes", "\(error)")
            }
            simulator.always(runs.load(ordering: .relaxed) == 0, "not yet")
            try await simulator.time.sleep(for: .seconds(10))
        }
        #expect(report.failure == nil)
        #expect(runs.load(ordering: .relaxed) == 1)
    }

    @Test func `without faults every call is answered once, after both ways' delays`() {
        var link = LinkSettings()
        link.delay = .uniform(.milliseconds(10), .milliseconds(20))
        let outcome = self.calls(link)
        #expect(outcome.answers == 1_000)
        #expect(outcome.runs.values.allSatisfy { $0 == 1 })
        #expect(outcome.latencies.allSatisfy { $0 >= .milliseconds(20) && $0 < .milliseconds(41) })
        let mean = outcome.latencies.reduce(.zero, +) / 1_000
        #expect(mean > .milliseconds(29) && mean < .milliseconds(31), "\(mean)")
    }

    @Test func `delays let messages overtake each other`() {
        var link = LinkSettings()
        link.delay = .exponential(mean: .milliseconds(10), maximum: .seconds(1))
        let order = self.calls(link).order
        #expect(order.sorted() == Array(0..<1_000))
        #expect(zip(order, order.dropFirst()).count { $1 < $0 } > 300)
        link.delay = .constant(.milliseconds(10))
        #expect(self.calls(link).order == Array(0..<1_000))
    }

    @Test func `what is lost is lost without a word`() {
        var link = LinkSettings()
        link.loss = 0.1
        let outcome = self.calls(link)
        let lost = outcome.errors[.deadlineExceeded, default: 0]
        // One minus 0.9 squared of 1,000, and three standard deviations.
        #expect((153...228).contains(lost), "\(lost)")
        #expect(outcome.answers + lost == 1_000)
        let unheard = Set(outcome.runs.keys).subtracting(outcome.answered)
        #expect((60...130).contains(unheard.count), "carried out, and the answer lost: \(unheard.count)")
        #expect(outcome.latencies.max() ?? .zero < .milliseconds(5_001))
    }

    @Test func `what is doubled is carried out twice and answered once`() {
        var link = LinkSettings()
        link.duplication = 0.2
        let outcome = self.calls(link)
        #expect(outcome.answers == 1_000)
        #expect((160...240).contains(outcome.runs.values.count { $0 == 2 }))
        #expect(outcome.runs.values.allSatisfy { $0 <= 2 })
    }

    @Test func `a reset before the request and one after it look the same to the caller`() {
        var link = LinkSettings()
        link.resetBefore = 0.1
        let before = self.calls(link)
        #expect((70...130).contains(before.errors[.connectionLost, default: 0]))
        #expect(before.runs.count == before.answers)
        link.resetBefore = 0
        link.resetAfter = 0.1
        let after = self.calls(link)
        #expect((70...130).contains(after.errors[.connectionLost, default: 0]))
        #expect(after.runs.count == 1_000)
    }

    @Test func `cuts have a direction`() {
        let there = self.calls(LinkSettings(), count: 50) { $0.partition(from: ["driver"], to: ["server"]) }
        #expect(there.errors == [.deadlineExceeded: 50])
        #expect(there.runs.isEmpty)
        let back = self.calls(LinkSettings(), count: 50) { $0.partition(from: ["server"], to: ["driver"]) }
        #expect(back.errors == [.deadlineExceeded: 50])
        #expect(back.runs.count == 50)
        let refused = self.calls(LinkSettings(), count: 50) { $0.partition(from: ["driver"], to: ["server"], .refuse) }
        #expect(refused.errors == [.refused: 50])
        let healed = self.calls(LinkSettings(), count: 50) { network in
            network.partition(between: ["server"], and: ["driver"])
            network.heal()
        }
        #expect(healed.answers == 50)
        let other = self.calls(LinkSettings(), count: 50) { network in
            var slow = LinkSettings()
            slow.delay = .constant(.milliseconds(300))
            network.setLink(from: "driver", to: "server", slow)
        }
        #expect(other.latencies.allSatisfy { $0 > .milliseconds(300) && $0 < .seconds(2) })
    }

    /// What a caller sees whose server dies while it works.
    private func death(_ crash: Crash) -> SimulatedNetworkError.Code? {
        let seen = Mutex<SimulatedNetworkError.Code?>(nil)
        let report = Simulator(seed: 1).run { simulator in
            let network = Network(simulator)
            simulator.node("server").start { process in
                network.serve("slow", on: process) { number in
                    try await process.time.sleep(for: .seconds(1))
                    simulator.fail("the dead answered", "")
                    return number
                }
                try await process.idle()
            }
            simulator.spawn("killer") {
                try await simulator.time.sleep(for: .milliseconds(500))
                simulator.node("server").crash(crash)
            }
            try await simulator.time.sleep(for: .milliseconds(1))
            do {
                _ = try await network.call(
                    from: simulator.driver, to: "slow", 1, deadline: simulator.now + .seconds(10))
            } catch let error as SimulatedNetworkError {
                seen.withLock { $0 = error.code }
            }
        }
        #expect(report.failure == nil)
        #expect(report.leakedTasks == 0)
        return seen.withLock { $0 }
    }

    @Test func `callers of a killed server see their connection break, those of a dark machine hear nothing`() {
        #expect(self.death(.kill) == .connectionLost)
        #expect(self.death(.power) == .deadlineExceeded)
    }

    @Test func `who serves nothing refuses, and an address that nobody knows is unknown`() {
        let report = Simulator(seed: 1).run { simulator in
            let network = Network(simulator)
            let node = simulator.node("server")
            node.start { process in
                network.serve("a", on: process) { $0 }
                network.serve("broken", on: process) { _ in throw CancellationError() }
                try await process.idle()
            }
            try await simulator.time.sleep(for: .milliseconds(1))
            func code(_ address: String) async -> SimulatedNetworkError.Code? {
                do {
                    _ = try await network.call(
                        from: simulator.driver, to: address, 1, deadline: simulator.now + .seconds(10))
                    return nil
                } catch { return (error as? SimulatedNetworkError)?.code }
            }
            let codes = await [code("a"), code("nobody"), code("broken")]
            simulator.always(codes == [nil, .unknownAddress, .connectionLost], "while it runs", "\(codes)")
            node.crash()
            simulator.always(await code("a") == .refused, "down")
            node.restart()
            simulator.always(await code("a") == nil, "up again")
        }
        #expect(report.failure == nil)
    }

    @Test func `a cancelled caller waits no longer, and a dead one gets nothing`() {
        let report = Simulator(seed: 1).run { simulator in
            let network = Network(simulator)
            simulator.node("server").start { process in
                network.serve("slow", on: process) { number in
                    try await process.time.sleep(for: .seconds(1))
                    simulator.sometimes("carried out all the same")
                    return number
                }
                try await process.idle()
            }
            let client = simulator.node("client")
            client.start { process in
                try await process.time.sleep(for: .milliseconds(1))
                await withTaskGroup { group in
                    group.addTask {
                        let deadline = process.time.now + .seconds(10)
                        _ = try? await network.call(from: process, to: "slow", 1, deadline: deadline)
                    }
                    try? await process.time.sleep(for: .milliseconds(100))
                    group.cancelAll()
                }
                simulator.sometimes("cancelled", simulator.now < Tick(nanoseconds: 200_000_000))
                let deadline = process.time.now + .seconds(10)
                _ = try await network.call(from: process, to: "slow", 1, deadline: deadline)
                simulator.fail("the dead heard", "")
            }
            try await simulator.time.sleep(for: .milliseconds(600))
            client.crash()
            try await simulator.time.sleep(for: .seconds(20))
        }
        #expect(report.failure == nil)
        #expect(report.sightings == ["carried out all the same": 2, "cancelled": 1])
        #expect(report.leakedTasks == 0)
    }
}
