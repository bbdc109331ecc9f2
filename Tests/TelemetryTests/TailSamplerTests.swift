import Essentials
import EssentialsTesting
import Synchronization
import Telemetry
import Testing

@Suite struct TailSamplerTests {
    private final class Kept: Sendable {
        private let spans = Mutex<[SpanRecord]>([])
        func add(_ more: [SpanRecord]) { self.spans.withLock { $0 += more } }
        var names: [String] { self.spans.withLock { $0.map(\.name) } }
        var traces: Set<TraceID> { self.spans.withLock { Set($0.map(\.traceID)) } }
    }

    private let clock = TestClock()
    private let kept = Kept()

    private func sampler(_ change: (inout TailSampler.Configuration) -> Void = { _ in }) -> TailSampler {
        var configuration = TailSampler.Configuration()
        configuration.ordinaryRatio = 0
        change(&configuration)
        let kept = self.kept
        return TailSampler(configuration, time: .test(self.clock)) { kept.add($0) }
    }

    private func play(_ span: SpanRecord, on sampler: TailSampler) {
        sampler.began(span.traceID)
        sampler.ended(span)
    }

    @Test func `a trace with an error is kept whole and an ordinary one is not`() {
        let sampler = self.sampler()
        self.play(.sample("a1", trace: 1, id: 1, 0...10), on: sampler)
        self.play(.sample("a2", trace: 1, id: 2, parent: 1, 0...10, error: "boom"), on: sampler)
        self.play(.sample("b", trace: 2, id: 3, 0...10), on: sampler)
        sampler.sweep()
        #expect(self.kept.names.isEmpty, "nothing is decided before it is quiet")
        self.clock.advance(by: .seconds(1))
        sampler.sweep()
        #expect(self.kept.names == ["a1", "a2"])
        #expect(sampler.counters.kept == 2 && sampler.counters.dropped == 1)
        #expect(sampler.buffered == 0)
    }

    @Test(arguments: [(999, false), (1_000, true)])
    func `a trace is slow from the threshold on`(_ milliseconds: Int64, _ isKept: Bool) {
        let sampler = self.sampler()
        self.play(.sample("a", id: 1, 0...milliseconds), on: sampler)
        sampler.finish()
        #expect(self.kept.names == (isKept ? ["a"] : []))
    }

    @Test func `nothing is decided while a span is open, until patience ends`() {
        let sampler = self.sampler { $0.patience = .seconds(30) }
        sampler.began(.numbered(1))
        self.play(.sample("child", id: 2, parent: 1, 0...5), on: sampler)
        self.clock.advance(by: .seconds(10))
        sampler.sweep()
        sampler.ended(.sample("root", id: 1, 0...10_000))
        self.clock.advance(by: .seconds(1))
        sampler.sweep()
        #expect(self.kept.names == ["child", "root"])

        sampler.began(.numbered(2))
        self.clock.advance(by: .seconds(31))
        sampler.sweep()
        sampler.ended(.sample("late error", trace: 2, id: 9, 0...5, error: "x"))
        #expect(self.kept.names.last == "late error", "what is remarkable is kept even when it is late")
    }

    @Test func `late spans follow the decision on their trace`() {
        let sampler = self.sampler()
        self.play(.sample("a", trace: 1, id: 1, 0...1, error: "x"), on: sampler)
        self.play(.sample("b", trace: 2, id: 2, 0...1), on: sampler)
        sampler.finish()
        self.play(.sample("a late", trace: 1, id: 3, 0...1), on: sampler)
        self.play(.sample("b late", trace: 2, id: 4, 0...1), on: sampler)
        #expect(self.kept.names == ["a", "a late"])
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `memory is bounded and no error and no slow trace is lost`(seed: UInt64) {
        let sampler = self.sampler {
            $0.maximumSpans = 50
            $0.maximumTraces = 20
            $0.rememberedTraces = 40
        }
        let chance = Chance(seed: seed)
        var expected: Set<TraceID> = []
        for number in 1...2_000 as ClosedRange<UInt64> {
            let isError = chance.below(20) == 0
            let isSlow = chance.below(20) == 0
            if isError || isSlow { expected.insert(.numbered(number)) }
            sampler.began(.numbered(number))
            for id in 1...UInt64(1 + chance.below(4)) {
                self.play(.sample("s", trace: number, id: number * 10 + id, parent: 1, 0...5), on: sampler)
            }
            sampler.ended(
                .sample("r", trace: number, id: number * 10, 0...(isSlow ? 2_000 : 20), error: isError ? "x" : nil))
            #expect(sampler.buffered <= 50)
            if number % 7 == 0 {
                self.clock.advance(by: .milliseconds(300))
                sampler.sweep()
            }
        }
        sampler.finish()
        #expect(expected.isSubset(of: self.kept.traces))
        #expect(self.kept.traces.count == expected.count)
    }

    @Test func `the share of ordinary traces is decided by their ids`() {
        let sampler = self.sampler { $0.ordinaryRatio = 0.1 }
        let chance = Chance(seed: 3)
        var expected: Set<TraceID> = []
        for _ in 0..<1_000 {
            let id = TraceID(high: chance.next(), low: chance.next())!
            if id.fraction < 0.1 { expected.insert(id) }
            var span = SpanRecord.sample("x", id: 1, 0...1)
            span.traceID = id
            self.play(span, on: sampler)
        }
        sampler.finish()
        #expect(self.kept.traces == expected)
        #expect((70...130).contains(expected.count))
    }

    @Test func `it sweeps by itself and decides on the rest when it is stopped`() async {
        let sampler = self.sampler()
        let task = Task { await sampler.run() }
        await self.clock.waitForSleepers()
        self.play(.sample("a", trace: 1, id: 1, 0...1, error: "x"), on: sampler)
        self.clock.advance(by: .seconds(1))
        await self.clock.waitForSleepers()
        #expect(self.kept.names == ["a"])
        self.play(.sample("b", trace: 2, id: 2, 0...1, error: "x"), on: sampler)
        task.cancel()
        await task.value
        #expect(self.kept.names == ["a", "b"])
    }
}
