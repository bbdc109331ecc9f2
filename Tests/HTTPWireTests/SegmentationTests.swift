import HTTPWire
import HTTPWireTesting
import Testing

@Suite("However the bytes are cut")
struct SegmentationTests {
    static let samples = [
        "GET /a%20b?c HTTP/1.1\r\nHost: a\r\nX: y\r\nConnection: x\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcdeGET / HTTP/1.1\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    ]

    @Test func `one cut anywhere changes nothing, neither the answer nor the place of an error`() {
        for text in RefusedRequest.all.map(\.text) + Self.samples where text.unicodeScalars.count < 400 {
            let all = bytes(text)
            let whole = ConnectionReader.read(all)
            for cut in 0...all.count {
                var reader = ConnectionReader()
                reader.receive(all[..<cut])
                reader.receive(all[cut...])
                #expect(reader.transcript == whole, "cut at \(cut): \(text.debugDescription)")
            }
        }
    }

    @Test func `single bytes change nothing`() {
        for text in RefusedRequest.all.map(\.text) + Self.samples where text.unicodeScalars.count < 20_000 {
            let all = bytes(text)
            var reader = ConnectionReader()
            for byte in all { reader.receive(CollectionOfOne(byte)) }
            #expect(reader.transcript == ConnectionReader.read(all), "\(text.prefix(400).debugDescription)")
        }
    }

    @Test func `an error is found in the line that makes it, not later`() {
        for text in RefusedRequest.all.map(\.text) where text.unicodeScalars.count < 400 {
            let all = bytes(text)
            guard case .refused(_, let offset) = ConnectionReader.read(all).end else { continue }
            let lineEnd = all[offset...].firstIndex(of: 0x0A) ?? all.count - 1
            let prefix = Array(all[...lineEnd])
            #expect(ConnectionReader.read(prefix).code != nil, "\(text.debugDescription)")
        }
    }
}
