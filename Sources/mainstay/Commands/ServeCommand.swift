import ArgumentParser
import Chassis
import ChassisHTTP
import Foundation
import ServiceLifecycle
import ShopContracts

/// `mainstay serve SERVICE`: one service by itself.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Starts one service in the foreground.")

    @Argument(help: "users, catalog, inventory, payments, shipping, orders, transfers or notifications.")
    var service: String

    @Option(help: "The data directory, for keys and the database. Default: ./.mainstay")
    var data: String?

    @Option(help: "A YAML file with settings.")
    var config: String?

    @Option(help: "The port. Default: the service's own.")
    var port: Int?

    @Option(help: "Where the data lives: sqlite:PATH. Default: sqlite:DATA/SERVICE.sqlite")
    var database: String?

    func run() async throws {
        guard let blueprint = ServiceBlueprint.named(self.service) else {
            let known = ServiceBlueprint.all.map(\.name.rawValue).joined(separator: ", ")
            throw CommandFailure.usage("no service is called '\(self.service)'; there are \(known)")
        }
        var flags: [String: String] = [:]
        flags["data"] = self.data
        flags["services.\(self.service).port"] = self.port.map(String.init)
        let settings = try Settings.load(
            file: self.config, environment: ProcessInfo.processInfo.environment, flags: flags)
        let directory = try DataDirectory(settings.data, service: self.service)
        let path = try self.path()
        try await Platform.scoped(settings, directory: directory) { platform in
            Self.registerNeighbours(platform)
            let built = try blueprint.make(try platform.environment(for: blueprint, database: path), platform)
            try await built.service.prepare()
            let ready = Readiness()
            let port = settings.port(of: self.service, byDefault: ServiceName.defaultPorts[blueprint.name] ?? 0)
            let host = platform.host(blueprint.name, built.service.handler, port: port, ready: ready)
            let following = blueprint.name == .users ? [] : [try platform.followRevocations(as: blueprint.name)]
            let background = platform.background(
                built.service.background + following + Self.export(blueprint.name, platform), after: 1, of: ready,
                quiesce: [built.service.quiesce])
            try await platform.run([host, background, ReadyNote(ready: ready, name: blueprint.name)])
        }
    }

    /// To the collector of the settings, else to the console; the console keeps what it tells itself.
    private static func export(_ service: ServiceName, _ platform: Platform) -> [BackgroundWork] {
        let console = service == .console ? nil : platform.addresses.address(of: .console)
        guard let address = platform.settings.collector ?? console else { return [] }
        return platform.telemetry.export(to: address)
    }

    /// Where the other services are, by configuration or by default.
    static func registerNeighbours(_ platform: Platform) {
        for (name, port) in ServiceName.defaultPorts {
            let address = platform.settings.address(of: name.rawValue)
            let own = platform.settings.port(of: name.rawValue, byDefault: port)
            platform.addresses.register(name, at: address ?? "127.0.0.1:\(own)")
        }
    }

    private func path() throws -> String? {
        guard let database else { return nil }
        guard database.hasPrefix("sqlite:"), database.count > 7 else {
            throw CommandFailure.usage("--database takes sqlite:PATH, not '\(database)'")
        }
        return String(database.dropFirst(7))
    }
}

/// Says when one service listens.
struct ReadyNote: ServiceLifecycle.Service {
    let ready: Readiness
    let name: ServiceName

    func run() async throws {
        await self.ready.wait(for: 1)
        guard !Task.isCancelled else { return }
        Terminal.line("ready http://127.0.0.1:\(self.ready.ports[self.name] ?? 0)")
        try await gracefulShutdown()
    }
}
