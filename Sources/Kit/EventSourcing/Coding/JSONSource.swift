/// A text that is being decoded.
final class JSONSource {
    private let text: [UInt8]
    private var tape: JSONTape
    /// Whether something came up that Foundation's decoder may see otherwise, even if the type that asked went on.
    private(set) var gaveUp = false

    private init(_ text: [UInt8], _ tape: JSONTape) {
        self.text = text
        self.tape = tape
    }

    /// The value of `type` that the text holds; nil when it holds none, or when Foundation has to say.
    static func value<Value: Decodable>(_ type: Value.Type, from text: [UInt8]) -> Value? {
        guard let tape = JSONTape(text) else { return nil }
        let source = JSONSource(text, tape)
        // Why it failed is asked of Foundation, which decodes the text again.
        guard let value = try? source.value(type, at: 0), !source.gaveUp else { return nil }
        return value
    }

    func token(_ index: Int) -> JSONTape.Token { self.tape.tokens[index] }

    /// Gives up: nothing that is decoded from here on is used.
    func giveUp() -> DecodingError {
        self.gaveUp = true
        return self.mismatch()
    }

    /// Something else stands there than was asked for. Nobody reads the error: Foundation's is thrown in its place.
    func mismatch() -> DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "another value is due"))
    }

    func value<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
        guard !EventCoding.isSpecial(type) else { throw self.giveUp() }
        return try Value(from: JSONSourceDecoder(source: self, index: index))
    }

    func isNull(_ index: Int) -> Bool { self.token(index).kind == .null }

    func bool(_ index: Int) throws -> Bool {
        switch self.token(index).kind {
        case .yes: return true
        case .no: return false
        case .null, .number, .text, .escapedText, .array, .object: throw self.mismatch()
        }
    }

    func string(_ index: Int) throws -> String {
        switch self.token(index).kind {
        case .text:
            return self.text.withUnsafeBufferPointer {
                String(decoding: self.tape.bytes(of: index, in: $0), as: UTF8.self)
            }
        case .escapedText: return self.unescaped(index)
        case .null, .yes, .no, .number, .array, .object: throw self.mismatch()
        }
    }

    private func unescaped(_ index: Int) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(Int(self.token(index).length))
        self.text.withUnsafeBufferPointer {
            var isEscape = false
            for byte in self.tape.bytes(of: index, in: $0) {
                if isEscape {
                    plain.append(JSONTape.unescaped(byte) ?? byte)
                    isEscape = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscape = true
                } else {
                    plain.append(byte)
                }
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    func integer<Number: FixedWidthInteger>(_ index: Int, as _: Number.Type = Number.self) throws -> Number {
        guard self.token(index).kind == .number else { throw self.mismatch() }
        let number: Number? = self.text.withUnsafeBufferPointer {
            let bytes = self.tape.bytes(of: index, in: $0)
            // Twenty digits may be more than 64 bits hold.
            guard bytes.count < 20 else { return nil }
            let isNegative = bytes[0] == UInt8(ascii: "-")
            var magnitude: UInt64 = 0
            for byte in isNegative ? bytes.dropFirst() : bytes[...] {
                let digit = byte &- UInt8(ascii: "0")
                guard digit <= 9 else { return nil }
                magnitude = magnitude &* 10 &+ UInt64(digit)
            }
            guard let value = Int64(exactly: magnitude) else { return nil }
            return Number(exactly: isNegative ? -value : value)
        }
        guard let number else { throw self.giveUp() }
        return number
    }

    func double(_ index: Int) throws -> Double {
        guard self.token(index).kind == .number else { throw self.mismatch() }
        let text = self.text.withUnsafeBufferPointer {
            String(decoding: self.tape.bytes(of: index, in: $0), as: UTF8.self)
        }
        guard let value = Double(text), value.isFinite else { throw self.giveUp() }
        return value
    }

    /// The token of a member's value.
    func member(_ name: String, of object: Int) -> Int? {
        let token = self.token(object)
        guard token.count > 0 else { return nil }
        var name = name
        return name.withUTF8 { name in
            self.text.withUnsafeBufferPointer { text in
                var key = Int(token.hint)
                for _ in 0..<token.count {
                    let next = Int(self.tape.tokens[key + 1].next)
                    let following = next == token.next ? object + 1 : next
                    let found = self.tape.bytes(of: key, in: text)
                    if found.count == name.count, found.elementsEqual(name) {
                        self.tape.setHint(following, of: object)
                        return key + 1
                    }
                    key = following
                }
                return nil
            }
        }
    }

    /// The names of an object's members, in their order.
    func names(of object: Int) -> [String] {
        var names: [String] = []
        var key = object + 1
        for _ in 0..<self.token(object).count {
            names.append(
                self.text.withUnsafeBufferPointer {
                    String(decoding: self.tape.bytes(of: key, in: $0), as: UTF8.self)
                })
            key = Int(self.token(key + 1).next)
        }
        return names
    }
}
