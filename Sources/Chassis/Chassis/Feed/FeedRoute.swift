public import Essentials
public import EventSourcing
import HTTPTypes
public import Messaging

/// `GET /internal/events`: the service's log for other services, as a long poll.
enum FeedRoute {
    /// The longest that a poll is held back.
    static let longestWait = Duration.seconds(30)

    static func route(_ environment: ServiceEnvironment) -> Route {
        let feed = LocalFeed(environment.store, log: { $0 }, time: environment.time)
        return Route(
            .get, "/internal/events", "events", tag: "Internal", "Reads the log of the service in its order",
            access: .services,
            parameters: [
                .query("after", .text(1...100), "Where the reader stands; missing for the start of the log."),
                .query("limit", .integer(1...1_000), "The most events of the page. Default: 200."),
                .query("wait", .integer(0...30), "How many seconds to wait for an event. Default: 0."),
            ],
            answers: [Answer(.ok, .freeObject, "Events as CloudEvents, and `next`", mediaType: "application/json")]
        ) { request in
            let cursor = try request.query["after"].map { text in
                guard let cursor = Cursor(text) else {
                    throw Problem(.validationFailed, "query/after: a cursor that an earlier page gave is expected")
                }
                return cursor
            }
            let page = try await feed.page(
                after: cursor, limit: request.integer("limit") ?? 200,
                wait: min(.seconds(request.integer("wait") ?? 0), Self.longestWait))
            return ServiceResponse(
                status: .ok, headers: [.contentType: "application/json"], body: CloudEventCoding.encode(page))
        }
    }
}

/// The log of another service, read over its feed.
public struct RemoteFeed: EventFeed {
    private let service: ServiceName
    private let transport: any ServiceTransport
    private let credentials: any ServiceCredentials
    private let time: TimeSource

    public init(
        _ service: ServiceName, transport: any ServiceTransport, credentials: any ServiceCredentials, time: TimeSource,
    ) {
        self.service = service
        self.transport = transport
        self.credentials = credentials
        self.time = time
    }

    public func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
        let seconds = wait.nanoseconds / 1_000_000_000
        var path = "/internal/events?limit=\(min(limit, 1_000))&wait=\(min(seconds, 30))"
        if let cursor { path += "&after=\(cursor)" }
        let token = try self.credentials.token(for: self.service)
        let deadline = Deadline(at: self.time.now + wait + .seconds(10))
        var request = ServiceRequest(.get, path, headers: [.authorization: "Bearer \(token)"])
        request.head.headerFields[.deadline] = String((wait + .seconds(9)).milliseconds)
        let response = try await self.transport.call(self.service, request, deadline: deadline)
        guard response.head.status == .ok else {
            throw TransportError(.badResponse, "\(self.service) answered its feed with \(response.head.status.code)")
        }
        return try CloudEventCoding.decodePage(response.body)
    }
}

extension NamedFeed {
    /// The log of another service.
    public static func remote(_ service: ServiceName, in environment: ServiceEnvironment) -> NamedFeed {
        NamedFeed(
            service.rawValue,
            RemoteFeed(
                service, transport: environment.transport, credentials: environment.credentials,
                time: environment.time))
    }
}
