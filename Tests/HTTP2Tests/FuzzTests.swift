import Essentials
import EssentialsTesting
import HTTP2
import HTTPWire
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Random frames, right and wrong, by seed.
@Suite("Random frames")
struct FuzzTests {
    private static let values = [
        "GET", "POST", "/", "/a?b", "a", "https", "0", "3", "chunked", "a\r\nb: c", "\u{0}", "", " x", "100-continue",
        "trailers",
    ]
    private static let names = [
        ":method", ":path", ":scheme", ":authority", "host", "content-length", "transfer-encoding", "cookie", "x", "te",
        "expect", "X", ":status", "connection",
    ]

    private static func fields(_ generator: inout SeededGenerator) -> [(String, String)] {
        let good = [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "a")]
        return good.filter { _ in Int.random(in: 0..<20, using: &generator) > 0 }
            + (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                (Self.names.randomElement(using: &generator)!, Self.values.randomElement(using: &generator)!)
            }
    }

    private static func frame(_ generator: inout SeededGenerator) -> Peer.Frame {
        let stream = UInt32(Int.random(in: 0...6, using: &generator) * 2 + 1)
        let bytes = { (count: Int, generator: inout SeededGenerator) in
            (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...3: return Peer.head(stream, Self.fields(&generator), isWhole: .random(using: &generator))
        case 4...5:
            let text = String(repeating: "x", count: Int.random(in: 0...5, using: &generator))
            return Peer.data(stream, text, isEnd: .random(using: &generator))
        case 6: return Peer.Frame(type: 3, flags: 0, stream: stream, payload: big(8))
        case 7:
            return Peer.Frame(
                type: 8, flags: 0, stream: stream, payload: big(UInt32.random(in: 0...70_000, using: &generator)))
        case 8:
            return Peer.Frame(
                type: 4, flags: 0, stream: 0, payload: [0, 4] + big(UInt32.random(in: 0...70_000, using: &generator)))
        default:
            let count = Int.random(in: 0...12, using: &generator)
            return Peer.Frame(
                type: UInt8.random(in: 0...11, using: &generator), flags: UInt8.random(in: 0...255, using: &generator),
                stream: stream - 1, payload: bytes(count, &generator))
        }
    }

    /// What is done on the other side, at random: requests are taken and must be one each, answers are given in pieces.
    private static func play(_ peer: inout Peer, _ texts: inout [Int32: String], _ generator: inout SeededGenerator) {
        for stream in Int32(1)...13 where Bool.random(using: &generator) {
            texts[stream, default: ""] += peer.request(stream)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: _ = peer.answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            case 1:
                _ = peer.answer(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", isWhole: false)
            case 2: _ = peer.answer(stream, "c\r\n0\r\n\r\n")
            case 3: peer.connection.detach(stream)
            case 4: _ = peer.answer(stream, "HTTP/1.1 103 Early\r\n\r\n", isWhole: false)
            default: break
            }
        }
    }

    @Test(arguments: 0..<200)
    func `never trap, and no stream ever holds two requests`(_ seed: Int) throws {
        var generator = SeededGenerator.fuzzing(seed)
        var peer = try Peer()
        var texts: [Int32: String] = [:]
        for _ in 0..<60 {
            var bytes = Self.frame(&generator).bytes
            if Int.random(in: 0..<15, using: &generator) == 0 {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            guard (try? peer.send(bytes)) != nil else { break }
            Self.play(&peer, &texts, &generator)
        }
        for (stream, text) in texts where !text.isEmpty { Self.check(text, "seed \(seed), stream \(stream)") }
    }

    /// One head, one body, nothing behind it.
    private static func check(_ text: String, _ name: String) {
        let bytes = Array(text.utf8)
        var parser = RequestParser()
        guard (try? parser.parse(bytes.span.bytes)) == true else { return }
        var (body, position) = (BodyReader(parser.head.framing), parser.head.byteCount)
        while !body.isEnded {
            guard let piece = try? body.read(bytes.span.bytes, at: position) else { return }
            if piece.next == position, !piece.isEnd { return }
            position = piece.next
        }
        #expect(position == bytes.count, "\(name): \(text.debugDescription)")
    }
}
