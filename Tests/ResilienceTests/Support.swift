import Essentials
import EssentialsTesting
import Synchronization

/// An error of the caller's own.
struct Failure: Error, Equatable {
    var number = 0
}

extension Tick {
    static func seconds(_ seconds: Double) -> Tick { Tick(nanoseconds: Int64(seconds * 1e9)) }
}

/// Counts, from any task.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { self.count.withLock { $0 } }

    @discardableResult
    func increment() -> Int {
        self.count.withLock { count in
            count += 1
            return count
        }
    }
}

/// A gate that keeps tasks until it is opened, and knows how many wait.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Suspends until the gate is open. Does not heed cancellation.
    func pass() async {
        await withCheckedContinuation { continuation in
            let woken: [CheckedContinuation<Void, Never>] = self.state.withLock { state in
                if state.isOpen { return [continuation] }
                state.waiting.append(continuation)
                let woken = state.watchers.filter { $0.count <= state.waiting.count }.map(\.continuation)
                state.watchers.removeAll { $0.count <= state.waiting.count }
                return woken
            }
            for waiter in woken { waiter.resume() }
        }
    }

    /// Returns when at least `count` tasks wait.
    func waitForArrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let reached = self.state.withLock { state in
                if state.waiting.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if reached { continuation.resume() }
        }
    }

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }
}
