import Chassis
import ChassisTesting
import Essentials
import EventSourcing
import Foundation
import HTTPTypes
import Identity
import Telemetry
import Testing

@testable import Console

@Suite(.timeLimit(.minutes(1))) struct ConsoleTests {
    private static let client = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    private static let trace = "0af7651916cd43dd8448eb211c80319c"

    private func greet(_ fixture: ConsoleFixture, _ path: String = "/v1/greeting") async throws -> Int {
        try await fixture.platform.call(
            "greeter", .get, path, headers: [HTTPField.Name("traceparent")!: Self.client]
        ).status
    }

    @Test func `a request is one trace through services, calls, transactions and events`() async throws {
        let fixture = try await ConsoleFixture()
        #expect(try await self.greet(fixture) == 200)
        try await fixture.collect()
        let answer = try await fixture.get("/console/api/traces/\(Self.trace)", as: fixture.sessions.operator)
        let spans = answer.json["spans"]?.array ?? []
        let tree = spans.map { span in
            "\(span["depth"]?.integer ?? -1) \(span["service"]?.string ?? "") \(span["name"]?.string ?? "")"
        }
        #expect(
            tree == [
                "0 greeter GET /v1/greeting", "1 greeter GET names", "2 names GET /internal/name", "3 names read names",
                "3 names commit names",
            ])
        let events = answer.json["events"]?.array?.map { $0["type"]?.string }
        #expect(events == ["NameSaid"])
    }

    @Test func `the same seed gives the same spans`() async throws {
        var runs: [[SpanRecord]] = []
        for _ in 0..<2 {
            let fixture = try await ConsoleFixture()
            _ = try await self.greet(fixture)
            runs.append(fixture.buffer.takeSpans(100))
        }
        #expect(runs[0].count == 5)
        #expect(runs[0] == runs[1])
    }

    @Test func `no secret reaches the store, whatever fails with it in its words`() async throws {
        let fixture = try await ConsoleFixture()
        #expect(try await self.greet(fixture, "/v1/failure") == 500)
        try await fixture.collect()
        let kept = try await fixture.console.store.read { unit in
            try unit.query("SELECT spans FROM trace_parts").map { try $0.blob("spans") }
        }
        #expect(kept.count == 1)
        let text = String(decoding: kept.joined(), as: UTF8.self)
        #expect(text.contains(Redactor.mark))
        #expect(!text.contains(ConsoleFixture.canary))
        let page = try await fixture.get("/console/api/traces?errors=1", as: fixture.sessions.operator)
        #expect(page.json["items"]?.array?.first?["errors"] == 1)
    }

    @Test func `an error is recorded even when its trace is not sampled`() async throws {
        let fixture = try await ConsoleFixture()
        let quiet = Self.client.dropLast(2) + "00"
        for path in ["/v1/greeting", "/v1/failure"] {
            _ = try await fixture.platform.call(
                "greeter", .get, path, headers: [HTTPField.Name("traceparent")!: String(quiet)])
        }
        let spans = fixture.buffer.takeSpans(100)
        #expect(spans.map(\.name) == ["GET /v1/failure"])
        #expect(spans.first?.isError == true)
        #expect(spans.first?.traceID.description == Self.trace)
    }

    @Test func `only operators see the console, and only services and operators its numbers`() async throws {
        let fixture = try await ConsoleFixture()
        let browser = ConsoleBrowser(fixture.platform)
        let away = try await browser.get("/console/traces?errors=1")
        #expect(away.status == 303)
        #expect(away.location == "/console/login?target=%2Fconsole%2Ftraces%3Ferrors%3D1")
        let customer = try await browser.logIn("customer@example.com")
        #expect(customer.status == 403)
        #expect(browser.cookie == nil)
        #expect(try await browser.logIn(password: "wrong").status == 401)
        let statuses: [(Principal?, Int)] = [
            (nil, 401), (fixture.sessions.customer, 403), (fixture.sessions.operator, 200), (.service("admin"), 200),
        ]
        for (person, status) in statuses {
            #expect(try await fixture.get("/console/api/overview", as: person).status == status)
        }
    }

    @Test func `a form counts only with the token of its browser, and a log-in only from our own page`() async throws {
        let fixture = try await ConsoleFixture()
        let browser = ConsoleBrowser(fixture.platform)
        let foreign = try await browser.send(
            "/console/login", [("email", "operator@example.com"), ("password", "correct horse")], site: "cross-site")
        #expect(foreign.status == 403)
        #expect(try await browser.logIn().location == "/console")
        let page = try await browser.get("/console")
        #expect(page.status == 200)
        #expect(try await browser.send("/console/logout", [("token", "0000")]).status == 403)
        #expect(try await browser.get("/console").status == 200)
        let token = try #require(page.formToken)
        #expect(try await browser.send("/console/logout", [("token", token)]).status == 303)
        #expect(try await browser.get("/console").status == 303)
    }

    @Test func `every page is there, and all its numbers as a document`() async throws {
        let fixture = try await ConsoleFixture()
        _ = try await self.greet(fixture)
        try await fixture.collect()
        try await fixture.console.watch.askAll()
        try await fixture.console.collector.take(fixture.metrics())
        let browser = ConsoleBrowser(fixture.platform)
        _ = try await browser.logIn()
        let pages: [(String, String)] = [
            ("", "Overview"), ("/services", "greeter"), ("/services/greeter", "GET /v1/greeting"),
            ("/traces", "greeter"),
            ("/traces/\(Self.trace)", "GET names"), ("/events?service=names", "NameSaid"), ("/sagas", "None."),
            ("/ledger", "balanced"), ("/queues", "No event is parked"), ("/objectives", "greeter"),
            ("/audit", "Nothing yet"),
        ]
        for (path, content) in pages {
            let page = try await browser.get("/console\(path)")
            #expect(page.status == 200, "\(path)")
            #expect(page.text.contains(content), "\(path)")
            let document = try await fixture.get(
                "/console/api\(path.isEmpty ? "/overview" : path)", as: fixture.sessions.operator)
            #expect(document.status == 200 && document.json.object != nil, "\(path)")
        }
        let events = try await fixture.get("/console/api/events?service=names", as: fixture.sessions.operator)
        let stream = try #require(events.json["events"]?.array?.first?["stream"]?.string)
        #expect(try await browser.get("/console/events/names/\(stream)").text.contains("What happened to it"))
    }

    @Test func `other processes send by OTLP, and what is wrong with it is said`() async throws {
        let fixture = try await ConsoleFixture()
        var span = SpanRecord(
            traceID: TraceID(Self.trace)!, spanID: SpanID(7)!, name: "GET /far", kind: .server, start: 1_000_000_000,
            end: 1_500_000_000, resource: Resource(service: "far"))
        span.attributes = [Attribute("password", "hunter2hunter2")]
        func post(_ body: [UInt8], _ type: String) async throws -> Int {
            let request = ServiceRequest(.post, "/v1/traces", headers: [.contentType: type], body: body)
            let deadline = Deadline(at: fixture.platform.time.now + .seconds(60))
            return try await fixture.platform.transport.call("console", request, deadline: deadline).head.status.code
        }
        let bytes = OTLPEncoder.traces([span])
        #expect(try await post(bytes, "application/x-protobuf") == 200)
        #expect(try await post([0xFF, 0xFF], "application/x-protobuf") == 400)
        #expect(try await post(bytes, "text/plain") == 415)
        #expect(try await post([UInt8](repeating: 10, count: 5 << 20), "application/x-protobuf") == 413)
        try await fixture.collect()
        let trace = try await fixture.get("/console/api/traces/\(Self.trace)", as: fixture.sessions.operator)
        #expect(trace.json["spans"]?.array?.first?["name"] == "GET /far")
        #expect(trace.json["spans"]?.array?.first?["attributes"]?["password"]?.string == Redactor.mark)
    }

    @Test func `pages show what is the case, as text`() async throws {
        let fixture = try await ConsoleFixture()
        _ = try await self.greet(fixture)
        _ = try await fixture.platform.call("greeter", .get, "/v1/greeting/%3Cscript%3E")
        try await fixture.collect()
        try await fixture.console.watch.askAll()
        try await fixture.console.collector.take(fixture.metrics())
        let browser = ConsoleBrowser(fixture.platform)
        _ = try await browser.logIn()
        let overview = try await browser.get("/console")
        #expect(overview.text.contains("absent needs attention"))
        #expect(overview.text.contains("unreachable"))
        #expect(overview.text.contains("/console/services/greeter"))
        let traces = try await browser.get("/console/traces")
        #expect(traces.text.contains("GET /v1/greeting"))
        let trace = try await browser.get("/console/traces/\(Self.trace)")
        #expect(trace.text.contains("commit names"))
        #expect(trace.text.contains("NameSaid"))
        for page in [overview, traces, trace] {
            #expect(!page.text.contains("<script>"))
            #expect(!page.text.contains("style="))
        }
        let unknown = try await browser.get("/console/traces/\(String(repeating: "0", count: 31))1")
        #expect(unknown.status == 404)
    }
}
