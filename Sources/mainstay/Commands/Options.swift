import ArgumentParser
import Foundation

/// The flags that every role takes.
struct CommonOptions: ParsableArguments {
    @Option(help: "The data directory. Default: ./.mainstay")
    var data: String?

    @Option(help: "A YAML file with settings.")
    var config: String?

    @Option(help: "The gateway's port; 0 takes free ones. Services listen beside it. Default: 3000")
    var port: Int?

    func settings(_ more: [String: String] = [:]) throws -> Settings {
        var flags = more
        flags["data"] = self.data
        flags["port"] = self.port.map(String.init)
        return try Settings.load(
            file: self.config, environment: ProcessInfo.processInfo.environment, flags: flags)
    }
}
