#if PostgreSQL
    import CPostgreSQL
    import Essentials
    import EventSourcing

    extension PostgreSQLConnection {
        /// Host, port and database of an address, without what is secret.
        /// - Throws: `unavailable` when libpq cannot read it.
        static func name(of url: Redacted<String>) throws(EventStoreError) -> String {
            guard let options = PQconninfoParse(url.exposed, nil) else {
                throw EventStoreError(
                    .unavailable, "the database's address cannot be read: postgres://user:password@host:port/database")
            }
            defer { PQconninfoFree(options) }
            var parts: [String: String] = [:]
            var option = options
            while let keyword = option.pointee.keyword {
                if let value = option.pointee.val { parts[String(cString: keyword)] = String(cString: value) }
                option += 1
            }
            if let service = parts["service"] { return "service \(service)" }
            let place = parts["host"] ?? parts["hostaddr"] ?? "local"
            return "\(place):\(parts["port"] ?? "5432")/\(parts["dbname"] ?? "default")"
        }
    }
#endif
