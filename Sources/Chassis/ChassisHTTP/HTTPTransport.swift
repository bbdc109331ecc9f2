import AsyncHTTPClient
public import Chassis
public import Essentials
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Where each service listens.
public final class ServiceDirectory: Sendable {
    private struct State {
        var addresses: [ServiceName: String]
        var observers: [@Sendable (ServiceName, String) -> Void] = []
    }

    private let state: Mutex<State>

    /// - Parameter addresses: `host:port` of each service.
    public init(_ addresses: [ServiceName: String] = [:]) {
        self.state = Mutex(State(addresses: addresses))
    }

    public func register(_ service: ServiceName, at address: String) {
        let observers = self.state.withLock { state in
            state.addresses[service] = address
            return state.observers
        }
        for observer in observers { observer(service, address) }
    }

    /// A name with a port is an address already.
    public func address(of service: ServiceName) -> String? {
        self.state.withLock { $0.addresses[service] }
            ?? (service.rawValue.contains(":") ? service.rawValue : nil)
    }

    /// All services, by name.
    public var all: [(service: ServiceName, address: String)] {
        self.state.withLock { $0.addresses }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Tells `observer` of all addresses, those of now and those to come, for as long as the directory is there.
    public func observe(_ observer: @escaping @Sendable (ServiceName, String) -> Void) {
        self.state.withLock { $0.observers.append(observer) }
        for (service, address) in self.all { observer(service, address) }
    }
}

/// Carries calls to other services over HTTP/1.1 with kept connections.
public final class HTTPTransport: ServiceTransport {
    /// The largest answer that is read.
    static let maximumAnswer = ByteCount.mebibytes(32)

    private let client: HTTPClient
    private let directory: ServiceDirectory
    private let time: TimeSource

    public init(directory: ServiceDirectory, time: TimeSource) {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(2)
        // Whether a refused connection is tried again is for the caller's pipeline to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.connectionPool.idleTimeout = .seconds(30)
        self.client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        self.directory = directory
        self.time = time
    }

    /// Closes all connections. Call it once, when nothing calls any more.
    public func shutDown() async throws { try await self.client.shutdown() }

    public func call(
        _ service: ServiceName, _ request: ServiceRequest, deadline: Deadline,
    ) async throws -> ServiceResponse {
        guard let address = self.directory.address(of: service) else {
            throw TransportError(.unknownService, "no address is known for \(service)")
        }
        let remaining = deadline.remaining(at: self.time.now)
        guard remaining > .zero else {
            throw TransportError(.deadlineExceeded, "no time is left to call \(service)")
        }
        do {
            let response = try await self.client.execute(
                Self.outgoing(request, to: address), timeout: .nanoseconds(remaining.nanoseconds))
            let body = try await response.body.collect(upTo: Self.maximumAnswer.bytes)
            return Self.incoming(response, body)
        } catch {
            throw Self.failure(error, service)
        }
    }

    private static func outgoing(_ request: ServiceRequest, to address: String) -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: "http://\(address)\(request.head.path ?? "/")")
        outgoing.method = NIOHTTP1.HTTPMethod(rawValue: request.head.method.rawValue)
        for field in request.head.headerFields where field.name != .contentLength && field.name.canonicalName != "host"
        {
            outgoing.headers.add(name: field.name.rawName, value: field.value)
        }
        // A TRACE carries no content (RFC 9110 §9.3.8); the client refuses to send one.
        if !request.body.isEmpty, request.head.method != .trace {
            outgoing.body = .bytes(ByteBuffer(bytes: request.body))
        }
        return outgoing
    }

    private static func incoming(_ response: HTTPClientResponse, _ body: ByteBuffer) -> ServiceResponse {
        var headers = HTTPFields()
        for (name, value) in response.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
        return ServiceResponse(
            status: .init(code: Int(response.status.code)), headers: headers, body: Array(body.readableBytesView))
    }

    private static func failure(_ error: any Error, _ service: ServiceName) -> any Error {
        switch error {
        case is CancellationError: return error
        case let error as HTTPClientError:
            switch error {
            case .cancelled: return CancellationError()
            case .deadlineExceeded, .readTimeout, .writeTimeout:
                return TransportError(.deadlineExceeded, "\(service) did not answer in time")
            case .connectTimeout, .getConnectionFromPoolTimeout:
                return TransportError(.notConnected, "\(service) cannot be reached")
            default: return TransportError(.connectionLost, "the connection to \(service) broke: \(error)")
            }
        case is NIOConnectionError: return TransportError(.notConnected, "\(service) refuses connections")
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return TransportError(.notConnected, "\(service) refuses connections")
        case is NIOTooManyBytesError: return TransportError(.badResponse, "\(service) answered with too much")
        default: return TransportError(.connectionLost, "the connection to \(service) broke: \(error)")
        }
    }
}
