/// One value of a text. The path is not kept: the errors that would tell it are not shown to anybody.
struct JSONSourceDecoder: Decoder, SingleValueDecodingContainer {
    let source: JSONSource
    let index: Int

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard self.source.token(self.index).kind == .object else { throw self.source.mismatch() }
        return KeyedDecodingContainer(JSONMembers(source: self.source, index: self.index))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard self.source.token(self.index).kind == .array else { throw self.source.mismatch() }
        return JSONElements(source: self.source, index: self.index)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { self.source.isNull(self.index) }
    func decode(_: Bool.Type) throws -> Bool { try self.source.bool(self.index) }
    func decode(_: String.Type) throws -> String { try self.source.string(self.index) }
    func decode(_: Double.Type) throws -> Double { try self.source.double(self.index) }
    func decode(_: Float.Type) throws -> Float { throw self.source.giveUp() }
    func decode(_: Int.Type) throws -> Int { try self.source.integer(self.index) }
    func decode(_: Int8.Type) throws -> Int8 { try self.source.integer(self.index) }
    func decode(_: Int16.Type) throws -> Int16 { try self.source.integer(self.index) }
    func decode(_: Int32.Type) throws -> Int32 { try self.source.integer(self.index) }
    func decode(_: Int64.Type) throws -> Int64 { try self.source.integer(self.index) }
    func decode(_: UInt.Type) throws -> UInt { try self.source.integer(self.index) }
    func decode(_: UInt8.Type) throws -> UInt8 { try self.source.integer(self.index) }
    func decode(_: UInt16.Type) throws -> UInt16 { try self.source.integer(self.index) }
    func decode(_: UInt32.Type) throws -> UInt32 { try self.source.integer(self.index) }
    func decode(_: UInt64.Type) throws -> UInt64 { try self.source.integer(self.index) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try self.source.value(type, at: self.index)
    }
}

/// The members of an object.
private struct JSONMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: JSONSource
    let index: Int

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { self.source.names(of: self.index).compactMap { Key(stringValue: $0) } }

    private func value(_ key: Key) throws -> Int {
        guard let value = self.source.member(key.stringValue, of: self.index) else { throw self.source.mismatch() }
        return value
    }

    /// Nil for a missing member and for one that is null.
    private func present(_ key: Key) -> Int? {
        guard let value = self.source.member(key.stringValue, of: self.index), !self.source.isNull(value) else {
            return nil
        }
        return value
    }

    func contains(_ key: Key) -> Bool { self.source.member(key.stringValue, of: self.index) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { self.source.isNull(try self.value(key)) }
    func decode(_: Bool.Type, forKey key: Key) throws -> Bool { try self.source.bool(self.value(key)) }
    func decode(_: String.Type, forKey key: Key) throws -> String { try self.source.string(self.value(key)) }
    func decode(_: Double.Type, forKey key: Key) throws -> Double { try self.source.double(self.value(key)) }
    func decode(_: Float.Type, forKey key: Key) throws -> Float { throw self.source.giveUp() }
    func decode(_: Int.Type, forKey key: Key) throws -> Int { try self.source.integer(self.value(key)) }
    func decode(_: Int8.Type, forKey key: Key) throws -> Int8 { try self.source.integer(self.value(key)) }
    func decode(_: Int16.Type, forKey key: Key) throws -> Int16 { try self.source.integer(self.value(key)) }
    func decode(_: Int32.Type, forKey key: Key) throws -> Int32 { try self.source.integer(self.value(key)) }
    func decode(_: Int64.Type, forKey key: Key) throws -> Int64 { try self.source.integer(self.value(key)) }
    func decode(_: UInt.Type, forKey key: Key) throws -> UInt { try self.source.integer(self.value(key)) }
    func decode(_: UInt8.Type, forKey key: Key) throws -> UInt8 { try self.source.integer(self.value(key)) }
    func decode(_: UInt16.Type, forKey key: Key) throws -> UInt16 { try self.source.integer(self.value(key)) }
    func decode(_: UInt32.Type, forKey key: Key) throws -> UInt32 { try self.source.integer(self.value(key)) }
    func decode(_: UInt64.Type, forKey key: Key) throws -> UInt64 { try self.source.integer(self.value(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try self.source.value(type, at: self.value(key))
    }

    func decodeIfPresent(_: String.Type, forKey key: Key) throws -> String? {
        try self.present(key).map { try self.source.string($0) }
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try self.present(key).map { try self.source.value(type, at: $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try JSONSourceDecoder(source: self.source, index: self.value(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try JSONSourceDecoder(source: self.source, index: self.value(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { throw self.source.giveUp() }
    func superDecoder(forKey _: Key) throws -> any Decoder { throw self.source.giveUp() }
}

/// The elements of an array. Small enough to be kept in an existential without a box.
private struct JSONElements: UnkeyedDecodingContainer {
    let source: JSONSource
    private var next: Int32
    private var position: Int32 = 0
    private let total: Int32

    init(source: JSONSource, index: Int) {
        self.source = source
        self.next = Int32(truncatingIfNeeded: index + 1)
        self.total = source.token(index).count
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { Int(self.total) }
    var currentIndex: Int { Int(self.position) }
    var isAtEnd: Bool { self.position == self.total }

    /// What `read` makes of the next element; one that cannot be read stays the next.
    private mutating func take<Value>(_ read: (Int) throws -> Value) throws -> Value {
        guard !self.isAtEnd else { throw self.source.mismatch() }
        let value = try read(Int(self.next))
        self.next = self.source.token(Int(self.next)).next
        self.position += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard !self.isAtEnd else { throw self.source.mismatch() }
        guard self.source.isNull(Int(self.next)) else { return false }
        return try self.take { _ in true }
    }

    mutating func decode(_: Bool.Type) throws -> Bool { try self.take { [source] in try source.bool($0) } }
    mutating func decode(_: String.Type) throws -> String { try self.take { [source] in try source.string($0) } }
    mutating func decode(_: Double.Type) throws -> Double { try self.take { [source] in try source.double($0) } }
    mutating func decode(_: Float.Type) throws -> Float { throw self.source.giveUp() }
    mutating func decode(_: Int.Type) throws -> Int { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: Int8.Type) throws -> Int8 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: Int16.Type) throws -> Int16 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: Int32.Type) throws -> Int32 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: Int64.Type) throws -> Int64 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: UInt.Type) throws -> UInt { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: UInt8.Type) throws -> UInt8 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: UInt16.Type) throws -> UInt16 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: UInt32.Type) throws -> UInt32 { try self.take { [source] in try source.integer($0) } }
    mutating func decode(_: UInt64.Type) throws -> UInt64 { try self.take { [source] in try source.integer($0) } }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try self.take { [source] in try source.value(type, at: $0) }
    }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try self.take { [source] in try JSONSourceDecoder(source: source, index: $0).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try self.take { [source] in try JSONSourceDecoder(source: source, index: $0).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { throw self.source.giveUp() }
}
