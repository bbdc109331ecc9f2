public import HTTPWire

/// A request that two parsers might read in two ways, or that no parser should read at all, and the rule that it breaks.
///
/// Send each to a server or a proxy of your own: the answer is ``WireError/Code/status`` of ``code`` and the end of the connection,
/// and nothing of it reaches what lies behind.
public struct RefusedRequest: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it; unique.
    public var name: String
    /// Each scalar is one byte. The last bytes are often more than is needed to refuse it.
    public var text: String
    /// Why ``RequestParser`` or ``BodyReader`` refuse it.
    public var code: WireError.Code

    init(_ name: String, _ code: WireError.Code, _ text: String) {
        self.name = name
        self.text = text
        self.code = code
    }

    /// The request as it is sent.
    public var bytes: [UInt8] { self.text.unicodeScalars.map { UInt8($0.value) } }

    public var description: String { self.name }

    /// All of them.
    public static let all: [RefusedRequest] =
        Self.requestLines + Self.fields + Self.hosts + Self.lengths + Self.chunks
}
