import Compression
import EdgeCaching
import Essentials
import HTTP2
import HTTPCaching
import HTTPTransport
import HTTPWire
import TLS

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

private func decide(
    _ request: CacheRequest, _ fields: CacheFields, _ content: [UInt8], _ policy: CachePolicy, asked: Timestamp,
    now: Timestamp, _ output: inout WireBuffer, store: (CachedHead) -> Void, send: (CachePart) -> Void
) {
    // snippet Docs/HTTPCaching.md
    let head = CachedHead(status: 200, fields: fields, requestedAt: asked, receivedAt: now, policy: policy)
    if head.mayBeStored(for: request) { store(head) }
    // Later, for another request:
    switch head.reuse(for: request, at: now, policy: policy) {
    case .fresh, .staleWhileRevalidating: send(head.part(for: request, length: content.count, now: now))
    case .afterValidation: head.writeConditions(&output)
    }
    // end
}

private func cache() async throws {
    // snippet Docs/Edge.md
    var configuration = EdgeConfiguration(role: .edge)
    configuration.listen = Endpoint("127.0.0.1", 3100)
    configuration.origins = [Endpoint("127.0.0.1", 3000)]
    let edge = try EdgeCache(configuration)
    edge.warm(["/v1/products"], authority: "shop.example")
    // Until somebody calls edge.drain(within: .seconds(30)).
    try await edge.run()
    // end
}

private func speak(
    _ records: RawSpan, _ content: inout WireBuffer, _ answers: inout WireBuffer, renewed: TLSIdentity
) throws {
    // snippet Docs/TLS.md
    let identity = try TLSIdentity(certificateFile: "shop.pem", keyFile: "shop.key")
    let tls = try TLSServer(TLSConfiguration(identities: [identity]))
    let connection = tls.accept()
    // Whenever bytes have come: what is in `answers` goes to the peer.
    try connection.receive(records, &content, &answers)
    // When the files have changed.
    try tls.reload(TLSConfiguration(identities: [renewed]))
    // end
}

private func multiplex(
    _ bytes: RawSpan, _ pool: WirePool, _ inbound: inout WireBuffer, _ outbound: inout WireBuffer,
    _ frames: inout WireBuffer
) throws {
    // snippet Docs/HTTP2.md
    let connection = HTTP2Connection(pool: pool)
    try connection.receive(bytes)
    while let event = connection.nextEvent() {
        if case .opened(let stream) = event { _ = connection.take(stream, &inbound) }
    }
    // An answer in HTTP/1.1, as far as the peer reads it; then its end.
    _ = connection.give(1, &outbound)
    connection.finish(1)
    try connection.send(&frames, upTo: 65_536)
    // end
}

private func compress(_ bytes: RawSpan, _ piece: WireRange, _ output: inout WireBuffer) {
    // snippet Docs/Compression.md
    let encoder = GzipEncoder()
    // Again and again.
    encoder.write(bytes, piece, to: &output)
    // When nothing follows for now.
    encoder.flush(to: &output)
    encoder.finish(to: &output)
    // end
}
