public import HTTPWire

/// What a request says to caches.
public struct CacheRequest: Sendable {
    public var method: WireMethod
    public var directives = CacheDirectives()
    public var hasAuthorization = false
    /// Whether it has preconditions that only the origin can judge (`If-Match`, `If-Unmodified-Since`).
    public var hasForeignCondition = false
    public var ifNoneMatch: String?
    public var ifModifiedSince: String?
    public var range: String?
    public var ifRange: String?

    public init(method: WireMethod) {
        self.method = method
    }

    /// Reads the fields of a head in one pass; costs no memory where nothing is said to caches.
    public init(_ head: borrowing RequestHead, _ bytes: RawSpan) {
        self.method = head.method
        var control: String?
        var hasPragma = false
        for entry in head.fields.entries {
            if entry.id == .authorization { self.hasAuthorization = true }
            guard entry.id == .other else { continue }
            switch entry.name.count {
            case 5: if bytes.isNamed(entry, "range") { self.range = bytes.text(entry.value) }
            case 6: if bytes.isNamed(entry, "pragma") { hasPragma = bytes.text(entry.value).contains("no-cache") }
            case 8:
                if bytes.isNamed(entry, "if-match") { self.hasForeignCondition = true }
                if bytes.isNamed(entry, "if-range") { self.ifRange = bytes.text(entry.value) }
            case 13:
                if bytes.isNamed(entry, "cache-control") { control = Self.join(control, bytes.text(entry.value)) }
                if bytes.isNamed(entry, "if-none-match") {
                    self.ifNoneMatch = Self.join(self.ifNoneMatch, bytes.text(entry.value))
                }
            case 17:
                if bytes.isNamed(entry, "if-modified-since") { self.ifModifiedSince = bytes.text(entry.value) }
            case 19: if bytes.isNamed(entry, "if-unmodified-since") { self.hasForeignCondition = true }
            default: break
            }
        }
        if let control {
            self.directives = CacheDirectives(control)
        } else if hasPragma {
            // RFC 9111 §5.4
            self.directives.noCache = .whole
        }
    }

    private static func join(_ before: String?, _ value: String) -> String {
        before.map { "\($0), \(value)" } ?? value
    }

    /// Whether it wants less than the whole answer.
    public var isPartial: Bool { self.range != nil || self.isConditional }

    public var isConditional: Bool {
        self.ifNoneMatch != nil || self.ifModifiedSince != nil || self.hasForeignCondition
    }

    /// Whether a line is a precondition that a cache replaces by its own when it asks the origin whether a stored answer holds.
    public static func isReplaced(_ entry: FieldTable.Entry, _ bytes: RawSpan) -> Bool {
        guard entry.id == .other else { return false }
        return bytes.isNamed(entry, "if-none-match") || bytes.isNamed(entry, "if-modified-since")
    }

    /// Whether a line is about what one client has already, or wants a part only: nothing for a request on behalf of many.
    public static func isOfOneClient(_ entry: FieldTable.Entry, _ bytes: RawSpan) -> Bool {
        guard entry.id == .other else { return false }
        return self.isReplaced(entry, bytes) || bytes.isNamed(entry, "if-range") || bytes.isNamed(entry, "range")
    }
}

extension RawSpan {
    /// Whether a line has that name, which is given in lower case.
    func isNamed(_ entry: FieldTable.Entry, _ name: StaticString) -> Bool {
        let range = entry.name
        guard range.count == name.utf8CodeUnitCount else { return false }
        return self.withUnsafeBytes { bytes in
            name.withUTF8Buffer { wanted in
                for index in 0..<wanted.count {
                    let byte = bytes[range.start + index]
                    guard (byte &- 0x41 < 26 ? byte | 0x20 : byte) == wanted[index] else { return false }
                }
                return true
            }
        }
    }
}
