public import Essentials

extension Pipeline {
    /// The settings of the standard composition. A layer that is nil is left out.
    public struct Configuration: Sendable {
        /// The time of the whole call, retries included. Default: 10 seconds.
        public var totalTimeout: Duration? = .seconds(10)
        /// Default: none.
        public var rateLimit: RateLimiter.Configuration?
        /// Default: 20 run, 10 wait.
        public var bulkhead: Bulkhead.Configuration? = Bulkhead.Configuration()
        /// Drops the less important while the adaptive limit keeps calls waiting; needs one. Default: none.
        public var shedding: Shedding.Configuration?
        /// A bound that finds itself, beside or instead of the bulkhead. Default: none.
        public var adaptiveLimit: AdaptiveLimit.Configuration?
        /// Default: three attempts.
        public var retry: Retry.Configuration? = Retry.Configuration()
        /// Default: 5 failures in 10 seconds open it; it asks again after 2 seconds, and one success closes it.
        public var circuitBreaker: CircuitBreaker.Configuration? = .prompt
        /// The time of one attempt. Default: 3 seconds.
        public var attemptTimeout: Duration? = .seconds(3)

        public init() {}
    }

    /// The layers in the order that works: total timeout, rate limit, shedding, bulkhead, adaptive limit, retry, breaker,
    /// attempt timeout.
    ///
    /// The total timeout bounds waits and retries alike. Limit and bulkhead count calls, not attempts. The breaker
    /// lies inside the retry, so it sees each attempt, and a breaker that opens ends the retrying.
    /// - Parameters:
    ///   - name: what it protects; the name of its layers too.
    ///   - configuration: which layers, and how they are set.
    ///   - time: the clock of all its layers.
    ///   - chance: the source of its jitter.
    ///   - observer: hears what happens in it. Default: nobody.
    public static func standard(
        named name: String, _ configuration: Configuration = Configuration(), time: TimeSource = .system,
        chance: Chance = .system, observer: (any PipelineObserver)? = nil
    ) -> Pipeline {
        precondition(
            configuration.shedding == nil || configuration.adaptiveLimit != nil,
            "pipeline '\(name)': shedding needs an adaptive limit, whose queue it watches")
        let adaptiveLimit = configuration.adaptiveLimit.map { AdaptiveLimit(named: name, $0) }
        return Pipeline(named: name, time: time, chance: chance, observer: observer) {
            if let duration = configuration.totalTimeout { Timeout(duration, named: "\(name).total") }
            if let limit = configuration.rateLimit { RateLimiter(named: name, limit) }
            if let shedding = configuration.shedding, let adaptiveLimit {
                Shedding(named: name, before: adaptiveLimit, shedding)
            }
            if let bulkhead = configuration.bulkhead { Bulkhead(named: name, bulkhead) }
            if let adaptiveLimit { adaptiveLimit }
            if let retry = configuration.retry { Retry(named: name, retry) }
            if let circuitBreaker = configuration.circuitBreaker { CircuitBreaker(named: name, circuitBreaker) }
            if let duration = configuration.attemptTimeout { Timeout(duration, named: "\(name).attempt") }
        }
    }
}
