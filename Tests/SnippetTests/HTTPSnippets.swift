import HTTPTransport
import HTTPWire

private func read(_ buffer: borrowing WireBuffer) throws -> (Bool, BodyReader.Piece) {
    // snippet Docs/HTTPWire.md
    var parser = RequestParser()
    // Again whenever more bytes have come, until it is true.
    let isComplete = try buffer.withBytes { bytes throws(WireError) in try parser.parse(bytes) }
    var body = BodyReader(parser.head.framing)
    // A run of content; again from `piece.next`.
    let piece = try buffer.withBytes { bytes throws(WireError) in try body.read(bytes, at: parser.head.byteCount) }
    // end
    return (isComplete, piece)
}

private func serve() async throws {
    // snippet Docs/HTTPTransport.md
    var configuration = ProxyConfiguration()
    configuration.listen = Endpoint("127.0.0.1", 8080)
    let shop = [Endpoint("127.0.0.1", 9001), Endpoint("127.0.0.1", 9002)]
    configuration.upstreams = [shop, [Endpoint("127.0.0.1", 9100)]]
    configuration.loops = 2
    let server = try ProxyServer(configuration, router: PrefixRouter([("/", 0), ("/v1/orders", 1)]))
    // Until somebody calls server.drain(within: .seconds(30)).
    try await server.run()
    // end
}
