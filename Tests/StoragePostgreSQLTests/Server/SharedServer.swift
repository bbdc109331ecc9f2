#if PostgreSQL
    import Essentials
    import EventSourcing
    import Foundation
    import StoragePostgreSQL
    import Synchronization
    import Testing

    /// One server for all tests that do not stop it; each test has schemas of its own.
    enum SharedServer {
        private static let shared = Mutex<(TestServer, PostgreSQLDatabase)?>(nil)

        static func server() throws -> (TestServer, PostgreSQLDatabase) {
            try self.shared.withLock { shared in
                if let shared { return shared }
                let server = try TestServer()
                let started = (server, try PostgreSQLDatabase.test(server))
                shared = started
                atexit { SharedServer.stop() }
                return started
            }
        }

        private static func stop() { self.shared.withLock { $0 = nil } }

        /// Locally a missing server skips the tests; on CI it is a failure.
        static var isHere: Bool { TestServer.isInstalled || ProcessInfo.processInfo.environment["CI"] == "true" }
    }

    extension Trait where Self == ConditionTrait {
        /// The test needs a real PostgreSQL server.
        static var postgreSQL: Self { .enabled("PostgreSQL's server is not installed") { SharedServer.isHere } }
    }

    extension PostgreSQLDatabase {
        static func test(
            _ server: TestServer, change: (inout Configuration) -> Void = { _ in }
        ) throws -> PostgreSQLDatabase {
            var configuration = Configuration()
            change(&configuration)
            return try PostgreSQLDatabase(url: Redacted(server.url), configuration: configuration)
        }
    }

    extension PostgreSQLStore {
        /// An empty store on the shared server.
        static func fresh(_ migrations: [Migration] = []) async throws -> PostgreSQLStore {
            let (server, database) = try SharedServer.server()
            return try await .open(database, schema: server.freshSchema(), service: "test", migrations: migrations)
        }
    }
#endif
