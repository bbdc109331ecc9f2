/// A request method: those with a meaning of their own here, and any other token.
public enum WireMethod: UInt8, Hashable, Sendable {
    case other, get, head, post, put, delete, options, patch, trace, connect

    /// Whether the same request may be sent again when its answer was lost (RFC 9110 §9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .other, .post, .patch, .connect: false
        }
    }

    /// - Parameter word: up to eight bytes of the method, the first lowest.
    @inline(__always)
    init(word: UInt64, count: Int) {
        switch (count, word) {
        case (3, 0x0054_4547): self = .get
        case (3, 0x0054_5550): self = .put
        case (4, 0x4441_4548): self = .head
        case (4, 0x5453_4F50): self = .post
        case (5, 0x48_4354_4150): self = .patch
        case (5, 0x45_4341_5254): self = .trace
        case (6, 0x4554_454C_4544): self = .delete
        case (7, 0x53_4E4F_4954_504F): self = .options
        case (7, 0x54_4345_4E4E_4F43): self = .connect
        default: self = .other
        }
    }
}

/// How a body is delimited (RFC 9112 §6.3).
public enum BodyFraming: Hashable, Sendable {
    /// The head is the whole message.
    case none
    /// That many bytes, at least one.
    case length(Int64)
    case chunked
    /// All that comes until the sender closes; responses only.
    case untilClose
}

/// A request head: offsets into the bytes it was read from, and what they mean.
public struct RequestHead: Sendable {
    /// The forms of a request target that are accepted (RFC 9112 §3.2).
    public enum TargetForm: Hashable, Sendable {
        /// `/path?query`
        case origin
        /// `http://host/path?query`, whose host is also that of `Host`.
        case absolute
        /// `*`, for `OPTIONS` only.
        case asterisk
    }

    public internal(set) var method = WireMethod.other
    public internal(set) var methodName = WireRange.empty
    public internal(set) var target = WireRange.empty
    public internal(set) var form = TargetForm.origin
    /// The path of the target; empty in the absolute form without one, where it means `/`.
    public internal(set) var path = WireRange.empty
    /// The query with its question mark; empty when there is none.
    public internal(set) var query = WireRange.empty
    /// The minor version: 0 or 1; a higher one counts as 1.
    public internal(set) var minorVersion: UInt8 = 1
    /// Host and port; empty only in HTTP/1.0.
    public internal(set) var host = WireRange.empty
    public internal(set) var framing = BodyFraming.none
    /// Whether the client lets the connection be used for another request.
    public internal(set) var isPersistent = true
    /// Whether the client waits for `100 Continue` before it sends the body.
    public internal(set) var expectsContinue = false
    /// The value of `Upgrade` where `Connection` lists it too; empty otherwise.
    public internal(set) var upgrade = WireRange.empty
    public internal(set) var fields = FieldTable()
    /// Bytes of the head, the empty line included.
    public internal(set) var byteCount = 0

    public init() {}

    /// Leaves the field line at `index` behind when the head is written anew.
    public mutating func drop(at index: Int) { self.fields.entries[index].isDropped = true }
}
