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
    }

    @Test(arguments: [(OperationClass.critical, 20, 10), (.standard, 50, 20), (.analytics, 10, 5)])
    func `as many operations read as there are connections, the others wait for theirs`(
        operation: OperationClass, operations: Int, connections: Int
    ) async throws {
        let (clock, gate) = (self.clock, self.gate)
        let compartments = try Compartments(named: "orders", time: .test(clock))
        let reading = (0..<operations).map { _ in
            Task {
                try await compartments.run(operation) { try await compartments.withConnection { await gate.pass() } }
            }
        }
        await gate.waitForArrivals(connections)
        await clock.waitForSleepers(operations - connections)
        let pool = compartments.pipelines.first { $0.name == "orders.\(operation.rawValue).connections" }
        let bulkhead = try #require(pool).layers(Bulkhead.self)[0].snapshot()
        #expect(bulkhead.running == connections && bulkhead.queued == operations - connections)
        gate.open()
        for task in reading { try await task.value }
    }

    @Test func `connections of one class taken, those of the others are free, and what has no class needs none`()
        async throws
    {
        let gate = self.gate
        let compartments = try Compartments(named: "orders", time: .test(self.clock))
        let reports = (0..<5).map { _ in
            Task { try await compartments.withConnection(.analytics) { await gate.pass() } }
        }
        await gate.waitForArrivals(5)
        #expect(try await compartments.run(.critical) { try await compartments.withConnection { 1 } } == 1)
        #expect(try await compartments.withConnection { 2 } == 2)
        let admitted = compartments.pipelines.map { $0.layers(Bulkhead.self)[0].snapshot().admitted }
        #expect(admitted == [1, 0, 0, 1, 0, 5])
        gate.open()
        for task in reports { try await task.value }
    }
}
