public import Essentials
import Synchronization

/// Wakes those who wait for a log to grow.
public final class CommitSignal: Sendable {
    private struct State {
        var head = Position.start
        var nextID: UInt64 = 0
        var waiters: [(id: UInt64, after: Position, continuation: CheckedContinuation<Void, Never>)] = []
        var cancelled: Set<UInt64> = []
        var isClosed = false
    }

    private let state = Mutex(State())

    public init() {}

    /// The last position known to be committed.
    public var head: Position { self.state.withLock(\.head) }

    /// Called by a store after each commit with the position of the log's last event.
    public func committed(upTo head: Position) {
        let woken = self.state.withLock { state in
            state.head = max(state.head, head)
            let reached = state.head
            let woken = state.waiters.filter { $0.after < reached }
            state.waiters.removeAll { $0.after < reached }
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Wakes everybody and lets nobody wait any more: the process is about to stop, and long polls must not hold it up.
    public func close() {
        let woken = self.state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Returns when an event behind `position` has been committed, when the signal is closed, or when the task is
    /// cancelled.
    public func wait(after position: Position) async {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = self.state.withLock { state in
                    if state.head > position || state.isClosed || state.cancelled.remove(id) != nil { return true }
                    state.waiters.append((id, position, continuation))
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            self.cancel(id)
        }
        self.state.withLock { _ = $0.cancelled.remove(id) }
    }

    /// Returns when an event behind `position` has been committed, at the latest after `duration`.
    public func wait(after position: Position, atMost duration: Duration, time: TimeSource) async {
        await withTaskGroup { group in
            group.addTask { await self.wait(after: position) }
            group.addTask {
                do { try await time.sleep(for: duration) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func cancel(_ id: UInt64) {
        let continuation: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.waiters.remove(at: index).continuation
        }
        continuation?.resume()
    }
}
