import Essentials
import EssentialsTesting
import Sagas
import SagasTesting
import Testing

@Suite struct `Whatever goes wrong` {
    /// Fails, loses, rejects and dies by chance.
    private final class Fate: Sendable {
        let chance: Chance

        init(seed: UInt64) { self.chance = Chance(seed: seed) }

        func trouble() -> Trouble {
            let steps = ["reserve", "authorise", "confirm", "ship"]
            return Trouble(
                rejecting: self.chance.below(3) == 0 ? steps[self.chance.below(4)] : nil,
                losing: Set(steps.filter { _ in self.chance.below(3) == 0 }),
                failing: Set(steps.filter { _ in self.chance.below(3) == 0 }),
                mute: self.chance.below(4) == 0 ? ["reserve", "ship"][self.chance.below(2)] : nil)
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `every seed ends complete or fully compensated`(_ seed: UInt64) async throws {
        let fate = Fate(seed: seed)
        let world = try World(seed % 10 == 0 ? .sqlite : .inMemory)
        let trouble = fate.trouble()
        var deaths = fate.chance.below(6)
        while true {
            let crash = CrashPoint(at: deaths > 0 ? fate.chance.below(25) : nil)
            deaths -= 1
            let saga = world.checkout(trouble, crash: crash)
            let name = fate.chance.below(2) == 0 ? "one" : "two"
            let engine = world.engine([saga], named: name, crash: crash, seed: seed)
            do {
                try await world.start(saga, on: engine)
                try await engine.runToRest(world.clock)
            } catch {
                guard crash.crash != nil else { throw error }
                continue
            }
            if crash.crash == nil { break }
        }
        try await world.expectWholeOrNothing("by seed \(seed): \(trouble)")
    }
}
