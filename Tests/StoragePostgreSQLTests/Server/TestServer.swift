#if PostgreSQL
    import Essentials
    import EventSourcing
    import Foundation
    import StoragePostgreSQL
    import Synchronization

    /// A real PostgreSQL server in a directory of its own, on a free port of the loopback interface.
    final class TestServer: Sendable {
        struct Unavailable: Error, CustomStringConvertible {
            var description: String
        }

        let port: Int
        let directory: URL
        private let schemas = Atomic(0)

        /// - Parameter settings: lines for `postgresql.conf`.
        init(settings: [String] = []) throws {
            let directory = FileManager.default.temporaryDirectory.appending(
                path: "mainstay-postgresql-\(IDSource.system.next())")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            self.directory = directory
            self.port = try Self.freePort()
            try Self.give(directory)
            try Self.run(
                "initdb", ["-D", self.data, "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"])
            let configuration =
                ([
                    "listen_addresses = '127.0.0.1'", "port = \(self.port)",
                    "unix_socket_directories = '\(directory.path)'",
                    "max_connections = 400", "shared_buffers = '64MB'",
                ] + settings).map { $0 + "\n" }.joined()
            let file = directory.appending(path: "data/postgresql.conf")
            try Data((String(contentsOf: file, encoding: .utf8) + configuration).utf8).write(to: file)
            try self.start()
        }

        deinit {
            try? Self.run("pg_ctl", ["-D", self.data, "-m", "immediate", "-w", "stop"])
            try? FileManager.default.removeItem(at: self.directory)
        }

        private var data: String { self.directory.appending(path: "data").path }
        var url: String { "postgres://app@127.0.0.1:\(self.port)/postgres" }

        func start() throws {
            try Self.run("pg_ctl", ["-D", self.data, "-l", "\(self.directory.path)/log", "-w", "-t", "60", "start"])
        }

        /// Starts it after ``kill()``: it refuses as long as one of the processes that were killed has not ended.
        func restart() throws {
            for _ in 0..<100 {
                do { return try self.start() } catch { continue }
            }
            try self.start()
        }

        /// As if the power of the server's process had gone: SIGKILL to the postmaster, and to all its children behind it.
        func kill() throws {
            let file = self.directory.appending(path: "data/postmaster.pid")
            let first = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first
            guard let pid = first.flatMap({ Int32($0) }) else { throw Unavailable(description: "no postmaster.pid") }
            let children = try Self.children(of: pid)
            for process in [pid] + children { Foundation.kill(process, SIGKILL) }
            try FileManager.default.removeItem(at: file)
        }

        private static func children(of parent: Int32) throws -> [Int32] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { process in
                // pid (name) state parent …
                guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                    let end = status.lastIndex(of: ")")
                else { return false }
                return status[status.index(after: end)...].split(separator: " ")[1] == "\(parent)"
            }
        }

        /// A schema that nobody has used.
        func freshSchema() -> String { "test_\(self.schemas.add(1, ordering: .relaxed).newValue)" }

        // MARK: Programs

        private static let isRoot = getuid() == 0

        /// The server refuses to run as root.
        static func give(_ directory: URL) throws {
            guard self.isRoot else { return }
            try self.execute("/usr/bin/env", ["chown", "-R", "postgres", directory.path])
        }

        private static func run(_ program: String, _ arguments: [String]) throws {
            let path = try self.folder() + "/" + program
            guard self.isRoot else { return try self.execute(path, arguments) }
            try self.execute("/usr/bin/env", ["runuser", "-u", "postgres", "--", path] + arguments)
        }

        /// Debian keeps the server's programs out of the path.
        private static func folder() throws -> String {
            let root = "/usr/lib/postgresql"
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
            let folders =
                versions.compactMap(Int.init).sorted(by: >).map { "\(root)/\($0)/bin" } + ["/usr/local/pgsql/bin"]
            guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") })
            else {
                throw Unavailable(description: "no PostgreSQL server here: scripts/setup.sh test installs it")
            }
            return folder
        }

        static var isInstalled: Bool { (try? self.folder()) != nil }

        /// Runs a program to its end. Foundation's `Process` would wait for the server as well, which inherits its descriptors.
        private static func execute(_ path: String, _ arguments: [String]) throws {
            var status: Int32 = 0
            let process = try self.start(path, arguments)
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            guard status == 0 else {
                throw Unavailable(description: "\(arguments.prefix(6)) ended with the status \(status)")
            }
        }

        private static func start(_ path: String, _ arguments: [String]) throws -> pid_t {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            for descriptor in Int32(0)..<3 {
                posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
            }
            let words = ([path] + arguments).map { strdup($0) }
            defer { for word in words { free(word) } }
            var process: pid_t = 0
            let error = posix_spawn(&process, path, &actions, nil, words + [nil], environ)
            guard error == 0 else { throw Unavailable(description: "\(path) cannot be started: error \(error)") }
            return process
        }

        /// Starts a program that stays, as the user that owns the server.
        static func spawn(_ path: String, _ arguments: [String]) throws -> pid_t {
            guard self.isRoot else { return try self.start(path, arguments) }
            return try self.start(
                "/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path] + arguments)
        }

        static func end(_ process: pid_t) {
            Foundation.kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }

        /// Returns when somebody listens on a port of the loopback interface.
        static func waitForListener(on port: Int) throws {
            for _ in 0..<100_000 {
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(descriptor) }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = UInt16(port).bigEndian
                address.sin_addr.s_addr = inet_addr("127.0.0.1")
                let result = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                if result == 0 { return }
                sched_yield()
            }
            throw Unavailable(description: "nobody listens on port \(port)")
        }

        static func freePort() throws -> Int {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            return withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    _ = bind(descriptor, pointer, length)
                    _ = getsockname(descriptor, pointer, &length)
                }
                return Int(UInt16(bigEndian: $0.pointee.sin_port))
            }
        }
    }
#endif
