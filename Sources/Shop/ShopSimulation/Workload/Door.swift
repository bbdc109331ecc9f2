import Chassis
import Essentials
import HTTPTypes

/// What a client was answered.
struct ClientAnswer: Sendable {
    var status: Int
    var json: JSONValue

    var code: String? { self.json["code"]?.string }
    func id(_ member: String) -> UniqueID? { self.json[member]?.string.flatMap { UniqueID($0) } }
}

/// The front door of the shop, as one client sees it: requests go over the simulated network to the gateway.
struct Door: Sendable {
    let client: String
    let transport: any ServiceTransport
    let history: History
    let time: TimeSource
    /// How long a client waits for an answer.
    var patience = Duration.seconds(20)

    /// One request.
    /// - Returns: nil when no answer came: whether it was carried out is unknown.
    func ask(
        _ deed: String, about subject: UniqueID? = nil, _ method: HTTPRequest.Method, _ path: String,
        json: JSONValue? = nil, key: UniqueID? = nil, token: String? = nil,
    ) async throws -> ClientAnswer? {
        var request = ServiceRequest(method, path)
        if let json {
            request.body = json.serialized
            request.head.headerFields[.contentType] = "application/json"
        }
        if let key { request.head.headerFields[.idempotencyKey] = key.description }
        if let token { request.head.headerFields[.authorization] = "Bearer \(token)" }
        request.peer = self.client
        let number = self.history.begin(self.client, deed, subject, at: self.time.now)
        do {
            let response = try await self.transport.call(
                "gateway", request, deadline: Deadline(at: self.time.now + self.patience))
            let answer = ClientAnswer(
                status: response.head.status.code, json: (try? JSONReader.parse(response.body)) ?? .null)
            self.history.end(
                number, at: self.time.now, status: answer.status,
                answer: answer.code ?? answer.json["status"]?.string ?? answer.json["balance"]?["amount"]?.string)
            return answer
        } catch let error as TransportError {
            self.history.end(number, at: self.time.now, status: nil, answer: error.code.rawValue)
            return nil
        }
    }
}
