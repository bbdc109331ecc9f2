import Essentials
import EssentialsTesting
import HTTPWire
import Testing

/// What `body` appends to an empty buffer.
func written(_ body: (inout WireBuffer) -> Void) -> [UInt8] {
    var buffer = WireBuffer(WirePool())
    body(&buffer)
    return buffer.withBytes { span in
        (0..<span.byteCount).map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
}

@Suite("Writing heads")
struct WriterTests {
    private func forwarded(_ text: String, without names: FieldSet) throws -> String {
        let all = bytes(text)
        let span = all.span.bytes
        var parser = RequestParser()
        #expect(try parser.parse(span))
        let head = parser.head
        let output = written {
            $0.appendRequestLine(head, span)
            $0.appendFields(head.fields, span, end: head.byteCount - 2, without: names)
            $0.appendFraming(head.framing)
            $0.append("\r\n")
        }
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `fields of the connection stay behind, the others go on in order and as they came`() throws {
        let text = """
            GET http://a/b?c HTTP/1.0\r\nKeep-Alive: 5\r\nHost: a\r\nTE: trailers\r\nx-a:  1\r\nX-B: 2 \r\nX-Hop: 3\r
            Connection: x-hop, keep-alive\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nX-C: 4\r\nContent-Length: 7\r\n\r\n
            """
        #expect(
            try self.forwarded(text, without: .connectionOnly)
                == "GET /b?c HTTP/1.1\r\nHost: a\r\nx-a:  1\r\nX-B: 2 \r\nX-C: 4\r\nContent-Length: 7\r\n\r\n")
    }

    @Test(arguments: [
        ("GET http://a HTTP/1.1", "GET / HTTP/1.1"), ("GET http://a?b HTTP/1.1", "GET /?b HTTP/1.1"),
        ("OPTIONS http://a HTTP/1.1", "OPTIONS * HTTP/1.1"), ("OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1"),
        ("PURGE /x HTTP/1.7", "PURGE /x HTTP/1.1"),
    ])
    func `every target is written in its origin form`(_ line: String, _ expected: String) throws {
        let output = try self.forwarded("\(line)\r\nHost: a\r\n\r\n", without: .connectionOnly)
        #expect(output == "\(expected)\r\nHost: a\r\n\r\n")
    }

    @Test func `numbers are written as they are read`() {
        for number: Int64 in [0, 9, 10, 255, 4_096, .max] {
            #expect(written { $0.append(decimal: number) } == bytes(String(number)))
            #expect(written { $0.append(hexadecimal: UInt64(number)) } == bytes(String(number, radix: 16)))
        }
        #expect(written { $0.append(hexadecimal: 0xAB, width: 16) } == bytes("00000000000000ab"))
        #expect(written { $0.append(hexadecimal: .max, width: 16) } == bytes("ffffffffffffffff"))
    }

    @Test func `chunks are read back as they were written`() {
        let content = bytes(String(repeating: "abc", count: 100))
        let output = written {
            $0.appendChunk(content.span.bytes, WireRange(start: 0, count: 300))
            $0.appendChunk(content.span.bytes, WireRange(start: 0, count: 0))
            $0.appendChunk(content.span.bytes, WireRange(start: 299, count: 1))
            $0.appendLastChunk()
        }
        let request = bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") + output
        let transcript = ConnectionReader.read(request)
        #expect(transcript.messages.last == "= " + String(repeating: "abc", count: 100) + "c")
    }

    @Test func `a buffer is a queue whose memory comes from the pool and goes back to it`() {
        let pool = WirePool(keeping: 2)
        var buffer = WireBuffer(pool)
        var (expected, generator): ([UInt8], SeededGenerator) = ([], .fuzzing(1))
        for _ in 0..<2_000 {
            let piece = (0..<Int.random(in: 0..<5_000, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
            buffer.append(contentsOf: piece)
            expected += piece
            let count = Int.random(in: 0...min(expected.count, 6_000), using: &generator)
            buffer.consume(count)
            expected.removeFirst(count)
            #expect(buffer.count == expected.count)
            #expect(buffer.withUnsafeBytes { $0.elementsEqual(expected) })
            if expected.isEmpty {
                buffer.release()
                #expect(buffer.capacity == 0)
            }
        }
    }
}
