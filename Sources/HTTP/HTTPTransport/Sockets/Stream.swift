#if os(Linux)
    import CShims
    import HTTPWire

    /// A connected socket of one event loop, with what waits in both directions and what the poller said last.
    ///
    /// The poller is edge triggered: `isReadable` and `isWritable` stay true until a call finds the opposite.
    struct Stream: ~Copyable {
        /// How an attempt to move bytes ended.
        enum Outcome: Hashable {
            /// Bytes were moved.
            case moved
            /// The socket is empty, or full; an event will come.
            case blocked
            /// The peer sends no more.
            case ended
            case failed
        }

        /// -1 when closed, and when there is none.
        private(set) var descriptor: Int32
        /// What lies between the socket and the bytes; nil for a plain one.
        private var layer: (any StreamLayer)?
        var inbound: WireBuffer
        var outbound: WireBuffer
        var isReadable = false
        var isWritable = true
        /// The peer was heard to send no more; the end may still lie behind bytes that wait in the kernel.
        var isEnding = false

        init(_ descriptor: Int32, _ pool: WirePool, _ layer: (any StreamLayer)? = nil) {
            self.descriptor = descriptor
            self.layer = layer
            self.inbound = WireBuffer(pool)
            self.outbound = WireBuffer(pool)
        }

        deinit {
            if self.descriptor >= 0 { mainstay_close(self.descriptor) }
        }

        /// Gives the socket up, and the memory.
        mutating func close() {
            guard self.descriptor >= 0 || self.layer != nil else { return }
            self.layer?.close()
            self.layer = nil
            if self.descriptor >= 0 { mainstay_close(self.descriptor) }
            self.descriptor = -1
            (self.isReadable, self.isWritable) = (false, false)
            self.inbound.removeAll()
            self.inbound.release()
            self.outbound.removeAll()
            self.outbound.release()
        }

        /// The error that the attempt to connect ended with; 0 for none.
        var connectionError: Int32 { mainstay_socket_error(self.descriptor) }

        /// Tells the peer that nothing more will come.
        func endSending() {
            if let layer { layer.endSending(self.descriptor) } else { mainstay_end_sending(self.descriptor) }
        }

        /// What was agreed below HTTP; nil where nothing was.
        var applicationProtocol: String? { self.layer?.applicationProtocol }

        mutating func note(_ event: Poller.Event) {
            if event.isReadable || event.isEnded || event.isFailed { self.isReadable = true }
            if event.isWritable { self.isWritable = true }
            if event.isEnded || event.isFailed { self.isEnding = true }
        }

        /// Receives once. A read that leaves room has emptied the socket, so that no second one is needed to learn it.
        /// - Parameter room: bytes of memory that are offered at least.
        mutating func receive(_ room: Int) -> Outcome {
            if let layer {
                return layer.receive(self.descriptor, &self.inbound, &self.isReadable, isEnding: self.isEnding)
            }
            let descriptor = self.descriptor
            var offered = 0
            let count = self.inbound.fill(atLeast: room) { memory in
                offered = memory.count
                return mainstay_receive(descriptor, memory.baseAddress, memory.count)
            }
            if count > 0 {
                if count < offered, !self.isEnding { self.isReadable = false }
                return .moved
            }
            self.isReadable = false
            self.inbound.release()
            return count == 0 ? .ended : count == -1 ? .blocked : .failed
        }

        /// Sends what waits, as far as the socket takes it.
        mutating func flush() -> Outcome {
            if let layer { return layer.flush(self.descriptor, &self.outbound, &self.isWritable) }
            guard !self.outbound.isEmpty else {
                self.outbound.release()
                return .moved
            }
            guard self.isWritable else { return .blocked }
            let descriptor = self.descriptor
            let count = self.outbound.count
            let sent = self.outbound.withUnsafeBytes { mainstay_send(descriptor, $0.baseAddress, $0.count, nil, 0) }
            return self.sent(sent, of: count)
        }

        /// Sends what waits and `range` of `source` behind it, without copying.
        /// - Returns: how many bytes of the range were sent, or nil when the connection failed.
        mutating func flush(_ source: borrowing WireBuffer, _ range: WireRange) -> Int? {
            source.withUnsafeBytes { self.flush(with: .init(rebasing: $0[range.start..<range.end])) }
        }

        /// Sends what waits and `more` behind it, without copying.
        /// - Returns: how many bytes of `more` were sent, or nil when the connection failed.
        mutating func flush(with more: UnsafeRawBufferPointer) -> Int? {
            guard self.isWritable, self.layer == nil else { return 0 }
            let descriptor = self.descriptor
            let waiting = self.outbound.count
            let sent = self.outbound.withUnsafeBytes { first in
                mainstay_send(descriptor, first.baseAddress, first.count, more.baseAddress, more.count)
            }
            if sent < waiting + more.count { self.isWritable = false }
            guard sent >= 0 else { return sent == -1 ? 0 : nil }
            self.outbound.consume(Swift.min(sent, waiting))
            return Swift.max(0, sent - waiting)
        }

        private mutating func sent(_ sent: Int, of count: Int) -> Outcome {
            if sent < count { self.isWritable = false }
            guard sent >= 0 else { return sent == -1 ? .blocked : .failed }
            self.outbound.consume(sent)
            guard sent == count else { return .blocked }
            self.outbound.release()
            return .moved
        }
    }
#endif
