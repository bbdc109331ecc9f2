// The data plane alone, with one route: what `Benchmarks/gateway.sh` plays against the others.
//     proxy LISTEN UPSTREAM [LOOPS [tls]]
import Essentials
import HTTPTransport
import TLS

@main
struct Proxy {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let listen = Endpoint(arguments[1]), let upstream = Endpoint(arguments[2]) else {
            print("proxy LISTEN UPSTREAM [LOOPS [tls]]")
            return
        }
        var configuration = ProxyConfiguration()
        configuration.listen = listen
        configuration.upstreams = [[upstream]]
        configuration.loops = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
        if arguments.count > 4 {
            let now = WallClock.system.now
            let identity = try TLSIdentity.selfSigned(
                for: ["localhost"], validity: now...Timestamp(milliseconds: now.milliseconds + 86_400_000))
            configuration.tls = try TLSServer(TLSConfiguration(identities: [identity]))
        }
        let server = try ProxyServer(configuration, router: PrefixRouter([("/", 0)]))
        print("listening on \(server.endpoint)")
        try await server.run()
    }
}
