#if os(Linux)
    import Glibc

    /// A system call that failed.
    public struct SocketError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The call.
        public var call: String
        /// Its `errno`.
        public var number: Int32

        /// The failure that the calling thread saw last.
        static func current(_ call: String) -> SocketError { SocketError(call: call, number: errno) }

        public var description: String { "\(self.call): \(String(cString: strerror(self.number)))" }
    }
#endif
