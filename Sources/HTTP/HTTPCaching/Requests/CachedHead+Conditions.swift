public import Essentials
public import HTTPWire

/// What of a stored answer a request gets.
public enum CachePart: Hashable, Sendable {
    case whole
    /// 304: the client has it.
    case notModified
    /// 206: these bytes.
    case range(Range<Int>)
    /// 416: there are no such bytes.
    case unsatisfiable
}

extension CachedHead {
    /// Judges the preconditions and the range of a request against the stored answer (RFC 9110 §13.2.2, RFC 9111 §4.3.2).
    /// - Parameter length: bytes of the stored content.
    public func part(for request: CacheRequest, length: Int, now: Timestamp) -> CachePart {
        guard self.status == 200 else { return .whole }
        if let tags = request.ifNoneMatch {
            if EntityTag.list(tags, matchesWeakly: self.entityTag) { return .notModified }
        } else if let since = request.ifModifiedSince.flatMap({ HTTPDate.read($0, now: now) }) {
            if (self.lastModified ?? self.date) <= since { return .notModified }
        }
        guard request.method == .get, let range = request.range, self.allowsRange(request.ifRange, now) else {
            return .whole
        }
        return ByteRange.part(range, of: length)
    }

    /// RFC 9110 §13.1.5.
    private func allowsRange(_ condition: String?, _ now: Timestamp) -> Bool {
        guard let condition else { return true }
        if condition.hasPrefix("\"") || condition.hasPrefix("W/") {
            return !condition.hasPrefix("W/") && self.entityTag == Array(condition.utf8)
        }
        guard let moment = HTTPDate.read(condition, now: now), let lastModified else { return false }
        // A date is a strong validator only when the answer was made well after it.
        return moment == lastModified && self.date.milliseconds - lastModified.milliseconds >= 1_000
    }

    /// Appends the fields that ask the origin whether the stored answer holds (RFC 9111 §4.3.1).
    public func writeConditions(_ output: inout WireBuffer) {
        if let tag = self.entityTag {
            output.append("If-None-Match: ")
            output.append(contentsOf: tag)
            output.append("\r\n")
        }
        if let value = self.fields.first("last-modified") {
            output.append("If-Modified-Since: ")
            output.append(contentsOf: value)
            output.append("\r\n")
        }
    }
}

enum EntityTag {
    /// Whether one of the tags is `tag` by weak comparison (RFC 9110 §8.8.3.2).
    static func list(_ list: String, matchesWeakly tag: [UInt8]?) -> Bool {
        if list == "*" { return true }
        guard let tag else { return false }
        let wanted = self.opaque(String(decoding: tag, as: UTF8.self)[...])
        return self.elements(list).contains { self.opaque($0) == wanted }
    }

    private static func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }

    /// Commas may stand between quotes.
    private static func elements(_ list: String) -> [Substring] {
        var (found, isQuoted) = ([Substring](), false)
        var start = list.startIndex
        for index in list.utf8.indices {
            let byte = list.utf8[index]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard byte == UInt8(ascii: ","), !isQuoted else { continue }
            found.append(list[start..<index].trimmed)
            start = list.utf8.index(after: index)
        }
        found.append(list[start...].trimmed)
        return found
    }
}

enum ByteRange {
    /// One range of bytes (RFC 9110 §14.1.2); several, other units and what cannot be read get the whole.
    static func part(_ field: String, of length: Int) -> CachePart {
        guard field.lowercased().hasPrefix("bytes="), !field.contains(",") else { return .whole }
        let bounds = field.dropFirst(6).trimmed.split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = self.number(bounds[0]), let last = self.number(bounds[1]) else {
            return .whole
        }
        switch (first, last) {
        case (nil, nil): return .whole
        case (nil, .some(let count)):
            guard count > 0, length > 0 else { return .unsatisfiable }
            return .range(Swift.max(0, length - count)..<length)
        case (.some(let start), let end):
            if let end, end < start { return .whole }
            guard start < length else { return .unsatisfiable }
            return .range(start..<Swift.min(length, (end ?? length - 1) + 1))
        }
    }

    /// - Returns: an outer nil for what is no number, an inner one for nothing.
    private static func number(_ text: Substring) -> Int?? {
        if text.isEmpty { return .some(nil) }
        guard text.utf8.count <= 18, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int(text)
    }
}
