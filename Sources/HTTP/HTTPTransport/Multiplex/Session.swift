#if os(Linux)
    import HTTP2
    import HTTPWire

    /// What a client's connection becomes when it speaks HTTP/2: its streams are clients of their own.
    final class Session {
        let http2: HTTP2Connection
        /// The clients whose exchanges are under way.
        var streams: [Int32: Downstream] = [:]
        /// What `http2.progress` was when the deadline was set last.
        var seenProgress = 0
        private let token: UInt64
        private let touched: TouchedSessions
        private var isTouched = false

        init(_ http2: HTTP2Connection, _ token: UInt64, _ touched: TouchedSessions) {
            self.http2 = http2
            self.token = token
            self.touched = touched
        }

        /// Has the frames that were made for it sent at the end of the round.
        func touch() {
            guard !self.isTouched else { return }
            self.isTouched = true
            self.touched.tokens.append(self.token)
        }

        func untouch() { self.isTouched = false }
    }

    /// The sessions of a loop that have frames to be sent.
    final class TouchedSessions {
        var tokens: [UInt64] = []
    }
#endif
