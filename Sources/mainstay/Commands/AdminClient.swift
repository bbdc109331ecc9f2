import AsyncHTTPClient
import Chassis
import Essentials
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix

/// Calls the internal routes of services: over HTTP while a platform runs on the data directory, else of services that are
/// built in this process on the same files, for the length of a command.
struct AdminClient: Sendable {
    private typealias Send =
        @Sendable (
            _ method: String, _ service: String, _ path: String, _ body: JSONValue?
        ) async throws -> (Int, [UInt8])

    private let send: Send

    /// - Throws: a ``CommandFailure`` when there is no such directory, and what `body` throws.
    static func with(data: String, _ body: (AdminClient) async throws -> Void) async throws {
        if let instance = Instance.running(in: data) {
            return try await body(AdminClient { try await Self.ask(instance, $0, $1, $2, $3) })
        }
        guard FileManager.default.fileExists(atPath: data) else {
            throw CommandFailure.environment("there is no data directory \(data); mainstay up --data \(data) makes one")
        }
        let settings = try Settings.load(file: nil, environment: [:], flags: ["data": data])
        let directory = try DataDirectory(data)
        try await Platform.scoped(settings, directory: directory) { platform in
            try await body(
                AdminClient { method, service, path, _ in try await Self.ask(platform, method, service, path) })
        }
    }

    /// The same for the gateway that runs on a directory.
    /// - Throws: a ``CommandFailure`` when none does.
    static func gateway(data: String) throws -> AdminClient {
        guard let instance = Instance.gateway(in: data) else {
            throw CommandFailure.environment("no gateway runs on the data directory \(data)")
        }
        return AdminClient { try await Self.ask(instance, $0, $1, $2, $3) }
    }

    /// Calls a route.
    /// - Throws: a ``CommandFailure`` for a refusal.
    func call(
        _ method: String, _ service: String, _ path: String, _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        let (status, body) = try await self.send(method, service, path, body)
        let json = (try? JSONReader.parse(body)) ?? .null
        guard (200..<300).contains(status) else {
            throw CommandFailure.isFalse("\(service): \(json["detail"]?.string ?? "it answered \(status)")")
        }
        return json
    }

    private static func ask(
        _ instance: Instance, _ method: String, _ service: String, _ path: String, _ body: JSONValue?,
    ) async throws -> (Int, [UInt8]) {
        guard let address = instance.services[service] else {
            throw CommandFailure.usage("no service is called '\(service)'")
        }
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = .RAW(value: method)
        request.headers.add(name: "Authorization", value: "Bearer \(instance.token)")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.serialized))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(40))
        let body = try await response.body.collect(upTo: 32 << 20)
        return (Int(response.status.code), Array(body.readableBytesView))
    }

    private static func ask(
        _ platform: Platform, _ method: String, _ service: String, _ path: String,
    ) async throws -> (Int, [UInt8]) {
        guard let blueprint = ServiceBlueprint.named(service), let method = HTTPRequest.Method(method) else {
            throw CommandFailure.usage("no service is called '\(service)'")
        }
        let built = try blueprint.make(try platform.environment(for: blueprint), platform)
        let token = try platform.credentials(of: "admin").token(for: blueprint.name)
        let request = ServiceRequest(method, path, headers: [.authorization: "Bearer \(token)"])
        let response = try await built.service.handler(request)
        return (response.head.status.code, response.body)
    }
}
