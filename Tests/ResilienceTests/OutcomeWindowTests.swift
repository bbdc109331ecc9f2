import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("A window of outcomes")
struct OutcomeWindowTests {
    /// Keeps everything for ever and counts anew each time.
    struct NaiveWindow {
        struct Entry {
            var slice: Int64
            var failed: Bool
            var slow: Bool
        }

        var entries: [Entry] = []

        func counts(_ included: some Collection<Entry>) -> OutcomeWindow.Counts {
            var counts = OutcomeWindow.Counts()
            counts.calls = included.count
            counts.failures = included.count { $0.failed }
            counts.slow = included.count { $0.slow }
            return counts
        }
    }

    @Test(arguments: 0..<48 as Range<UInt64>)
    func `of a time agrees with a list of all calls, tenth by tenth`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var window = OutcomeWindow(.time(.seconds(10)))
        var model = NaiveWindow()
        var now = Tick(nanoseconds: Int64.random(in: -30_000_000_000...30_000_000_000, using: &generator))
        for _ in 0..<1_500 {
            now = now + .milliseconds(Int.random(in: 0...400, using: &generator))
            let slice = Int64((Double(now.nanoseconds) / 1e9).rounded(.down))
            if Bool.random(using: &generator) {
                let (failed, slow) = (Bool.random(using: &generator), Bool.random(using: &generator))
                window.record(failed: failed, slow: slow, at: now)
                model.entries.append(.init(slice: slice, failed: failed, slow: slow))
            }
            let counts = window.counts(at: now)
            #expect(counts == model.counts(model.entries.filter { $0.slice > slice - 10 }))
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `of a number of calls agrees with the last ones of a list`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let size = Int.random(in: 1...40, using: &generator)
        var window = OutcomeWindow(.calls(size))
        var model = NaiveWindow()
        for _ in 0..<500 {
            let (failed, slow) = (Bool.random(using: &generator), Bool.random(using: &generator))
            window.record(failed: failed, slow: slow, at: .seconds(0))
            model.entries.append(.init(slice: 0, failed: failed, slow: slow))
            let counts = window.counts(at: .seconds(0))
            #expect(counts == model.counts(model.entries.suffix(size)))
        }
    }

    @Test func `a tick from the past counts as of now`() {
        var window = OutcomeWindow(.time(.seconds(10)))
        window.record(failed: true, at: .seconds(100))
        window.record(failed: true, at: .seconds(3))
        let (before, after) = (window.counts(at: .seconds(109)), window.counts(at: .seconds(110)))
        #expect(before.failures == 2)
        #expect(after.failures == 0)
    }

    @Test func `rates of nothing are zero`() {
        #expect(OutcomeWindow.Counts().failureRate == 0)
        #expect(OutcomeWindow.Counts().slowRate == 0)
    }
}
