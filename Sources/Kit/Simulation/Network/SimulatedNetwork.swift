public import Essentials
import Synchronization

/// Requests and answers between processes, as values, with everything that a network does to them.
///
/// A handler runs as a task of the process that serves it, without the caller's task-locals, as it would behind a socket. A
/// request that has left travels on when its sender dies. When a server is killed, its callers see their connections break;
/// when its machine loses power, they hear nothing.
public final class SimulatedNetwork<Request: Sendable, Response: Sendable>: Sendable {
    public typealias Handler = @Sendable (Request) async throws -> Response

    struct Endpoint: Sendable {
        var process: SimulatedProcess
        var node: SimulatedNode
        var handler: Handler
    }

    /// A call whose caller waits.
    struct Call: Sendable {
        var caller: SimulatedProcess
        var address: String
        var continuation: UnsafeContinuation<Response, any Error>
        var deadlineTimer: UInt64 = 0
    }

    struct State: Sendable {
        var endpoints: [String: Endpoint] = [:]
        var defaultLink: LinkSettings
        var links: [Link: LinkSettings] = [:]
        var cuts: [Link: Cut] = [:]
        var generator: SeededGenerator
        var calls: [UInt64: Call] = [:]
        var nextCall: UInt64 = 1
    }

    let simulator: Simulator
    let name: String
    let state: Mutex<State>

    /// - Parameters:
    ///   - name: begins the names of its faults: `NAME.loss`, `NAME.duplicate`, `NAME.straggler`, `NAME.reset.before`,
    ///     `NAME.reset.after`.
    ///   - link: what links do that have no settings of their own.
    public init(_ simulator: Simulator, name: String = "network", link: LinkSettings = LinkSettings()) {
        self.simulator = simulator
        self.name = name
        let seed = StreamSeed.named("network/\(name)", seed: simulator.seed)
        self.state = Mutex(State(defaultLink: link, generator: SeededGenerator(seed: seed)))
    }

    /// Answers requests to `address` by `handler`, as long as the process lives. The last one to serve an address has it.
    public func serve(_ address: String, on process: SimulatedProcess, _ handler: @escaping Handler) {
        let node = self.simulator.node(process.nodeName)
        self.state.withLock {
            $0.endpoints[address] = Endpoint(process: process, node: node, handler: handler)
        }
    }

    /// Sends a request and waits for its answer.
    /// - Parameter deadline: a tick of the caller's time.
    /// - Throws: `SimulatedNetworkError`, or `CancellationError` as soon as the task is cancelled; the request is then on its
    ///   way all the same.
    public func call(
        from caller: SimulatedProcess, to address: String, _ request: Request, deadline: Tick,
    ) async throws -> Response {
        try Task.checkCancellation()
        let id = self.state.withLock { state in
            defer { state.nextCall += 1 }
            return state.nextCall
        }
        return try await self.simulator.waiting(for: "\(caller.label): an answer of \(address)") {
            try await withTaskCancellationHandler {
                try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Response, any Error>) in
                    if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                    self.begin(
                        id, Call(caller: caller, address: address, continuation: continuation), deadline: deadline)
                    self.send(request, of: id, from: caller, to: address)
                }
            } onCancel: {
                self.finish(id, .failure(CancellationError()))
            }
        }
    }

    /// Sends a request whose answer nobody waits for.
    public func post(from sender: SimulatedProcess, to address: String, _ request: Request) {
        self.send(request, of: 0, from: sender, to: address)
    }

    private func begin(_ id: UInt64, _ call: Call, deadline: Tick) {
        var call = call
        // Dead callers are told as well, when the run is unwound.
        call.deadlineTimer = self.simulator.scheduler.schedule(
            at: call.caller.trueTime(of: deadline), of: call.caller.incarnation,
            ifAbandoned: { self.finish(id, .failure(CancellationError())) },
            { self.fail(id, .deadlineExceeded) })
        self.state.withLock { $0.calls[id] = call }
    }

    /// Ends a call, once: late answers and second answers find nobody.
    func finish(_ id: UInt64, _ result: Result<Response, any Error>) {
        guard let call = self.state.withLock({ $0.calls.removeValue(forKey: id) }) else { return }
        self.simulator.scheduler.cancel(call.deadlineTimer)
        call.continuation.resume(with: result)
    }

    func fail(_ id: UInt64, _ code: SimulatedNetworkError.Code) {
        let address = self.state.withLock { $0.calls[id]?.address } ?? ""
        self.finish(id, .failure(SimulatedNetworkError(code, address: address)))
    }
}
