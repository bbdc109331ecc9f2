import Essentials
import EssentialsTesting
import FeatureFlags
import Resilience
import Testing

private struct Failure: Error {}

@Suite("Features", .timeLimit(.minutes(10)))
struct FeaturesTests {
    private let clock = TestClock()
    private let flags = InMemoryFlags(["suggestions": .boolean(true), "old": .boolean(false)])
    private let features: Features

    init() {
        self.features = Features(self.flags, time: .test(self.clock))
    }

    private func ask(_ feature: String = "suggestions", failing: Bool = false) async throws -> String {
        try await self.features.run(feature) {
            if failing { throw Failure() }
            return "written by a model"
        } fallback: { why in
            "template: \(why.name)"
        }
    }

    @Test func `one that is on and well is used`() async throws {
        #expect(try await self.ask() == "written by a model")
    }

    @Test(arguments: ["old", "unknown"])
    func `one that is off or unknown falls back without being tried`(_ feature: String) async throws {
        #expect(try await self.ask(feature) == "template: switchedOff")
    }

    @Test func `the fifth failure opens its breaker, and after thirty seconds it is tried again`() async throws {
        for _ in 0..<5 { #expect(try await self.ask(failing: true) == "template: failed") }
        #expect(try await self.ask() == "template: refused")
        self.clock.advance(by: .seconds(29))
        #expect(try await self.ask() == "template: refused")
        self.clock.advance(by: .seconds(1))
        for _ in 0..<3 { #expect(try await self.ask() == "written by a model") }
        let snapshot = try #require(self.features.snapshot().first)
        #expect([snapshot.served, snapshot.refused, snapshot.failed] == [3, 2, 5])
        #expect(snapshot.state == "CLOSED")
    }

    @Test func `features do not share a breaker`() async throws {
        self.flags["search"] = .boolean(true)
        for _ in 0..<5 { _ = try await self.ask(failing: true) }
        #expect(try await self.ask("search") == "written by a model")
    }

    @Test func `one that hangs falls back after two seconds`() async throws {
        let answer = Task { [features, clock] in
            try await features.run("suggestions") {
                try await clock.sleep(until: clock.now.advanced(by: .seconds(60)), tolerance: nil)
                return "late"
            } fallback: { why in
                "template: \(why.name)"
            }
        }
        await self.clock.waitForSleepers(2)
        self.clock.advance(by: .seconds(2))
        #expect(try await answer.value == "template: refused")
    }

    @Test func `a cancelled caller gets no fallback`() async throws {
        let answer = Task { [features, clock] in
            try await features.run("suggestions") {
                try await clock.sleep(until: clock.now.advanced(by: .seconds(60)), tolerance: nil)
                return "late"
            } fallback: { _ in
                "template"
            }
        }
        await self.clock.waitForSleepers(2)
        answer.cancel()
        await #expect(throws: CancellationError.self) { try await answer.value }
    }

    @Test func `switching it off takes effect with the next call`() async throws {
        self.flags["suggestions"] = .boolean(false)
        #expect(try await self.ask() == "template: switchedOff")
        #expect(!self.features.isOn("suggestions"))
    }

    @Test func `as a layer of a pipeline a flag lets calls through or refuses them`() async throws {
        let pipeline = Pipeline(time: .test(self.clock)) { FlagGate("suggestions", self.flags) }
        #expect(try await pipeline.run { 1 } == 1)
        self.flags["suggestions"] = nil
        let refusal = await #expect(throws: Refusal.self) { try await pipeline.run { 1 } }
        #expect(refusal?.message == "The flag 'suggestions' is off (FLAG_NOT_FOUND).")
        #expect(pipeline.snapshot().strategies[0].state == "OFF")
    }
}
