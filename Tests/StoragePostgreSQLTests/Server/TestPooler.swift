#if PostgreSQL
    import Essentials
    import Foundation

    /// PgBouncer in transaction mode, in front of a ``TestServer``.
    final class TestPooler: Sendable {
        private static let program = "/usr/sbin/pgbouncer"

        static var isHere: Bool {
            FileManager.default.isExecutableFile(atPath: self.program)
                || ProcessInfo.processInfo.environment["CI"] == "true"
        }

        private let port: Int
        private let process: pid_t

        init(in server: TestServer) throws {
            let folder = server.directory.appending(path: "pooler-\(IDSource.system.next())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            self.port = try TestServer.freePort()
            let settings = """
                [databases]
                postgres = host=127.0.0.1 port=\(server.port) dbname=postgres user=app
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = \(self.port)
                unix_socket_dir =
                auth_type = any
                pool_mode = transaction
                default_pool_size = 5
                max_client_conn = 200
                logfile = \(folder.path)/log
                """
            let file = folder.appending(path: "pgbouncer.ini")
            try Data(settings.utf8).write(to: file)
            try TestServer.give(folder)
            self.process = try TestServer.spawn(Self.program, [file.path])
            try TestServer.waitForListener(on: self.port)
        }

        deinit { TestServer.end(self.process) }

        var url: String { "postgres://app@127.0.0.1:\(self.port)/postgres" }
    }
#endif
