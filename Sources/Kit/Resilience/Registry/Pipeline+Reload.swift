import Essentials

extension Pipeline {
    /// The layers of one type, outermost first: to read their figures, or to change one of them.
    public func layers<Layer: Strategy>(_ type: Layer.Type = Layer.self) -> [Layer] {
        self.strategies.compactMap { $0 as? Layer }
    }

    /// The settings of the layers as they are now; of several of one kind, the outermost. A layer that the pipeline does not
    /// have is nil.
    public var configuration: Configuration {
        var configuration = Configuration()
        configuration.totalTimeout = self.timeout("total")?.duration
        configuration.rateLimit = self.layers(RateLimiter.self).first?.configuration
        configuration.bulkhead = self.layers(Bulkhead.self).first?.configuration
        configuration.shedding = self.layers(Shedding.self).first?.configuration
        configuration.adaptiveLimit = self.layers(AdaptiveLimit.self).first?.configuration
        configuration.retry = self.layers(Retry.self).first?.configuration
        configuration.circuitBreaker = self.layers(CircuitBreaker.self).first?.configuration
        configuration.attemptTimeout = self.timeout("attempt")?.duration
        return configuration
    }

    private func timeout(_ part: String) -> Timeout? {
        self.layers(Timeout.self).first { $0.name == "\(self.name).\(part)" }
    }

    /// Gives the layers other settings while calls run through them. What they have counted, who waits and which breaker is
    /// open stays.
    ///
    /// Layers can be changed, not added or removed.
    /// - Throws: ``InvalidConfiguration`` with every problem, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration) throws(InvalidConfiguration) {
        let current = self.configuration
        let problems =
            Self.problems("\(self.name).total", current.totalTimeout, configuration.totalTimeout, Self.timeoutProblems)
            + Self.problems(self.name, current.rateLimit, configuration.rateLimit) { $0.problems() }
            + Self.problems(self.name, current.bulkhead, configuration.bulkhead) { $0.problems() }
            + Self.problems(self.name, current.shedding, configuration.shedding) { $0.problems() }
            + Self.problems(self.name, current.adaptiveLimit, configuration.adaptiveLimit) { $0.problems() }
            + Self.problems(self.name, current.retry, configuration.retry) { $0.problems() }
            + Self.problems(self.name, current.circuitBreaker, configuration.circuitBreaker) { $0.problems() }
            + Self.problems(
                "\(self.name).attempt", current.attemptTimeout, configuration.attemptTimeout, Self.timeoutProblems)
        guard problems.isEmpty else { throw InvalidConfiguration(problems: problems) }
        if let duration = configuration.totalTimeout { try self.timeout("total")?.reconfigure(duration) }
        if let limit = configuration.rateLimit {
            try self.layers(RateLimiter.self).first?.reconfigure(limit, at: self.environment.time.now)
        }
        if let bulkhead = configuration.bulkhead { try self.layers(Bulkhead.self).first?.reconfigure(bulkhead) }
        if let shedding = configuration.shedding { try self.layers(Shedding.self).first?.reconfigure(shedding) }
        if let limit = configuration.adaptiveLimit { try self.layers(AdaptiveLimit.self).first?.reconfigure(limit) }
        if let retry = configuration.retry { try self.layers(Retry.self).first?.reconfigure(retry) }
        if let breaker = configuration.circuitBreaker {
            try self.layers(CircuitBreaker.self).first?.reconfigure(breaker)
        }
        if let duration = configuration.attemptTimeout { try self.timeout("attempt")?.reconfigure(duration) }
    }

    private static func timeoutProblems(_ duration: Duration) -> [String] {
        duration > .zero ? [] : ["duration must be more than zero"]
    }

    private static func problems<Setting>(
        _ strategy: String, _ current: Setting?, _ wanted: Setting?, _ check: (Setting) -> [String]
    ) -> [InvalidConfiguration.Problem] {
        let sentences: [String]
        switch (current, wanted) {
        case (nil, nil): sentences = []
        case (_?, let wanted?): sentences = check(wanted)
        case (nil, _?): sentences = ["\(Setting.self) has no layer here: layers can be changed, not added"]
        case (_?, nil): sentences = ["\(Setting.self) has a layer here: layers can be changed, not removed"]
        }
        return sentences.map { InvalidConfiguration.Problem(strategy: strategy, sentence: $0) }
    }
}
