import ArgumentParser
import Chassis
import Foundation
import Gateway
import ServiceLifecycle

/// `mainstay gateway`: the front door by itself.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Starts the gateway alone, or looks at its configuration.",
        subcommands: [
            Run.self, Check.self, Explain.self, Diff.self, Schema.self, Status.self, Drain.self, Weights.self,
            Release.self, Versions.self,
        ], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Starts the gateway in front of running services.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try self.common.settings()
            let directory = try DataDirectory(settings.data, service: "gateway")
            try await Platform.scoped(settings, directory: directory) { platform in
                ServeCommand.registerNeighbours(platform)
                let gateway = try platform.gateway()
                let ready = Readiness()
                let background = platform.background(
                    gateway.background + [try platform.followRevocations(as: "gateway")], after: 2, of: ready)
                let admin = try platform.admin(gateway, ready: ready)
                let front = try platform.front(gateway, ready: ready)
                try await platform.run([admin, background, front, GatewayNote(platform: platform, ready: ready)])
            }
            try FileManager.default.removeItem(atPath: directory.gatewayFile)
        }
    }
}

/// Says that the gateway listens, and writes down how it is steered.
private struct GatewayNote: ServiceLifecycle.Service {
    let platform: Platform
    let ready: Readiness

    func run() async throws {
        await self.ready.wait(for: 2)
        guard !Task.isCancelled else { return }
        let url = "http://\(HostAndPort(host: self.platform.settings.host, port: self.ready.ports["gateway"] ?? 0))"
        try Instance.write(of: self.platform, url, to: self.platform.directory.gatewayFile)
        Terminal.line("ready \(url)")
        try await gracefulShutdown()
    }
}
