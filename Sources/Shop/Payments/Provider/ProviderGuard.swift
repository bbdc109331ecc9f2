import Chassis
import Essentials
import Resilience

/// What stands between the service and its provider: a provider that hangs or is down costs a bounded number of places for a
/// bounded time, and is left alone for a while.
enum ProviderGuard {
    /// Nothing is tried again here: what the outcome was is asked for later, by the same id.
    static func pipeline(in environment: ServiceEnvironment) -> Pipeline {
        environment.pipelines.register(as: "provider") { name in
            .standard(named: name, self.configuration, time: environment.time, chance: environment.chance)
        }
    }

    private static var configuration: Pipeline.Configuration {
        var configuration = Pipeline.Configuration()
        configuration.totalTimeout = nil
        configuration.bulkhead = Bulkhead.Configuration(maximumConcurrency: 64, queueLimit: 256)
        configuration.bulkhead?.maximumWait = .seconds(5)
        configuration.retry = nil
        // By the share, because a few payments whose answer is lost say nothing about the others.
        configuration.circuitBreaker?.failureThreshold = nil
        configuration.circuitBreaker?.failureRate = .init(0.5, minimumVolume: 20)
        configuration.circuitBreaker?.classifier = Classifier { error in
            error is ProviderConnectionLost ? .transient : Classifier.standard.verdict(on: error)
        }
        configuration.attemptTimeout = .seconds(8)
        return configuration
    }
}
