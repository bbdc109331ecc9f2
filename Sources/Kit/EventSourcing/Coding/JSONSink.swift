/// A text that several encoders and containers write into.
final class JSONSink {
    var text = JSONText()

    /// The text of `value`; nil when Foundation has to write it, or to say why it cannot be written.
    static func bytes(of value: some Encodable) -> [UInt8]? {
        let sink = JSONSink()
        // Why it failed is asked of Foundation, which encodes the value again.
        guard (try? sink.write(value)) != nil, !sink.text.isAbandoned else { return nil }
        return sink.text.bytes
    }

    func write<Value: Encodable>(_ value: Value) throws {
        let (start, level) = (self.text.bytes.count, self.text.level)
        if EventCoding.isSpecial(Value.self) { return self.text.abandon() }
        try value.encode(to: JSONSinkEncoder(sink: self, level: level))
        self.text.close(to: level)
        // A value that wrote nothing is an empty object inside of another and an error by itself.
        if self.text.bytes.count == start { self.text.abandon() }
    }
}
