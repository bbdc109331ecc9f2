import AsyncHTTPClient
import Essentials
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// `mainstay up`, or one service by itself, on free ports.
final class RunningPlatform: Sendable {
    let url: String
    let directory: String
    let process: Process
    private let reader: OutputReader
    private let ended: ProcessEnd

    /// Starts everything and waits until it says that it is ready.
    convenience init(
        in directory: String, arguments: [String] = ["--demo"], environment: [String: String] = [:],
    ) async throws {
        try await self.init(["up", "--port", "0"] + arguments, in: directory, environment: environment)
    }

    /// Starts one service and waits until it says that it is ready.
    convenience init(
        serving service: String, in directory: String, environment: [String: String] = [:],
    ) async throws {
        try await self.init(["serve", service, "--port", "0"], in: directory, environment: environment)
    }

    private init(_ arguments: [String], in directory: String, environment: [String: String]) async throws {
        let process = Process()
        process.executableURL = MainstayProcess.binary
        process.arguments = arguments + ["--data", directory]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MAINSTAY_") }
            // The work of a password hash says nothing about the rules under test.
            .merging(["MAINSTAY_PASSWORDS_MEMORY": "64"]) { _, new in new }
            .merging(environment) { _, new in new }
        let reader = OutputReader()
        process.standardOutput = reader.pipe
        process.standardError = reader.pipe
        let ended = ProcessEnd()
        process.terminationHandler = { ended.come(with: $0.terminationStatus) }
        try process.run()
        self.ended = ended
        self.process = process
        self.reader = reader
        self.directory = directory
        self.url = try await reader.url()
    }

    /// Everything that it has written.
    var output: String { self.reader.text }

    /// Asks it to stop and waits for the end.
    func stop() async -> Int32 {
        self.process.terminate()
        return await self.ended.status()
    }

    /// Waits for the end.
    func end() async -> Int32 { await self.ended.status() }

    func kill() async {
        Foundation.kill(self.process.processIdentifier, SIGKILL)
        _ = await self.ended.status()
    }

    deinit {
        if self.process.isRunning { Foundation.kill(self.process.processIdentifier, SIGKILL) }
    }

    /// Does not try a refused connection again.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
    }()

    /// Sends one request to the gateway.
    func call(
        _ method: String, _ path: String, token: String? = nil, key: String? = nil, body: JSONValue? = nil,
        headers: [String: String] = [:],
    ) async throws -> (status: Int, json: JSONValue) {
        var request = HTTPClientRequest(url: self.url + path)
        request.method = .RAW(value: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.serialized))
        }
        let response = try await Self.client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return (Int(response.status.code), (try? JSONReader.parse(Array(bytes.readableBytesView))) ?? .null)
    }

    /// Sends bytes as they are, and gives the first line of the answer.
    func firstLine(answering request: String) async throws -> String {
        guard let url = URL(string: self.url), let host = url.host, let port = url.port else {
            throw UnexpectedAnswer(description: self.url)
        }
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var text = ""
            for try await bytes in inbound where !text.contains("\r\n") { text += String(buffer: bytes) }
            return text.components(separatedBy: "\r\n")[0]
        }
    }

    /// Registers somebody and logs them in.
    func customer(_ name: String) async throws -> (id: String, token: String) {
        let credentials: JSONValue = [
            "email": .string("\(name)@example.com"), "password": .string("a long way to \(name)"),
        ]
        let user = try await self.call("POST", "/v1/users", body: credentials.setting("name", to: .string(name)))
        let session = try await self.call("POST", "/v1/sessions", body: credentials)
        guard let id = user.json["userId"]?.string, let token = session.json["accessToken"]?.string else {
            throw UnexpectedAnswer(description: "\(user) \(session)")
        }
        return (id, token)
    }
}

/// The status with which a process ended, for whoever waits for it.
private final class ProcessEnd: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }

    private let state = Mutex(State())

    func come(with status: Int32) {
        let waiters = self.state.withLock { state in
            state.status = status
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    func status() async -> Int32 {
        await withCheckedContinuation { continuation in
            let known: Int32? = self.state.withLock { state in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}

struct UnexpectedAnswer: Error, CustomStringConvertible {
    var description: String
}

/// Collects what a process writes.
private final class OutputReader: Sendable {
    private struct State {
        var text = ""
        var waiter: CheckedContinuation<String, any Error>?
    }

    let pipe = Pipe()
    private let state = Mutex(State())

    init() {
        self.pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            self.received(data)
            if data.isEmpty { handle.readabilityHandler = nil }
        }
    }

    var text: String { self.state.withLock(\.text) }

    func url() async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let found: String? = self.state.withLock { state in
                let url = Self.url(in: state.text)
                if url == nil { state.waiter = continuation }
                return url
            }
            if let found { continuation.resume(returning: found) }
        }
    }

    private func received(_ data: Data) {
        let (waiter, url, text) = self.state.withLock { state in
            state.text += String(decoding: data, as: UTF8.self)
            let url = Self.url(in: state.text)
            guard url != nil || data.isEmpty else {
                return (nil, nil, "") as (CheckedContinuation<String, any Error>?, String?, String)
            }
            defer { state.waiter = nil }
            return (state.waiter, url, state.text)
        }
        if let url {
            waiter?.resume(returning: url)
        } else {
            waiter?.resume(throwing: UnexpectedAnswer(description: text))
        }
    }

    private static func url(in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix("ready http") }.map { String($0.dropFirst(6)) }
    }
}
