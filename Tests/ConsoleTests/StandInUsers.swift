import Chassis
import ChassisTesting
import Essentials
import Foundation
import HTTPTypes
import Identity

/// Log-ins as the console needs them: an operator and a customer.
struct StandInUsers: Sendable {
    let platform: TestPlatform
    let `operator`: Principal
    let customer: Principal

    init(_ platform: TestPlatform) {
        self.platform = platform
        self.operator = platform.person(.operator)
        self.customer = platform.person(.user)
    }

    func handle(_ request: ServiceRequest) throws -> ServiceResponse {
        let body = try JSONReader.parse(request.body)
        let people = ["operator@example.com": self.operator, "customer@example.com": self.customer]
        guard let person = people[body["email"]?.string ?? ""], body["password"] == "correct horse" else {
            return Problem(.unauthenticated, "e-mail or password are wrong").response()
        }
        return .document(
            [
                "accessToken": .string(try self.platform.token(of: person)), "refreshToken": "refresh",
                "expiresIn": 900,
            ], status: .created)
    }
}

/// A browser in front of the console: keeps its cookie and sends forms.
final class ConsoleBrowser {
    private let platform: TestPlatform
    private(set) var cookie: String?

    init(_ platform: TestPlatform) {
        self.platform = platform
    }

    struct Page {
        var status: Int
        var text: String
        var location: String?

        var formToken: String? {
            self.text.components(separatedBy: "name=\"token\" value=\"").dropFirst().first
                .map { String($0.prefix { $0 != "\"" }) }
        }
    }

    func get(_ path: String) async throws -> Page { try await self.ask(.get, path, headers: [:], body: "") }

    func send(_ path: String, _ fields: [(String, String)], site: String? = nil) async throws -> Page {
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if let site { headers[HTTPField.Name("Sec-Fetch-Site")!] = site }
        let body = fields.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return try await self.ask(.post, path, headers: headers, body: body)
    }

    func logIn(_ email: String = "operator@example.com", password: String = "correct horse") async throws -> Page {
        try await self.send("/console/login", [("email", email), ("password", password), ("target", "/console")])
    }

    private func ask(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields, body: String,
    ) async throws -> Page {
        var request = ServiceRequest(method, path, headers: headers, body: Array(body.utf8))
        if let cookie { request.head.headerFields[.cookie] = cookie }
        let deadline = Deadline(at: self.platform.time.now + .seconds(60))
        let answer = try await self.platform.transport.call("console", request, deadline: deadline)
        if let set = answer.head.headerFields[.setCookie] { self.cookie = String(set.prefix { $0 != ";" }) }
        return Page(
            status: answer.head.status.code, text: String(decoding: answer.body, as: UTF8.self),
            location: answer.head.headerFields[.location])
    }
}
