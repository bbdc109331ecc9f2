import HTTPTransport
import HTTPWire

private func read(_ buffer: borrowing WireBuffer) throws -> (Bool, BodyReader.Piece) {
    // snippet Docs/HTTPWire.md
    var parser = RequestParser()
    // Again when more arrives
    let isComplete = try buffer.withBytes { bytes throws(WireError) in try parser.parse(bytes) }
    var body = BodyReader(parser.head.framing)
    // A run of content
    let piece = try buffer.withBytes { bytes throws(WireError) in try body.read(bytes, at: 0) }
    // end
    return (isComplete, piece)
}

#if os(Linux)
    private func proxy() async throws {
        // snippet Docs/HTTPTransport.md
        var configuration = ProxyConfiguration()
        configuration.listen = Endpoint("127.0.0.1", 8080)
        configuration.upstreams = [
            [Endpoint("127.0.0.1", 9001), Endpoint("127.0.0.1", 9002)], [Endpoint("127.0.0.1", 9100)],
        ]
        configuration.loops = 2
        let server = try ProxyServer(configuration, router: PrefixRouter([("/", 0), ("/v1/orders", 1)]))
        // Elsewhere: server.drain(within: .seconds(30))
        try await server.run()
        // end
    }
#endif
