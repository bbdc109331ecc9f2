#if os(Linux)
    import HTTP2
    import HTTPWire

    /// A stream of HTTP/2, as the connection of the client that asks on it.
    final class StreamOfSession: StreamLayer {
        private let id: Int32
        private let session: Session

        init(_ id: Int32, _ session: Session) {
            self.id = id
            self.session = session
        }

        var applicationProtocol: String? { nil }

        func receive(
            _ descriptor: Int32, _ inbound: inout WireBuffer, _ isReadable: inout Bool, isEnding: Bool
        ) -> Stream.Outcome {
            switch self.session.http2.take(self.id, &inbound) {
            case .moved:
                self.session.touch()
                return .moved
            case .blocked:
                isReadable = false
                return .blocked
            case .ended: return .ended
            case .failed: return .failed
            }
        }

        func flush(_ descriptor: Int32, _ outbound: inout WireBuffer, _ isWritable: inout Bool) -> Stream.Outcome {
            guard !outbound.isEmpty else {
                outbound.release()
                return .moved
            }
            guard isWritable else { return .blocked }
            defer { self.session.touch() }
            switch self.session.http2.give(self.id, &outbound) {
            case .moved:
                outbound.release()
                return .moved
            case .blocked:
                isWritable = false
                return .blocked
            case .ended, .failed: return .failed
            }
        }

        func endSending(_ descriptor: Int32) {
            self.session.http2.finish(self.id)
            self.session.touch()
        }

        func close() {
            self.session.http2.detach(self.id)
            self.session.streams[self.id] = nil
            self.session.touch()
        }
    }
#endif
