import Essentials
import HTTPWire
import Identity

/// Tokens that were found good, by all of their bytes, so that one that comes again costs a comparison. Belongs to one
/// loop.
///
/// It decides nothing: a token is believed for a moment only, and then put to the verifier again, which knows keys and
/// leeways; never longer than it lives.
struct TokenCache: ~Copyable {
    private struct Entry {
        var token: [UInt8]
        var principal: Principal
        /// Until when it is believed.
        var until: Timestamp
    }

    /// How long a token is believed.
    static let trust = Duration.seconds(10)
    /// Places; a token has two of them to choose from.
    private static let places = 4_096

    private var entries = [Entry?](repeating: nil, count: places)
    /// Nobody outside knows which tokens share a place.
    private let secret: UInt64

    init(secret: UInt64) {
        self.secret = secret | 1
    }

    /// Whose token it is, if it was found good a moment ago.
    func principal(_ bytes: RawSpan, _ token: WireRange, at now: Timestamp) -> Principal? {
        let place = self.place(bytes, token)
        for index in [place, place ^ 1] {
            guard let entry = self.entries[index], entry.until > now, Self.isSame(entry.token, bytes, token) else {
                continue
            }
            return entry.principal
        }
        return nil
    }

    /// A token was found good at `now`.
    mutating func insert(_ principal: Principal, _ bytes: RawSpan, _ token: WireRange, at now: Timestamp) {
        let place = self.place(bytes, token)
        let until = Swift.min(now + Self.trust, principal.expiresAt ?? now)
        let copy = bytes.withUnsafeBytes { Array($0[token.start..<token.end]) }
        let isOlder = self.entries[place ^ 1].map { $0.until } ?? .distantPast
        let index = (self.entries[place].map { $0.until } ?? .distantPast) <= isOlder ? place : place ^ 1
        self.entries[index] = Entry(token: copy, principal: principal, until: until)
    }

    /// The end of a token is its signature: as good as chance.
    private func place(_ bytes: RawSpan, _ token: WireRange) -> Int {
        guard token.count >= 8 else { return 0 }
        let tail = bytes.unsafeLoadUnaligned(fromByteOffset: token.end - 8, as: UInt64.self)
        return Int((tail &* self.secret) >> 52)
    }

    private static func isSame(_ known: [UInt8], _ bytes: RawSpan, _ token: WireRange) -> Bool {
        guard known.count == token.count else { return false }
        let known = known.span.bytes
        var index = 0
        while index + 8 <= token.count {
            let word = known.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard word == bytes.unsafeLoadUnaligned(fromByteOffset: token.start + index, as: UInt64.self) else {
                return false
            }
            index += 8
        }
        while index < token.count {
            let byte = known.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            guard byte == bytes.unsafeLoad(fromByteOffset: token.start + index, as: UInt8.self) else { return false }
            index += 1
        }
        return true
    }
}

extension Timestamp {
    fileprivate static let distantPast = Timestamp(microseconds: .min)
}
