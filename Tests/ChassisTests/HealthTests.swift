import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import HTTPTypes
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
}
