import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Testing

@Suite struct ServiceRouterTests {
    let parrot: Parrot
    let phrase: JSONValue = ["text": "hello", "times": 3]

    init() throws {
        self.parrot = try Parrot()
    }

    private func say(
        _ body: JSONValue, as principal: Principal? = nil, headers: HTTPFields = [:],
    ) async throws -> TestAnswer {
        try await self.parrot.platform.call(
            "parrot", .post, "/v1/phrases", as: principal ?? self.parrot.platform.person(), headers: headers, json: body
        )
    }

    @Test func `a good request is answered and carries its id`() async throws {
        let answer = try await self.say(self.phrase)
        #expect(answer.status == 201)
        #expect(answer.json == self.phrase)
        #expect(answer.response.head.headerFields[.serviceRequestID].flatMap { UniqueID($0) } != nil)
    }

    @Test func `an unknown path is a 404 and a known one with another method a 405 that says which are allowed`()
        async throws
    {
        let platform = self.parrot.platform
        let unknown = try await platform.call("parrot", .get, "/v1/nothing")
        #expect(unknown.status == 404)
        #expect(unknown.code == "not-found")
        let wrong = try await platform.call("parrot", .put, "/v1/phrases")
        #expect(wrong.status == 405)
        #expect(wrong.response.head.headerFields[.allow] == "OPTIONS, POST")
    }

    @Test(arguments: ["/v1/phrases/\(UniqueID(high: 1, low: 1))?limit=3", "/health/live", "/v1/nothing", "/v1/broken"])
    func `HEAD answers as GET does, without the body and with its length`(_ path: String) async throws {
        let get = try await self.parrot.platform.call("parrot", .get, path).response
        let head = try await self.parrot.platform.call("parrot", .head, path).response
        #expect(head.head.status == get.head.status)
        #expect(head.body.isEmpty)
        #expect(!get.body.isEmpty)
        #expect(head.head.headerFields[.contentType] == get.head.headerFields[.contentType])
        #expect(head.head.headerFields[.contentLength] == String(get.body.count))
    }

    @Test func `HEAD is not offered where GET is not, and needs the same caller`() async throws {
        #expect(try await self.parrot.platform.call("parrot", .head, "/v1/phrases").status == 405)
        #expect(try await self.parrot.platform.call("parrot", .head, "/internal/events").status == 401)
    }

    @Test func `OPTIONS says what a path offers, to everybody`() async throws {
        let id = UniqueID(high: 1, low: 1)
        for (path, allowed) in [
            ("/v1/phrases", "OPTIONS, POST"), ("/v1/phrases/\(id)", "DELETE, GET, HEAD, OPTIONS"),
            ("/health", "GET, HEAD, OPTIONS"),
        ] {
            let answer = try await self.parrot.platform.call("parrot", .options, path)
            #expect(answer.status == 204)
            #expect(answer.response.head.headerFields[.allow] == allowed)
            #expect(answer.response.body.isEmpty)
        }
        #expect(try await self.parrot.platform.call("parrot", .options, "/v1/nothing").status == 404)
    }

    @Test func `without a token the answer is 401 and the handler is not reached`() async throws {
        let answer = try await self.parrot.platform.call("parrot", .post, "/v1/phrases", json: self.phrase)
        #expect(answer.status == 401)
        #expect(answer.response.head.headerFields[.wwwAuthenticate] == "Bearer")
    }

    @Test(arguments: ["Basic YTpi", "Bearer", "Bearer nonsense", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30."])
    func `a forged or malformed token is a 401`(_ header: String) async throws {
        let answer = try await self.parrot.platform.call(
            "parrot", .post, "/v1/phrases", headers: [.authorization: header], json: self.phrase)
        #expect(answer.status == 401)
        #expect(answer.code == "unauthenticated")
    }

    @Test func `an expired token is a 401`() async throws {
        let person = self.parrot.platform.person()
        let token = try self.parrot.platform.token(of: person)
        self.parrot.platform.wallClock.advance(by: .seconds(3_600))
        let answer = try await self.parrot.platform.call(
            "parrot", .post, "/v1/phrases", headers: [.authorization: "Bearer \(token)"], json: self.phrase)
        #expect(answer.status == 401)
        #expect(answer.json["detail"]?.string?.contains("expired") == true)
    }

    @Test(arguments: [Role.user, .operator])
    func `a role that may not is a 403`(_ role: Role) async throws {
        let platform = self.parrot.platform
        let answer = try await platform.call(
            "parrot", .delete, "/v1/phrases/\(platform.ids.next())", as: platform.person(role))
        #expect(answer.status == 403)
        let admin = try await platform.call(
            "parrot", .delete, "/v1/phrases/\(platform.ids.next())", as: platform.person(.admin))
        #expect(admin.status == 204)
    }

    @Test func `an internal route takes services with a token for it and nobody else`() async throws {
        let platform = self.parrot.platform
        let person = try await platform.call("parrot", .post, "/internal/phrases", as: platform.person(.admin))
        #expect(person.status == 403)
        let service = try await platform.call("parrot", .post, "/internal/phrases", as: .service("orders"))
        #expect(service.status == 409)
        #expect(service.json["detail"] == "service:orders")
    }

    @Test func `a service may not use a person's route`() async throws {
        #expect(try await self.say(self.phrase, as: .service("orders")).status == 403)
    }

    @Test func `a body that breaks its schema names every wrong member`() async throws {
        let answer = try await self.say(["text": "", "times": 101, "colour": "red"])
        #expect(answer.status == 400)
        #expect(answer.code == "validation-failed")
        let pointers = answer.json["details"]?["violations"]?.array?.compactMap { $0["pointer"]?.string }
        #expect(pointers == ["/text", "/times", "/colour"])
    }

    @Test func `a refusal quotes what was sent, without control characters and not at any length`() async throws {
        let answer = try await self.say(["te\u{0}xt": "hello", "\(String(repeating: "x", count: 9_000))": 3])
        #expect(answer.status == 400)
        let detail = try #require(answer.json["detail"])
        #expect(Schema.text(0...4_000).violations(in: detail).isEmpty)
        let many = try await self.say(["\(String(repeating: "\u{7}", count: 9_000))": 3])
        #expect(Schema.text(0...4_000).violations(in: many.json["detail"] ?? .null).isEmpty)
    }

    @Test(arguments: ["", "{", "[1,]", #"{"text":"a","text":"b","times":1}"#, "{} {}", "\u{FEFF}{}"])
    func `a body that is not strict JSON is a 400 that says where`(_ body: String) async throws {
        var request = ServiceRequest(
            .post, "/v1/phrases", headers: [.contentType: "application/json"], body: Array(body.utf8))
        let token = try self.parrot.platform.token(of: self.parrot.platform.person())
        request.head.headerFields[.authorization] = "Bearer \(token)"
        let response = try await self.parrot.platform.transport.call(
            "parrot", request, deadline: Deadline(at: .distantFuture))
        #expect(response.head.status == .badRequest)
        #expect(try JSONReader.parse(response.body)["code"] == "malformed-body")
    }

    @Test func `another media type is a 415 that names ours`() async throws {
        var request = ServiceRequest(
            .post, "/v1/phrases", headers: [.contentType: "text/plain"], body: Array("hi".utf8))
        let token = try self.parrot.platform.token(of: self.parrot.platform.person())
        request.head.headerFields[.authorization] = "Bearer \(token)"
        let response = try await self.parrot.platform.transport.call(
            "parrot", request, deadline: Deadline(at: .distantFuture))
        #expect(response.head.status == .unsupportedMediaType)
    }

    @Test(arguments: ["?limit=0", "?limit=11", "?limit=x", "?limit=", "?colour=red", "?limit=%zz"])
    func `a query that breaks its schema is a 400`(_ query: String) async throws {
        let path = "/v1/phrases/\(self.parrot.platform.ids.next())\(query)"
        #expect(try await self.parrot.platform.call("parrot", .get, path).status == 400)
    }

    @Test func `an error that nobody foresaw is a 500 that tells nothing`() async throws {
        let answer = try await self.parrot.platform.call("parrot", .get, "/v1/broken")
        #expect(answer.status == 500)
        #expect(!String(decoding: answer.response.body, as: UTF8.self).contains("Unforeseen"))
    }

    @Test func `a problem has every member of RFC 9457 and of the brief`() async throws {
        let answer = try await self.parrot.platform.call("parrot", .get, "/v1/nothing")
        #expect(answer.response.head.headerFields[.contentType] == "application/problem+json")
        #expect(answer.json["type"] == "/problems/not-found")
        #expect(answer.json["status"] == 404)
        #expect(answer.json["title"]?.string != nil)
        #expect(answer.json["message"] == answer.json["detail"])
        #expect(answer.json["details"]?.object != nil)
        #expect(answer.json["instance"]?.string?.hasPrefix("urn:request:") == true)
    }

    @Test func `requests are counted by route and status`() async throws {
        _ = try await self.say(self.phrase)
        _ = try await self.say(["text": 1])
        let answer = try await self.parrot.platform.call("parrot", .get, "/metrics")
        let text = String(decoding: answer.response.body, as: UTF8.self)
        for status in [201, 400] {
            let line = text.split(separator: "\n").first {
                $0.hasPrefix("http_server_request_duration_seconds_count")
                    && $0.contains("http_response_status_code=\"\(status)\"")
            }
            #expect(line?.contains("http_request_method=\"POST\"") == true)
            #expect(line?.hasSuffix(" 1") == true)
        }
        #expect(text.hasSuffix("# EOF\n"))
    }
}
