import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import HTTPTypes
import Synchronization
import Testing

@Suite struct HealthTests {
    struct Broken: Error, CustomStringConvertible {
        var description: String { "the cable is out" }
    }

    @Test func `only critical checks make a service unhealthy`() async throws {
        let parrot = try Parrot()
        parrot.health.addCheck("database", critical: true) {}
        parrot.health.addCheck("external-api") { throw Broken() }
        let well = try await parrot.platform.call("parrot", .get, "/health")
        #expect(well.status == 200)
        #expect(well.json["status"] == "healthy")
        #expect(well.json["checks"]?["external-api"]?["error"] == "the cable is out")
        #expect(well.json["checks"]?["database"]?["responseTime"] != nil)
        #expect(well.json["version"] == "test")
        #expect(well.json["uptime"] != nil)
        parrot.health.addCheck("redis", critical: true) { throw Broken() }
        let ill = try await parrot.platform.call("parrot", .get, "/health/ready")
        #expect(ill.status == 503)
        #expect(ill.json["status"] == "unhealthy")
        #expect(try await parrot.platform.call("parrot", .get, "/health/live").status == 200)
    }

    @Test func `a check that hangs ends at its timeout and holds up no other`() async throws {
        let clock = TestClock()
        let registry = HealthRegistry(time: TimeSource(clock))
        registry.addCheck("hung", critical: true) {
            try await clock.sleep(until: .init(offset: .seconds(3_600)), tolerance: nil)
        }
        registry.addCheck("quick") {}
        async let report = registry.report()
        await clock.waitForSleepers(2)
        clock.advance(by: .milliseconds(4_999))
        #expect(clock.sleeperCount >= 2)
        clock.advance(by: .milliseconds(1))
        let results = await report.results
        #expect(results.map(\.name) == ["hung", "quick"])
        #expect(results[0].error == "Health check timeout")
        #expect(results[0].took == .seconds(5))
        #expect(results[1].error == nil)
    }

    @Test func `a check that cannot be cancelled holds nobody beyond its timeout and is not begun twice`() async throws
    {
        let clock = TestClock()
        let registry = HealthRegistry(time: TimeSource(clock))
        let disk = HungDisk()
        registry.addCheck("disk") { await disk.read() }
        for begun in 1...2 {
            async let report = registry.report()
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(5))
            #expect(await report.results.map(\.error) == ["Health check timeout"])
            #expect(disk.reads == 1, "report \(begun)")
        }
        disk.recover()
        while await registry.report().results[0].error != nil { try Task.checkCancellation() }
        #expect(disk.reads == 2)
    }
}

/// Answers nobody until it recovers, cancelled or not.
private final class HungDisk: Sendable {
    private struct State {
        var reads = 0
        var isHung = true
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var reads: Int { self.state.withLock(\.reads) }

    func read() async {
        await withCheckedContinuation { continuation in
            let isHung = self.state.withLock { state in
                state.reads += 1
                if state.isHung { state.waiting.append(continuation) }
                return state.isHung
            }
            if !isHung { continuation.resume() }
        }
    }

    func recover() {
        let waiting = self.state.withLock { state in
            state.isHung = false
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
