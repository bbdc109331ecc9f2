import Compression
import HTTPWire
import Testing

@Suite("Compression")
struct GzipEncoderTests {
    private let text = (0..<5_000).flatMap { Array("line \($0 % 97) of a page, ".utf8) }

    @Test(arguments: [1, 4, 9])
    func `what was written is read again, and is shorter on the way`(_ level: Int) {
        let encoded = GzipEncoder.encode(self.text, level: level)
        #expect(encoded.count < self.text.count / 5 && Gzip.content(of: encoded) == self.text)
        #expect(Gzip.content(of: GzipEncoder.encode([], level: level)) == [])
    }

    @Test func `pieces of any size make the same content, one after another through one encoder`() {
        let encoder = GzipEncoder()
        for size in [1, 7, 4_096, 200_000] {
            var output = WireBuffer(WirePool())
            let bytes = self.text.span.bytes
            var start = 0
            while start < bytes.byteCount {
                let count = min(size, bytes.byteCount - start)
                encoder.write(bytes, WireRange(start: start, count: count), to: &output)
                start += count
            }
            encoder.finish(to: &output)
            #expect(Gzip.content(of: output.withUnsafeBytes { Array($0) }) == self.text)
            encoder.reset()
        }
    }

    @Test func `after a flush the reader has everything that was written`() {
        let encoder = GzipEncoder()
        var output = WireBuffer(WirePool())
        let bytes = self.text.span.bytes
        encoder.write(bytes, WireRange(start: 0, count: 100), to: &output)
        #expect(encoder.isPending)
        encoder.flush(to: &output)
        #expect(!encoder.isPending)
        #expect(Gzip.content(of: output.withUnsafeBytes { Array($0) }, isWhole: false) == Array(self.text[..<100]))
    }

    @Test func `random bytes become hardly longer`() {
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<100_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let encoded = GzipEncoder.encode(noise)
        #expect(encoded.count < noise.count + 200 && Gzip.content(of: encoded) == noise)
    }
}
