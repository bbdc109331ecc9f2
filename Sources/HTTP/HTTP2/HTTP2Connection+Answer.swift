import CNGHTTP2
import HTTPWire

/// From the head of an answer in HTTP/1.1 to HEADERS.
extension HTTP2Connection {
    /// Sends the heads that are complete.
    /// - Returns: false when the answer breaks a rule.
    func readHead(_ stream: HTTP2Stream) -> Bool {
        while case .head = stream.answer {
            let isComplete = stream.response.withBytes { bytes in
                try? stream.parser.parse(bytes, answering: stream.fields.wireMethod)
            }
            guard let isComplete else { return false }
            guard isComplete else { return true }
            guard stream.parser.head.status != 101, self.submit(stream) else { return false }
            stream.response.consume(stream.parser.head.byteCount)
            if stream.parser.head.isInterim {
                stream.parser.reset()
            } else {
                let framing = stream.parser.head.framing
                stream.answer = framing == .none ? .ended : .body(BodyReader(framing))
            }
        }
        return true
    }

    /// Hands the head to nghttp2, which copies it.
    private func submit(_ stream: HTTP2Stream) -> Bool {
        let head = stream.parser.head
        var text = Array(":status".utf8) + Array(String(head.status).utf8)
        var lengths = [(7, 3)]
        stream.response.withBytes { bytes in
            for entry in head.fields.entries where !entry.id.isConnectionOnly && !entry.isDropped {
                for index in entry.name.start..<entry.name.end {
                    let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    text.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
                }
                for index in entry.value.start..<entry.value.end {
                    text.append(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
                }
                lengths.append((entry.name.count, entry.value.count))
            }
        }
        let isWhole = head.framing == .none
        return text.withUnsafeMutableBufferPointer { text in
            var position = text.baseAddress!
            let fields = lengths.map { name, value in
                defer { position += name + value }
                return nghttp2_nv(
                    name: position, value: position + name, namelen: name, valuelen: value,
                    flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
            }
            if head.isInterim {
                return nghttp2_submit_headers(
                    self.session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, nil, fields, fields.count, nil) == 0
            }
            guard !isWhole else {
                return nghttp2_submit_response(self.session, stream.id, fields, fields.count, nil) == 0
            }
            var provider = nghttp2_data_provider()
            provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
            provider.read_callback = Self.readAnswer
            return nghttp2_submit_response(self.session, stream.id, fields, fields.count, &provider) == 0
        }
    }

    private static let readAnswer: nghttp2_data_source_read_callback = { _, id, frame, room, flags, _, user in
        guard let user, let frame, let flags else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
        let connection = Unmanaged<HTTP2Connection>.fromOpaque(user).takeUnretainedValue()
        guard let stream = connection.streams[id],
            let (count, isEnd) = stream.read(UnsafeMutableRawBufferPointer(start: frame, count: room))
        else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        if stream.isBlocked, stream.response.count <= connection.limits.answer / 2 {
            stream.isBlocked = false
            connection.note(.writable(id))
        }
        if isEnd { flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue) }
        if count == 0, !isEnd {
            stream.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        connection.noteProgress()
        return count
    }
}
