import ArgumentParser
import Chassis
import ChassisHTTP
import Essentials
import Foundation
import Gateway
import ServiceLifecycle
import ShopContracts

/// `mainstay up`: everything in one process.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Starts everything in one process on embedded SQLite.")

    @OptionGroup var common: CommonOptions

    @Flag(inversion: .prefixedNo, help: "Seed an empty data directory with a catalogue and an administrator.")
    var demo: Bool?

    func run() async throws {
        let settings = try self.common.settings(self.demo.map { ["demo": "\($0)"] } ?? [:])
        let directory = try DataDirectory(settings.data)
        try await Platform.scoped(settings, directory: directory) { try await self.run($0) }
        try FileManager.default.removeItem(atPath: directory.instanceFile)
    }

    private func run(_ platform: Platform) async throws {
        let settings = platform.settings
        let built = try await ServiceBlueprint.all.asyncMap { blueprint in
            let built = try blueprint.make(try platform.environment(for: blueprint), platform)
            try await built.service.prepare()
            return built
        }
        let notes = settings.isDemo ? try await built.asyncMap { try await $0.seed() }.compactMap { $0 } : []
        let ready = Readiness()
        let gateway = try platform.gateway()
        let hosts = built.map { built in
            let name = built.service.name
            return platform.host(
                name, built.service.handler,
                port: settings.port(of: name.rawValue, byDefault: ServiceName.defaultPorts[name] ?? 0), ready: ready)
        }
        let background = platform.background(
            built.flatMap(\.service.background) + gateway.background
                + (settings.collector.map { platform.telemetry.export(to: $0) } ?? []), after: hosts.count + 2,
            of: ready,
            quiesce: built.map(\.service.quiesce))
        let admin = try platform.admin(gateway, ready: ready)
        let front = try platform.front(gateway, ready: ready)
        let announcement = Announcement(
            platform: platform, ready: ready, expected: hosts.count + 2, notes: notes, isDemo: settings.isDemo)
        try await platform.run(hosts + [admin, background, front, announcement])
    }
}

/// Says where everything is once all of it listens, and writes it down for other commands.
struct Announcement: ServiceLifecycle.Service {
    let platform: Platform
    let ready: Readiness
    let expected: Int
    let notes: [String]
    let isDemo: Bool

    func run() async throws {
        await self.ready.wait(for: self.expected)
        guard !Task.isCancelled else { return }
        let port = self.ready.ports["gateway"] ?? self.platform.settings.port
        let url = "http://\(HostAndPort(host: self.platform.settings.host, port: port))"
        try Instance.write(of: self.platform, url, to: self.platform.directory.instanceFile)
        self.say(url)
        try await gracefulShutdown()
    }

    private func say(_ url: String) {
        for (service, address) in self.platform.addresses.all where service != "gateway" {
            Terminal.line("  \(service.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)) http://\(address)")
        }
        for note in self.notes { Terminal.line(note) }
        if self.isDemo {
            Terminal.line(
                """
                Try:
                  curl \(url)/v1/products
                  curl -X POST \(url)/v1/users -H 'Content-Type: application/json' -d \
                '{"email":"ada@example.com","password":"correct horse battery","name":"Ada"}'
                  curl -X POST \(url)/v1/sessions -H 'Content-Type: application/json' -d \
                '{"email":"ada@example.com","password":"correct horse battery"}'
                The shop: \(url)   its console: \(url)/console   its API: \(url)/docs
                """)
        }
        Terminal.line("ready \(url)")
    }
}

extension Sequence {
    /// Maps one element after another.
    func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
