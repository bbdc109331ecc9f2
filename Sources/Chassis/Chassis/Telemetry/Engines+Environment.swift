import Essentials
public import EventSourcing
public import Messaging
public import Sagas
import Telemetry
import Tracing

extension ConsumerGroup where Unit == any ServiceUnit {
    /// The consumers of a service, with a span around each event that comes with a trace.
    public init(
        _ subscriptions: [Subscription<Unit>], in environment: ServiceEnvironment,
        configuration: Configuration = Configuration(),
    ) {
        let logger = environment.logger
        self.init(
            subscriptions.map { $0.traced(by: environment.telemetry) }, transactor: environment.store,
            inbox: { $0 }, configuration: configuration, observe: { logger.report($0) },
            wallClock: environment.wallClock, time: environment.time)
    }
}

extension Subscription {
    fileprivate func traced(by telemetry: ServiceTelemetry) -> Subscription {
        guard let tracer = telemetry.tracer else { return self }
        let name = self.consumer.name
        let traced = self.consumer.around { event, handle in
            guard let context = ServiceTelemetry.context(of: event.metadata.traceparent),
                context.span?.isSampled == true
            else { return try handle() }
            let span = tracer.begin("handle \(event.type)", .consumer, context) {
                [
                    SemanticConventions.messagingSystem: "mainstay",
                    SemanticConventions.messagingDestination: .string(event.source.service),
                    SemanticConventions.messagingOperation: "process",
                    "mainstay.consumer": .string(name),
                    "mainstay.event.id": .string(event.id.description),
                ]
            }
            defer { span.end() }
            do {
                try InstrumentationContext.$current.withValue(span.context) { try handle() }
            } catch {
                span.failed(error)
                throw error
            }
        }
        return Subscription(traced, to: self.feeds, owning: self.partitions)
    }
}

extension SagaEngine where Unit == any ServiceUnit {
    /// The engine of a service, with spans around sagas and steps that come from a request with a trace.
    /// - Parameter name: that of the service unless several engines work on one store.
    public convenience init(
        named name: String? = nil, in environment: ServiceEnvironment, definitions: [any SagaRules<Unit>],
        configuration: Configuration = Configuration(),
    ) {
        let logger = environment.logger
        self.init(
            named: name ?? environment.name.rawValue, transactor: environment.store, definitions: definitions,
            journal: { $0 }, configuration: configuration, observe: { logger.report($0) },
            tracing: environment.telemetry.tracer == nil ? nil : SagaSpans(telemetry: environment.telemetry),
            wallClock: environment.wallClock, chance: environment.chance, time: environment.time)
    }
}

/// Spans of sagas: one for each time that a saga is worked on, and below it one for each call of a step.
private struct SagaSpans: SagaTracing {
    let telemetry: ServiceTelemetry

    func working(on saga: SagaInstance, _ body: @Sendable () async throws -> Void) async throws {
        try await self.telemetry.below(saga.metadata.traceparent, "saga \(saga.definition)") {
            ["mainstay.saga.id": .string(saga.id.description), "mainstay.saga.name": .string(saga.definition)]
        } _: {
            try await body()
        }
    }

    func calling(_ step: StepContext, _ body: @Sendable () async throws -> Void) async throws {
        let name = step.direction == .action ? step.step : "compensate \(step.step)"
        try await self.telemetry.within(name) {
            [
                "mainstay.saga.id": .string(step.sagaID.description), "mainstay.saga.step": .string(step.step),
                "mainstay.saga.direction": .string(step.direction.rawValue),
                "mainstay.saga.attempt": .int64(Int64(step.attempt)),
            ]
        } _: {
            try await body()
        }
    }
}
