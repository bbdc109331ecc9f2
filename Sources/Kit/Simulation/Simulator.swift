public import Essentials
import Synchronization

/// One run of simulated code: one seed, one virtual clock, one thread, any number of nodes.
///
/// ```swift
/// let report = Simulator(seed: 7).run { simulator in
///     let node = simulator.node("counter")
///     node.start { process in try await CounterService(time: process.time).run() }
///     try await simulator.time.sleep(for: .seconds(60))
///     node.crash()
///     node.restart(after: .seconds(1))
/// }
/// ```
///
/// The same seed and configuration take the same steps, in any process.
public final class Simulator: Sendable {
    struct State {
        var hasRun = false
        var nodes: [String: SimulatedNode] = [:]
        var incarnations = 0
        var sites: [String: (generator: SeededGenerator, count: Int)] = [:]
        var sightings: [String: Int] = [:]
        var faults: [FaultRecord] = []
        var trace: [String] = []
    }

    public let seed: UInt64
    public let configuration: Configuration
    /// The process that drives the run. It never crashes; clients live in it.
    public let driver: SimulatedProcess
    let scheduler: Scheduler
    let state = Mutex(State())

    public init(seed: UInt64, configuration: Configuration = Configuration()) {
        self.seed = seed
        self.configuration = configuration
        let scheduler = Scheduler(seed: seed, configuration: configuration)
        self.scheduler = scheduler
        let incarnation = Incarnation(ordinal: 0, label: "driver", scheduler: scheduler)
        self.driver = SimulatedProcess(
            nodeName: "driver", number: 1, incarnation: incarnation,
            clock: NodeClock(settings: ClockSettings(), start: configuration.startsAt), birth: 0, origin: 0)
    }

    /// The true time: ticks since the start of the run.
    public var time: TimeSource { self.driver.time }

    /// The true time.
    public var now: Tick { Tick(nanoseconds: self.scheduler.now) }

    /// The true date.
    public var wallClock: WallClock { self.driver.wallClock }

    /// A stream of chance that follows from the run's seed and this name alone. Asking twice gives two equal streams.
    public func chance(_ name: String) -> Chance {
        Chance(seed: StreamSeed.named(name, seed: self.seed))
    }

    /// The node of this name, made when it is first asked for.
    /// - Parameter clock: how its clocks go; counts the first time.
    public func node(_ name: String, clock: ClockSettings = ClockSettings()) -> SimulatedNode {
        self.state.withLock { state in
            if let node = state.nodes[name] { return node }
            let node = SimulatedNode(name: name, clock: clock, simulator: self)
            state.nodes[name] = node
            return node
        }
    }

    /// Starts a task beside the driver's own: a client, for instance. What it throws fails the run, except
    /// `CancellationError`.
    public func spawn(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.driver.spawn(name, body)
    }

    /// Runs until the driver has finished or something fails. Once for each simulator; blocks the thread.
    public func run(_ driver: @escaping @Sendable (Simulator) async throws -> Void) -> SimulationReport {
        precondition(!self.state.withLock { $0.hasRun.exchange(true) }, "a simulator runs once: make a new one")
        return self.scheduler.occupyingThread {
            self.scheduler.state.withLock { $0.phase = .running }
            self.scheduler.spawn("main", on: self.driver.incarnation) {
                await self.driver.runToEnd("the driver", failing: true) { try await driver(self) }
                self.scheduler.state.withLock { $0.phase = .finished }
            }
            self.scheduler.run()
            let report = self.report()
            self.scheduler.unwind(maximumSteps: self.configuration.unwindingRounds)
            return report.with(leakedTasks: self.scheduler.state.withLock { $0.leakedTasks })
        }
    }

    func makeIncarnation(label: String) -> Incarnation {
        let ordinal = self.state.withLock { state in
            state.incarnations += 1
            return state.incarnations
        }
        return Incarnation(ordinal: ordinal, label: label, scheduler: self.scheduler)
    }

    private func report() -> SimulationReport {
        self.scheduler.state.withLock { run in
            self.state.withLock { state in
                SimulationReport(
                    seed: self.seed, digest: run.digest.value, steps: run.steps, simulated: .nanoseconds(run.now),
                    failure: run.failure, sightings: state.sightings, faults: state.faults, trace: state.trace,
                    leakedTasks: 0)
            }
        }
    }
}

extension Bool {
    /// Sets the value and returns the one before.
    fileprivate mutating func exchange(_ new: Bool) -> Bool {
        defer { self = new }
        return self
    }
}

extension SimulationReport {
    fileprivate func with(leakedTasks: Int) -> SimulationReport {
        var copy = self
        copy.leakedTasks = leakedTasks
        return copy
    }
}
