/// The place of one value in a text. The path is not kept: the errors that would tell it are not shown to anybody.
struct JSONSinkEncoder: Encoder, SingleValueEncodingContainer {
    let sink: JSONSink
    /// How many objects and arrays were open when the value began.
    let level: Int

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(
            JSONObjectSink(sink: self.sink, place: self.sink.text.open(isObject: true, at: self.level)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONArraySink(sink: self.sink, place: self.sink.text.open(isObject: false, at: self.level))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { self.sink.text.writeNull() }
    func encode(_ value: Bool) { self.sink.text.write(value) }
    func encode(_ value: String) { self.sink.text.write(value) }
    func encode(_ value: Double) { self.sink.text.writeFraction(value) }
    func encode(_ value: Float) { self.sink.text.writeFraction(value) }
    func encode(_ value: Int) { self.sink.text.writeInteger(value) }
    func encode(_ value: Int8) { self.sink.text.writeInteger(value) }
    func encode(_ value: Int16) { self.sink.text.writeInteger(value) }
    func encode(_ value: Int32) { self.sink.text.writeInteger(value) }
    func encode(_ value: Int64) { self.sink.text.writeInteger(value) }
    func encode(_ value: UInt) { self.sink.text.writeInteger(value) }
    func encode(_ value: UInt8) { self.sink.text.writeInteger(value) }
    func encode(_ value: UInt16) { self.sink.text.writeInteger(value) }
    func encode(_ value: UInt32) { self.sink.text.writeInteger(value) }
    func encode(_ value: UInt64) { self.sink.text.writeInteger(value) }
    func encode(_ value: some Encodable) throws { try self.sink.write(value) }
}

/// Writes the members of an object.
private struct JSONObjectSink<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: JSONSink
    let place: JSONText.Place

    var codingPath: [any CodingKey] { [] }

    private func member(_ key: Key) -> JSONSinkEncoder {
        self.sink.text.member(key.stringValue, in: self.place)
        return JSONSinkEncoder(sink: self.sink, level: self.place.inside)
    }

    func encodeNil(forKey key: Key) { self.member(key).encodeNil() }
    func encode(_ value: Bool, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: String, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Double, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Float, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Int, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Int8, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Int16, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Int32, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: Int64, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: UInt, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: UInt8, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: UInt16, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: UInt32, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: UInt64, forKey key: Key) { self.member(key).encode(value) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try self.member(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        self.member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { self.member(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { self.abandoned() }
    func superEncoder(forKey _: Key) -> any Encoder { self.abandoned() }

    private func abandoned() -> any Encoder {
        self.sink.text.abandon()
        return JSONSinkEncoder(sink: self.sink, level: self.place.inside)
    }
}

/// Writes the elements of an array.
private struct JSONArraySink: UnkeyedEncodingContainer {
    let sink: JSONSink
    let place: JSONText.Place

    var codingPath: [any CodingKey] { [] }
    var count: Int { self.sink.text.count(of: self.place) }

    private func element() -> JSONSinkEncoder {
        self.sink.text.element(in: self.place)
        return JSONSinkEncoder(sink: self.sink, level: self.place.inside)
    }

    func encodeNil() { self.element().encodeNil() }
    func encode(_ value: Bool) { self.element().encode(value) }
    func encode(_ value: String) { self.element().encode(value) }
    func encode(_ value: Double) { self.element().encode(value) }
    func encode(_ value: Float) { self.element().encode(value) }
    func encode(_ value: Int) { self.element().encode(value) }
    func encode(_ value: Int8) { self.element().encode(value) }
    func encode(_ value: Int16) { self.element().encode(value) }
    func encode(_ value: Int32) { self.element().encode(value) }
    func encode(_ value: Int64) { self.element().encode(value) }
    func encode(_ value: UInt) { self.element().encode(value) }
    func encode(_ value: UInt8) { self.element().encode(value) }
    func encode(_ value: UInt16) { self.element().encode(value) }
    func encode(_ value: UInt32) { self.element().encode(value) }
    func encode(_ value: UInt64) { self.element().encode(value) }
    func encode(_ value: some Encodable) throws { try self.element().encode(value) }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        self.element().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self.element().unkeyedContainer() }

    func superEncoder() -> any Encoder {
        self.sink.text.abandon()
        return JSONSinkEncoder(sink: self.sink, level: self.place.inside)
    }
}
