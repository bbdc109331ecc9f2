import Essentials
import EssentialsTesting
import Resilience
import Synchronization
import Testing

@Suite("The bulkhead's queue by priority")
struct BulkheadPriorityTests {
    typealias Machine = Bulkhead.StateMachine

    @Test func `the most needed goes first, among equals the one who has waited longest`() {
        var machine = Machine(maximumConcurrency: 1, queueLimit: 10)
        _ = machine.arrive(1)
        for (ticket, priority) in zip(2..., [CallPriority.background, .standard, .critical, .standard, .critical]) {
            _ = machine.arrive(UInt64(ticket), priority)
        }
        #expect((0..<5).map { _ in machine.leave() } == [4, 6, 3, 5, 2].map { .handOver(to: $0) })
    }

    @Test func `a full queue makes room for what is needed more, and the newest of the least needed goes`() {
        var machine = Machine(maximumConcurrency: 1, queueLimit: 2)
        _ = machine.arrive(1)
        _ = machine.arrive(2, .background)
        _ = machine.arrive(3, .background)
        #expect(machine.arrive(4, .background) == .refuse(running: 1, queued: 2))
        #expect(machine.arrive(5, .standard) == .waitDisplacing(3))
        #expect(machine.arrive(6, .critical) == .waitDisplacing(2))
        #expect(machine.arrive(7, .critical) == .waitDisplacing(5))
        #expect(machine.arrive(8, .critical) == .refuse(running: 1, queued: 2))
    }

    @Test func `nobody waits for ever: every eighth place goes by age`() {
        var machine = Machine(maximumConcurrency: 1, queueLimit: 100)
        _ = machine.arrive(1)
        _ = machine.arrive(2, .background)
        var handedOver: [UInt64] = []
        for ticket in 3...20 as ClosedRange<UInt64> {
            _ = machine.arrive(ticket, .critical)
            if case .handOver(let next) = machine.leave() { handedOver.append(next) }
        }
        #expect(handedOver.firstIndex(of: 2) == Machine.turnsByPriority)
    }

    @Test func `other limits give the new places to those who wait, and take none away`() {
        var machine = Machine(maximumConcurrency: 2, queueLimit: 5)
        for ticket in 1...5 as ClosedRange<UInt64> { _ = machine.arrive(ticket) }
        machine.reconfigure(maximumConcurrency: 4, queueLimit: 5)
        #expect((0..<3).map { _ in machine.fill() } == [.handOver(to: 3), .handOver(to: 4), .none])
        machine.reconfigure(maximumConcurrency: 1, queueLimit: 0)
        #expect(machine.running == 4)
        #expect(machine.arrive(6) == .refuse(running: 4, queued: 1))
        #expect((0..<3).map { _ in machine.leave() } == [.none, .none, .none])
        #expect(machine.leave() == .handOver(to: 5))
    }

    @Test func `it tells how long the one who waits longest has waited`() {
        var machine = Machine(maximumConcurrency: 1, queueLimit: 5)
        _ = machine.arrive(1, at: .seconds(0))
        #expect(machine.longestWait(at: .seconds(9)) == .zero)
        _ = machine.arrive(2, .background, at: .seconds(1))
        _ = machine.arrive(3, .critical, at: .seconds(4))
        #expect(machine.longestWait(at: .seconds(9)) == .seconds(8))
        _ = machine.abandon(2)
        #expect(machine.longestWait(at: .seconds(9)) == .seconds(5))
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `with all priorities it agrees with one plain list over any sequence of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let (places, room) = (
            Int.random(in: 1...3, using: &generator), Int.random(in: 0...5, using: &generator)
        )
        var machine = Machine(maximumConcurrency: places, queueLimit: room)
        var (running, turns) = (0, 0)
        var waiting: [(ticket: UInt64, priority: CallPriority)] = []
        for ticket in 1...1_500 as ClosedRange<UInt64> {
            switch Int.random(in: 0..<5, using: &generator) {
            case 0...2:
                let priority = CallPriority.allCases[Int.random(in: 0..<4, using: &generator)]
                let arrival = machine.arrive(ticket, priority)
                if running < places {
                    running += 1
                    #expect(arrival == .run)
                } else if waiting.count < room {
                    waiting.append((ticket, priority))
                    #expect(arrival == .wait)
                } else if let least = waiting.map(\.priority).min(), least < priority {
                    let index = waiting.lastIndex { $0.priority == least }!
                    #expect(arrival == .waitDisplacing(waiting[index].ticket))
                    waiting.remove(at: index)
                    waiting.append((ticket, priority))
                } else {
                    #expect(arrival == .refuse(running: running, queued: waiting.count))
                }
            case 3 where running > 0:
                guard let most = waiting.map(\.priority).max() else {
                    running -= 1
                    #expect(machine.leave() == .none)
                    continue
                }
                let isMixed = Set(waiting.map(\.priority)).count > 1
                let byAge = isMixed && turns == Machine.turnsByPriority
                turns = isMixed && !byAge ? turns + 1 : 0
                let index = byAge ? 0 : waiting.firstIndex { $0.priority == most }!
                let next = waiting.remove(at: index).ticket
                #expect(machine.leave() == .handOver(to: next))
            default:
                guard !waiting.isEmpty else { continue }
                let someone = waiting.remove(at: Int.random(in: 0..<waiting.count, using: &generator))
                #expect(machine.abandon(someone.ticket) == true)
            }
            #expect(machine.queued == waiting.count)
        }
    }
}

/// Keeps what it hears.
final class Listener: PipelineObserver {
    private let heard = Mutex<[PipelineEvent]>([])

    var events: [PipelineEvent] { self.heard.withLock { $0 } }

    func pipeline(_ name: String, did event: PipelineEvent) { self.heard.withLock { $0.append(event) } }
}

@Suite("A saturated bulkhead", .timeLimit(.minutes(10)))
struct BulkheadSaturationTests {
    @Test func `alerts at 16 of 20 and is relieved below`() async throws {
        let (clock, gate, listener) = (TestClock(), Gate(), Listener())
        let bulkhead = Bulkhead(named: "critical", maximumConcurrency: 20, queueLimit: 0)
        let pipeline = Pipeline(time: .test(clock), observer: listener) { bulkhead }
        let fifteen = (0..<15).map { _ in Task { try await pipeline.run { await gate.pass() } } }
        await gate.waitForArrivals(15)
        #expect(bulkhead.snapshot().isSaturated == false)
        try await pipeline.run { #expect(bulkhead.snapshot().isSaturated) }
        #expect(bulkhead.snapshot().isSaturated == false)
        let alerts = listener.events.compactMap { event -> String? in
            guard case .saturation(_, let isSaturated, let running, let limit) = event else { return nil }
            return "\(isSaturated) \(running)/\(limit)"
        }
        #expect(alerts == ["true 16/20", "false 15/20"])
        gate.open()
        for task in fifteen { try await task.value }
    }

    @Test func `a call that is displaced is told by what`() async throws {
        let (clock, gate) = (TestClock(), Gate())
        let pipeline = Pipeline(time: .test(clock)) {
            Bulkhead(named: "pool", maximumConcurrency: 1, queueLimit: 1)
        }
        let holder = Task { try await pipeline.run { await gate.pass() } }
        await gate.waitForArrivals(1)
        let report = CallPriority.$current.withValue(.background) { Task { try await pipeline.run {} } }
        await clock.waitForSleepers()
        let order = CallPriority.$current.withValue(.critical) { Task { try await pipeline.run { "ordered" } } }
        let refusal = await #expect(throws: Refusal.self) { try await report.value }
        #expect(refusal?.reason == .displaced(priority: .background, queued: 1))
        gate.open()
        try await holder.value
        #expect(try await order.value == "ordered")
    }
}
