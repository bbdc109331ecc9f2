#if os(Linux)
    import Compression
    import HTTPWire

    /// Answers whose content is compressed on its way. What a client does not read is not compressed either: the loop asks for
    /// more of the answer only while less than `buffer` bytes wait.
    extension ProxyLoop {
        func beginEncoding(_ client: Downstream, _ upstream: Upstream) {
            upstream.encoder = self.encoders.take()
            // The length is not known any more.
            upstream.writesChunks = client.parser.head.minorVersion > 0
            if !upstream.writesChunks { client.isPersistent = false }
        }

        func encode(_ content: WireRange, _ client: Downstream, _ upstream: Upstream) {
            upstream.stream.inbound.withBytes { bytes in
                self.pass(client, upstream) { $0.write(bytes, content, to: &$1) }
            }
        }

        /// Nothing more is there for now: the client gets all that has come.
        func flushEncoded(_ client: Downstream, _ upstream: Upstream) {
            self.pass(client, upstream) { $0.flush(to: &$1) }
        }

        func finishEncoding(_ client: Downstream, _ upstream: Upstream) {
            self.pass(client, upstream) { $0.finish(to: &$1) }
            if let encoder = upstream.encoder { self.encoders.give(encoder) }
            upstream.encoder = nil
        }

        private func pass(
            _ client: Downstream, _ upstream: Upstream, _ write: (GzipEncoder, inout WireBuffer) -> Void
        ) {
            guard let encoder = upstream.encoder else { return }
            var output = WireBuffer(self.pool)
            write(encoder, &output)
            client.sent += Int64(output.count)
            output.withBytes { bytes in
                let all = WireRange(start: 0, count: bytes.byteCount)
                if upstream.writesChunks {
                    client.stream.outbound.appendChunk(bytes, all)
                } else {
                    client.stream.outbound.append(bytes, all)
                }
            }
        }
    }

    /// Encoders of a loop that are free.
    final class EncoderPool {
        private var free: [GzipEncoder] = []
        /// Each holds 64 KiB.
        private static let most = 64

        func take() -> GzipEncoder { self.free.popLast() ?? GzipEncoder() }

        func give(_ encoder: GzipEncoder) {
            guard self.free.count < Self.most else { return }
            encoder.reset()
            self.free.append(encoder)
        }
    }
#endif
