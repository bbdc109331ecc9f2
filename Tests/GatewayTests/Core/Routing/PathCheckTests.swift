import Essentials
import GatewayCore
import Testing

@Suite("Paths that could be read in two ways")
struct PathCheckTests {
    /// The rules as sentences, byte by byte and without haste.
    private func isClear(_ path: String) -> Bool {
        guard path.hasPrefix("/"), !path.contains("//") else { return false }
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let name = segment.prefix { $0 != ";" }
            if name == "." || name == ".." { return false }
        }
        let lower = path.lowercased()
        for escape in ["%2f", "%5c", "%2e", "%00"] where lower.contains(escape) { return false }
        guard !path.contains(where: { "[]".contains($0) }) else { return false }
        var decoded: [UInt8] = []
        var bytes = Array(path.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16) else { return false }
            decoded.append(value)
            bytes = bytes.dropFirst(2)
        }
        return String(validating: decoded, as: UTF8.self) != nil
    }

    @Test func `the check of eight bytes at once agrees with the rules, whatever is sent`() {
        let table = RoutingTable([Route("all", RouteMatch(.prefix("/")))])
        let pieces = [
            "a", "b", "/", "/", ".", "..", "%2e", "%2F", "%5c", "%00", ";", "[", "]", "~", "%C3", "%A9", "%c3%a9",
            "%20", "%",
            "longer-segment", "%E0%80%80", "%ED%A0%80", "%F0%9F%98%80", "=", "@",
        ]
        var counts = (clear: 0, refused: 0)
        for seed in 0..<20_000 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let count = Int(generator.next(upperBound: 9 as UInt64))
            let path =
                "/" + (0..<count).map { _ in pieces[Int(generator.next(upperBound: UInt64(pieces.count)))] }.joined()
            // What is no HTTP at all comes no further than the parser.
            guard let request = try? RequestText("GET", path) else { continue }
            let isRouted = table.decide(request).outcome != .refuse(.ambiguousPath)
            #expect(isRouted == self.isClear(path), "\(path)")
            if isRouted { counts.clear += 1 } else { counts.refused += 1 }
        }
        #expect(counts.clear > 1_000)
        #expect(counts.refused > 1_000)
    }
}
