import AsyncHTTPClient
import Essentials
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to a running platform: to its gateway, or with the token of its data directory to the services behind it.
struct InstanceClient: Sendable {
    let instance: Instance

    init(data: String) throws {
        guard let instance = Instance.running(in: data) else {
            throw CommandFailure.environment("no mainstay runs on \(data); start one with: mainstay up --data \(data)")
        }
        self.instance = instance
    }

    /// Calls an internal route of a service.
    func call(_ method: String, _ service: String, _ path: String) async throws -> JSONValue {
        guard let address = self.instance.services[service] else {
            throw CommandFailure.usage("no service is called '\(service)'")
        }
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = .RAW(value: method)
        request.headers.add(name: "Authorization", value: "Bearer \(self.instance.token)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(40))
        let body = try await response.body.collect(upTo: 32 << 20)
        let json = (try? JSONReader.parse(Array(body.readableBytesView))) ?? .null
        guard (200..<300).contains(response.status.code) else {
            let detail = json["detail"]?.string ?? "it answered \(response.status.code)"
            throw CommandFailure.isFalse("\(service): \(detail)")
        }
        return json
    }
}
