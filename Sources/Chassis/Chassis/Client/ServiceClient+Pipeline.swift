import Essentials
import Resilience

extension ServiceClient {
    /// How calls between services are protected: inside the deadline of the request at hand, at most three attempts.
    static func pipeline(for service: ServiceName, in environment: ServiceEnvironment) -> Pipeline {
        var configuration = Pipeline.Configuration()
        configuration.bulkhead?.maximumConcurrency = 128
        configuration.bulkhead?.queueLimit = 512
        configuration.retry?.classifier = Self.classifier
        configuration.circuitBreaker?.classifier = Self.classifier
        configuration.attemptTimeout = .seconds(5)
        return environment.pipelines.register(as: service.rawValue) { name in
            .standard(
                named: name, configuration, time: environment.time, chance: environment.chance,
                observer: PipelineLog(environment.logger, time: environment.time))
        }
    }

    /// A final refusal is an answer; everything else of another service may pass.
    private static let classifier = Classifier { error in
        switch error {
        case let problem as RemoteProblem:
            problem.isFinal ? .answered : .transient(retryAfter: problem.retryAfter)
        case is TransportError: .transient
        default: Classifier.standard.verdict(on: error)
        }
    }
}
