#if os(Linux)
    import HTTPWire

    /// What turns the bytes of a socket into those that client and proxy exchange: TLS, or a stream of HTTP/2, which has no
    /// socket of its own.
    protocol StreamLayer: AnyObject {
        /// What was agreed below HTTP.
        var applicationProtocol: String? { get }
        /// As ``Stream/receive(_:)``; more than 32 KiB are not taken at once.
        func receive(
            _ descriptor: Int32, _ inbound: inout WireBuffer, _ isReadable: inout Bool, isEnding: Bool
        ) -> Stream.Outcome
        /// As ``Stream/flush()``.
        func flush(_ descriptor: Int32, _ outbound: inout WireBuffer, _ isWritable: inout Bool) -> Stream.Outcome
        func endSending(_ descriptor: Int32)
        /// Gives up what it holds; the socket is closed by its owner.
        func close()
    }
#endif
