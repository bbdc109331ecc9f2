import Essentials

/// How a call that raced against the clock ended.
enum RaceOutcome<Value: Sendable>: Sendable {
    case finished(Value)
    case expired
}

/// Runs `body` in a child task and cancels it when `limit` has come. Both children have ended when this returns.
/// - Throws: what `body` throws before the limit; cancellation of the caller reaches it.
func race<Value: Sendable>(
    until limit: Tick, of time: TimeSource, _ body: @Sendable () async throws -> Value
) async throws -> RaceOutcome<Value> {
    try await withoutActuallyEscaping(body) { body in
        await withTaskGroup(of: Lap<Value>.self) { group in
            group.addTask {
                do { return .body(.success(try await body())) } catch { return .body(.failure(error)) }
            }
            group.addTask {
                do {
                    try await time.sleep(until: limit)
                    return .timer(.fired)
                } catch {
                    return .timer(.stopped)
                }
            }
            var machine = TimeoutRace()
            var result: Result<Value, any Error>?
            while let lap = await group.next() {
                let action: TimeoutRace.Action
                switch lap {
                case .timer(let event): action = machine.timer(event)
                case .body(let outcome):
                    result = outcome
                    if case .success = outcome { action = machine.bodyReturned() } else { action = machine.bodyThrew() }
                }
                switch action {
                case .wait: break
                case .cancelBody, .stopTimer: group.cancelAll()
                case .expireAndStopTimer:
                    group.cancelAll()
                    result = nil
                }
            }
            return result
        }
    }.map { .finished(try $0.get()) } ?? .expired
}

private enum Lap<Value: Sendable>: Sendable {
    case body(Result<Value, any Error>)
    case timer(TimeoutRace.TimerEvent)
}
