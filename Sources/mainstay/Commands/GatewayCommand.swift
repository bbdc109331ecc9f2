import ArgumentParser
import Chassis
import Foundation
import Gateway
import ServiceLifecycle

/// `mainstay gateway`: the front door by itself.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Starts the gateway alone, or looks at its configuration.",
        subcommands: [Run.self, Check.self, Explain.self, Diff.self, Schema.self], defaultSubcommand: Run.self)

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
                    gateway.background + [try platform.followRevocations(as: "gateway")], after: 1, of: ready)
                let front = try platform.front(gateway, ready: ready)
                try await platform.run([background, front, ReadyNote(ready: ready, name: "gateway")])
            }
        }
    }
}
