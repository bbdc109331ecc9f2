/// What `Cache-Control` says, of a request, an answer, or aimed at some caches (RFC 9213).
public struct CacheDirectives: Hashable, Sendable {
    /// A directive that may name fields, such as `private="set-cookie"`.
    public enum Scope: Hashable, Sendable {
        case absent
        /// The whole message.
        case whole
        /// Fields by their names in lower case.
        case fields(Set<String>)
    }

    public var noStore = false
    public var mustUnderstand = false
    public var isPublic = false
    public var mustRevalidate = false
    public var proxyRevalidate = false
    public var onlyIfCached = false
    public var noTransform = false
    public var isImmutable = false
    public var isPrivate = Scope.absent
    public var noCache = Scope.absent
    /// Seconds, not negative. What cannot be read, or is said twice in different words, is 0: that is stale (RFC 9111 §4.2.1).
    public var maxAge: Int64?
    public var sharedMaxAge: Int64?
    public var minFresh: Int64?
    /// `Int64.max` when any staleness is accepted.
    public var maxStale: Int64?
    public var staleWhileRevalidate: Int64?
    public var staleIfError: Int64?

    public init() {}

    /// Reads what senders of `Cache-Control` write, forgiving what RFC 9111 §5.2 says to forgive.
    public init(_ list: String) {
        var reader = DirectiveReader(list)
        while let directive = reader.next() { self.note(directive.name, directive.value, isValid: directive.isValid) }
    }

    /// Reads a targeted field, which is a structured dictionary.
    /// - Returns: nil when it breaks a rule of structured fields, a value is of the wrong type, or it is empty: such a field
    ///   is ignored (RFC 9213 §2.1).
    public init?(structured list: String) {
        guard let members = StructuredField.dictionary(list), !members.isEmpty else { return nil }
        for (name, value) in members {
            switch value {
            case .boolean(true): self.note(name, nil, isValid: true)
            case .boolean(false): continue
            case .integer(let number):
                guard number >= 0, Self.numeric.contains(name) else {
                    if Self.known.contains(name) { return nil }
                    continue
                }
                self.note(name, String(number), isValid: true)
            case .string(let text), .token(let text):
                if Self.numeric.contains(name) { return nil }
                self.note(name, text, isValid: true)
            case .other:
                if Self.known.contains(name) { return nil }
            }
        }
    }

    private static let numeric: Set<String> = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]
    private static let known = Self.numeric.union([
        "no-store", "no-cache", "private", "public", "must-revalidate", "proxy-revalidate", "must-understand",
    ])

    private mutating func note(_ name: String, _ value: String?, isValid: Bool) {
        switch name {
        case "no-store": self.noStore = true
        case "must-understand": self.mustUnderstand = true
        case "public": self.isPublic = true
        case "must-revalidate": self.mustRevalidate = true
        case "proxy-revalidate": self.proxyRevalidate = true
        case "only-if-cached": self.onlyIfCached = true
        case "no-transform": self.noTransform = true
        case "immutable": self.isImmutable = true
        case "private": self.isPrivate = Self.scope(value, self.isPrivate)
        case "no-cache": self.noCache = Self.scope(value, self.noCache)
        case "max-age": Self.note(&self.maxAge, isValid ? value : nil)
        case "s-maxage": Self.note(&self.sharedMaxAge, isValid ? value : nil)
        case "min-fresh": Self.note(&self.minFresh, value)
        case "max-stale": self.maxStale = value == nil ? .max : Self.seconds(value) ?? 0
        case "stale-while-revalidate": Self.note(&self.staleWhileRevalidate, value)
        case "stale-if-error": Self.note(&self.staleIfError, value)
        default: break
        }
    }

    private static func note(_ place: inout Int64?, _ value: String?) {
        let seconds = self.seconds(value) ?? 0
        place = place == nil || place == seconds ? seconds : 0
    }

    /// Digits only; more than fit are the most that fit.
    static func seconds(_ value: String?) -> Int64? {
        guard let value, !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Swift.min(Int64(value) ?? .max, 1 << 40)
    }

    private static func scope(_ value: String?, _ before: Scope) -> Scope {
        let names = Set(CacheFields.elements(value ?? "").map { $0.lowercased() })
        switch before {
        case .whole: return .whole
        case .absent: return names.isEmpty ? .whole : .fields(names)
        case .fields(let others): return names.isEmpty ? .whole : .fields(others.union(names))
        }
    }
}

/// The members of a `Cache-Control` list: a token, perhaps `=` and a token or a quoted string.
private struct DirectiveReader {
    struct Directive {
        var name: String
        var value: String?
        /// Whether nothing odd stood around it.
        var isValid: Bool
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { self.bytes = Array(text.utf8) }

    mutating func next() -> Directive? {
        self.skip { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
        guard self.position < self.bytes.count else { return nil }
        let name = self.take { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") && $0 != 0x20 && $0 != 0x09 }
        var directive = Directive(name: name.lowercased(), value: nil, isValid: true)
        if self.peek == UInt8(ascii: "=") {
            self.position += 1
            directive.value = self.peek == UInt8(ascii: "\"") ? self.quoted() : self.take(Self.isValueByte)
        }
        let rest = self.take { $0 != UInt8(ascii: ",") }
        directive.isValid = rest.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
        return directive
    }

    private var peek: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private static func isValueByte(_ byte: UInt8) -> Bool {
        byte != UInt8(ascii: ",") && byte != 0x20 && byte != 0x09
    }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let byte = self.peek, isSkipped(byte) { self.position += 1 }
    }

    private mutating func take(_ isTaken: (UInt8) -> Bool) -> String {
        let start = self.position
        self.skip(isTaken)
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    /// What is between quotes; one that does not end takes the rest.
    private mutating func quoted() -> String {
        self.position += 1
        var text: [UInt8] = []
        while let byte = self.peek {
            self.position += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\"), let next = self.peek {
                self.position += 1
                text.append(next)
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
