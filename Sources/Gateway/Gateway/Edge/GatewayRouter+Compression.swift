#if os(Linux)
    import GatewayCore
    import HTTPTransport
    import HTTPWire

    extension GatewayRouter {
        /// Has the answer compressed on its way, where the route says so and the client takes it.
        func compress(
            _ policy: CompressionPolicy, _ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan
        ) {
            var answer = CompressionPolicy.Answer(
                status: head.status, contentType: Self.text(head.fields.first(.contentType), bytes),
                length: head.contentLength.map { Int($0) })
            answer.coding = Self.text(head.fields.first("content-encoding", in: bytes), bytes)
            answer.cacheControl = Self.text(head.fields.first("cache-control", in: bytes), bytes)
            answer.setsCookie = head.fields.first(.setCookie) != nil
            guard head.framing != .none, policy.covers(answer) else { return }
            self.states[exchange.id].answerLines += Array("Vary: Accept-Encoding\r\n".utf8)
            let accepted = self.states[exchange.id].acceptEncoding
            guard let coding = policy.coding(for: answer, accepting: accepted) else { return }
            var lines = "Content-Encoding: \(coding.rawValue)\r\n"
            for index in 0..<head.fields.count {
                let entry = head.fields.entries[index]
                if entry.id == .etag {
                    // The bytes are others, what they mean is the same.
                    lines += "ETag: \(CompressionPolicy.weak(bytes.text(entry.value)))\r\n"
                    head.drop(at: index)
                } else if entry.id == .other, bytes.text(entry.name).lowercased() == "accept-ranges" {
                    head.drop(at: index)
                }
            }
            self.states[exchange.id].answerLines += Array(lines.utf8)
            exchange.encodesAnswer = true
        }

        private static func text(_ range: WireRange?, _ bytes: RawSpan) -> String {
            range.map { bytes.text($0) } ?? ""
        }
    }
#endif
