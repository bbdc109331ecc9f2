import Essentials

/// Decides who hashes now, who waits and who is turned away. A value: what happened comes in, what to do goes out.
struct HashingQueue: Sendable {
    struct Job: Hashable, Sendable {
        var id: UInt64
        var deadline: Deadline?
    }

    enum Arrival: Hashable, Sendable {
        /// Run it on this permit's thread.
        case start(permit: Int)
        case queued
        case refused(retryAfter: Duration)
        case deadlinePassed
    }

    struct Departure: Hashable, Sendable {
        /// The next job of the permit, if one waits.
        var next: UInt64?
        /// Jobs whose deadline passed while they waited.
        var late: [UInt64]
    }

    private let capacity: Int
    private let permits: Int
    private var idle: [Int]
    private var waiting: [Job] = []
    private var started: [Tick?]
    /// The average of recent jobs, for `retryAfter`.
    private var average: Duration = .milliseconds(50)

    init(permits: Int, capacity: Int) {
        self.permits = permits
        self.capacity = capacity
        self.idle = Array((0..<permits).reversed())
        self.started = Array(repeating: nil, count: permits)
    }

    var waitingCount: Int { self.waiting.count }
    var runningCount: Int { self.permits - self.idle.count }

    mutating func arrive(_ job: Job, at now: Tick) -> Arrival {
        if let deadline = job.deadline, deadline.hasPassed(at: now) { return .deadlinePassed }
        if let permit = self.idle.popLast() {
            self.started[permit] = now
            return .start(permit: permit)
        }
        guard self.waiting.count < self.capacity else {
            return .refused(retryAfter: self.average * Double(self.waiting.count + 1) / Double(self.permits))
        }
        self.waiting.append(job)
        return .queued
    }

    mutating func finish(permit: Int, at now: Tick) -> Departure {
        if let began = self.started[permit] { self.average = (self.average * 7 + (now - began)) / 8 }
        var late: [UInt64] = []
        while !self.waiting.isEmpty {
            let job = self.waiting.removeFirst()
            if let deadline = job.deadline, deadline.hasPassed(at: now) {
                late.append(job.id)
                continue
            }
            self.started[permit] = now
            return Departure(next: job.id, late: late)
        }
        self.started[permit] = nil
        self.idle.append(permit)
        return Departure(next: nil, late: late)
    }

    /// Returns whether the job still waited; one that runs is not interrupted.
    mutating func cancel(_ id: UInt64) -> Bool {
        guard let index = self.waiting.firstIndex(where: { $0.id == id }) else { return false }
        self.waiting.remove(at: index)
        return true
    }
}
