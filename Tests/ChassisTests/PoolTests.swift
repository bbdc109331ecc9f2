import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Logging
import Resilience
import Synchronization
import Testing

@testable import Chassis

/// A service whose reports take until they are let go, and whose orders say at which priority they run.
private struct Bureau {
    let platform: TestPlatform

    init() throws {
        let platform = try TestPlatform()
        self.platform = platform
        let reports = Gatekeeper()
        self.gatekeeper = reports
        let environment = try platform.environment("bureau", migrations: [])
        let routes = [
            Route(
                .get, "/v1/reports", "report", tag: "Reports", "Reports", access: .operators,
                answers: [Answer(.ok, .freeObject, "A report")]
            ) { _ in
                await reports.pass()
                return .document([:])
            },
            Route(
                .post, "/v1/orders", "order", tag: "Orders", "Orders", answers: [Answer(.ok, .freeObject, "An order")]
            ) { _ in .document(["priority": .string(CallPriority.current.name)]) },
            Route(
                .get, "/v1/books", "books", tag: "Reports", "Books", access: .operators,
                answers: [Answer(.ok, .freeObject, "How many facts there are")]
            ) { _ in
                let facts = try await environment.store.read { try $0.readAll(after: .start, limit: 10).count }
                return .document(["facts": .integer(facts)])
            },
        ]
        platform.host(Service(environment, routes: routes, health: HealthRegistry(time: platform.time)))
    }

    let gatekeeper: Gatekeeper

    func ask(_ method: HTTPRequest.Method, _ path: String, json: JSONValue? = nil) async throws -> TestAnswer {
        try await self.platform.call("bureau", method, path, as: .service("admin"), json: json)
    }

    func pool(_ name: String) async throws -> JSONValue {
        let items = try await self.ask(.get, "/internal/pipelines").json["items"]?.array ?? []
        return items.first { $0["name"]?.string == name } ?? .null
    }
}

/// Keeps tasks until it is opened, and tells when so many are there.
private final class Gatekeeper: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watcher: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let woken = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
                if state.isOpen { return [continuation] }
                state.waiting.append(continuation)
                guard let watcher = state.watcher, watcher.count == state.waiting.count else { return [] }
                state.watcher = nil
                return [watcher.continuation]
            }
            for continuation in woken { continuation.resume() }
        }
    }

    func waitForArrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = self.state.withLock { state in
                if state.waiting.count >= count { return true }
                state.watcher = (count, continuation)
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// What was logged.
private final class LogLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = event.metadata ?? [:]
            func value(_ key: String) -> String { metadata[key].map { "\($0)" } ?? "" }
            self.lines.add("\(event.message): \(value("layer")) \(value("running")) of \(value("limit"))")
        }
    }

    private let lines = Mutex<[String]>([])

    var all: [String] { self.lines.withLock { $0 } }
    var handler: any LogHandler { Handler(lines: self) }

    private func add(_ line: String) { self.lines.withLock { $0.append(line) } }
}

@Suite("The pools of a service", .timeLimit(.minutes(10)))
struct PoolTests {
    private let bureau: Bureau

    init() throws {
        self.bureau = try Bureau()
    }

    @Test func `ten reports run, the next wait, and orders do not notice`() async throws {
        let person = self.bureau.platform.person(.operator)
        let platform = self.bureau.platform
        let reports = (0..<12).map { _ in Task { try await platform.call("bureau", .get, "/v1/reports", as: person) } }
        await self.bureau.gatekeeper.waitForArrivals(10)
        var figures = JSONValue.null
        repeat {
            await Task.yield()
            figures = try await self.bureau.pool("bureau.analytics")["layers"]?.array?.last?["figures"] ?? .null
        } while figures["queued"] != 2
        #expect(figures["running"] == 10)
        let order = try await platform.call("bureau", .post, "/v1/orders", as: platform.person())
        #expect(order.status == 200)
        #expect(order.json["priority"] == "critical")
        self.bureau.gatekeeper.open()
        for report in reports { #expect(try await report.value.status == 200) }
    }

    @Test func `what does not fit is refused with the pool, its numbers and when to come back`() async throws {
        _ = try await self.bureau.ask(
            .patch, "/internal/pipelines/bureau.analytics", json: ["maximumConcurrency": 1, "queueLimit": 0])
        let person = self.bureau.platform.person(.operator)
        let platform = self.bureau.platform
        let report = Task { try await platform.call("bureau", .get, "/v1/reports", as: person) }
        await self.bureau.gatekeeper.waitForArrivals(1)
        let refused = try await platform.call("bureau", .get, "/v1/reports", as: person)
        #expect(refused.status == 503)
        #expect(refused.json["details"]?["strategy"] == "bureau.analytics")
        #expect(refused.json["details"]?["running"] == 1)
        self.bureau.gatekeeper.open()
        #expect(try await report.value.status == 200)
    }

    @Test func `sixteen of twenty places taken is told to operators, fifteen are not, and not again at once`()
        async throws
    {
        let lines = LogLines()
        var logger = Logger(label: "test") { _ in lines.handler }
        logger.logLevel = .warning
        let platform = try TestPlatform()
        let log = PipelineLog(logger, time: platform.time)
        let compartments = try Compartments(named: "orders", time: platform.time, observer: log)
        let gate = Gatekeeper()
        var orders: [Task<Void, any Error>] = []
        for count in 1...16 {
            #expect(lines.all == [])
            orders.append(Task { try await compartments.run(.critical) { await gate.pass() } })
            await gate.waitForArrivals(count)
        }
        #expect(lines.all == ["a pool is nearly full: orders.critical 16 of 20"])
        gate.open()
        for order in orders { try await order.value }
        let later = Gatekeeper()
        let more = (1...16).map { _ in Task { try await compartments.run(.critical) { await later.pass() } } }
        await later.waitForArrivals(16)
        #expect(lines.all.count == 1)
        later.open()
        for order in more { try await order.value }
    }

    @Test func `what an operation reads, it reads with a connection of its pool`() async throws {
        let person = self.bureau.platform.person(.operator)
        #expect(try await self.bureau.platform.call("bureau", .get, "/v1/books", as: person).json["facts"] == 0)
        func admitted(_ pool: String) async throws -> JSONValue? {
            try await self.bureau.pool("bureau.\(pool).connections")["layers"]?.array?.last?["figures"]?["admitted"]
        }
        #expect(try await admitted("analytics") == 1)
        #expect(try await admitted("critical") == 0)
        #expect(try await admitted("standard") == 0)
    }

    @Test func `a call runs at the priority that its header says`() async throws {
        let answer = try await self.bureau.platform.call(
            "bureau", .post, "/v1/orders", as: self.bureau.platform.person(), headers: [.callPriority: "important"])
        #expect(answer.json["priority"] == "important")
        let unknown = try await self.bureau.platform.call(
            "bureau", .post, "/v1/orders", as: self.bureau.platform.person(), headers: [.callPriority: "royal"])
        #expect(unknown.json["priority"] == "critical")
    }

    @Test func `a limit is changed while what was counted stays`() async throws {
        let person = self.bureau.platform.person()
        for _ in 0..<3 { _ = try await self.bureau.platform.call("bureau", .post, "/v1/orders", as: person) }
        let changed = try await self.bureau.ask(
            .patch, "/internal/pipelines/bureau.critical",
            json: ["maximumConcurrency": 40, "recoveryMilliseconds": 250])
        #expect(changed.status == 200)
        let layers = try #require(changed.json["layers"]?.array)
        #expect(layers.map { $0["kind"]?.string } == ["CircuitBreaker", "Bulkhead"])
        #expect(layers[0]["state"] == "CLOSED")
        #expect(layers[0]["settings"]?["recoveryTime"] == "250 ms")
        #expect(layers[1]["settings"]?["maximumConcurrency"] == "40")
        #expect(layers[1]["figures"]?["admitted"] == 3)
    }

    @Test func `what cannot be changed is refused, and nothing has changed`() async throws {
        let unknown = try await self.bureau.ask(.patch, "/internal/pipelines/nobody", json: ["queueLimit": 1])
        #expect(unknown.status == 404)
        #expect(unknown.json["details"]?["known"]?.array?.contains("bureau.critical") == true)
        let layerless = try await self.bureau.ask(
            .patch, "/internal/pipelines/bureau.critical", json: ["maximumAttempts": 2, "maximumConcurrency": 7])
        #expect(layerless.code == "validation-failed")
        let settings = try await self.bureau.pool("bureau.critical")["layers"]?.array?.last?["settings"]
        #expect(settings?["maximumConcurrency"] == "20")
        for person in [nil, self.bureau.platform.person(.admin)] {
            let refused = try await self.bureau.platform.call(
                "bureau", .patch, "/internal/pipelines/bureau.critical", as: person, json: ["queueLimit": 1])
            #expect(refused.status == (person == nil ? 401 : 403))
        }
    }

    @Test func `the figures of the pools are in the metrics`() async throws {
        _ = try await self.bureau.platform.call("bureau", .post, "/v1/orders", as: self.bureau.platform.person())
        let text = String(decoding: try await self.bureau.ask(.get, "/metrics").response.body, as: UTF8.self)
        let layer = { (kind: String) in "layer=\"\(kind)\",pipeline=\"bureau.critical\"" }
        #expect(text.contains("mainstay_pipeline{figure=\"admitted\",\(layer("Bulkhead"))} 1.0\n"))
        #expect(text.contains("mainstay_pipeline_state{\(layer("CircuitBreaker")),state=\"CLOSED\"} 1.0\n"))
        #expect(text.hasSuffix("# EOF\n"))
    }
}
