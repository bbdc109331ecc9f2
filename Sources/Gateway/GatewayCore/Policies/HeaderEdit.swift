/// Header changes as an event loop wants them: which fields do not go on, and the lines that are put behind the rest.
public struct HeaderEdit: Sendable {
    /// Names in lower case, one after another.
    private let names: [UInt8]
    private let bounds: [Range<Int>]
    /// The lines of fields that are set or added, each with its line end.
    public let lines: [UInt8]

    public init(_ changes: HeaderChanges) {
        var names: [UInt8] = []
        var bounds: [Range<Int>] = []
        for name in changes.remove + changes.set.map(\.name) {
            let start = names.count
            names += Array(name.lowercased().utf8)
            bounds.append(start..<names.count)
        }
        self.names = names
        self.bounds = bounds
        self.lines = (changes.set + changes.add).flatMap { Array("\($0.name): \($0.value)\r\n".utf8) }
    }

    /// Whether a name is `wanted`, which is in lower case.
    public static func isSame(_ name: RawSpan, _ wanted: [UInt8]) -> Bool { name.equalsFolded(wanted.span.bytes) }

    public var isEmpty: Bool { self.bounds.isEmpty && self.lines.isEmpty }

    /// Whether a field of this name, in any case, does not go on. Allocates nothing.
    public func drops(_ name: RawSpan) -> Bool {
        let all = self.names.span.bytes
        for range in self.bounds where name.equalsFolded(all.extracting(range)) { return true }
        return false
    }
}
