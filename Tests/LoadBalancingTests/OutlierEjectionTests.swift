import Essentials
import EssentialsTesting
import LoadBalancing
import Synchronization
import Testing

extension Tick {
    fileprivate static func seconds(_ seconds: Double) -> Tick { Tick(nanoseconds: Int64(seconds * 1e9)) }
}

@Suite("Outlier ejection decides")
struct OutlierEjectionStateMachineTests {
    private func machine(
        _ endpoints: Int, _ change: (inout OutlierEjection.Configuration) -> Void = { _ in }
    ) -> OutlierEjection.StateMachine {
        var configuration = OutlierEjection.Configuration()
        change(&configuration)
        return OutlierEjection.StateMachine(endpoints: endpoints, configuration)
    }

    private func fail(
        _ machine: inout OutlierEjection.StateMachine, _ endpoint: Int, _ count: Int, at second: Double
    )
        -> [OutlierEjection.Ejection]
    {
        (0..<count).flatMap { _ in machine.record(endpoint, isSuccess: false, at: .seconds(second)) }
    }

    @Test func `the fifth failure in a row ejects, the fourth does not, and a success begins anew`() {
        var machine = self.machine(10)
        #expect(self.fail(&machine, 3, 4, at: 0) == [])
        _ = machine.record(3, isSuccess: true, at: .seconds(0))
        #expect(self.fail(&machine, 3, 4, at: 0) == [])
        let ejections = self.fail(&machine, 3, 1, at: 0)
        #expect(ejections.map(\.reason) == [.consecutiveFailures(5)])
        #expect(ejections.map(\.duration) == [.seconds(30)])
        #expect(machine.ejected == [3])
        #expect(machine.selection.endpoints == [0, 1, 2, 4, 5, 6, 7, 8, 9])
    }

    @Test func `it comes back at the end of the interval in which its time is over`() {
        var machine = self.machine(10)
        _ = machine.advance(to: .seconds(0))
        _ = self.fail(&machine, 3, 5, at: 2)
        _ = machine.advance(to: .seconds(39.9))
        #expect(machine.ejected == [3])
        _ = machine.advance(to: .seconds(40))
        #expect(machine.ejected == [])
    }

    @Test func `each ejection that follows on one lasts a base time longer, up to the maximum`() {
        var machine = self.machine(10)
        var now = 0.0
        var durations: [Duration] = []
        for _ in 0..<12 {
            let ejection = self.fail(&machine, 0, 5, at: now).first
            durations.append(ejection?.duration ?? .zero)
            now += (ejection?.duration ?? .zero).fractionalSeconds + 10
            _ = machine.advance(to: .seconds(now))
        }
        #expect(durations.prefix(4) == [.seconds(30), .seconds(60), .seconds(90), .seconds(120)])
        #expect(durations.last == .seconds(300))
    }

    @Test func `intervals in use make the next ejection shorter again`() {
        var machine = self.machine(10)
        _ = self.fail(&machine, 0, 5, at: 0)
        _ = machine.advance(to: .seconds(30))
        _ = self.fail(&machine, 0, 5, at: 31)
        _ = machine.advance(to: .seconds(100))
        _ = machine.advance(to: .seconds(110))
        _ = machine.advance(to: .seconds(120))
        #expect(self.fail(&machine, 0, 5, at: 121).map(\.duration) == [.seconds(30)])
    }

    @Test(arguments: [(1, 0), (2, 1), (10, 1), (20, 2), (100, 10)])
    func `no more than a tenth is ejected, but one of two may be`(endpoints: Int, allowed: Int) {
        var machine = self.machine(endpoints)
        for endpoint in 0..<endpoints { _ = self.fail(&machine, endpoint, 5, at: 0) }
        #expect(machine.ejected.count == allowed)
        #expect(machine.withheld == endpoints - allowed)
    }

    @Test func `when fewer than half are left all are used`() {
        var machine = self.machine(4) { $0.maximumEjectionPercent = 100 }
        _ = self.fail(&machine, 0, 5, at: 0)
        _ = self.fail(&machine, 1, 5, at: 0)
        #expect(machine.selection == ([2, 3], false))
        _ = self.fail(&machine, 2, 5, at: 0)
        #expect(machine.selection == ([0, 1, 2, 3], true))
    }

    /// One interval in which each endpoint has so many calls, of which so many succeed.
    private func interval(
        _ machine: inout OutlierEjection.StateMachine, calls: Int, successes: [Int]
    )
        -> [OutlierEjection.Ejection]
    {
        for (endpoint, good) in successes.enumerated() {
            // Failures spread between successes, so that none follow on each other.
            for call in 0..<calls {
                _ = machine.record(
                    endpoint, isSuccess: (call + 1) * good / calls > call * good / calls, at: .seconds(1))
            }
        }
        return machine.advance(to: .seconds(12))
    }

    @Test func `a success rate far below the others' ejects at the end of the interval`() {
        var machine = self.machine(6) { $0.consecutiveFailures = 1_000 }
        let ejections = self.interval(&machine, calls: 100, successes: [99, 98, 100, 70, 99, 98])
        #expect(ejections.map(\.endpoint) == [3])
        guard case .successRate(percent: 70, let bound) = ejections.first?.reason else {
            Issue.record("\(ejections)")
            return
        }
        #expect((70...80).contains(bound))
    }

    @Test func `rates are not compared with too few calls or too few endpoints`() {
        var few = self.machine(6) { $0.consecutiveFailures = 1_000 }
        #expect(self.interval(&few, calls: 99, successes: [99, 98, 99, 60, 99, 98]) == [])
        var small = self.machine(4) { $0.consecutiveFailures = 1_000 }
        #expect(self.interval(&small, calls: 100, successes: [99, 98, 100, 70]) == [])
    }

    @Test func `when all fail alike nobody is an outlier`() {
        var machine = self.machine(6) { $0.consecutiveFailures = 1_000 }
        #expect(self.interval(&machine, calls: 100, successes: [50, 50, 50, 50, 50, 50]) == [])
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `over any sequence of events the bounds hold and everybody comes back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let endpoints = Int.random(in: 1...20, using: &generator)
        let percent = Int.random(in: 0...100, using: &generator)
        var machine = self.machine(endpoints) { $0.maximumEjectionPercent = percent }
        var now = 0.0
        for _ in 0..<3_000 {
            now += Double.random(in: 0...0.5, using: &generator)
            let endpoint = Int.random(in: 0..<endpoints, using: &generator)
            let isSuccess = Double.random(in: 0..<1, using: &generator) < (endpoint.isMultiple(of: 3) ? 0.3 : 0.9)
            for ejection in machine.record(endpoint, isSuccess: isSuccess, at: .seconds(now)) {
                #expect(machine.ejected.contains(ejection.endpoint))
                #expect(ejection.duration >= .seconds(30) && ejection.duration <= .seconds(300))
            }
            let allowed = max(endpoints * percent / 100, endpoints > 1 && percent > 0 ? 1 : 0)
            #expect(machine.ejected.count <= allowed)
            #expect(!machine.selection.endpoints.isEmpty)
        }
        _ = machine.advance(to: .seconds(now + 400))
        #expect(machine.ejected == [])
    }
}

@Suite("Outlier ejection around calls", .timeLimit(.minutes(10)))
struct OutlierEjectionTests {
    private struct Failure: Error {}

    @Test func `calls are watched, ejections told, and cancelled calls count as nothing`() async throws {
        let clock = TestClock()
        let told = Mutex<[OutlierEjection.Ejection]>([])
        let outliers = OutlierEjection(endpoints: 3) { ejection in told.withLock { $0.append(ejection) } }
        for _ in 0..<10 {
            await #expect(throws: CancellationError.self) {
                try await outliers.run(1, .test(clock)) { throw CancellationError() }
            }
        }
        #expect(outliers.candidates(at: .seconds(0)) == [0, 1, 2])
        for _ in 0..<5 {
            await #expect(throws: Failure.self) { try await outliers.run(1, .test(clock)) { throw Failure() } }
        }
        #expect(outliers.candidates(at: .seconds(0)) == [0, 2])
        #expect(told.withLock { $0.map(\.endpoint) } == [1])
        let snapshot = outliers.snapshot()
        #expect(snapshot.ejected == [1] && !snapshot.isPanic)
        #expect(snapshot.ejections == 1 && snapshot.withheld == 0)
        #expect(try await outliers.run(0, .test(clock)) { "fine" } == "fine")
        #expect(outliers.candidates(at: .seconds(40)) == [0, 1, 2])
    }

    @Test func `settings out of range are named`() {
        var configuration = OutlierEjection.Configuration()
        configuration.consecutiveFailures = 0
        configuration.maximumEjectionTime = .seconds(1)
        configuration.panicThreshold = 101
        #expect(configuration.problems().count == 3)
    }
}
