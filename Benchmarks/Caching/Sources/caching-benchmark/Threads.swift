import Foundation
import Synchronization

/// CPU time of this thread in nanoseconds.
func threadTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Lets each thread play the whole workload, and returns what an operation took of its CPU time, on the average.
func onThreads(
    _ count: Int, _ workload: Workload, _ body: @escaping @Sendable (Workload, _ offset: Int) -> Int
) -> Double {
    let spent = SpentTime()
    let threads = (0..<count).map { number in
        Thread {
            let began = threadTime()
            let outcome = body(workload, number * Workload.length / count)
            spent.add(threadTime() - began, outcome)
        }
    }
    for thread in threads { thread.start() }
    while spent.threads < count { usleep(1_000) }
    return Double(spent.nanoseconds) / Double(count * Workload.length)
}

private final class SpentTime: Sendable {
    private let state = Mutex((nanoseconds: Int64(0), threads: 0, outcomes: 0))

    var nanoseconds: Int64 { self.state.withLock(\.nanoseconds) }
    var threads: Int { self.state.withLock(\.threads) }

    func add(_ nanoseconds: Int64, _ outcome: Int) {
        self.state.withLock { state in
            state.nanoseconds += nanoseconds
            state.threads += 1
            state.outcomes += outcome
        }
    }
}
