#if os(Linux)
    import Chassis
    import ChassisTesting
    import Compression
    import Essentials
    import EssentialsTesting
    import GatewayCore
    import HTTPTransport
    import HTTPTypes
    import Identity
    import Synchronization
    import Testing

    @testable import Gateway

    /// One route, `/orders`, in both shells.
    private struct Shop: Sendable {
        let shells: TwoShells

        /// - Parameter policies: lines of YAML, indented as those of a route.
        init(
            _ policies: String, before: String = "",
            answer: @escaping @Sendable (ServiceRequest) async -> ServiceResponse = { _ in .document(["a": 1]) }
        ) throws {
            let table = try GatewayConfiguration(yaml: Self.yaml(policies, before)).table
            self.shells = try TwoShells(routes: table, answer: answer)
        }

        static func yaml(_ policies: String, _ before: String = "") -> String {
            """
            gateway:
              services:
                orders: { hosts: [127.0.0.1:1] }
              \(before)
              routes:
                - name: orders
                  path: /orders
                  service: orders
                  \(policies)
            """
        }

        /// Asks the handler, then the loop.
        func ask(_ question: Question) async throws -> [Answer] {
            let whole = try await self.shells.gateway.handler(question.request)
            var fields: [String: String] = [:]
            for field in whole.head.headerFields {
                let name = field.name.canonicalName
                fields[name] = fields[name].map { "\($0), \(field.value)" } ?? field.value
            }
            let text = question.text
            let bytes = try await self.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send(text)
                return client.answer()
            }
            let answer = try #require(bytes)
            return [
                Answer(whole.head.status.code, fields, whole.body), Answer(answer.status, answer.fields, answer.bytes),
            ]
        }

        struct Answer: Sendable {
            var status: Int
            var fields: [String: String]
            var bytes: [UInt8]

            init(_ status: Int, _ fields: [String: String], _ bytes: [UInt8]) {
                self.status = status
                self.fields = fields
                self.bytes = bytes
            }

            var body: String { String(decoding: self.bytes, as: UTF8.self) }

            var code: String? { (try? JSONReader.parse(self.bytes))?["code"]?.string }
        }

        /// A token of a person; nil: of a new one.
        func token(_ scopes: [String], of person: Principal? = nil) throws -> String {
            var person = person ?? self.shells.platform.person()
            person.scopes = scopes
            return "Bearer \(try self.shells.platform.token(of: person))"
        }
    }

    @Suite("Policies of a route, in both shells", .timeLimit(.minutes(1)))
    struct TrafficTests {
        private static let key = HTTPField.Name("X-Key")!

        // MARK: Scopes, bodies, times

        @Test func `a token without the scopes of the route is a 403 that names what is missing`() async throws {
            let shop = try Shop("token: true\n      scopes: [orders.read, orders.write]")
            for (scopes, status) in [(["orders.read"], 403), ([], 403), (["orders.write", "orders.read"], 200)] {
                let question = Question(target: "/orders", fields: [.authorization: try shop.token(scopes)])
                for answer in try await shop.ask(question) {
                    #expect(answer.status == status)
                    guard status == 403 else { continue }
                    #expect(answer.code == "insufficient-scope" && answer.body.contains("missing: "))
                    let challenge = "Bearer error=\"insufficient_scope\", scope=\"orders.read orders.write\""
                    #expect(answer.fields["www-authenticate"] == challenge)
                }
            }
            #expect(shop.shells.takeReached().count == 2)
            for answer in try await shop.ask(Question(target: "/orders")) { #expect(answer.status == 401) }
        }

        @Test func `a body beyond the limit of its route is a 413 that names the limit, whichever way it is framed`()
            async throws
        {
            let shop = try Shop("body-limit: 8")
            for (body, status) in [("12345678", 200), ("123456789", 413)] {
                for answer in try await shop.ask(Question(method: .put, target: "/orders", body: body)) {
                    #expect(answer.status == status)
                    if status == 413 { #expect(answer.code == "body-too-large" && answer.body.contains("\"limit\":8")) }
                }
            }
            #expect(shop.shells.takeReached().map(\.body.count) == [8, 8])
            let chunked = try await shop.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send(
                    "PUT /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n")
                return client.answer()
            }
            #expect(chunked?.status == 413 && shop.shells.takeReached().isEmpty)
        }

        @Test func `a route may take larger bodies than others do`() async throws {
            let ask = "PUT /orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11534336\r\n\r\n"
            for (policy, status) in [("body-limit: 20MiB", 100), ("timeout: 1s", 413)] {
                let answer = try await Shop(policy).shells.serving { edge in
                    let client = Loopback(to: edge.endpoint)
                    client.send(ask)
                    return client.answer()
                }
                #expect(answer?.status == status)
            }
        }

        @Test func `services are told the time of the route, and are not waited for any longer`() async throws {
            let held = Held()
            let shop = try Shop("timeout: 2s") { request in
                if request.head.path == "/orders/slow" { await held.wait() }
                return .empty(.ok)
            }
            for answer in try await shop.ask(Question(target: "/orders")) { #expect(answer.status == 200) }
            let told = shop.shells.takeReached().map { $0.head.headerFields[.deadline] }
            #expect(told == ["2000", "2000"])
            let clock = shop.shells.platform.clock
            let late = try await shop.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send("GET /orders/slow HTTP/1.1\r\nHost: a\r\n\r\n")
                held.awaitArrival()
                clock.advance(by: .seconds(3))
                defer { held.open() }
                return client.answer()
            }
            #expect(late?.status == 503 && late?.body.contains("did not answer in time") == true)
        }

        // MARK: Changes

        @Test func `header fields are removed, set and added, both ways`() async throws {
            let shop = try Shop(
                """
                request-headers: { remove: [X-Debug], set: { X-Source: gateway }, add: { X-Tag: two } }
                      response-headers: { remove: [Server], set: { Cache-Control: private }, add: { X-Served-By: a } }
                """
            ) { _ in
                ServiceResponse(
                    status: .ok,
                    headers: [.server: "secret/1", .cacheControl: "no-store", HTTPField.Name("X-Served-By")!: "b"])
            }
            let name = { (text: String) in HTTPField.Name(text)! }
            let fields: HTTPFields = [name("X-DEBUG"): "1", name("x-source"): "me", name("X-Tag"): "one"]
            for answer in try await shop.ask(Question(target: "/orders", fields: fields)) {
                #expect(answer.fields["server"] == nil && answer.fields["cache-control"] == "private")
                #expect(answer.fields["x-served-by"]?.hasSuffix("a") == true)
            }
            let reached = shop.shells.takeReached()
            #expect(reached.count == 2)
            for request in reached {
                let fields = request.head.headerFields
                #expect(fields[name("X-Debug")] == nil && fields[name("X-Source")] == "gateway")
                #expect(fields[values: name("X-Tag")] == ["one", "two"])
            }
        }

        @Test func `parameters of the query are removed, set and added; the rest keeps its bytes`() async throws {
            let shop = try Shop(
                "rewrite: { prefix: /v2 }\n      request-query: { remove: [debug], set: { page: '1' }, add: { 'a b': 'c&d' } }"
            )
            _ = try await shop.ask(Question(target: "/orders/7?x=%2F&%64ebug=1&page=9&page=8&y"))
            _ = try await shop.ask(Question(target: "/orders"))
            #expect(
                shop.shells.takeReached().map { $0.head.path ?? "" } == [
                    "/v2/7?x=%2F&y&page=1&a%20b=c%26d", "/v2/7?x=%2F&y&page=1&a%20b=c%26d",
                    "/v2?page=1&a%20b=c%26d", "/v2?page=1&a%20b=c%26d",
                ])
        }

        // MARK: Origins

        @Test func `a preflight is answered without a token and without the service`() async throws {
            let shop = try Shop(
                "token: true\n      methods: [PUT]\n      cors: { origins: [https://a.test], methods: [PUT], headers: [x-key] }"
            )
            let fields: HTTPFields = [
                .origin: "https://a.test", .accessControlRequestMethod: "PUT",
                .accessControlRequestHeaders: "x-key",
            ]
            for answer in try await shop.ask(Question(method: .options, target: "/orders", fields: fields)) {
                #expect(answer.status == 204 && answer.fields["access-control-allow-origin"] == "https://a.test")
                #expect(answer.fields["access-control-allow-methods"] == "PUT")
                #expect(answer.fields["access-control-allow-headers"] == "x-key")
                #expect(answer.fields["access-control-max-age"] == "600")
                #expect(answer.fields["vary"]?.hasPrefix("Origin") == true && answer.body.isEmpty)
            }
            var foreign = fields
            foreign[.origin] = "https://b.test"
            for answer in try await shop.ask(Question(method: .options, target: "/orders", fields: foreign)) {
                #expect(answer.status == 204 && answer.fields["access-control-allow-origin"] == nil)
            }
            #expect(shop.shells.takeReached().isEmpty)
        }

        @Test func `scripts of an allowed origin may read answers and errors, and services have no say in it`()
            async throws
        {
            let shop = try Shop("token: true\n      cors: { origins: [https://a.test], exposes: [ETag] }") { _ in
                ServiceResponse(status: .ok, headers: [.accessControlAllowOrigin: "*"])
            }
            let token = try shop.token([])
            for (fields, status) in [([.authorization: token], 200), ([:], 401)] as [(HTTPFields, Int)] {
                var fields = fields
                fields[.origin] = "https://a.test"
                for answer in try await shop.ask(Question(target: "/orders", fields: fields)) {
                    #expect(answer.status == status)
                    #expect(answer.fields["access-control-allow-origin"] == "https://a.test")
                    #expect(answer.fields["access-control-expose-headers"] == "ETag")
                    #expect(answer.fields["vary"] == "Origin")
                }
                fields[.origin] = "https://b.test"
                for answer in try await shop.ask(Question(target: "/orders", fields: fields)) {
                    #expect(answer.fields["access-control-allow-origin"] == nil && answer.fields["vary"] == "Origin")
                }
            }
        }

        // MARK: Limits

        @Test func `requests are counted by key, for both shells together, and clients are told how many are left`()
            async throws
        {
            let shop = try Shop("rate-limit: { requests: 4, per: 60s, key: { header: X-Key } }")
            let ask = { (key: String) in try await shop.ask(Question(target: "/orders", fields: [Self.key: key])) }
            let first = try await ask("a")
            #expect(first.map { $0.fields["ratelimit"] } == ["\"orders\";r=3", "\"orders\";r=2"])
            #expect(first.map { $0.fields["ratelimit-policy"] } == ["\"orders\";q=4;w=60", "\"orders\";q=4;w=60"])
            #expect(try await ask("a").map(\.status) == [200, 200])
            for answer in try await ask("a") {
                #expect(answer.status == 429 && answer.code == "too-many-requests")
                #expect(answer.fields["retry-after"] == "15" && answer.fields["ratelimit"] == "\"orders\";r=0;t=15")
                #expect(answer.fields["ratelimit-policy"] == "\"orders\";q=4;w=60")
            }
            #expect(try await ask("b").map(\.status) == [200, 200])
            shop.shells.platform.clock.advance(by: .seconds(30))
            #expect(try await ask("a").map(\.status) == [200, 200])
            #expect(try await ask("a").map(\.status) == [429, 429])
        }

        @Test func `a limit by subject is the person's, whatever the token, and the client's without one`() async throws
        {
            let shop = try Shop("token: true\n      rate-limit: { requests: 2, per: 60s, key: subject }")
            let people = [shop.shells.platform.person(), shop.shells.platform.person()]
            for expected in [200, 429] {
                for (person, scope) in zip(people + people, ["a", "a", "b", "b"]).prefix(expected == 200 ? 2 : 4) {
                    let token = try shop.token([scope], of: person)
                    let statuses = try await shop.ask(Question(target: "/orders", fields: [.authorization: token]))
                    #expect(statuses.map(\.status) == [expected, expected])
                }
            }
        }

        @Test func `what was counted stays counted when the routes change`() async throws {
            let limit = "rate-limit: { requests: 2, per: 60s }"
            let shop = try Shop(limit)
            #expect(try await shop.ask(Question(target: "/orders")).map(\.status) == [200, 200])
            try shop.shells.gateway.plan.replace(yaml: Shop.yaml(limit + "\n      timeout: 3s"))
            #expect(try await shop.ask(Question(target: "/orders")).map(\.status) == [429, 429])
            try shop.shells.gateway.plan.replace(yaml: Shop.yaml("rate-limit: { requests: 3, per: 60s }"))
            #expect(try await shop.ask(Question(target: "/orders")).map(\.status) == [200, 200])
        }

        // MARK: Retries

        @Test func `a status of failure is tried again, a request with content or without leave is not`() async throws {
            let count = Mutex(0)
            let shop = try Shop("retries: { attempts: 3, statuses: [503] }") { request in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                let isBad = request.head.path == "/orders/bad"
                return .empty(isBad ? .badGateway : number.isMultiple(of: 3) ? .ok : .serviceUnavailable)
            }
            let takeCount = {
                count.withLock { count in
                    defer { count = 0 }
                    return count
                }
            }
            #expect(try await shop.ask(Question(target: "/orders")).map(\.status) == [200, 200] && takeCount() == 6)
            #expect(
                try await shop.ask(Question(method: .post, target: "/orders", body: "x")).map(\.status) == [503, 503])
            #expect(takeCount() == 2)
            #expect(
                try await shop.ask(Question(target: "/orders/bad")).map(\.status) == [502, 502] && takeCount() == 2)
        }

        @Test func `retries stay within their budget`() async throws {
            let shop = try Shop("retries: { attempts: 2, statuses: [503], budget: 0 }") { _ in
                .empty(.serviceUnavailable)
            }
            for _ in 0..<15 { _ = try await shop.ask(Question(target: "/orders")) }
            // Ten are always allowed.
            #expect(shop.shells.takeReached().count == 30 + 10)
        }

        @Test func `an attempt that takes too long is given up for another`() async throws {
            let count = Mutex(0)
            let held = Held()
            let shop = try Shop("timeout: 9s\n      retries: { attempts: 2, attempt-timeout: 1s }") { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                if number == 1 { await held.wait() }
                return .document(["attempt": .integer(number)])
            }
            let clock = shop.shells.platform.clock
            let answer = try await shop.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send("GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
                held.awaitArrival()
                clock.advance(by: .seconds(2))
                defer { held.open() }
                return client.answer()
            }
            #expect(answer?.status == 200 && answer?.body.contains("\"attempt\":2") == true)
        }

        // MARK: Faults

        @Test func `a fault answers with its status instead of the service, and says so`() async throws {
            let shop = try Shop("fault: { abort: 418, header: X-Key }")
            for answer in try await shop.ask(Question(target: "/orders", fields: [Self.key: "1"])) {
                #expect(answer.status == 418 && answer.code == "injected-fault")
            }
            #expect(shop.shells.takeReached().isEmpty)
            #expect(try await shop.ask(Question(target: "/orders")).map(\.status) == [200, 200])
        }

        @Test func `a fault holds up a share of the requests`() async throws {
            let shop = try Shop("fault: { abort: 500, abort-percent: 30 }")
            let statuses = try await shop.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                return (0..<400).map { _ in
                    client.send("GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
                    return client.answer()?.status
                }
            }
            let share = statuses.filter { $0 == 500 }.count
            #expect((90...150).contains(share) && statuses.filter { $0 == 200 }.count == 400 - share)
        }

        @Test func `a delay is waited for before anything else`() async throws {
            let shop = try Shop("fault: { delay: 5s }")
            let clock = shop.shells.platform.clock
            async let whole = shop.shells.gateway.handler(Question(target: "/orders").request)
            await clock.waitForSleepers()
            #expect(shop.shells.takeReached().isEmpty)
            clock.advance(by: .seconds(5))
            #expect(try await whole.head.status == .ok)
            _ = shop.shells.takeReached()
            let answer = try await shop.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send("GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
                while edge.counters.suspendedRequests == 0 {}
                #expect(shop.shells.takeReached().isEmpty)
                while clock.sleeperCount == 0 {}
                clock.advance(by: .seconds(5))
                return client.answer()
            }
            #expect(answer?.status == 200)
        }

        // MARK: Compression

        private static let page = String(repeating: "a line of a page, ", count: 400)

        @Test func `an answer is compressed for clients that take it, and says what it varies by`() async throws {
            let shop = try Shop("compression: true") { request in
                ServiceResponse(
                    status: .ok, headers: [.contentType: "text/html", .eTag: "\"1\"", .acceptRanges: "bytes"],
                    body: Array((request.head.path == "/orders/small" ? "little" : Self.page).utf8))
            }
            for accepted in ["gzip", "br, gzip;q=0.5", "*"] {
                let question = Question(target: "/orders", fields: [.acceptEncoding: accepted])
                for answer in try await shop.ask(question) {
                    #expect(answer.status == 200 && answer.fields["content-encoding"] == "gzip")
                    #expect(answer.fields["vary"] == "Accept-Encoding" && answer.fields["etag"] == "W/\"1\"")
                    #expect(answer.fields["accept-ranges"] == nil)
                    #expect(answer.bytes.count < 400 && Gzip.content(of: answer.bytes) == Array(Self.page.utf8))
                }
            }
            for accepted in ["identity", "gzip;q=0", "br", ""] {
                let question = Question(target: "/orders", fields: [.acceptEncoding: accepted])
                for answer in try await shop.ask(question) {
                    #expect(answer.fields["content-encoding"] == nil && answer.body == Self.page)
                    #expect(answer.fields["vary"] == "Accept-Encoding" && answer.fields["etag"] == "\"1\"")
                }
            }
            let small = Question(target: "/orders/small", fields: [.acceptEncoding: "gzip"])
            for answer in try await shop.ask(small) {
                #expect(answer.body == "little" && answer.fields["vary"] == nil)
            }
        }

        @Test(arguments: [
            [HTTPField(name: .contentEncoding, value: "br")], [HTTPField(name: .cacheControl, value: "no-transform")],
            [HTTPField(name: .setCookie, value: "a=b")], [HTTPField(name: .contentType, value: "image/png")],
        ])
        func `what is encoded already, must stay as it is, or belongs to a session is not compressed`(
            _ fields: [HTTPField]
        ) async throws {
            let shop = try Shop("compression: true") { _ in
                var answer = ServiceResponse(
                    status: .ok, headers: [.contentType: "text/html"], body: Array(Self.page.utf8))
                for field in fields { answer.head.headerFields[field.name] = field.value }
                return answer
            }
            for answer in try await shop.ask(Question(target: "/orders", fields: [.acceptEncoding: "gzip"])) {
                #expect(answer.body == Self.page && answer.fields["vary"] == nil)
            }
        }

        // MARK: Mirrors

        private static let mirror = "mirror: { service: orders-next, compare: true }"

        @Test func `copies of answered requests go to another service, and the answers are compared`() async throws {
            let copies = Mutex<[ServiceRequest]>([])
            let shop = try Shop(
                Self.mirror, before: "  orders-next: { hosts: [127.0.0.1:2] }",
            ) { request in
                .document([request.head.path == "/orders/same?x=1" ? "a" : "b": 1])
            }
            let gateway = shop.shells.gateway
            shop.shells.platform.transport.register("orders-next") { request in
                copies.withLock { $0.append(request) }
                return request.head.path == "/orders/status?x=1" ? .empty(.notFound) : .document(["a": 1])
            }
            for path in ["same", "other", "status"] {
                let question = Question(method: .put, target: "/orders/\(path)?x=1", body: "content")
                #expect(try await shop.ask(question).map(\.status) == [200, 200])
            }
            // Nobody has sent a copy so far: answers do not wait for them.
            #expect(copies.withLock(\.count) == 0)
            await withTaskGroup { group in
                group.addTask { await gateway.parts.forwarder.mirrors.run() }
                while gateway.mirrorCounts["orders"]?.answered != 6 { await Task.yield() }
                group.cancelAll()
            }
            let counts = try #require(gateway.mirrorCounts["orders"])
            #expect(counts.otherContent == 2 && counts.otherStatus == 2 && counts.failed == 0 && counts.skipped == 0)
            let sent = copies.withLock(\.self)
            #expect(sent.allSatisfy { $0.body == Array("content".utf8) && $0.head.method == .put })
            #expect(
                Set(sent.map { $0.head.path ?? "" }) == ["/orders/same?x=1", "/orders/other?x=1", "/orders/status?x=1"])
            #expect(sent.allSatisfy { $0.head.headerFields[.serviceRequestID] != nil })
        }

        @Test func `copies beyond what may wait are skipped, and so is content that is too large`() async throws {
            let shop = try Shop(Self.mirror, before: "  orders-next: { hosts: [127.0.0.1:2] }")
            let large = Question(method: .put, target: "/orders", body: String(repeating: "x", count: 65_537))
            #expect(try await shop.ask(large).map(\.status) == [200, 200])
            #expect(shop.shells.gateway.mirrorCounts["orders"]?.skipped == 2)
            let statuses = try await shop.shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                return (0..<300).map { _ in
                    client.send("GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
                    return client.answer()?.status
                }
            }
            #expect(statuses == [Int?](repeating: 200, count: 300))
            #expect(shop.shells.gateway.mirrorCounts["orders"]?.skipped == 2 + 300 - 256)
        }
    }
#endif
