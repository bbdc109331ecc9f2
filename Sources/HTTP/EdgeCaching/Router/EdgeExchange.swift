#if os(Linux)
    import Essentials
    import HTTPCaching
    import HTTPWire

    /// What the router keeps of an exchange that is under way.
    struct EdgeExchange {
        let request: CacheRequest
        let key: EdgeKey
        var status = CacheStatus(.forward(.bypass))
        /// Seconds of `Age` for an answer of the cache's own; nil for others.
        var age: Int64?
        /// What was found, and may be renewed, or stand in for an answer that does not come.
        var stored: StoredAnswer?
        /// Whether the origin is asked if ``stored`` still holds.
        var isValidating = false
        /// What others wait for, and what it is known by.
        var flight: Flight?
        var flightKey: EdgeStore.FlightKey?
        /// How often it waited for others.
        var waits = 0
        /// The head that the origin was asked with: what of it selects among variants only the answer says.
        var asked: AskedHead?
        /// How many purges there were when the origin was asked, and when that was.
        var purges: UInt64 = 0
        var requestedAt = Timestamp(microseconds: 0)
        /// The answer that is being stored.
        var arriving: (head: CachedHead, content: [UInt8])?
    }

    /// A copy of the head of a request.
    struct AskedHead {
        private let fields: FieldTable
        private let bytes: [UInt8]

        init(_ head: borrowing RequestHead, _ bytes: RawSpan) {
            self.fields = head.fields
            let count = head.byteCount
            self.bytes = bytes.withUnsafeBytes { Array($0[..<count]) }
        }

        func variant(_ varying: Varying) -> [UInt8] { varying.key(self.fields, self.bytes.span.bytes) }
    }
#endif
