import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("Compartments", .timeLimit(.minutes(10)))
struct CompartmentTests {
    let clock = TestClock()
    let gate = Gate()

    @Test func `have the sizes of the three classes`() throws {
        let compartments = try Compartments(named: "orders", time: .test(self.clock))
        let sizes = compartments.pipelines.flatMap { $0.layers(Bulkhead.self) }.map(\.configuration.maximumConcurrency)
        #expect(sizes == [20, 50, 10, 10, 20, 5])
    }

    @Test func `that want more connections than the database has are refused at the start`() throws {
        #expect(throws: Never.self) { try Compartments(named: "orders", databaseConnections: 35) }
        let error = #expect(throws: InvalidConfiguration.self) {
            try Compartments(named: "orders", databaseConnections: 30)
        }
        #expect("\(error!)" == "orders: the pools want 10 + 20 + 5 = 35 connections of a pool of 30")
    }

    @Test func `analytics that hang neither hold up nor refuse what is critical, and are refused at once themselves`()
        async throws
    {
        var configuration = Compartments.Configuration()
        configuration.analytics.queueLimit = 0
        let (clock, gate) = (self.clock, self.gate)
        let compartments = try Compartments(named: "orders", configuration, time: .test(clock))
        let reports = (0..<10).map { _ in
            Task { try await compartments.run(.analytics) { await gate.pass() } }
        }
        await gate.waitForArrivals(10)
        for _ in 0..<1_000 { #expect(try await compartments.run(.critical) { CallPriority.current } == .critical) }
        var rules: [String] = []
        for _ in 0..<6 {
            let refusal = await #expect(throws: Refusal.self) { try await compartments.run(.analytics) {} }
            rules.append(refusal?.rule ?? "")
        }
        // The pool's breaker opens after five refusals: the sixth does not even ask for a place.
        #expect(
            rules == ["bulkheadFull", "bulkheadFull", "bulkheadFull", "bulkheadFull", "bulkheadFull", "circuitOpen"])
        gate.open()
        for task in reports { try await task.value }
        clock.advance(by: .seconds(1))
        for _ in 0..<3 { try await compartments.run(.analytics) {} }
        #expect(compartments.pipeline(.analytics).snapshot().strategies.map(\.state) == ["CLOSED", "NORMAL"])
    }

    @Test func `no more operations or connections run at one time than there are places`() async throws {
        let (clock, gate) = (self.clock, self.gate)
        let compartments = try Compartments(named: "orders", time: .test(clock))
        let orders = (0..<60).map { _ in
            Task { try await compartments.run(.critical) { await gate.pass() } }
        }
        await gate.waitForArrivals(20)
        await clock.waitForSleepers(40)
        #expect(compartments.pipeline(.critical).snapshot().strategies[1][figure: "running"] == 20)
        gate.open()
        for task in orders { try await task.value }
        #expect(try await compartments.withConnection(.critical) { 5 } == 5)
    }
}
