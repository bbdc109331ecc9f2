import Synchronization

@testable import Payments

/// Which call to the provider goes wrong, and how; all others go well.
final class FaultQueue: Sendable {
    private struct State {
        var calls = 0
        var target: Int?
        var fault = FaultyProvider.Fault.dropRequest
    }

    private let state = Mutex(State())

    /// Lets the call of this index fail, counted from now.
    func fail(_ index: Int, _ fault: FaultyProvider.Fault) {
        self.state.withLock { $0 = State(calls: 0, target: index, fault: fault) }
    }

    func next() -> FaultyProvider.Fault? {
        self.state.withLock { state in
            defer { state.calls += 1 }
            return state.calls == state.target ? state.fault : nil
        }
    }
}
