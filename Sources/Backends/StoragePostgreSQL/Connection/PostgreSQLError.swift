#if PostgreSQL
    import EventSourcing

    /// What the server or the way to it said, with the code that PostgreSQL gives.
    /// https://www.postgresql.org/docs/15/errcodes-appendix.html
    struct PostgreSQLError: Error, Hashable {
        /// Five letters and digits; empty when the connection failed.
        var state: String
        var message: String

        /// The connection is of no use any more.
        var isLost: Bool { self.state.isEmpty || self.state.hasPrefix("08") || self.state.hasPrefix("57P") }

        static func lost(_ message: String) -> PostgreSQLError { PostgreSQLError(state: "", message: message) }
    }

    extension EventStoreError {
        /// What an error of the server means to a caller.
        init(_ error: PostgreSQLError, database: String) {
            let code: Code =
                switch error.state {
                case "53100": .diskFull
                case "25006": .readOnly
                case "40001", "40P01", "55P03", "55006": .locked
                case "XX001", "XX002": .corrupt
                default: .unavailable
                }
            let suffix = error.state.isEmpty ? "" : " (PostgreSQL \(error.state))"
            self.init(code, "\(database): \(error.message)\(suffix)")
        }
    }
#endif
