import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Telemetry

@testable import Console

/// The console in front of two services that are made up: one that greets by asking the other.
struct ConsoleFixture {
    static let canary = "CANARY-92b1f7c0"

    let platform: TestPlatform
    let buffer: TelemetryBuffer
    let console: ConsoleService
    let greeter: Service
    let sessions: StandInUsers
    let metrics: @Sendable () -> [MetricFamily]

    init() async throws {
        let platform = try TestPlatform()
        let buffer = TelemetryBuffer(redactor: Redactor(secrets: [Redacted(Self.canary)]))
        func environment(_ name: ServiceName, migrations: [Migration] = []) throws -> ServiceEnvironment {
            var environment = try platform.environment(name, migrations: migrations)
            let resource = Resource(service: name.rawValue)
            var tracing = TelemetryTracer.Configuration()
            tracing.sampler = Sampler(otherwise: .drop, whenCallerDoesNot: .drop)
            environment.use(
                ServiceTelemetry(
                    tracer: TelemetryTracer(
                        resource: resource, sink: buffer, configuration: tracing,
                        wallClock: platform.wallClock.wallClock,
                        chance: platform.chance, time: platform.time),
                    metrics: MetricRegistry(resource: resource, wallClock: platform.wallClock.wallClock)))
            return environment
        }
        let names = try environment("names")
        platform.host(Service(names, routes: Self.names(names), health: HealthRegistry(time: platform.time)))
        let greetings = try environment("greeter")
        self.greeter = Service(
            greetings, routes: Self.greetings(greetings), health: HealthRegistry(time: platform.time))
        platform.host(self.greeter)
        self.sessions = StandInUsers(platform)
        let sessions = self.sessions
        platform.transport.register("users") { try sessions.handle($0) }
        var configuration = ConsoleService.Configuration(services: ["greeter", "names", "absent"], buffer: buffer)
        let metrics = { @Sendable in greetings.telemetry.metrics.snapshot() + names.telemetry.metrics.snapshot() }
        self.metrics = metrics
        configuration.metrics = metrics
        self.console = try ConsoleService(
            platform.environment("console", migrations: ConsoleService.migrations), configuration: configuration)
        try await self.console.service.prepare()
        platform.host(self.console.service)
        self.platform = platform
        self.buffer = buffer
    }

    private static func names(_ environment: ServiceEnvironment) -> [Route] {
        [
            Route(
                .get, "/internal/name", "name", tag: "Test", "Says a name", access: .services,
                answers: [Answer(.ok, .freeObject, "It")]
            ) { request in
                _ = try await environment.store.read { try $0.query("SELECT 1") }
                let event = NewEvent(
                    id: environment.ids.next(), type: "NameSaid", schemaVersion: 1,
                    timestamp: environment.wallClock.now,
                    metadata: request.metadata, data: Array("{}".utf8))
                let stream = StreamID(category: "name", aggregateID: environment.ids.next())
                _ = try await environment.store.write { try $0.append([event], to: stream, expecting: .any) }
                return .document(["name": "Ada"])
            }
        ]
    }

    private static func greetings(_ environment: ServiceEnvironment) -> [Route] {
        let names = ServiceClient("names", in: environment)
        return [
            Route(
                .get, "/v1/greeting", "greet", tag: "Test", "Greets", access: .anyone,
                answers: [Answer(.ok, .freeObject, "A greeting")]
            ) { request in
                let answer = try await names.send(.get, "/internal/name", metadata: request.metadata)
                return ServiceResponse(status: .ok, body: answer.body)
            },
            Route(
                .get, "/v1/failure", "fail", tag: "Test", "Fails", access: .anyone,
                answers: [Answer(.ok, .freeObject, "Never")]
            ) { _ in
                throw Spill(description: "the password is \(Self.canary) and token=\(Self.canary)")
            },
        ]
    }

    /// An error whose words hold a secret.
    private struct Spill: Error, CustomStringConvertible {
        var description: String
    }

    /// Lets the console keep what has come so far.
    func collect() async throws { try await self.console.collector.step() }

    func get(_ path: String, as person: Principal?) async throws -> TestAnswer {
        try await self.platform.call("console", .get, path, as: person)
    }
}
