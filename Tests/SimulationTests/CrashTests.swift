import Essentials
import Simulation
import Synchronization
import Testing

/// A process that has crashed never does anything again; its node, its devices and the network go on.
@Suite(.timeLimit(.minutes(10))) struct CrashTests {
    /// What a process has written, and whether it is still believed.
    private final class Notebook: SimulatedDevice {
        let lines = Mutex<[String]>([])
        let events = Mutex<[String]>([])
        func write(_ line: String, by process: SimulatedProcess) {
            if process.isAlive { self.lines.withLock { $0.append(line) } }
        }
        func processDidStart(_ process: SimulatedProcess) {
            self.events.withLock { $0.append("\(process.label) starts") }
        }
        func processDidEnd(_ process: SimulatedProcess, _ crash: Crash) {
            self.events.withLock { $0.append("\(process.label) \(crash.rawValue)") }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `nothing of a dead process runs again, whatever it waited for`(seed: UInt64) {
        let ranDead = Mutex(0)
        let notebook = Notebook()
        let report = Simulator(seed: seed).run { simulator in
            let node = simulator.node("a")
            node.attach(notebook)
            node.start { process in
                let step: @Sendable () -> Void = { if !process.isAlive { ranDead.withLock { $0 += 1 } } }
                let executor = process.blockingExecutor("disk", latency: .constant(.microseconds(50)))
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask { while true { try await process.time.sleep(for: .microseconds(30)); step() } }
                    group.addTask { for _ in 0..<100_000 where !Task.isCancelled { await Task.yield(); step() } }
                    group.addTask { while !Task.isCancelled { try await executor.run { step() } } }
                }
            }
            for _ in 0..<5 {
                let wait = simulator.chance("crashes\(simulator.now.nanoseconds)").below(2_000)
                try await simulator.time.sleep(for: .microseconds(wait))
                node.crash(.power)
                simulator.always(!node.isRunning, "it is down")
                let seen = ranDead.withLock { $0 }
                try await simulator.time.sleep(for: .milliseconds(1))
                simulator.always(ranDead.withLock { $0 } == seen, "the dead rest")
                node.restart()
                try await simulator.time.sleep(for: .microseconds(100))
            }
            simulator.always(ranDead.withLock { $0 } == 0, "nothing ran while dead")
        }
        #expect(report.failure == nil)
        #expect(report.leakedTasks == 0)
        let expected = (1...5).flatMap { ["a/\($0) starts", "a/\($0) power"] } + ["a/6 starts"]
        #expect(notebook.events.withLock { $0 } == expected)
    }

    @Test func `a crash from inside a job ends the process there: what it still does goes nowhere`() {
        let notebook = Notebook()
        let report = Simulator(seed: 1).run { simulator in
            let network = SimulatedNetwork<String, String>(simulator)
            simulator.node("b").start { process in
                network.serve("b", on: process) { _ in
                    simulator.fail("the dead sent something", "")
                    return ""
                }
                try await process.idle()
            }
            let node = simulator.node("a")
            node.attach(notebook)
            node.start { process in
                if process.number > 1 { return try await process.idle() }
                notebook.write("before", by: process)
                simulator.node("a").crash()
                notebook.write("after", by: process)
                network.post(from: process, to: "b", "hello")
                try await process.time.sleep(for: .seconds(1))
                simulator.fail("the dead woke up", "")
            }
            try await simulator.time.sleep(for: .seconds(10))
            simulator.always(!node.isRunning, "it stays down")
            node.restart()
            try await simulator.time.sleep(for: .seconds(10))
            simulator.always(node.process?.number == 2, "a new life")
        }
        #expect(report.failure == nil)
        #expect(notebook.lines.withLock { $0 } == ["before"])
    }

    @Test func `each life counts time from elsewhere, and the date goes on`() {
        let report = Simulator(seed: 9).run { simulator in
            let readings = Mutex<[(tick: Tick, date: Timestamp, id: UniqueID)]>([])
            let node = simulator.node("a", clock: ClockSettings(skew: .seconds(-90)))
            node.start { process in
                readings.withLock { $0.append((process.time.now, process.wallClock.now, process.ids.next())) }
                try await process.idle()
            }
            try await simulator.time.sleep(for: .seconds(5))
            node.restart(after: .seconds(5))
            try await simulator.time.sleep(for: .seconds(20))
            let seen = readings.withLock { $0 }
            simulator.always(seen.count == 2, "started twice")
            simulator.always(
                abs((seen[1].tick - seen[0].tick).milliseconds) > 60_000, "ticks of two lives are unrelated")
            let apart = seen[1].date.microseconds - seen[0].date.microseconds
            simulator.always((10_000_000..<10_001_000).contains(apart), "the date went on", "\(apart)")
            simulator.always(simulator.wallClock.now.microseconds - seen[1].date.microseconds > 90_000_000, "skewed")
            simulator.always(seen[0].id < seen[1].id, "ids go on")
        }
        #expect(report.failure == nil)
    }

    @Test func `a clock that drifts wakes its sleepers when it says that it is time`() {
        let report = Simulator(seed: 9).run { simulator in
            let node = simulator.node("fast", clock: ClockSettings(driftPartsPerMillion: 100_000))
            node.start { process in
                let began = (own: process.time.now, true: simulator.now)
                try await process.time.sleep(for: .seconds(11))
                let own = process.time.now - began.own
                let real = simulator.now - began.true
                simulator.always(own >= .seconds(11) && own < .milliseconds(11_001), "by its own clock", "\(own)")
                simulator.always(real >= .seconds(10) && real < .milliseconds(10_001), "truly", "\(real)")
                simulator.sometimes("woke")
                try await process.idle()
            }
            try await simulator.time.sleep(for: .seconds(20))
        }
        #expect(report.failure == nil)
        #expect(report.sightings["woke"] == 1)
    }

    @Test func `a paused process stands still and then sees that time has passed`() {
        let report = Simulator(seed: 2).run { simulator in
            let node = simulator.node("a")
            let beats = Mutex<[Tick]>([])
            node.start { process in
                while true {
                    beats.withLock { $0.append(simulator.now) }
                    try await process.time.sleep(for: .seconds(1))
                }
            }
            try await simulator.time.sleep(for: .milliseconds(4_500))
            node.pause(for: .seconds(30))
            try await simulator.time.sleep(for: .seconds(40))
            let gaps = beats.withLock { beats in zip(beats, beats.dropFirst()).map { $1 - $0 } }
            simulator.always(gaps.filter { $0 > .seconds(2) }.count == 1, "one gap", "\(gaps)")
            simulator.always((gaps.max() ?? .zero) > .seconds(29), "as long as the pause")
        }
        #expect(report.failure == nil)
    }

    @Test func `a crash after so many steps can be taken back`() {
        func lives(takingBack: Bool) -> Int {
            let lives = Mutex(0)
            let report = Simulator(seed: 2).run { simulator in
                let node = simulator.node("a")
                node.start { process in
                    lives.withLock { $0 += 1 }
                    while true { try await process.time.sleep(for: .seconds(1)) }
                }
                try await simulator.time.sleep(for: .seconds(2))
                node.crash(.kill, afterSteps: 20, downtime: .zero)
                if takingBack { node.cancelCrash() }
                try await simulator.time.sleep(for: .seconds(60))
            }
            #expect(report.failure == nil)
            return lives.withLock { $0 }
        }
        #expect(lives(takingBack: false) == 2)
        #expect(lives(takingBack: true) == 1)
    }

    @Test func `a supervisor starts again what ended, an error fails the run otherwise`() {
        struct Broken: Error {}
        func run(_ policy: ExitPolicy) -> (SimulationReport, Int) {
            let lives = Mutex(0)
            let report = Simulator(seed: 2).run { simulator in
                simulator.node("a").start(onExit: policy) { process in
                    lives.withLock { $0 += 1 }
                    try await process.time.sleep(for: .seconds(1))
                    throw Broken()
                }
                try await simulator.time.sleep(for: .seconds(10))
            }
            return (report, lives.withLock { $0 })
        }
        #expect(run(.fail).0.failure?.code == .error)
        #expect(run(.stayDown).0.failure == nil)
        #expect(run(.stayDown).1 == 1)
        #expect(run(.restart(after: .seconds(1))).0.failure == nil)
        #expect(run(.restart(after: .seconds(1))).1 == 5)
    }
}
