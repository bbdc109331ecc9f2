#if os(Linux)
    import CShims
    import HTTPWire
    import TLS

    /// TLS on a socket.
    final class TLSLayer: StreamLayer {
        private let connection: TLSConnection
        /// Records on their way out.
        private var records: WireBuffer
        /// Where records arrive; empty between two calls.
        private var arrived: WireBuffer

        /// Bytes of content that become records at once. What was encrypted must be sent before more is.
        private static let portion = 32_768
        /// Bytes of records that may wait: of a portion, and what TLS itself answers to a client that does not read.
        private static let maximumRecords = 65_536

        init(_ connection: TLSConnection, _ pool: WirePool) {
            self.connection = connection
            self.records = WireBuffer(pool)
            self.arrived = WireBuffer(pool)
        }

        var applicationProtocol: String? { self.connection.applicationProtocol }

        func receive(
            _ descriptor: Int32, _ inbound: inout WireBuffer, _ isReadable: inout Bool, isEnding: Bool
        ) -> Stream.Outcome {
            let before = inbound.count
            while true {
                var offered = 0
                let count = self.arrived.fill(atLeast: 16_384) { memory in
                    offered = memory.count
                    return mainstay_receive(descriptor, memory.baseAddress, memory.count)
                }
                guard count > 0 else {
                    isReadable = false
                    self.arrived.release()
                    inbound.release()
                    return count == 0 ? .ended : count == -1 ? .blocked : .failed
                }
                if count < offered, !isEnding { isReadable = false }
                let isGood = self.open(&inbound)
                var isWritable = true
                guard self.push(descriptor, &isWritable) != .failed, isGood, self.records.count <= Self.maximumRecords
                else { return .failed }
                if inbound.count > before { return .moved }
                inbound.release()
                if self.connection.isEnded { return .ended }
                if !isReadable { return .blocked }
            }
        }

        /// Decrypts what has arrived.
        private func open(_ inbound: inout WireBuffer) -> Bool {
            defer {
                self.arrived.removeAll()
                self.arrived.release()
            }
            do throws(TLSFailure) {
                try self.arrived.withBytes { bytes throws(TLSFailure) in
                    try self.connection.receive(bytes, &inbound, &self.records)
                }
                return true
            } catch {
                return false
            }
        }

        func flush(_ descriptor: Int32, _ outbound: inout WireBuffer, _ isWritable: inout Bool) -> Stream.Outcome {
            while true {
                let outcome = self.push(descriptor, &isWritable)
                guard outcome == .moved else { return outcome }
                guard !outbound.isEmpty else {
                    outbound.release()
                    return .moved
                }
                guard self.connection.isEstablished || self.connection.isEnded else { return .blocked }
                do throws(TLSFailure) {
                    let count = try outbound.withBytes { bytes throws(TLSFailure) in
                        try self.connection.send(bytes, atMost: Self.portion, &self.records)
                    }
                    outbound.consume(count)
                } catch {
                    return .failed
                }
            }
        }

        /// Sends the records that wait.
        private func push(_ descriptor: Int32, _ isWritable: inout Bool) -> Stream.Outcome {
            guard !self.records.isEmpty else {
                self.records.release()
                return .moved
            }
            guard isWritable else { return .blocked }
            let count = self.records.count
            let sent = self.records.withUnsafeBytes { mainstay_send(descriptor, $0.baseAddress, $0.count, nil, 0) }
            if sent < count { isWritable = false }
            guard sent >= 0 else { return sent == -1 ? .blocked : .failed }
            self.records.consume(sent)
            guard sent == count else { return .blocked }
            self.records.release()
            return .moved
        }

        func endSending(_ descriptor: Int32) {
            self.connection.end(&self.records)
            var isWritable = true
            _ = self.push(descriptor, &isWritable)
            mainstay_end_sending(descriptor)
        }

        func close() {
            self.records.removeAll()
            self.records.release()
        }
    }
#endif
