import CNGHTTP2
import HTTPWire

/// What nghttp2 tells while it reads.
extension HTTP2Connection {
    static func makeSession(_ user: UnsafeMutableRawPointer) -> OpaquePointer? {
        var (callbacks, options, session): (OpaquePointer?, OpaquePointer?, OpaquePointer?)
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_option_new(&options)
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(options)
        }
        // The window opens when content was taken, not when it has come.
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame, let user else { return 0 }
            HTTP2Connection.of(user).beginHeaders(frame.pointee)
            return 0
        }
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header, let user else { return 0 }
            if UInt32(header.pointee.type) == NGHTTP2_HEADERS.rawValue {
                HTTP2Connection.of(user).noteHead(header.pointee.stream_id)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, count, _, user in
            guard let frame, let user else { return 0 }
            return HTTP2Connection.of(user).field(
                frame.pointee.hd.stream_id, UnsafeBufferPointer(start: name, count: nameCount),
                UnsafeBufferPointer(start: value, count: count))
        }
        // Fields that nghttp2 finds invalid end the stream; without this they would be passed over.
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, _, _, _, _, _, _, _ in
            NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame, let user else { return 0 }
            HTTP2Connection.of(user).received(frame.pointee)
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, bytes, count, user in
            guard let user else { return 0 }
            HTTP2Connection.of(user).content(id, UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let frame, let user else { return 0 }
            HTTP2Connection.of(user).sent(frame.pointee.hd)
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
            guard let user else { return 0 }
            HTTP2Connection.of(user).closed(id, code)
            return 0
        }
        nghttp2_session_server_new2(&session, callbacks, user, options)
        return session
    }

    private static func of(_ user: UnsafeMutableRawPointer) -> HTTP2Connection {
        Unmanaged<HTTP2Connection>.fromOpaque(user).takeUnretainedValue()
    }

    private func beginHeaders(_ frame: nghttp2_frame) {
        let id = frame.hd.stream_id
        guard frame.headers.cat == NGHTTP2_HCAT_REQUEST, self.streams[id] == nil else { return }
        self.streams[id] = HTTP2Stream(id, self.pool)
    }

    /// A field of a head or of trailers; the latter are counted and end here.
    private func field(
        _ id: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
    ) -> Int32 {
        guard let stream = self.streams[id] else { return 0 }
        guard !stream.isOpen else { return name.first == UInt8(ascii: ":") ? self.refuse(stream) : 0 }
        let isAllowed = stream.fields.note(name, value)
        guard stream.fields.size <= self.limits.headerList else {
            return self.refuse(stream, NGHTTP2_ENHANCE_YOUR_CALM)
        }
        return isAllowed ? 0 : self.refuse(stream)
    }

    private func refuse(_ stream: HTTP2Stream, _ code: nghttp2_error_code = NGHTTP2_PROTOCOL_ERROR) -> Int32 {
        self.reset(stream, code)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }

    private func received(_ frame: nghttp2_frame) {
        let isEnd = frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(frame.hd.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let stream = self.streams[frame.hd.stream_id] else { return }
            if !stream.isOpen { self.open(stream, isWhole: isEnd) } else if isEnd { self.endRequest(stream) }
        case NGHTTP2_DATA.rawValue:
            if frame.hd.length == 0, !isEnd { self.noteIdleFrame() }
            if isEnd, let stream = self.streams[frame.hd.stream_id] { self.endRequest(stream) }
        default: self.noteIdleFrame()
        }
    }

    /// The head is complete.
    private func open(_ stream: HTTP2Stream, isWhole: Bool) {
        self.noteProgress()
        guard stream.fields.isConsistent, !isWhole || (stream.fields.contentLength ?? 0) == 0 else {
            return self.reset(stream, NGHTTP2_PROTOCOL_ERROR)
        }
        stream.fields.write(&stream.request, isWhole: isWhole)
        stream.missing = stream.fields.contentLength ?? (isWhole ? 0 : nil)
        stream.isOpen = true
        stream.isRequestEnded = isWhole
        self.note(.opened(stream.id))
    }

    private func endRequest(_ stream: HTTP2Stream) {
        guard stream.isOpen, !stream.isRequestEnded else { return }
        if stream.endRequest() {
            self.note(.readable(stream.id))
        } else {
            self.reset(stream, NGHTTP2_PROTOCOL_ERROR)
        }
    }

    private func content(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let stream = self.streams[id], stream.isOpen, !stream.isDetached else {
            nghttp2_session_consume_connection(self.session, bytes.count)
            return
        }
        self.noteProgress()
        guard stream.append(bytes) else { return self.reset(stream, NGHTTP2_PROTOCOL_ERROR) }
        self.note(.readable(id))
    }

    /// An answer that is complete before its request ends the request (RFC 9113 §8.1).
    private func sent(_ header: nghttp2_frame_hd) {
        let carriesAnswer =
            UInt32(header.type) == NGHTTP2_HEADERS.rawValue || UInt32(header.type) == NGHTTP2_DATA.rawValue
        guard carriesAnswer, header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
            let stream = self.streams[header.stream_id], !stream.isRequestEnded
        else { return }
        self.reset(stream, NGHTTP2_NO_ERROR)
    }

    private func closed(_ id: Int32, _ code: UInt32) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        nghttp2_session_consume_connection(self.session, stream.unconsumed)
        self.noteEnd(isReset: code != NGHTTP2_NO_ERROR.rawValue)
        if stream.isOpen, !stream.isDetached { self.note(.closed(id)) }
    }
}
