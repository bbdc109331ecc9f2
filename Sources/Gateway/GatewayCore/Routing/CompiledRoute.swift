import HTTPWire

/// A piece of one of the table's arrays.
struct Piece: Hashable, Sendable {
    var start: Int32 = 0
    var count: Int32 = 0

    var bounds: Range<Int> { Int(self.start)..<Int(self.start + self.count) }
    var isEmpty: Bool { self.count == 0 }
}

/// A route as numbers, so that deciding touches no object: texts lie in one array of bytes, lists in arrays of the table.
struct CompiledRoute: Sendable {
    enum Path: UInt8, Sendable { case exact, prefix, pattern }

    var path = Path.prefix
    /// The literal of `exact` and `prefix`, without a slash at its end.
    var literal = Piece()
    /// The segments of `pattern`.
    var segments = Piece()
    /// Bits by `WireMethod`; zero for any.
    var methods: UInt16 = 0
    /// Names of methods that have no bit.
    var otherMethods = Piece()
    var hosts = Piece()
    var headers = Piece()
    var query = Piece()
    var tenants = Piece()
    /// That the request must ask for; zero for any.
    var version: Int32 = 0
    var isDefaultVersion = false
    /// That the route serves; zero for none.
    var served: Int32 = 0
    /// Of `forward` with one target; -1 otherwise.
    var group: Int32 = -1
    /// Of `forward` with several; -1 otherwise.
    var split: Int32 = -1
    /// Of `redirect`; zero otherwise.
    var redirectStatus: Int32 = 0
    var refusal: RouteRefusal?
    var isRewritten = false
    var needsToken = false

    var takesAnyMethod: Bool { self.methods == 0 && self.otherMethods.isEmpty }
}

struct CompiledSegment: Sendable {
    enum Kind: UInt8, Sendable { case literal, one, rest }

    var kind: Kind
    var literal: Piece
}

struct CompiledHost: Sendable {
    /// In lower case; with the dot before it for names below.
    var name: Piece
    var isWildcard: Bool
}

struct CompiledCondition: Sendable {
    enum Test: UInt8, Sendable { case present, absent, equals, prefix }

    var test: Test
    var field: FieldID
    /// Of a header in lower case.
    var name: Piece
    var value: Piece
}

/// The targets of a split.
struct CompiledSplit: Sendable {
    var key: RequestKey
    var salt: UInt64
    var total: UInt64 = 0
    /// Groups and the sums of weights up to and with them.
    var targets: [(group: Int32, bound: UInt64)] = []
    var overrides: [(header: CompiledCondition, group: Int32)] = []
}
