// The data plane alone, with one route: what `Benchmarks/gateway.sh` plays against the others.
//     proxy LISTEN UPSTREAM [LOOPS]
import HTTPTransport

@main
struct Proxy {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let listen = Endpoint(arguments[1]), let upstream = Endpoint(arguments[2]) else {
            print("proxy LISTEN UPSTREAM [LOOPS]")
            return
        }
        var configuration = ProxyConfiguration()
        configuration.listen = listen
        configuration.upstreams = [[upstream]]
        configuration.loops = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
        let server = try ProxyServer(configuration, router: PrefixRouter([("/", 0)]))
        print("listening on \(server.endpoint)")
        try await server.run()
    }
}
