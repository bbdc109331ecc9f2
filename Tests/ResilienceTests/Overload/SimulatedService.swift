import Essentials
import Resilience
import Simulation
import Synchronization

/// A service of so many places, each of which works on one request at a time; the rest waits in line, however long.
///
/// It does not learn that a caller has gone away, as most servers do not: what was asked for is done.
final class SimulatedService: Sendable {
    /// How the service is at one moment.
    struct Condition: Sendable {
        /// Requests worked on at one time; 0 while it stalls.
        var places: Int
        /// The mean time of one.
        var meanTime: Duration
        /// Whether it answers with an error at once.
        var isDown = false
    }

    struct Unavailable: Error {}

    private struct State {
        var busy = 0
        var line: [CheckedContinuation<Void, Never>] = []
        var head = 0
        var isClosed = false

        var waiting: Int { self.line.count - self.head }
    }

    private let simulator: Simulator
    private let chance: Chance
    private let condition: @Sendable (Tick) -> Condition
    /// What stands before the service in its own process; nil for nothing.
    private let edge: Pipeline?
    private let state = Mutex(State())

    init(
        in simulator: Simulator, chance: Chance, edge: Pipeline? = nil,
        _ condition: @escaping @Sendable (Tick) -> Condition
    ) {
        self.simulator = simulator
        self.chance = chance
        self.edge = edge
        self.condition = condition
    }

    /// Requests in line.
    var waiting: Int { self.state.withLock(\.waiting) }

    /// Sends a request and waits for its answer. Cancelling the caller ends the waiting, not the work.
    func call() async throws {
        let answer = Answer()
        let (priority, traits) = (CallPriority.current, CallTraits.current)
        self.simulator.spawn("request") {
            await CallPriority.$current.withValue(priority) {
                await CallTraits.$current.withValue(traits) { answer.give(await self.serve()) }
            }
        }
        try await answer.wait()
    }

    private func serve() async -> Result<Void, any Error> {
        do {
            guard let edge else { return .success(try await self.work()) }
            return .success(try await edge.run { try await self.work() })
        } catch {
            return .failure(error)
        }
    }

    private func work() async throws {
        if self.condition(self.simulator.now).isDown { throw Unavailable() }
        await self.takePlace()
        defer { self.leavePlace() }
        let mean = self.condition(self.simulator.now).meanTime.fractionalSeconds
        // Between half and one and a half of the mean.
        try await self.simulator.time.sleep(for: .seconds(mean * (0.5 + self.chance.fraction())))
    }

    private func takePlace() async {
        let places = self.condition(self.simulator.now).places
        await withCheckedContinuation { continuation in
            let isFree = self.state.withLock { state in
                if state.isClosed || state.busy < places && state.waiting == 0 {
                    state.busy += 1
                    return true
                }
                state.line.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leavePlace() {
        self.state.withLock { $0.busy -= 1 }
        self.callNext()
    }

    /// Lets in whoever has a place now: to be called when the condition improves.
    func callNext() {
        let places = self.condition(self.simulator.now).places
        let turns = self.state.withLock { state in
            var turns: [CheckedContinuation<Void, Never>] = []
            while state.waiting > 0, state.isClosed || state.busy < places {
                turns.append(state.line[state.head])
                state.head += 1
                state.busy += 1
            }
            if state.head > 4_096 {
                state.line.removeFirst(state.head)
                state.head = 0
            }
            return turns
        }
        for turn in turns { turn.resume() }
    }

    /// Lets everybody in, so that the run can end.
    func close() {
        self.state.withLock { $0.isClosed = true }
        self.callNext()
    }
}

/// The way back to a caller, who may have gone.
private final class Answer: Sendable {
    private enum State {
        case empty
        case awaited(CheckedContinuation<Void, any Error>)
        case given(Result<Void, any Error>)
        case abandoned
    }

    private let state = Mutex(State.empty)

    func give(_ result: Result<Void, any Error>) {
        let waiter: CheckedContinuation<Void, any Error>? = self.state.withLock { state in
            defer { state = .given(result) }
            if case .awaited(let waiter) = state { return waiter }
            return nil
        }
        waiter?.resume(with: result)
    }

    func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let early: Result<Void, any Error>? = self.state.withLock { state in
                    switch state {
                    case .empty:
                        state = .awaited(continuation)
                        return nil
                    case .given(let result): return result
                    case .abandoned: return .failure(CancellationError())
                    case .awaited: preconditionFailure("an answer is awaited once")
                    }
                }
                if let early { continuation.resume(with: early) }
            }
        } onCancel: {
            let waiter: CheckedContinuation<Void, any Error>? = self.state.withLock { state in
                switch state {
                case .empty:
                    state = .abandoned
                    return nil
                case .awaited(let waiter):
                    state = .abandoned
                    return waiter
                case .given, .abandoned: return nil
                }
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
