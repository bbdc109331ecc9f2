import Synchronization

/// A request to the origin whose answer others wait for.
final class Flight: Sendable {
    enum End: Sendable {
        /// Its answer is stored, and answers others.
        case stored
        /// Its answer is for its own client only.
        case unshared
        /// There was no answer, or not a whole one.
        case failed
    }

    private struct State {
        var end: End?
        var waiting: [Int: CheckedContinuation<End, Never>] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    /// Only the first call counts.
    func finish(_ end: End) {
        let waiting = self.state.withLock { state in
            guard state.end == nil else { return [Int: CheckedContinuation<End, Never>]() }
            state.end = end
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume(returning: end) }
    }

    /// Waits for the end. Who is cancelled is told that it failed.
    func end() async -> End {
        let number = self.state.withLock { state in
            state.count += 1
            return state.count
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let end: End? = self.state.withLock { state in
                    if state.end == nil, !Task.isCancelled { state.waiting[number] = continuation }
                    return state.waiting[number] == nil ? state.end ?? .failed : nil
                }
                if let end { continuation.resume(returning: end) }
            }
        } onCancel: {
            let continuation = self.state.withLock { $0.waiting.removeValue(forKey: number) }
            continuation?.resume(returning: .failed)
        }
    }
}
