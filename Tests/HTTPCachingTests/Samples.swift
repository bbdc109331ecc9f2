import Essentials
import HTTPCaching
import HTTPWire
import Testing

/// A moment for tests: Sun, 06 Nov 1994 08:49:37 GMT.
let now = Timestamp(milliseconds: 784_111_777_000)
let nowText = "Sun, 06 Nov 1994 08:49:37 GMT"

extension Timestamp {
    func plus(_ seconds: Int64) -> Timestamp { self + .seconds(seconds) }
    func plus(_ seconds: Int) -> Timestamp { self + .seconds(seconds) }
}

func date(_ offset: Int64) -> String { HTTPDate.text(secondsSince1970: now.seconds + offset) }

/// An answer that was asked for and came ``now``.
func answer(
    _ fields: KeyValuePairs<String, String>, status: Int = 200, delay: Int64 = 0, policy: CachePolicy = CachePolicy()
) -> CachedHead {
    CachedHead(
        status: status, fields: CacheFields(fields), requestedAt: now.plus(-delay), receivedAt: now, policy: policy)
}

/// What a request with these field lines says.
func request(_ fields: String..., method: String = "GET") -> CacheRequest {
    parsed(fields, method: method) { CacheRequest($0, $1) }
}

func parsed<Result>(
    _ fields: [String], method: String = "GET", _ read: (borrowing RequestHead, RawSpan) -> Result
) -> Result {
    let text = "\(method) /a HTTP/1.1\r\nHost: a\r\n" + fields.map { "\($0)\r\n" }.joined() + "\r\n"
    var buffer = WireBuffer(WirePool())
    buffer.append(contentsOf: Array(text.utf8))
    return buffer.withBytes { bytes in
        var parser = RequestParser()
        precondition((try? parser.parse(bytes)) == true, "the head is not complete, or wrong")
        return read(parser.head, bytes)
    }
}

/// A row of a table: named, so that a failure says which one.
struct Row<Value: Sendable>: Sendable, CustomTestStringConvertible {
    var name: String
    var value: Value

    init(_ name: String, _ value: Value) {
        (self.name, self.value) = (name, value)
    }

    var testDescription: String { self.name }
}
