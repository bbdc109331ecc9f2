import Chassis
import ChassisTesting
import Essentials
import EventSourcing
import Metrics
import Telemetry
import Testing

@testable import Console

@Suite struct StoreTests {
    private func span(_ number: UInt64, at second: Int64, error: Bool = false, parent: UInt64? = nil) -> SpanRecord {
        var span = SpanRecord(
            traceID: TraceID(high: 1, low: number)!, spanID: SpanID(number * 100 + (parent ?? 0) + 1)!,
            parentID: parent.flatMap { SpanID($0) }, name: "GET /\(number)", kind: .server,
            start: second * 1_000_000_000, end: second * 1_000_000_000 + 5_000_000,
            resource: Resource(service: number.isMultiple(of: 2) ? "even" : "odd"))
        if error { span.status = .error("broken") }
        return span
    }

    @Test func `traces are found by service, name, errors, time and request, the newest first`() async throws {
        let store = try TestPlatform().environment("console", migrations: ConsoleService.migrations).store
        var named = self.span(3, at: 30)
        named.attributes = [Attribute("mainstay.request.id", "r-3")]
        let spans = [self.span(1, at: 10), self.span(2, at: 20, error: true), named]
        try await store.write { try TraceRows.add(spans, in: $0) }
        func names(_ change: (inout TraceQuery) -> Void) async throws -> [String] {
            var query = TraceQuery()
            change(&query)
            let wanted = query
            return try await store.read { try TraceRows.find(wanted, in: $0) }.map(\.name)
        }
        #expect(try await names { _ in } == ["GET /3", "GET /2", "GET /1"])
        #expect(try await names { $0.service = "even" } == ["GET /2"])
        #expect(try await names { $0.name = "/1" } == ["GET /1"])
        #expect(try await names { $0.onlyErrors = true } == ["GET /2"])
        #expect(try await names { $0.before = Timestamp(milliseconds: 30_000) } == ["GET /2", "GET /1"])
        #expect(try await names { $0.minimum = .milliseconds(6) } == [])
        #expect(try await names { $0.requestID = "r-3" } == ["GET /3"])
        #expect(try await names { $0.limit = 1 } == ["GET /3"])
    }

    @Test func `a trace that comes in parts is one, named by its root`() async throws {
        let store = try TestPlatform().environment("console", migrations: ConsoleService.migrations).store
        let (child, root) = (self.span(1, at: 11, parent: 7), self.span(1, at: 10))
        try await store.write { try TraceRows.add([child], in: $0) }
        try await store.write { try TraceRows.add([root], in: $0) }
        let found = try await store.read { try TraceRows.find(TraceQuery(), in: $0) }
        #expect(found.map(\.spans) == [2])
        #expect(found.first?.startedAt == Timestamp(milliseconds: 10_000))
        #expect(try await store.read { try TraceRows.spans(of: root.traceID, in: $0) } == [child, root])
    }

    @Test func `the oldest traces go when the time or the space is over`() async throws {
        let store = try TestPlatform().environment("console", migrations: ConsoleService.migrations).store
        let spans = (11...20).map { self.span(UInt64($0), at: Int64($0)) }
        try await store.write { try TraceRows.add(spans, in: $0) }
        let each = try await store.read { try TraceRows.size(in: $0) }.bytes / 10
        let old = try await store.write {
            try TraceRows.prune(before: Timestamp(milliseconds: 13_000), quota: .max, limit: 100, in: $0)
        }
        #expect(old == 2)
        let many = try await store.write {
            try TraceRows.prune(before: Timestamp(milliseconds: 0), quota: each * 5 + 10, limit: 100, in: $0)
        }
        #expect(many == 3)
        let left = try await store.read { try TraceRows.find(TraceQuery(), in: $0) }
        #expect(left.map(\.name) == (16...20).reversed().map { "GET /\($0)" })
        #expect(try await store.read { try $0.query("SELECT id FROM trace_parts") }.count == 5)
    }

    @Test func `an interval has what came since the last one`() {
        let registry = MetricRegistry(resource: Resource(service: "orders"))
        func record(_ status: String, _ milliseconds: Int64, class name: String = "critical") {
            Timer(
                label: SemanticConventions.serverRequestDuration,
                dimensions: [
                    (SemanticConventions.httpMethod, "GET"), (SemanticConventions.httpRoute, "/a"),
                    (SemanticConventions.httpStatus, status), ("mainstay.operation.class", name),
                ], factory: registry
            ).recordNanoseconds(milliseconds * 1_000_000)
        }
        var intake = RateIntake()
        let now = Timestamp(milliseconds: 1_000)
        record("200", 1_000)
        record("200", 9_000, class: "none")
        #expect(intake.take(registry.snapshot(), at: now).map(\.requests) == [1])
        for _ in 0..<9 { record("200", 10) }
        record("503", 10)
        let rows = intake.take(registry.snapshot(), at: now)
        #expect(rows.map(\.requests) == [10])
        #expect(rows.map(\.errors) == [1])
        #expect((rows.first?.p99).map { $0 < 0.02 } == true)
        #expect(intake.take(registry.snapshot(), at: now).isEmpty)
    }
}
