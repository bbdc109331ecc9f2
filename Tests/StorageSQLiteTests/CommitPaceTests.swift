import Essentials
import Testing

@testable import StorageSQLite

/// Writers and a disk, played in microseconds.
private struct Stage {
    var pace = CommitPace(gather: .milliseconds(4))
    var now = Tick(nanoseconds: 0)
    /// How often somebody had to wait.
    var waits = 0

    mutating func pass(_ microseconds: Int) { self.now = self.now + .microseconds(microseconds) }

    mutating func write() {
        if self.pace.arrived(patience: .zero, at: self.now) > self.now { self.waits += 1 }
    }

    /// A commit of all who wait; a flush takes 300 µs.
    mutating func commit(_ count: Int) {
        self.pass(300)
        self.pace.answered(count, at: self.now)
    }

    /// Writers who know nothing of each other: one comes every `gap`, and while a commit waits or flushes others do.
    mutating func crowd(gap: Int, commits: Int) {
        for _ in 0..<commits {
            self.pass(gap)
            let began = self.waits
            self.write()
            let wait = self.waits > began ? 4_000 : 0
            let others = wait / gap
            for _ in 0..<others {
                self.pass(gap)
                self.write()
            }
            self.commit(1 + others)
        }
    }
}

struct CommitPaceTests {
    @Test func `a writer alone never waits`() {
        var stage = Stage()
        for _ in 0..<1_000 {
            stage.write()
            stage.commit(1)
            stage.pass(20)
        }
        #expect(stage.waits == 0)
    }

    @Test func `writers who come right behind an answer wait for nobody, because nobody else is to come`() {
        var stage = Stage()
        for _ in 0..<1_000 {
            for _ in 0..<4 {
                stage.write()
                stage.pass(10)
            }
            stage.commit(4)
        }
        #expect(stage.waits < 100)
        #expect(!stage.pace.expectsStrangers)
    }

    @Test func `many writers wait for each other, and a writer who is left alone stops waiting`() {
        var stage = Stage()
        // At first commits do not wait, so strangers show themselves while one flushes.
        for _ in 0..<60 {
            stage.pass(1_000)
            stage.write()
            stage.pass(150)
            stage.write()
            stage.commit(2)
        }
        #expect(stage.pace.expectsStrangers)
        stage.waits = 0
        stage.crowd(gap: 1_000, commits: 100)
        #expect(stage.waits > 400)
        stage.waits = 0
        for _ in 0..<200 {
            stage.pass(1_000)
            let before = stage.waits
            stage.write()
            if stage.waits > before { stage.pass(4_000) }
            stage.commit(1)
        }
        #expect(stage.waits < 60)
        #expect(!stage.pace.expectsStrangers)
    }

    @Test func `somebody with patience may wait, and is no stranger`() {
        var stage = Stage()
        for _ in 0..<100 {
            let due = stage.pace.arrived(patience: .milliseconds(20), at: stage.now)
            #expect(due == stage.now + .milliseconds(20))
            stage.pass(1_000)
            stage.write()
            stage.commit(1)
        }
        #expect(stage.waits == 0)
    }

    @Test func `without a delay to gather nobody waits, however patient`() {
        var pace = CommitPace(gather: .zero)
        let now = Tick(nanoseconds: 5)
        #expect(pace.arrived(patience: .seconds(1), at: now) == now)
        #expect(pace.arrived(patience: .zero, at: now) == now)
        pace.answered(1, at: now)
        #expect(!pace.expectsStrangers)
    }
}
