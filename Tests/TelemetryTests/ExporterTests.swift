import Essentials
import EssentialsTesting
import Synchronization
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(10))) struct ExporterTests {
    private struct Down: Error {}

    /// A collector that answers as it is told, and keeps what it is sent.
    private final class Collector: OTLPSender {
        private let state: Mutex<(answers: [OTLPAnswer?], requests: [OTLPRequest])>

        init(_ answers: [OTLPAnswer?] = []) {
            self.state = Mutex((answers, []))
        }

        var requests: [OTLPRequest] { self.state.withLock(\.requests) }

        func send(_ request: OTLPRequest, deadline: Deadline) async throws -> OTLPAnswer {
            let answer = self.state.withLock { state in
                state.requests.append(request)
                return state.answers.isEmpty ? OTLPAnswer(status: 200) : state.answers.removeFirst()
            }
            guard let answer else { throw Down() }
            return answer
        }
    }

    private let clock = TestClock()

    private func exporter(
        _ collector: Collector, _ change: (inout OTLPExporter.Configuration) -> Void = { _ in }
    ) -> OTLPExporter {
        var configuration = OTLPExporter.Configuration()
        change(&configuration)
        return OTLPExporter(configuration, sender: collector, chance: Chance { .max }, time: .test(self.clock))
    }

    private func spans(_ count: Int) -> [SpanRecord] {
        (1...count).map { .sample("s", trace: UInt64($0), id: 1, 0...1) }
    }

    @Test func `batches are as large as they may be and no larger`() async throws {
        let collector = Collector()
        let exporter = self.exporter(collector) { $0.batchSize = 10 }
        exporter.export(self.spans(25))
        await exporter.flush()
        let sizes = try collector.requests.map {
            try OTLPDecoder().traces($0.body, contentType: $0.contentType).records.count
        }
        #expect(sizes == [10, 10, 5])
        #expect(collector.requests.allSatisfy { $0.path == "/v1/traces" })
        #expect(exporter.counters(.traces).sent == 25)
    }

    @Test func `a full queue drops what comes last and counts it`() async {
        let exporter = self.exporter(Collector()) { $0.capacity = 10 }
        exporter.export(self.spans(25))
        #expect(exporter.counters(.traces).overflowed == 15)
        await exporter.flush()
        #expect(exporter.counters(.traces).sent == 10)
        exporter.export(self.spans(3))
        await exporter.flush()
        #expect(exporter.counters(.traces).sent == 13)
    }

    @Test(arguments: [429, 502, 503, 504, nil] as [Int?])
    func `what may pass is tried again after growing pauses`(_ status: Int?) async {
        let answer = status.map { OTLPAnswer(status: $0) }
        let collector = Collector([answer, answer])
        let exporter = self.exporter(collector)
        exporter.export(self.spans(1))
        let flush = Task { await exporter.flush() }
        for pause in [Duration.seconds(1), .seconds(2)] {
            await self.clock.waitForSleepers()
            self.clock.advance(by: pause * 0.99)
            #expect(self.clock.sleeperCount == 1)
            self.clock.advance(by: pause * 0.01)
        }
        await flush.value
        #expect(collector.requests.count == 3)
        #expect(Set(collector.requests.map(\.body)).count == 1)
        #expect(exporter.counters(.traces).sent == 1 && exporter.counters(.traces).retries == 2)
    }

    @Test(arguments: [400, 401, 404, 413, 500])
    func `what will not pass is not tried again`(_ status: Int) async {
        let collector = Collector([OTLPAnswer(status: status)])
        let exporter = self.exporter(collector)
        exporter.export(self.spans(2))
        await exporter.flush()
        #expect(collector.requests.count == 1)
        #expect(exporter.counters(.traces).lost == 2)
        #expect(exporter.counters(.traces).lastFailure == "status \(status)")
    }

    @Test func `Retry-After is waited for`() async {
        let collector = Collector([OTLPAnswer(status: 429, retryAfter: "20")])
        let exporter = self.exporter(collector)
        exporter.export(self.spans(1))
        let flush = Task { await exporter.flush() }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(19))
        #expect(self.clock.sleeperCount == 1)
        self.clock.advance(by: .seconds(1))
        await flush.value
        #expect(collector.requests.count == 2)
    }

    @Test func `patience ends and the next batch is tried`() async {
        let collector = Collector(Array(repeating: nil, count: 6))
        let exporter = self.exporter(collector)
        exporter.export(self.spans(1))
        let flush = Task { await exporter.flush() }
        for _ in 0..<5 {
            await self.clock.waitForSleepers()
            self.clock.advanceToNextSleeper()
        }
        await flush.value
        #expect(collector.requests.count == 6, "after 1, 2, 4, 8 and 16 seconds; 30 more would be over a minute")
        #expect(exporter.counters(.traces).lost == 1)
    }

    @Test func `a partial success is counted and not sent again`() async {
        let body = OTLPResponse.success(rejected: 2, reason: "no ids", signal: .traces, as: .protobuf)
        let collector = Collector([OTLPAnswer(status: 200, body: body)])
        let exporter = self.exporter(collector)
        exporter.export(self.spans(5))
        await exporter.flush()
        let counters = exporter.counters(.traces)
        #expect(counters.sent == 3 && counters.rejected == 2 && counters.lastFailure == "no ids")
        #expect(collector.requests.count == 1)
    }

    @Test func `a collector that is down for an hour costs no more than the queue`() async {
        let collector = Collector(Array(repeating: nil, count: 10_000))
        let exporter = self.exporter(collector) { $0.capacity = 100 }
        let run = Task { await exporter.run() }
        var handed = 0
        for _ in 0..<600 {
            await self.clock.waitForSleepers(3)
            exporter.export(self.spans(10))
            handed += 10
            self.clock.advance(by: .seconds(6))
        }
        run.cancel()
        await run.value
        let counters = exporter.counters(.traces)
        #expect(counters.sent == 0)
        #expect((handed - 100...handed).contains(counters.lost + counters.overflowed))
    }

    @Test func `it sends by itself, each signal at its own interval`() async {
        let collector = Collector()
        let family = MetricFamily(
            name: "m", kind: .gauge, points: [.init(labels: [], start: 0, time: 1, value: .int(1))],
            resource: Resource(service: "orders"))
        let exporter = OTLPExporter(
            sender: collector, metrics: { [family] }, chance: Chance(seed: 1), time: .test(self.clock))
        let run = Task { await exporter.run() }
        await self.clock.waitForSleepers(3)
        exporter.export(self.spans(1))
        exporter.log(
            LogRecord(time: 1, severity: .info, severityText: "info", body: "x", resource: Resource(service: "orders")))
        self.clock.advance(by: .seconds(1))
        await self.clock.waitForSleepers(3)
        #expect(Set(collector.requests.map(\.signal)) == [.traces, .logs])
        self.clock.advance(by: .seconds(14))
        await self.clock.waitForSleepers(3)
        #expect(collector.requests.last?.signal == .metrics)
        run.cancel()
        await run.value
    }
}
