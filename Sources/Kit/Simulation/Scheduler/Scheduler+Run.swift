import CSimulation
import Essentials
import Synchronization

extension Scheduler {
    private enum Next {
        case work(Ready)
        case wake(UnsafeContinuation<Void, any Error>)
        case end
    }

    /// Runs step by step until the run has ended.
    func run() {
        while true {
            switch self.next() {
            case .work(let ready):
                self.perform(ready)
                ready.incarnation.didStep()
            case .wake(let sleeper): sleeper.resume()
            case .end: return
            }
        }
    }

    func perform(_ ready: Ready) {
        switch ready.work {
        case .job(let job, nil): job.runSynchronously(on: ready.incarnation.asUnownedTaskExecutor())
        case .job(let job, let serial?):
            job.runSynchronously(
                isolatedTo: serial.asUnownedSerialExecutor(), taskExecutor: ready.incarnation.asUnownedTaskExecutor())
        case .action(let action): action()
        }
    }

    private func next() -> Next {
        self.state.withLock { state in
            while state.phase == .running, state.failure == nil {
                if let due = state.timers.popDue(at: state.now) {
                    if let sleeper = state.fire(due) { return .wake(sleeper) }
                    continue
                }
                guard !state.ready.isEmpty else {
                    state.jump(limit: self.configuration.maximumDuration.nanoseconds)
                    continue
                }
                guard state.steps < self.configuration.maximumSteps else {
                    state.fail(.stepBudget, "too many steps", state.waiters)
                    break
                }
                let ready = state.take(by: self.configuration.scheduling)
                if ready.incarnation.isPaused {
                    state.parked.append(ready)
                    continue
                }
                state.begin(ready, taking: self.configuration.stepDuration.nanoseconds)
                return .work(ready)
            }
            return .end
        }
    }
}

extension Scheduler.State {
    /// Moves the clock to the next timer, or ends a run in which nothing can happen any more.
    fileprivate mutating func jump(limit: Int64) {
        guard let due = self.timers.nextDue(), due != .max else {
            return self.fail(.deadlock, "nothing can happen any more", self.waiters)
        }
        guard due <= limit else { return self.fail(.timeBudget, "too much time has passed", self.waiters) }
        self.now = max(self.now, due)
    }

    /// A sleeper's job becomes ready by itself when it is resumed; anything else becomes a step of its own.
    fileprivate mutating func fire(
        _ entry: TimerHeap<Scheduler.Timer>.Entry,
    ) -> UnsafeContinuation<Void, any Error>? {
        switch entry.payload.wake {
        case .sleeper: return self.sleepers.removeValue(forKey: entry.id)
        case .action(let action, _):
            self.ready.append(.init(incarnation: entry.payload.incarnation, work: .action(action)))
            return nil
        }
    }

    fileprivate mutating func begin(_ ready: Scheduler.Ready, taking nanoseconds: Int64) {
        self.steps += 1
        self.now += nanoseconds
        self.running = ready.incarnation.label
        self.digest.add(UInt64(bitPattern: self.now))
        self.digest.add(UInt64(truncatingIfNeeded: ready.incarnation.ordinal << 32 | self.ready.count))
    }

    fileprivate mutating func take(by scheduling: Scheduling) -> Scheduler.Ready {
        let count = self.ready.count
        guard count > 1 else { return self.ready.removeLast() }
        switch scheduling {
        case .firstInFirstOut: return self.ready.removeFirst()
        case .random: return self.takeReady(at: self.draw(below: count))
        case .prioritised(let changeEvery): return self.takeReady(at: self.favourite(changingEvery: changeEvery))
        }
    }

    private mutating func takeReady(at index: Int) -> Scheduler.Ready {
        self.ready.swapAt(index, self.ready.count - 1)
        return self.ready.removeLast()
    }

    /// One in eight draws ignores the priorities, so that nobody waits for ever.
    private mutating func favourite(changingEvery steps: Int) -> Int {
        let chosen = self.draw(below: self.ready.count)
        guard self.draw(below: 8) > 0 else { return chosen }
        if self.draw(below: max(1, steps)) == 0, !self.priorities.isEmpty {
            self.priorities[self.draw(below: self.priorities.count)] = self.generator.next()
        }
        var best = chosen
        for index in self.ready.indices where self.priority(at: index) > self.priority(at: best) { best = index }
        return best
    }

    private mutating func priority(at index: Int) -> UInt64 {
        let ordinal = self.ready[index].incarnation.ordinal
        while self.priorities.count <= ordinal { self.priorities.append(self.generator.next()) }
        return self.priorities[ordinal]
    }

    /// By multiplication (Lemire 2019) without its rejection: the bias is below 2^-32 for any queue that fits in memory.
    private mutating func draw(below count: Int) -> Int {
        Int(self.generator.next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// Everybody who has not finished, for failures in which that is the question.
    var waiters: String {
        let named = self.waiting.sorted { $0.key < $1.key }.map(\.value)
        let tasks = self.tasks.sorted { $0.key < $1.key }.map(\.value.name)
        let parked = Set(self.parked.map(\.incarnation.label)).sorted().map { "\($0) (paused)" }
        let all = named + tasks + parked
        return "waiting: " + all.prefix(40).joined(separator: ", ") + (all.count > 40 ? ", …" : "")
    }
}
