import CNGHTTP2
public import HTTPWire

/// The server's side of an HTTP/2 connection (RFC 9113), without its socket: frames in and out on one side, and on the other a
/// pair of byte queues for each stream that speak HTTP/1.1, so that whatever serves a connection can serve a stream.
///
/// nghttp2 reads and writes frames and HPACK. Belongs to one thread.
///
/// ```swift
/// try connection.receive(bytes)
/// while let event = connection.nextEvent() { … }      // take(_:_:), give(_:_:), finish(_:)
/// try connection.send(&output, upTo: 65_536)
/// ```
public final class HTTP2Connection {
    /// What happened to a stream.
    public enum Event: Hashable, Sendable {
        /// There is a request to be taken.
        case opened(Int32)
        /// More of the request can be taken, or it has ended.
        case readable(Int32)
        /// More of the answer can be given.
        case writable(Int32)
        /// The stream has ended before its exchange.
        case closed(Int32)
    }

    /// How an attempt to move bytes ended.
    public enum Outcome: Hashable, Sendable {
        /// Something was taken, or everything given.
        case moved
        /// An event will come.
        case blocked
        /// The request is complete and taken.
        case ended
        /// The stream is gone, or what was given is not an answer.
        case failed
    }

    let limits: HTTP2Limits
    let pool: WirePool
    var session: OpaquePointer?
    var streams: [Int32: HTTP2Stream] = [:]
    private var events: [Event] = []
    private var nextIndex = 0
    /// The highest stream that the peer has opened, and the ones below it that it has passed over, the latest last.
    private var highest: Int32 = -1
    private var passedOver: [ClosedRange<Int32>] = []
    /// Resets beyond good ends.
    private var resets = 0
    private var idleFrames = 0
    /// Counts heads and pieces of content that were moved, so that a connection that only seems busy is known.
    public private(set) var progress = 0

    /// What every connection begins with (RFC 9113 §3.4), as far as no head of HTTP/1.1 does.
    public static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    public init(_ limits: HTTP2Limits = HTTP2Limits(), pool: WirePool) {
        self.limits = limits
        self.pool = pool
        self.session = Self.makeSession(Unmanaged.passUnretained(self).toOpaque())
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: UInt32(limits.streams)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(limits.streamWindow)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(limits.headerList)),
        ]
        nghttp2_submit_settings(self.session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, settings.count)
        nghttp2_session_set_local_window_size(
            self.session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(limits.connectionWindow))
    }

    deinit { nghttp2_session_del(self.session) }

    // MARK: The socket's side

    /// Takes all of `bytes`.
    /// - Throws: what the peer did that ends the connection; what ``send(_:upTo:)`` has still goes out.
    public func receive(_ bytes: RawSpan) throws(HTTP2Failure) {
        let count = bytes.withUnsafeBytes {
            nghttp2_session_mem_recv(self.session, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
        guard count >= 0 else {
            throw HTTP2Failure(reason: String(cString: nghttp2_strerror(Int32(count))))
        }
        guard self.resets <= self.limits.resets, self.idleFrames <= self.limits.idleFrames else {
            nghttp2_session_terminate_session(self.session, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
            throw HTTP2Failure(reason: "the peer resets streams, or sends frames that move nothing, without end")
        }
    }

    /// Appends frames until nothing is left to be said or `limit` bytes wait.
    public func send(_ output: inout WireBuffer, upTo limit: Int) throws(HTTP2Failure) {
        while output.count < limit {
            var frames: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(self.session, &frames)
            guard count > 0 else {
                if count < 0 { throw HTTP2Failure(reason: String(cString: nghttp2_strerror(Int32(count)))) }
                return
            }
            let bytes = UnsafeRawBufferPointer(start: frames, count: count)
            output.append(bytes.bytes, WireRange(start: 0, count: count))
        }
    }

    /// Refuses new streams from now on, and lets open ones finish.
    public func drain() {
        nghttp2_submit_goaway(
            self.session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(self.session),
            NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// Whether nothing will be received or sent any more.
    public var isFinished: Bool {
        nghttp2_session_want_read(self.session) == 0 && nghttp2_session_want_write(self.session) == 0
    }

    /// Streams that are open, those that nobody plays any more included.
    public var openStreams: Int { self.streams.count }

    /// The next event, in order; nil when there is none.
    public func nextEvent() -> Event? {
        guard self.nextIndex < self.events.count else {
            self.events.removeAll(keepingCapacity: true)
            self.nextIndex = 0
            return nil
        }
        self.nextIndex += 1
        return self.events[self.nextIndex - 1]
    }

    // MARK: A stream's side

    /// Moves what there is of a request behind `inbound`. The peer may send as much again.
    public func take(_ id: Int32, _ inbound: inout WireBuffer) -> Outcome {
        guard let stream = self.streams[id] else { return .failed }
        guard !stream.request.isEmpty else { return stream.isRequestEnded ? .ended : .blocked }
        stream.request.withBytes { inbound.append($0, WireRange(start: 0, count: $0.byteCount)) }
        stream.request.removeAll()
        stream.request.release()
        nghttp2_session_consume(self.session, id, stream.unconsumed)
        stream.unconsumed = 0
        return .moved
    }

    /// Moves an answer from the front of `outbound` to the stream, as far as there is room.
    public func give(_ id: Int32, _ outbound: inout WireBuffer) -> Outcome {
        guard let stream = self.streams[id] else { return .failed }
        while !outbound.isEmpty {
            let room = self.limits.answer - stream.response.count
            guard room > 0 else {
                stream.isBlocked = true
                self.resume(stream)
                return .blocked
            }
            let count = Swift.min(room, outbound.count)
            outbound.withBytes { stream.response.append($0, WireRange(start: 0, count: count)) }
            outbound.consume(count)
            guard self.readHead(stream) else {
                self.reset(stream, NGHTTP2_INTERNAL_ERROR)
                return .failed
            }
        }
        self.resume(stream)
        return .moved
    }

    /// The answer is complete.
    public func finish(_ id: Int32) {
        guard let stream = self.streams[id] else { return }
        stream.isAnswerGiven = true
        if case .head = stream.answer { return self.reset(stream, NGHTTP2_INTERNAL_ERROR) }
        self.resume(stream)
    }

    /// Nobody plays the exchange any more; an answer that is not complete is broken off.
    public func detach(_ id: Int32) {
        guard let stream = self.streams[id] else { return }
        stream.isDetached = true
        if !stream.isAnswerGiven { self.reset(stream, NGHTTP2_INTERNAL_ERROR) }
    }

    private func resume(_ stream: HTTP2Stream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        nghttp2_session_resume_data(self.session, stream.id)
    }

    func reset(_ stream: HTTP2Stream, _ code: nghttp2_error_code) {
        nghttp2_submit_rst_stream(self.session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
    }

    // MARK: What the callbacks note

    func note(_ event: Event) { self.events.append(event) }

    func noteProgress() {
        self.progress &+= 1
        self.idleFrames = Swift.max(0, self.idleFrames - 8)
    }

    /// A head begins. A stream that was passed over cannot be opened any more (RFC 9113 §5.1.1); nghttp2 only overlooks it.
    func noteHead(_ id: Int32) {
        if id > self.highest {
            if id > self.highest + 2 { self.passedOver.append(self.highest + 1...id - 1) }
            if self.passedOver.count > Self.rememberedGaps { self.passedOver.removeFirst() }
            self.highest = id
        } else if self.passedOver.contains(where: { $0.contains(id) }) {
            nghttp2_session_terminate_session(self.session, NGHTTP2_PROTOCOL_ERROR.rawValue)
        }
    }

    private static let rememberedGaps = 16

    func noteIdleFrame() { self.idleFrames += 1 }

    func noteEnd(isReset: Bool) { self.resets = Swift.max(0, self.resets + (isReset ? 1 : -1)) }
}
