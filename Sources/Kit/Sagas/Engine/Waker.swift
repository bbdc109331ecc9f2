import Essentials
import Synchronization

/// Lets one task wait until something may have to be done. A wake that comes while nobody waits is kept.
final class Waker: Sendable {
    private enum State {
        case idle
        case woken
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    func wake() {
        let waiter: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            switch state {
            case .idle, .woken:
                state = .woken
                return nil
            case .waiting(let continuation):
                state = .idle
                return continuation
            }
        }
        waiter?.resume()
    }

    /// Returns when woken, or when the task is cancelled. For one waiter at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = self.state.withLock { state in
                    switch state {
                    case .woken:
                        state = .idle
                        return true
                    case .idle:
                        if Task.isCancelled { return true }
                        state = .waiting(continuation)
                        return false
                    case .waiting: preconditionFailure("two tasks wait for one waker")
                    }
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            self.wake()
        }
    }

    /// Returns when woken, at the latest after `duration`; says whether it was woken.
    func wait(atMost duration: Duration, time: TimeSource) async -> Bool {
        await withTaskGroup { group in
            group.addTask {
                await self.wait()
                return true
            }
            group.addTask {
                // Cancelled means that the other has been woken.
                do { try await time.sleep(for: duration) } catch { return true }
                return false
            }
            let wasWoken = await group.next() ?? true
            group.cancelAll()
            return wasWoken
        }
    }
}

/// The sagas that an engine works on, and until when each is its own.
final class LeaseTable: Sendable {
    struct Lease: Hashable, Sendable {
        var id: UniqueID
        var epoch: Int64
        var until: Timestamp
    }

    private let leases = Mutex<[UniqueID: Lease]>([:])

    func hold(_ lease: Lease) { self.leases.withLock { $0[lease.id] = lease } }

    /// Moves the end of a lease, unless it has been given back since.
    func renew(_ lease: Lease, until: Timestamp) {
        self.leases.withLock { leases in
            guard leases[lease.id]?.epoch == lease.epoch else { return }
            leases[lease.id]?.until = until
        }
    }

    func giveBack(_ id: UniqueID, epoch: Int64) {
        self.leases.withLock { leases in
            if leases[id]?.epoch == epoch { leases[id] = nil }
        }
    }

    func end(of id: UniqueID) -> Timestamp? { self.leases.withLock { $0[id]?.until } }

    /// Those that end before `moment`, by id.
    func endingBefore(_ moment: Timestamp) -> [Lease] {
        self.leases.withLock { leases in
            leases.values.filter { $0.until < moment }.sorted { $0.id < $1.id }
        }
    }

    var count: Int { self.leases.withLock(\.count) }
}

/// How many more sagas an engine may work on.
final class Slots: Sendable {
    private let count: Mutex<Int>

    init(_ count: Int) {
        self.count = Mutex(count)
    }

    var free: Int { self.count.withLock { $0 } }

    func take() { self.count.withLock { $0 -= 1 } }

    /// Returns whether there was none left before.
    func giveBack() -> Bool {
        self.count.withLock { count in
            count += 1
            return count == 1
        }
    }
}
