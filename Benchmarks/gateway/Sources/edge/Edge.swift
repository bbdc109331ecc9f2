import EdgeCaching
import Essentials
import HTTPTransport

/// `edge ADDRESS:PORT ORIGIN LOOPS`: an edge cache by itself, for measurements.
@main
enum Edge {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let listen = Endpoint(arguments[1]), let origin = Endpoint(arguments[2]),
            let loops = Int(arguments[3])
        else { fatalError("edge ADDRESS:PORT ORIGIN LOOPS") }
        var configuration = EdgeConfiguration(role: .edge)
        configuration.listen = listen
        configuration.origins = [origin]
        configuration.loops = loops
        try await EdgeCache(configuration).run()
    }
}
