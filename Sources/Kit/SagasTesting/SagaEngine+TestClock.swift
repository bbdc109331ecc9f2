public import Essentials
public import EssentialsTesting
public import Sagas

extension WallClock {
    /// A date that moves with a test clock: it was 2026-01-01T00:00:00Z when the clock stood at zero.
    public static func following(_ clock: TestClock) -> WallClock {
        WallClock { Timestamp(microseconds: 1_767_225_600_000_000) + clock.now.offset }
    }
}

extension SagaEngine {
    /// Works, moving the clock to each due date in turn, until no saga waits for a date.
    ///
    /// The engine must read its date from `WallClock.following(clock)`.
    /// - Parameter limit: how often the clock is moved at most; reaching it is a failed precondition.
    public func runToRest(_ clock: TestClock, limit: Int = 10_000) async throws {
        let wallClock = WallClock.following(clock)
        for _ in 0..<limit {
            guard let due = try await self.runUntilIdle() else { return }
            clock.advance(by: max(.milliseconds(1), due - wallClock.now))
        }
        preconditionFailure("the sagas did not come to rest")
    }
}
