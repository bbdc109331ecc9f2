import Essentials
import GatewayCore
import Testing

@Suite struct UpstreamHealthTests {
    private func tick(_ seconds: Int64) -> Tick { Tick(nanoseconds: seconds * 1_000_000_000) }

    @Test func `a service is up until a check fails and comes back when one passes`() {
        var health = UpstreamHealth(at: self.tick(0))
        #expect(health.isAvailable)
        health.passed(at: self.tick(1))
        #expect(health.state == .up)
        health.failed("refused", at: self.tick(2))
        #expect(!health.isAvailable)
        #expect(health.reason == "refused")
        #expect(health.failures == 1)
        health.failed("refused", at: self.tick(3))
        #expect(health.since == self.tick(2))
        health.passed(at: self.tick(4))
        #expect(health.isAvailable)
        #expect(health.reason == nil)
        #expect(health.since == self.tick(4))
    }
}

@Suite struct LegacyEnvelopeTests {
    @Test func `a success is wrapped as data`() throws {
        let body = LegacyEnvelope.wrap(Array(#"{"a":1}"#.utf8), status: 200, at: Timestamp(microseconds: 0))
        let json = try JSONReader.parse(body)
        #expect(json["success"] == true)
        #expect(json["data"]?["a"] == 1)
        #expect(json["timestamp"] == "1970-01-01T00:00:00.000Z")
    }

    @Test(arguments: [(401, "Unauthorized"), (403, "Forbidden")])
    func `a refusal names its error`(_ status: Int, _ name: String) throws {
        let body = LegacyEnvelope.wrap(Array(#"{"code":"x"}"#.utf8), status: status, at: Timestamp(microseconds: 0))
        let json = try JSONReader.parse(body)
        #expect(json["success"] == false)
        #expect(json["error"]?.string == name)
        #expect(json["code"] == "x")
        #expect(json["data"] == nil)
    }
}
