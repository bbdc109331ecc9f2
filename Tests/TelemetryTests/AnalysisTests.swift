import Essentials
import EssentialsTesting
import Telemetry
import Testing

@Suite struct CriticalPathTests {
    private func names(_ trace: Trace) -> [String] {
        let names = Dictionary(uniqueKeysWithValues: trace.spans.map { ($0.spanID, $0.name) })
        return trace.criticalPath.map { "\(names[$0.spanID] ?? "?") \($0.start / 1_000_000)-\($0.end / 1_000_000)" }
    }

    @Test func `children one after another are all waited for, with the gaps between them`() {
        let trace = Trace([
            .sample("root", id: 1, 0...100), .sample("a", id: 2, parent: 1, 10...40),
            .sample("b", id: 3, parent: 1, 50...90),
        ])
        #expect(self.names(trace) == ["root 0-10", "a 10-40", "root 40-50", "b 50-90", "root 90-100"])
        #expect(trace.criticalSpans.map(\.span.name) == ["b", "root", "a"])
    }

    @Test func `of children side by side only the last one is waited for`() {
        let trace = Trace([
            .sample("root", id: 1, 0...100), .sample("short", id: 2, parent: 1, 10...50),
            .sample("long", id: 3, parent: 1, 10...95), .sample("inner", id: 4, parent: 3, 20...80),
        ])
        #expect(self.names(trace) == ["root 0-10", "long 10-20", "inner 20-80", "long 80-95", "root 95-100"])
    }

    @Test func `a child that outlives its parent counts to the parent's end`() {
        let trace = Trace([.sample("root", id: 1, 0...50), .sample("later", id: 2, parent: 1, 40...500)])
        #expect(self.names(trace) == ["root 0-40", "later 40-50"])
        #expect(
            self.names(Trace([.sample("root", id: 1, 0...50), .sample("x", id: 2, parent: 1, 60...70)])) == [
                "root 0-50"
            ])
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `the path covers the root from start to end without gap or overlap`(seed: UInt64) throws {
        let chance = Chance(seed: seed)
        var spans: [SpanRecord] = [.sample("root", id: 1, 0...1_000)]
        for id in 2...UInt64(2 + chance.below(30)) {
            let start = Int64(chance.below(1_100))
            let parent = UInt64(1 + chance.below(Int(id) - 1))
            spans.append(.sample("s\(id)", id: id, parent: parent, start...start + Int64(chance.below(400))))
        }
        var order = chance
        spans.shuffle(using: &order)
        let trace = Trace(spans)
        let root = try #require(trace.spans.first { $0.name == "root" })
        let path = trace.criticalPath
        #expect(path.first?.start == root.start && path.last?.end == root.end)
        #expect(zip(path, path.dropFirst()).allSatisfy { $0.end == $1.start && $0.start < $0.end })
        #expect(Trace(spans.reversed()).criticalPath == path)
    }

    @Test func `a circle of parents and a span that comes twice do no harm`() {
        let trace = Trace([
            .sample("a", id: 1, parent: 2, 0...10), .sample("b", id: 2, parent: 1, 1...9),
            .sample("b again", id: 2, parent: 1, 1...9), .sample("self", id: 3, parent: 3, 2...4),
        ])
        #expect(trace.spans.map(\.name) == ["a", "b", "self"])
        #expect(trace.root?.name == "a")
        #expect(!trace.criticalPath.isEmpty)
        #expect(Trace([]).criticalPath.isEmpty && Trace([]).root == nil)
    }
}

@Suite struct ServiceMapTests {
    @Test func `calls are seen through client spans, with databases and hosts at the edge`() {
        var map = ServiceMap()
        map.add(
            Trace([
                .sample("GET /", id: 1, 0...100, service: "gateway"),
                .sample("call", id: 2, parent: 1, 10...90, service: "gateway", kind: .client),
                .sample("POST /v1/orders", id: 3, parent: 2, 20...80, service: "orders", remote: true, error: "no"),
                .sample(
                    "insert", id: 4, parent: 3, 30...40, service: "orders", kind: .client,
                    attributes: [Attribute("db.system.name", "sqlite")]),
                .sample(
                    "charge", id: 5, parent: 3, 40...70, service: "orders", kind: .client, error: "503",
                    attributes: [Attribute("server.address", "psp.example")]),
                .sample("decide", id: 6, parent: 3, 70...71, service: "orders", kind: .internal),
            ]))
        #expect(
            map.calls.map { "\($0.from.name)>\($0.to.name) \($0.to.kind) \($0.count) \($0.errors)" } == [
                "gateway>orders service 1 0", "orders>psp.example external 1 1", "orders>sqlite database 1 0",
            ])
        #expect(map.calls[0].durations.maximum == 0.08, "the caller's own time, with the way there and back")
    }

    @Test func `a missing client span is no gap in the map`() {
        var map = ServiceMap()
        map.add(
            Trace([
                .sample("a", id: 1, 0...10, service: "orders"),
                .sample("b", id: 2, parent: 1, 2...8, service: "payments", remote: true),
                .sample("c", id: 3, parent: 2, 3...7, service: "payments"),
            ]))
        #expect(map.calls.map { "\($0.from.name)>\($0.to.name)" } == ["orders>payments"])
    }

    @Test func `the map is bounded`() {
        var map = ServiceMap(maximumNodes: 3)
        for number in 0..<10 as Range<UInt64> {
            map.add(Trace([.sample("x", trace: number + 1, id: 1, 0...1, service: "s\(number)")]))
        }
        #expect(map.nodes.count == 3 && map.overflowed == 7)
    }
}

@Suite struct RequestRatesTests {
    private let start = ManualWallClock().now

    private func at(_ seconds: Int) -> Timestamp { self.start + .seconds(seconds) }
    private let key = RequestRates.Key(service: "orders", route: "GET /v1/orders")

    @Test func `rate, errors and percentiles are those of the window`() throws {
        var rates = RequestRates()
        for second in 0..<600 {
            let isSlow = second >= 300
            rates.record(
                self.key, took: .milliseconds(isSlow ? 500 : 10), isError: isSlow && second % 10 == 0,
                at: self.at(second))
        }
        let recent = rates.summary(self.key, over: .seconds(300), at: self.at(599))
        #expect(recent.requests == 300 && recent.errors == 30)
        #expect(recent.perSecond == 1 && recent.errorRatio == 0.1)
        #expect(recent.duration(atQuantile: 0.99) == .milliseconds(500))
        let all = rates.summary(self.key, over: .seconds(600), at: self.at(599))
        #expect(all.requests == 600)
        let median = try #require(all.duration(atQuantile: 0.25))
        #expect(abs(median.fractionalSeconds - 0.01) < 0.001)
        #expect(rates.summary(self.key, over: .seconds(300), at: self.at(5_000)).requests == 0)
    }

    @Test func `spans at the entry count by route, a 500 is an error, and others do not count`() {
        var rates = RequestRates()
        let attributes = [
            Attribute("http.request.method", "POST"), Attribute("http.route", "/v1/orders"),
            Attribute("http.response.status_code", 503),
        ]
        rates.add(.sample("POST", id: 1, 0...10, attributes: attributes))
        rates.add(.sample("handle", id: 2, 0...10, kind: .consumer))
        rates.add(.sample("call", id: 3, 0...10, kind: .client))
        #expect(rates.keys.map(\.route) == ["POST /v1/orders", "handle"])
        let summary = rates.summary(service: "orders", over: .seconds(60), at: Timestamp(microseconds: 10_000))
        #expect(summary.requests == 2 && summary.errors == 1)
    }

    @Test func `late spans find their slot and those that are too late do not count`() {
        var rates = RequestRates(window: .seconds(300))
        rates.record(self.key, took: .seconds(1), isError: false, at: self.at(600))
        rates.record(self.key, took: .seconds(1), isError: false, at: self.at(500))
        rates.record(self.key, took: .seconds(1), isError: false, at: self.at(200))
        #expect(rates.summary(self.key, over: .seconds(300), at: self.at(600)).requests == 2)
        #expect(rates.summary(self.key, over: .seconds(30), at: self.at(600)).requests == 1)
    }

    @Test func `routes are bounded and nothing goes uncounted`() {
        var rates = RequestRates(maximumRoutes: 5)
        for number in 0..<100 {
            rates.record(
                RequestRates.Key(service: "s\(number % 3)", route: "r\(number)"), took: .zero, isError: false,
                at: self.start)
        }
        #expect(rates.keys.count <= 8)
        #expect(rates.summary(over: .seconds(60), at: self.start).requests == 100)
        #expect(rates.keys.contains { $0.route == RequestRates.other })
        rates.record(
            RequestRates.Key(service: "new", route: "new"), took: .zero, isError: false, at: self.at(7_200))
        #expect(rates.keys.map(\.route) == ["new"], "what nobody asked for in the whole window gives up its place")
    }
}
