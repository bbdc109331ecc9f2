public import Essentials
import Synchronization

/// How a process ends without wanting to.
@nonexhaustive public enum Crash: String, Hashable, Sendable {
    /// SIGKILL: what was written to files is in the page cache and survives.
    case kill
    /// The machine loses power: what was not synced to the disk may be lost.
    case power
}

/// What happens when a node's program ends by itself.
public enum ExitPolicy: Hashable, Sendable {
    /// An error fails the run; a return is fine, and the node stays down.
    case fail
    case stayDown
    /// Like a supervisor: a new process after this time.
    case restart(after: Duration)
}

/// What a node keeps over its processes' lives: a disk, for instance. All calls come on the simulation's thread.
///
/// After `processDidEnd` the rest of the step that ended the process may still run, and after the run the dead are unwound so
/// that their memory comes back: whatever a process that is not alive asks of a device must fail and change nothing.
public protocol SimulatedDevice: Sendable {
    /// Before the first step of the process.
    func processDidStart(_ process: SimulatedProcess)
    /// At once when the process ends; also, as a `.kill`, when its program ended by itself.
    func processDidEnd(_ process: SimulatedProcess, _ crash: Crash)
}

/// A machine: one process at a time, and what survives it.
public final class SimulatedNode: Sendable {
    private struct State {
        var process: SimulatedProcess?
        var lives = 0
        var program: (@Sendable (SimulatedProcess) async throws -> Void)?
        var exitPolicy = ExitPolicy.fail
        var devices: [any SimulatedDevice] = []
        var restartTimer: UInt64?
        var lastCrash = Crash.kill
    }

    public let name: String
    private let clock: NodeClock
    private let state = Mutex(State())
    private unowned let simulator: Simulator

    init(name: String, clock: ClockSettings, simulator: Simulator) {
        self.name = name
        self.clock = NodeClock(settings: clock, start: simulator.configuration.startsAt)
        self.simulator = simulator
    }

    /// The process that runs now.
    public var process: SimulatedProcess? { self.state.withLock(\.process) }

    public var isRunning: Bool { self.process != nil }

    /// How the node's last process ended.
    var lastCrash: Crash { self.state.withLock(\.lastCrash) }

    public func attach(_ device: any SimulatedDevice) {
        self.state.withLock { $0.devices.append(device) }
    }

    /// Starts a program on the node, which must not be running. The program is the process's first task and starts again at
    /// each restart.
    public func start(
        onExit exitPolicy: ExitPolicy = .fail, _ program: @escaping @Sendable (SimulatedProcess) async throws -> Void,
    ) {
        self.state.withLock { state in
            state.program = program
            state.exitPolicy = exitPolicy
        }
        self.boot()
    }

    /// Ends the process, if there is one, before this call returns. May be called from anywhere, also from a job of the process
    /// itself: nothing that this job still does leaves the process.
    public func crash(_ crash: Crash = .kill) {
        self.simulator.trace("\(self.name) crashes: \(crash.rawValue)")
        self.end(crash)
    }

    /// Ends the process that runs now, if it lives that long, right after so many more of its steps, and starts the last
    /// program again after the downtime. One such end at a time: a second one replaces the first.
    /// - Parameters:
    ///   - count: 0 for at once.
    ///   - before: called just before the process ends.
    public func crash(
        _ crash: Crash = .kill, afterSteps count: Int, downtime: Duration, before: @escaping @Sendable () -> Void = {},
    ) {
        guard let process = self.process else { return }
        let end: @Sendable () -> Void = {
            guard process.isAlive else { return }
            before()
            self.crash(crash)
            self.restart(after: downtime)
        }
        if count > 0 { process.incarnation.countDown(count, end) } else { end() }
    }

    /// Takes back an end after so many steps that has not come yet. A process with little to do would come to it long after
    /// the faults are over.
    public func cancelCrash() {
        self.process?.incarnation.cancelCountdown()
    }

    /// Ends the process, if there is one, and starts the last program again after the downtime.
    public func restart(after downtime: Duration = .zero) {
        if self.isRunning { self.crash() }
        self.scheduleBoot(after: downtime)
    }

    /// Ends the process for good.
    public func stop() {
        self.simulator.trace("\(self.name) stops")
        self.end(.kill)
        let timer = self.state.withLock { $0.restartTimer.take() }
        if let timer { self.simulator.scheduler.cancel(timer) }
    }

    /// The process stands still: a long collection, SIGSTOP, a machine that swaps. Nothing of it runs, its timers fire late.
    public func pause(for duration: Duration) {
        guard let process = self.process else { return }
        self.simulator.trace("\(self.name) pauses for \(duration)")
        process.incarnation.setPaused(true)
        let scheduler = self.simulator.scheduler
        scheduler.schedule(at: scheduler.now + duration.nanoseconds, of: self.simulator.driver.incarnation) {
            scheduler.unpark(process.incarnation)
        }
    }

    /// What the node takes for the date now.
    public var date: Timestamp { self.clock.date(at: self.simulator.scheduler.now) }

    /// The date of the node jumps; its elapsed time does not.
    public func jumpWallClock(by duration: Duration) {
        self.simulator.trace("\(self.name): the date jumps by \(duration)")
        self.clock.jump(by: duration)
    }

    private func scheduleBoot(after downtime: Duration) {
        let scheduler = self.simulator.scheduler
        let timer = scheduler.schedule(
            at: scheduler.now + downtime.nanoseconds, of: self.simulator.driver.incarnation
        ) {
            self.state.withLock { $0.restartTimer = nil }
            if !self.isRunning { self.boot() }
        }
        let earlier = self.state.withLock { $0.restartTimer.replace(with: timer) }
        if let earlier { scheduler.cancel(earlier) }
    }

    private func boot() {
        let (number, program, devices) = self.state.withLock { state in
            precondition(state.process == nil, "\(self.name) is running already")
            state.lives += 1
            return (state.lives, state.program, state.devices)
        }
        guard let program else { preconditionFailure("\(self.name) has no program: start it first") }
        let process = self.makeProcess(number)
        self.state.withLock { $0.process = process }
        self.simulator.trace("\(process.label) starts")
        for device in devices { device.processDidStart(process) }
        self.simulator.scheduler.spawn("main", on: process.incarnation) {
            await self.live(process, program)
        }
    }

    private func makeProcess(_ number: Int) -> SimulatedProcess {
        let incarnation = self.simulator.makeIncarnation(label: "\(self.name)/\(number)")
        // Each boot counts from elsewhere, so that ticks which outlive their process are found.
        let origin = self.simulator.chance("origin/\(incarnation.label)").below(1_000_000_000_000)
        return SimulatedProcess(
            nodeName: self.name, number: number, incarnation: incarnation, clock: self.clock,
            birth: self.simulator.scheduler.now, origin: Int64(origin))
    }

    private func live(
        _ process: SimulatedProcess, _ program: @Sendable (SimulatedProcess) async throws -> Void,
    ) async {
        let policy = self.state.withLock(\.exitPolicy)
        let error = await process.runToEnd("its program", failing: policy == .fail) { try await program(process) }
        guard self.simulator.isJudging, process.isAlive else { return }
        self.simulator.trace("\(process.label) ends\(error.map { ": \($0)" } ?? "")")
        self.end(.kill)
        if case .restart(let delay) = policy { self.scheduleBoot(after: delay) }
    }

    private func end(_ crash: Crash) {
        let (process, devices) = self.state.withLock { state in
            defer { state.process = nil }
            state.lastCrash = crash
            return (state.process, state.devices)
        }
        guard let process else { return }
        process.end(crash)
        for device in devices { device.processDidEnd(process, crash) }
    }
}

extension Optional {
    /// Sets the value and returns the one before.
    fileprivate mutating func replace(with new: Wrapped) -> Wrapped? {
        defer { self = new }
        return self
    }
}
