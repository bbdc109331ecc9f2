import Essentials
import EssentialsTesting
import HTTPWire
import HTTPWireTesting
import Testing

/// Random changes to requests, good and bad, by seed.
@Suite("Random requests")
struct FuzzTests {
    static let seeds =
        RefusedRequest.all.map(\.text).filter { $0.unicodeScalars.count < 400 }.map(bytes)
        + SegmentationTests.samples.map(bytes)
    /// Samples per seed.
    static let rounds = 2_000
    /// Pieces that parsers have stumbled over.
    static let pieces = [
        "\r\n", "\r", "\n", "\0", " ", "\t", ":", ",", ";", "\"", "0", "chunked", "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n", "Host: b\r\n", "HTTP/1.1", "0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "%",
        "\u{FF}", "Connection: close\r\n",
    ].map(bytes)

    static func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        let seeds = Bool.random(using: &generator) ? Self.seeds : SegmentationTests.samples.map(bytes)
        var sample = seeds.randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...sample.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: sample.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 1 where place < sample.count: sample.remove(at: place)
            case 2 where place < sample.count: sample[place] = UInt8.random(in: 0...255, using: &generator)
            case 3: sample.insert(contentsOf: Self.pieces.randomElement(using: &generator)!, at: place)
            case 4:
                sample.replaceSubrange(place..., with: Self.seeds.randomElement(using: &generator)!.dropFirst(place))
            default: sample = Array(sample[..<place])
            }
        }
        return sample
    }

    @Test(arguments: 0..<8)
    func `never trap, and mean the same however they are cut`(_ seed: Int) {
        var generator = SeededGenerator.fuzzing(seed)
        for _ in 0..<Self.rounds {
            let sample = Self.mutated(&generator)
            let whole = ConnectionReader.read(sample)
            var reader = ConnectionReader()
            var rest = sample[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...max(1, rest.count), using: &generator)
                reader.receive(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            if reader.transcript != whole {
                Issue.record("seed \(seed): \(String(decoding: sample, as: UTF8.self).debugDescription)")
                return
            }
        }
    }

    @Test(arguments: 0..<4)
    func `what was accepted is written and read back as the same`(_ seed: Int) throws {
        var generator = SeededGenerator.fuzzing(1_000 + seed)
        var accepted = 0
        for _ in 0..<Self.rounds {
            let sample = Self.mutated(&generator)
            var parser = RequestParser()
            guard (try? parser.parse(sample.span.bytes)) == true else { continue }
            let head = parser.head
            accepted += 1
            let again = written {
                $0.appendRequestLine(head, sample.span.bytes)
                if head.host.isEmpty { $0.append("Host: a\r\n") }
                $0.appendFields(head.fields, sample.span.bytes, end: head.byteCount - 2, without: [])
                $0.append("\r\n")
            }
            var second = RequestParser()
            let isWhole = try second.parse(again.span.bytes)
            #expect(isWhole && second.head.byteCount == again.count)
            if head.minorVersion > 0 {
                #expect(again.span.bytes.text(second.head.host) == sample.span.bytes.text(head.host))
            }
            #expect(Self.meaning(second.head, again.span.bytes) == Self.meaning(head, sample.span.bytes))
        }
        #expect(accepted > Self.rounds / 20)
    }

    /// What the head means, but for the form of the target, the version and the host, which are written anew.
    private static func meaning(_ head: RequestHead, _ bytes: RawSpan) -> [String] {
        let path = bytes.text(head.path)
        let target = path.isEmpty ? head.method == .options && head.query.isEmpty ? "*" : "/" : path
        return [bytes.text(head.methodName), target, bytes.text(head.query), "\(head.framing)"]
            + head.fields.entries.filter { !$0.isDropped && $0.id != .host }.map {
                "\($0.id) \(bytes.text($0.name)): \(bytes.text($0.value))"
            }
    }

    @Test(arguments: 0..<4)
    func `responses never trap either`(_ seed: Int) {
        var generator = SeededGenerator.fuzzing(2_000 + seed)
        for _ in 0..<Self.rounds {
            let sample = bytes("HTTP/1.1 200 OK\r\n") + Self.mutated(&generator)
            var (whole, parts) = (ResponseParser(), ResponseParser())
            let cut = Array(sample[..<Int.random(in: 0...sample.count, using: &generator)])
            let first = Result { () throws(WireError) in try parts.parse(cut.span.bytes, answering: .get) }
            let second = Result { () throws(WireError) in try whole.parse(sample.span.bytes, answering: .get) }
            guard case .success(false) = first else {
                #expect(first == second)
                continue
            }
            let third = Result { () throws(WireError) in try parts.parse(sample.span.bytes, answering: .get) }
            #expect(third == second)
        }
    }
}
