import CTLS
public import HTTPWire

/// One TLS connection without its socket: records in, content out, and the other way round. Belongs to one thread.
public final class TLSConnection {
    private enum Phase {
        /// Not yet agreed. Next: open, ended, failed.
        case handshake
        /// Content goes both ways. Next: ended, failed.
        case open
        /// The peer sends no more. Stays.
        case ended
        /// Something was wrong. Stays.
        case failed
    }

    private let tls: OpaquePointer
    /// Whose certificates may be shown; nil for clients.
    private let identities: TLSIdentities?
    /// Kept as long as the connection: records are made with it.
    private var context: TLSContext
    private var phase = Phase.handshake

    init(accepting identities: TLSIdentities) {
        self.identities = identities
        self.context = identities.first
        let address = identities.first.with { UInt(bitPattern: mainstay_tls_accept($0)) }
        guard let tls = OpaquePointer(bitPattern: address) else {
            preconditionFailure("OpenSSL has no memory for another connection")
        }
        self.tls = tls
    }

    init(connecting context: TLSContext, _ name: String, resuming earlier: TLSConnection?) {
        self.identities = nil
        self.context = context
        let address = context.with { UInt(bitPattern: mainstay_tls_connect($0, name)) }
        guard let tls = OpaquePointer(bitPattern: address) else {
            preconditionFailure("OpenSSL has no memory for another connection")
        }
        self.tls = tls
        if let earlier { mainstay_tls_resume(tls, earlier.tls) }
    }

    deinit { mainstay_tls_free(self.tls) }

    // MARK: What was agreed

    /// Whether content can be sent.
    public var isEstablished: Bool {
        if case .open = self.phase { true } else { false }
    }

    /// Whether the peer has said that it sends no more, so that nothing was cut off.
    public var isEnded: Bool {
        if case .ended = self.phase { true } else { false }
    }

    /// What ALPN has chosen; nil when the client offered nothing.
    public var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        let count = Int(mainstay_tls_protocol(self.tls, &name))
        return count > 0 ? String(decoding: UnsafeBufferPointer(start: name, count: count), as: UTF8.self) : nil
    }

    /// The name that the client asked for.
    public var serverName: String? { mainstay_tls_requested_name(self.tls).map { String(cString: $0) } }
    /// Such as `TLSv1.3`.
    public var version: String { String(cString: mainstay_tls_version(self.tls)) }
    /// Such as `TLS_AES_256_GCM_SHA384`.
    public var cipher: String { String(cString: mainstay_tls_cipher(self.tls)) }
    /// Whether an earlier session went on.
    public var isResumed: Bool { mainstay_tls_is_resumed(self.tls) == 1 }

    // MARK: Bytes

    /// Begins a client's handshake, or goes on with any.
    /// - Parameter answers: gets the records for the peer.
    public func begin(_ answers: inout WireBuffer) throws(TLSFailure) {
        var used = 0
        try self.handshake(RawSpan(), &used, &answers)
    }

    /// Takes all of `records`, in whatever pieces they came.
    /// - Parameters:
    ///   - content: gets what was in them.
    ///   - answers: gets records for the peer, such as those of the handshake. A peer that does not read can make them many:
    ///     the caller sets their bound.
    /// - Throws: what is wrong; `answers` may hold an alert that says so to the peer. The connection cannot be used any further.
    public func receive(
        _ records: RawSpan, _ content: inout WireBuffer, _ answers: inout WireBuffer
    ) throws(TLSFailure) {
        var used = 0
        if case .handshake = self.phase { try self.handshake(records, &used, &answers) }
        while case .open = self.phase {
            let count = self.call(records, &used, &answers) { io in
                content.fill(atLeast: 4_096) { mainstay_tls_read(self.tls, io, $0.baseAddress, $0.count) }
            }
            switch count {
            case 1...: continue
            case Int(MAINSTAY_TLS_NEEDS_INPUT): return
            case Int(MAINSTAY_TLS_NEEDS_ROOM): answers.reserve(answers.capacity + 1)
            case Int(MAINSTAY_TLS_ENDED): self.phase = .ended
            default: throw self.fail()
            }
        }
    }

    /// Turns content into records, `limit` bytes at most.
    /// - Returns: how many bytes of content were taken.
    public func send(
        _ content: RawSpan, atMost limit: Int, _ records: inout WireBuffer
    ) throws(TLSFailure) -> Int {
        guard self.isEstablished || self.isEnded else { return 0 }
        var (taken, none) = (0, 0)
        let end = Swift.min(content.byteCount, limit)
        while taken < end {
            // A record's head and tail take less than 64 bytes, and a ticket that still waits less than 1,024.
            records.reserve(Swift.min(end - taken, 16_384) + 1_088)
            let count = content.withUnsafeBytes { content in
                self.call(RawSpan(), &none, &records) { io in
                    mainstay_tls_write(self.tls, io, content.baseAddress.map { $0 + taken }, end - taken)
                }
            }
            switch count {
            case 1...: taken += count
            case Int(MAINSTAY_TLS_NEEDS_ROOM): records.reserve(records.capacity + 1)
            default: throw self.fail()
            }
        }
        return taken
    }

    /// Says to the peer that nothing more will come.
    public func end(_ records: inout WireBuffer) {
        guard self.isEstablished || self.isEnded else { return }
        records.reserve(128)
        var none = 0
        _ = self.call(RawSpan(), &none, &records) { io in
            Int(mainstay_tls_end(self.tls, io))
        }
    }

    private func handshake(
        _ records: RawSpan, _ used: inout Int, _ answers: inout WireBuffer
    ) throws(TLSFailure) {
        answers.reserve(2_048)
        while case .handshake = self.phase {
            switch self.call(records, &used, &answers, { io in Int(mainstay_tls_handshake(self.tls, io)) }) {
            case 1: self.phase = .open
            case Int(MAINSTAY_TLS_NEEDS_INPUT): return
            case Int(MAINSTAY_TLS_NEEDS_ROOM): answers.reserve(answers.capacity + 1)
            case Int(MAINSTAY_TLS_NEEDS_CONTEXT):
                guard let identities = self.identities else { throw self.fail() }
                self.context = identities.context(for: self.serverName)
                self.context.with { mainstay_tls_choose(self.tls, $0) }
            default: throw self.fail()
            }
        }
    }

    /// Lends OpenSSL the rest of `records` and the free memory of `answers` for one call.
    private func call(
        _ records: RawSpan, _ used: inout Int, _ answers: inout WireBuffer,
        _ body: (UnsafeMutablePointer<mainstay_tls_io>) -> Int
    ) -> Int {
        var io = mainstay_tls_io()
        var result = 0
        records.withUnsafeBytes { records in
            io.in = records.baseAddress.map { ($0 + used).assumingMemoryBound(to: UInt8.self) }
            io.in_count = records.count - used
            _ = answers.fill(atLeast: 1) { free in
                io.out = free.baseAddress?.assumingMemoryBound(to: UInt8.self)
                io.out_room = free.count
                result = body(&io)
                return io.out_used
            }
        }
        used += io.in_used
        return result
    }

    private func fail() -> TLSFailure {
        self.phase = .failed
        return TLSFailure(reason: String(cString: mainstay_tls_reason(self.tls)))
    }
}

/// A connection that cannot go on.
public struct TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// In OpenSSL's words, for logs.
    public var reason: String
    public var description: String { "TLS: \(self.reason)" }
}
