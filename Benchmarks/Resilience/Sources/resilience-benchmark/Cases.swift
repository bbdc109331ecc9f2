import Essentials
import Resilience

/// One thing whose price is known by doing it many times.
struct Case: Sendable {
    var name: String
    /// What it is, for the table.
    var title: String
    /// Does it so many times.
    var run: @Sendable (_ times: Int) async throws -> Void
}

enum Cases {
    static let all = primitives + strategies + pipelines + timeouts

    static func named(_ name: String) -> Case? { self.all.first { $0.name == name } }

    private static let primitives: [Case] = [
        Case(name: "clock", title: "the clock, read once") { times in
            let time = TimeSource.system
            for _ in 0..<times { consume(time.now.nanoseconds) }
        }
    ]

    private static let strategies: [Case] = {
        let (closed, open) = (CircuitBreaker(named: "closed"), CircuitBreaker(named: "open"))
        open.isolate()
        let shut = CircuitBreaker(named: "shut")
        shut.open(until: .distantFuture, at: TimeSource.system.now)
        let bucket = limiter()
        let time = TimeSource.system
        return [
            Case(name: "breaker", title: "closed breaker: admit and record, with the clock") { times in
                for _ in 0..<times {
                    let now = time.now
                    closed.end(try closed.admit(at: now), succeeded: true, at: now)
                }
            },
            Case(name: "rejection", title: "open breaker: refusal, with the clock") { times in
                for _ in 0..<times {
                    do throws(Refusal) {
                        consume(Int64(bitPattern: try shut.admit(at: time.now).id))
                    } catch {
                        consume(error.retryAfter == nil ? 0 : 1)
                    }
                }
            },
            Case(name: "bucket", title: "token bucket, with the clock") { times in
                for _ in 0..<times { try bucket.admit(at: time.now) }
            },
        ]
    }()

    private static let pipelines: [Case] = {
        let empty = Pipeline {}
        let four = pipeline()
        let observed = pipeline(observer: CallMeter())
        let shut = CircuitBreaker(named: "shut")
        shut.open(until: .distantFuture, at: TimeSource.system.now)
        let refusing = Pipeline { shut }
        return [
            Case(name: "empty", title: "a pipeline without layers around an async no-op") { times in
                for _ in 0..<times { try await empty.run { await nothing() } }
            },
            Case(name: "pipeline", title: "limiter, bulkhead, retry, breaker around an async no-op") { times in
                for _ in 0..<times { try await four.run { await nothing() } }
            },
            Case(name: "observed", title: "the same with a CallMeter") { times in
                for _ in 0..<times { try await observed.run { await nothing() } }
            },
            Case(name: "refused", title: "an open breaker's refusal, thrown through a pipeline") { times in
                for _ in 0..<times {
                    do {
                        try await refusing.run { await nothing() }
                    } catch {
                        consume(1)
                    }
                }
            },
        ]
    }()

    private static let timeouts: [Case] = {
        let timed = pipeline(attempt: .seconds(3))
        let standard = Pipeline.standard(named: "standard")
        return [
            Case(name: "timed", title: "the four with a timeout for each attempt") { times in
                for _ in 0..<times { try await timed.run { await nothing() } }
            },
            Case(name: "suspending", title: "the same around a body that suspends once (an alarm is set)") { times in
                for _ in 0..<times { try await timed.run { await Task.yield() } }
            },
            Case(name: "yield", title: "that body alone") { times in
                for _ in 0..<times { await Task.yield() }
            },
            Case(name: "standard", title: "Pipeline.standard: bulkhead, retry, breaker, two timeouts") { times in
                for _ in 0..<times { try await standard.run { await nothing() } }
            },
        ]
    }()

    private static func limiter() -> RateLimiter {
        RateLimiter(named: "calls", capacity: 1_000_000, refill: Rate(1_000_000, per: .milliseconds(1)))
    }

    private static func pipeline(attempt: Duration? = nil, observer: (any PipelineObserver)? = nil) -> Pipeline {
        Pipeline(named: "calls", observer: observer) {
            limiter()
            Bulkhead(named: "calls", maximumConcurrency: 64, queueLimit: 64)
            Retry(maximumAttempts: 3)
            CircuitBreaker(named: "calls")
            if let attempt { Timeout(attempt) }
        }
    }
}

/// Keeps a value from being computed away.
@inline(never)
func consume(_ value: Int64) {}

@inline(never)
func nothing() async {}
