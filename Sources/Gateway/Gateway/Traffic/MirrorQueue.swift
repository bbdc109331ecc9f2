import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import LoadBalancing
import Logging
import Synchronization

/// A request that was answered, to be sent to another service too.
struct MirroredRequest: Sendable {
    var route: String
    var service: ServiceName
    var request: ServiceRequest
    /// The answer that the client got; nil when answers are not compared.
    var answer: MirroredAnswer?
}

struct MirroredAnswer: Hashable, Sendable {
    var status: Int
    var content: ContentDigest
}

/// What became of the copies of a route's requests.
public struct MirrorCounts: Hashable, Sendable {
    /// Sent and answered.
    public var answered = 0
    /// Answered with another status than the client's.
    public var otherStatus = 0
    /// Answered with the same status and other content.
    public var otherContent = 0
    /// Sent, without an answer.
    public var failed = 0
    /// Not sent, because too many waited or the content was too large.
    public var skipped = 0
}

/// Sends copies of requests when their own answers are on their way: the client never waits for one. What waits is bounded;
/// copies beyond are skipped and counted.
final class MirrorQueue: Sendable {
    private struct State {
        var waiting: [MirroredRequest] = []
        var isClosed = false
        var sleepers: [CheckedContinuation<Void, Never>] = []
        var counts: [String: MirrorCounts] = [:]
    }

    /// Requests that may wait.
    static let capacity = 256
    /// Requests that are sent at one time.
    static let concurrency = 8
    /// The largest content of a request that is copied: 64 KiB.
    static let contentLimit = 65_536
    private static let timeout = Duration.seconds(15)

    private let transport: any ServiceTransport
    private let plan: GatewayPlan
    private let hosts: HandlerHosts
    private let time: TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    init(_ environment: GatewayEnvironment, _ plan: GatewayPlan, _ hosts: HandlerHosts) {
        self.plan = plan
        self.hosts = hosts
        self.transport = environment.transport
        self.time = environment.time
        self.logger = environment.logger
    }

    /// By route.
    var counts: [String: MirrorCounts] { self.state.withLock { $0.counts } }

    func offer(_ request: MirroredRequest) {
        let sleeper = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.count < Self.capacity else {
                state.counts[request.route, default: MirrorCounts()].skipped += 1
                return nil
            }
            state.waiting.append(request)
            return state.sleepers.popLast()
        }
        sleeper?.resume()
    }

    func skip(_ route: String) { self.state.withLock { $0.counts[route, default: MirrorCounts()].skipped += 1 } }

    /// Sends what is offered, until the task is cancelled.
    func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for _ in 0..<Self.concurrency {
                    group.addTask { while let request = await self.next() { await self.send(request) } }
                }
            }
        } onCancel: {
            let sleepers = self.state.withLock { state in
                state.isClosed = true
                defer { state.sleepers = [] }
                return state.sleepers
            }
            for sleeper in sleepers { sleeper.resume() }
        }
    }

    private func next() async -> MirroredRequest? {
        while true {
            let (request, isClosed) = self.state.withLock { state in
                (state.isClosed || state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosed)
            }
            if request != nil || isClosed { return request }
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    if !state.isClosed, state.waiting.isEmpty { state.sleepers.append(continuation) }
                    return state.isClosed || !state.waiting.isEmpty
                }
                if goesOn { continuation.resume() }
            }
        }
    }

    private func answer(to request: ServiceRequest, from service: ServiceName) async throws -> ServiceResponse {
        let table = self.plan.current.table
        guard let group = table.group(named: service.rawValue) else {
            throw TransportError(.unknownService, "no service is called \(service)")
        }
        let text = try RequestText(
            request.head.method.rawValue, request.head.path ?? "/",
            fields: request.head.headerFields.map { (name: $0.name.rawName, value: $0.value) })
        let deadline = Deadline(at: self.time.now + Self.timeout)
        let peer = BalancingKey.of(request.peer ?? "")
        return try await self.hosts.run(group, of: table.groups, text, peer: peer) { host in
            try await self.transport.call(host, request, deadline: deadline)
        }
    }

    private func send(_ mirrored: MirroredRequest) async {
        var answer: MirroredAnswer?
        do {
            let response = try await self.answer(to: mirrored.request, from: mirrored.service)
            answer = MirroredAnswer(status: response.head.status.code, content: ContentDigest(response.body))
        } catch {
            self.logger.debug(
                "a mirrored request failed", metadata: ["route": "\(mirrored.route)", "error": "\(error)"])
        }
        let (theirs, ours) = (answer, mirrored.answer)
        self.state.withLock { state in
            var counts = state.counts[mirrored.route] ?? MirrorCounts()
            if let theirs {
                counts.answered += 1
                if let ours, ours.status != theirs.status {
                    counts.otherStatus += 1
                } else if let ours, ours.content != theirs.content {
                    counts.otherContent += 1
                }
            } else {
                counts.failed += 1
            }
            state.counts[mirrored.route] = counts
        }
        guard let theirs, let ours, theirs != ours else { return }
        self.logger.info(
            "a mirrored request was answered otherwise",
            metadata: [
                "route": "\(mirrored.route)", "path": "\(mirrored.request.head.path ?? "")",
                "status": "\(ours.status) / \(theirs.status)",
                "bytes": "\(ours.content.count) / \(theirs.content.count)",
            ])
    }
}
