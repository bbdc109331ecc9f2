public import Essentials

/// The shape of a JSON value: what a document says about it and what a request is checked against, from one source.
public struct Schema: Sendable {
    /// The kinds of shape.
    public indirect enum Shape: Sendable {
        case boolean
        case integer(ClosedRange<Int64>)
        case number
        case string(TextFormat)
        case array(Schema, count: ClosedRange<Int>)
        case object([Field])
        /// Any object: free facts for people and tools.
        case freeObject
        /// A named component of the document.
        case model(String, @Sendable () -> Schema)
        /// Any one of several shapes.
        case either([Schema])
    }

    /// One member of an object.
    public struct Field: Sendable {
        public var name: String
        public var schema: Schema
        public var isRequired: Bool

        public init(_ name: String, _ schema: Schema, required: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = required
        }
    }

    public var shape: Shape
    public var about: String?
    public var example: JSONValue?

    public init(_ shape: Shape, about: String? = nil, example: JSONValue? = nil) {
        self.shape = shape
        self.about = about
        self.example = example
    }

    /// This schema with a sentence about its meaning here.
    public func about(_ text: String) -> Schema {
        var copy = self
        copy.about = text
        return copy
    }

    /// This schema with an example.
    public func example(_ value: JSONValue) -> Schema {
        var copy = self
        copy.example = value
        return copy
    }
}

extension Schema {
    public static let boolean = Schema(.boolean)
    public static let freeObject = Schema(.freeObject)
    public static let uuid = Schema(.string(.uuid))
    public static let timestamp = Schema(.string(.timestamp))

    public static func integer(_ range: ClosedRange<Int64>) -> Schema { Schema(.integer(range)) }
    public static func string(_ format: TextFormat) -> Schema { Schema(.string(format)) }
    public static func text(_ length: ClosedRange<Int>) -> Schema { Schema(.string(.text(length))) }
    public static func oneOf(_ values: [String]) -> Schema { Schema(.string(.oneOf(values))) }
    public static func array(_ element: Schema, count: ClosedRange<Int>) -> Schema {
        Schema(.array(element, count: count))
    }
    public static func object(_ fields: [Field]) -> Schema { Schema(.object(fields)) }
    public static func either(_ schemas: Schema...) -> Schema { Schema(.either(schemas)) }

    /// The named component of a model.
    public static func model<Model: APIModel>(_ type: Model.Type) -> Schema {
        Schema(.model(type.schemaName) { type.schema })
    }
}

/// A type of the public API: what its JSON looks like, and how Swift reads and writes it.
///
/// A request body is checked against ``schema`` before it is decoded, so a decoding error after that is a mistake in the
/// pair of the two. A test encodes a sample of every model and checks it against its schema.
public protocol APIModel: Codable, Sendable {
    /// The name of the component in the document. Default: the name of the type.
    static var schemaName: String { get }
    static var schema: Schema { get }
}

extension APIModel {
    public static var schemaName: String { String(describing: Self.self) }
}

/// What a string may look like: a check in code and the same rule for documents.
public struct TextFormat: Sendable {
    /// The `format` keyword, where a standard one fits.
    public var format: String?
    /// The `pattern` keyword: an ECMA 262 expression, anchored at both ends.
    public var pattern: String?
    /// Allowed values, if they can be listed.
    public var values: [String] = []
    /// Unicode scalars.
    public var length: ClosedRange<Int>?
    /// What would be accepted, for an error message: `a UUID`.
    public var accepted: String
    /// Whether a text that meets the length is of this format.
    public var matches: @Sendable (String) -> Bool

    public init(
        accepted: String, format: String? = nil, pattern: String? = nil, length: ClosedRange<Int>? = nil,
        matches: @escaping @Sendable (String) -> Bool = { _ in true },
    ) {
        self.accepted = accepted
        self.format = format
        self.pattern = pattern
        self.length = length
        self.matches = matches
    }

    /// A text of so many Unicode scalars, without control characters.
    public static func text(_ length: ClosedRange<Int>) -> TextFormat {
        TextFormat(
            accepted: "a text of \(length.lowerBound) to \(length.upperBound) characters without control characters",
            pattern: #"^[^\x00-\x1F\x7F]*$"#, length: length,
            matches: { text in text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } })
    }

    public static let uuid = TextFormat(
        accepted: "a UUID", format: "uuid",
        pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        matches: { UniqueID($0) != nil })

    public static let timestamp = TextFormat(
        accepted: "an RFC 3339 timestamp", format: "date-time", matches: { Timestamp(rfc3339: $0) != nil })

    /// One of these values, exactly.
    public static func oneOf(_ values: [String]) -> TextFormat {
        // By bytes: `==` takes canonically equivalent texts, such as K and the Kelvin sign, for one.
        var format = TextFormat(
            accepted: "one of \(values.joined(separator: ", "))",
            matches: { text in values.contains { $0.utf8.elementsEqual(text.utf8) } })
        format.values = values
        return format
    }
}
