import Resilience

/// Which limits of a pipeline become what; what is left out stays.
struct PipelineChange: APIModel {
    var maximumConcurrency: Int?
    var queueLimit: Int?
    var minimumLimit: Int?
    var maximumLimit: Int?
    var sheddingTargetMilliseconds: Int?
    var maximumAttempts: Int?
    var failureThreshold: Int?
    var recoveryMilliseconds: Int?
    var totalTimeoutMilliseconds: Int?
    var attemptTimeoutMilliseconds: Int?

    static let schemaName = "PipelineChange"
    static let schema = Schema.object([
        .init("maximumConcurrency", .integer(1...100_000), required: false),
        .init("queueLimit", .integer(0...1_000_000), required: false),
        .init("minimumLimit", .integer(1...1_000_000), required: false),
        .init("maximumLimit", .integer(1...1_000_000), required: false),
        .init("sheddingTargetMilliseconds", .integer(1...3_600_000), required: false),
        .init("maximumAttempts", .integer(1...100), required: false),
        .init("failureThreshold", .integer(1...100_000), required: false),
        .init("recoveryMilliseconds", .integer(1...86_400_000), required: false),
        .init("totalTimeoutMilliseconds", .integer(1...3_600_000), required: false),
        .init("attemptTimeoutMilliseconds", .integer(1...3_600_000), required: false),
    ])

    /// A limit of a layer that the pipeline does not have makes a configuration that is refused.
    func apply(to configuration: inout Pipeline.Configuration) {
        if let maximumConcurrency {
            configuration.set(\.bulkhead, .init()) { $0.maximumConcurrency = maximumConcurrency }
        }
        if let queueLimit, configuration.bulkhead == nil, configuration.adaptiveLimit != nil {
            configuration.adaptiveLimit?.queueLimit = queueLimit
        } else if let queueLimit {
            configuration.set(\.bulkhead, .init()) { $0.queueLimit = queueLimit }
        }
        self.applyLimits(to: &configuration)
        if let maximumAttempts { configuration.set(\.retry, .init()) { $0.maximumAttempts = maximumAttempts } }
        if let failureThreshold {
            configuration.set(\.circuitBreaker, .init()) { $0.failureThreshold = failureThreshold }
        }
        if let recoveryMilliseconds {
            configuration.set(\.circuitBreaker, .init()) { $0.recoveryTime = .milliseconds(recoveryMilliseconds) }
        }
        if let totalTimeoutMilliseconds { configuration.totalTimeout = .milliseconds(totalTimeoutMilliseconds) }
        if let attemptTimeoutMilliseconds {
            configuration.attemptTimeout = .milliseconds(attemptTimeoutMilliseconds)
        }
    }

    private func applyLimits(to configuration: inout Pipeline.Configuration) {
        if let minimumLimit {
            configuration.set(\.adaptiveLimit, .init()) { limit in
                limit.minimumLimit = minimumLimit
                limit.initialLimit = max(limit.initialLimit, minimumLimit)
            }
        }
        if let maximumLimit {
            configuration.set(\.adaptiveLimit, .init()) { limit in
                limit.maximumLimit = maximumLimit
                limit.initialLimit = min(limit.initialLimit, maximumLimit)
            }
        }
        if let sheddingTargetMilliseconds {
            configuration.set(\.shedding, .init()) { $0.target = .milliseconds(sheddingTargetMilliseconds) }
        }
    }
}

extension Pipeline.Configuration {
    fileprivate mutating func set<Layer>(
        _ layer: WritableKeyPath<Self, Layer?>, _ fresh: Layer, _ change: (inout Layer) -> Void
    ) {
        var settings = self[keyPath: layer] ?? fresh
        change(&settings)
        self[keyPath: layer] = settings
    }
}
