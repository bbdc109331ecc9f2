import Essentials
import EssentialsTesting
import Synchronization
import Testing

/// Notes its number when it rings.
private final class Bell: Alarm {
    let number: Int
    let rung: Rung

    init(_ number: Int, _ rung: Rung) {
        self.number = number
        self.rung = rung
    }

    func ring() { self.rung.note(self.number) }
}

private final class Rung: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { self.numbers.withLock { $0 } }

    func note(_ number: Int) { self.numbers.withLock { $0.append(number) } }
}

@Suite("The race of a body against an alarm decides")
struct TimeRaceTests {
    @Test func `whoever is first decides, and nothing that comes later changes it`() {
        var race = TimeRace()
        race.bodyEnded()
        #expect(race.alarmRang() == false)
        #expect(race.callerCancelled() == false)
        #expect(race.hasEnded)
        #expect(!race.hasExpired)
    }

    @Test func `the alarm that comes first cancels the body, once`() {
        var race = TimeRace()
        #expect(race.alarmRang() == true)
        #expect(race.alarmRang() == false)
        #expect(race.callerCancelled() == false)
        race.bodyEnded()
        #expect(race.hasExpired)
    }

    @Test func `the caller that comes first cancels the body, and then it is no timeout`() {
        var race = TimeRace()
        #expect(race.callerCancelled() == true)
        #expect(race.alarmRang() == false)
        race.bodyEnded()
        #expect(!race.hasExpired)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `over any sequence of events the first of them is all that counts`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var race = TimeRace()
        var first: Int?
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let event = Int.random(in: 0..<3, using: &generator)
            let cancels =
                switch event {
                case 0: race.alarmRang()
                case 1: race.callerCancelled()
                default:
                    {
                        race.bodyEnded(); return false
                    }()
                }
            #expect(cancels == (first == nil && event != 2))
            first = first ?? event
            #expect(race.hasExpired == (first == 0))
            #expect(race.hasEnded == (first == 2))
        }
    }
}

/// A source that has no alarm clock of its own: one sleeper for all.
@Suite("Alarms", .timeLimit(.minutes(10)))
struct AlarmTests {
    let clock = TestClock()
    private let rung = Rung()

    var time: TimeSource { TimeSource(self.clock) }

    @Test func `ring in the order of their ticks, and equal ones in the order in which they were set`() async {
        let time = self.time
        for (number, second) in [5, 3, 9, 3, 1].enumerated() {
            _ = time.set(Bell(number, self.rung), at: .seconds(second))
        }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(5))
        while self.rung.all.count < 4 { await Task.yield() }
        #expect(self.rung.all == [4, 1, 3, 0])
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(4))
        while self.rung.all.count < 5 { await Task.yield() }
        #expect(self.rung.all.last == 2)
    }

    @Test func `one that is cleared does not ring, and clearing twice harms nobody`() async {
        let time = self.time
        let first = time.set(Bell(1, self.rung), at: .seconds(1))
        time.clear(first)
        time.clear(first)
        _ = time.set(Bell(2, self.rung), at: .seconds(2))
        time.clear(first)
        await self.clock.waitForSleepers()
        while self.rung.all.isEmpty {
            self.clock.advance(by: .seconds(1))
            await Task.yield()
        }
        #expect(self.rung.all == [2])
    }

    @Test func `a hundred thousand need one sleeper, which ends when all have rung`() async {
        let time = self.time
        for number in 0..<100_000 { _ = time.set(Bell(number, self.rung), at: .seconds(1 + number % 7)) }
        await self.clock.waitForSleepers()
        #expect(self.clock.sleeperCount == 1)
        while self.rung.all.count < 100_000 {
            self.clock.advance(by: .seconds(1))
            await Task.yield()
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(self.clock.sleeperCount == 0)
    }

    @Test(arguments: 0..<32 as Range<UInt64>)
    func `the exact alarms of the test clock agree with a sorted list over any sequence`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let time = TimeSource.test(self.clock)
        var set: [(number: Int, tick: Tick, id: AlarmID)] = []
        var expected: [Int] = []
        for number in 0..<400 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let tick = time.now + .milliseconds(Int.random(in: 1...500, using: &generator))
                set.append((number, tick, time.set(Bell(number, self.rung), at: tick)))
            case 2 where !set.isEmpty:
                time.clear(set.remove(at: Int.random(in: 0..<set.count, using: &generator)).id)
            default:
                self.clock.advance(by: .milliseconds(Int.random(in: 0...100, using: &generator)))
                let due = set.filter { $0.tick <= time.now }.sorted { ($0.tick, $0.number) < ($1.tick, $1.number) }
                expected += due.map(\.number)
                set.removeAll { $0.tick <= time.now }
            }
            #expect(self.rung.all == expected)
        }
    }
}

@Suite("A body with a limit of time", .timeLimit(.minutes(10)))
struct TimeLimitTests {
    @Test func `on the system's clock, is cancelled when it is over and returned from when it has ended`() async throws
    {
        let time = TimeSource.system
        let outcome = try await time.run(until: time.now + .milliseconds(5)) {
            try await time.sleep(for: .seconds(3_600))
        }
        guard case .expired = outcome else { return #expect(Bool(false), "the body was not ended") }
    }

    @Test func `a body that never suspends sets no alarm`() async throws {
        let clock = TestClock()
        let time = TimeSource.test(clock)
        let sleepers = try await time.run(until: .seconds(1)) { clock.sleeperCount }
        guard case .finished(0) = sleepers else { return #expect(Bool(false), "an alarm was set") }
    }

    @Test func `a caller who is cancelled already runs the body as a cancelled one`() async throws {
        let time = TimeSource.test(TestClock())
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await time.run(until: .seconds(1)) { Task.isCancelled }
        }
        task.cancel()
        guard case .finished(true) = try await task.value else { return #expect(Bool(false), "it did not notice") }
    }
}

extension Tick {
    fileprivate static func seconds(_ seconds: Int) -> Tick { Tick(nanoseconds: Int64(seconds) * 1_000_000_000) }
}
