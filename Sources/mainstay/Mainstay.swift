import ArgumentParser
import Foundation

/// The one executable: everything in one process, or each role by itself.
struct Mainstay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mainstay",
        abstract: "What a Swift team needs to run services in production, in one program.",
        discussion: """
            Exit codes: 0 done, 1 the thing asked about is false, 2 a bad command line, 3 the environment \
            (a bad file or variable, a port in use, a directory that cannot be written).
            """,
        version: Version.current,
        subcommands: [UpCommand.self, ServeCommand.self, GatewayCommand.self] + Self.edge + [
            EventsCommand.self, SagasCommand.self, SimulateCommand.self, LoadCommand.self,
            StatusCommand.self, TracesCommand.self, TopCommand.self,
        ])

    #if os(Linux)
        private static let edge: [any ParsableCommand.Type] = [EdgeCommand.self]
    #else
        private static let edge: [any ParsableCommand.Type] = []
    #endif
}

/// The version of the program.
enum Version {
    static let current = "0.1.0"
}

@main
enum EntryPoint {
    static func main() async {
        do {
            var command = try Mainstay.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Terminal.error("error: \(failure.message)")
            exit(failure.exitCode)
        } catch {
            // ArgumentParser says 64 for a bad command line; ours is 2.
            let code = Mainstay.exitCode(for: error).rawValue
            let text = Mainstay.fullMessage(for: error)
            if code == 0 { Terminal.line(text) } else { Terminal.error(text) }
            exit(code == 64 ? 2 : code)
        }
    }
}
