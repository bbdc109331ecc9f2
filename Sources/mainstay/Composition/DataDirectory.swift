import Chassis
import ChassisHTTP
import Essentials
import Foundation
import Glibc
import Identity

/// The directory that holds everything durable: one database a service, keys, and who runs it now.
final class DataDirectory: Sendable {
    let path: String
    private let locks: [Int32]

    /// Creates the directory if need be and takes its lock.
    /// - Parameter service: nil locks all of it; a name locks the part of one service.
    /// - Throws: a ``CommandFailure`` that says what is in the way.
    init(_ path: String, service: String? = nil) throws {
        self.path = path
        try Self.create(path)
        guard access(path, W_OK) == 0 else {
            throw CommandFailure.environment("the data directory \(path) cannot be written")
        }
        var locks = [try Self.lock("\(path)/lock", exclusively: service == nil)]
        if let service { locks.append(try Self.lock("\(path)/\(service).lock", exclusively: true)) }
        self.locks = locks
    }

    deinit {
        for descriptor in self.locks { close(descriptor) }
    }

    /// Makes the directory, and those that it lies in, for its owner alone; those that are there stay as they are.
    private static func create(_ path: String) throws {
        var built = path.hasPrefix("/") ? "/" : ""
        for name in path.split(separator: "/") {
            built += "\(name)/"
            guard mkdir(built, 0o700) != 0 else { continue }
            let reason = errno
            var entry = stat()
            guard stat(built, &entry) == 0, entry.st_mode & S_IFMT == S_IFDIR else {
                let why = reason == EEXIST ? "\(built.dropLast()) is no directory" : String(cString: strerror(reason))
                throw CommandFailure.environment("the data directory \(path) cannot be created: \(why)")
            }
        }
    }

    private static func lock(_ path: String, exclusively: Bool) throws -> Int32 {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure.environment("\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, (exclusively ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandFailure.environment(
                "the data directory is in use: another mainstay holds \(path). Stop it, or choose another with --data")
        }
        return descriptor
    }

    func database(of service: String) -> String { "\(self.path)/\(service).sqlite" }

    /// A signing key kept in the directory, made at the first start.
    func key(_ name: String, chance: Chance) throws -> SigningKey {
        let file = "\(self.path)/\(name).jwk"
        if let bytes = FileManager.default.contents(atPath: file) {
            do {
                return try SigningKey(importing: [UInt8](bytes))
            } catch {
                throw CommandFailure.environment("the key \(file) cannot be used: \(error.message)")
            }
        }
        let key = SigningKey.generate(.edDSA, chance: chance)
        try self.write(Data(key.jwk.exposed), to: file)
        return key
    }

    /// Writes a file that only its owner can read, all or nothing: no kill and no loss of power leaves a part of it, or a
    /// copy that others could read.
    func write(_ data: Data, to file: String) throws {
        let temporary = file + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unwritable(file) }
        defer { close(descriptor) }
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Self.unwritable(file) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0, rename(temporary, file) == 0 else { throw Self.unwritable(file) }
        try self.flushEntries(file)
    }

    /// Makes the names in the directory durable.
    private func flushEntries(_ file: String) throws {
        let descriptor = open(self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unwritable(file) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.unwritable(file) }
    }

    private static func unwritable(_ file: String) -> CommandFailure {
        CommandFailure.environment("\(file) cannot be written: \(String(cString: strerror(errno)))")
    }

    var instanceFile: String { "\(self.path)/instance.json" }
    /// The same of a gateway that runs by itself.
    var gatewayFile: String { "\(self.path)/gateway.json" }
}

/// What a running platform tells other commands about itself.
struct Instance: Codable {
    var url: String
    var pid: Int32
    /// `host:port` of each service.
    var services: [String: String]
    /// A token for the internal routes of all services.
    var token: String

    /// The instance that runs on a data directory, if one does.
    static func running(in directory: String) -> Instance? { self.running(by: "\(directory)/instance.json") }

    /// The instance whose gateway runs on a data directory, with the rest of the platform or by itself.
    static func gateway(in directory: String) -> Instance? {
        self.running(in: directory) ?? self.running(by: "\(directory)/gateway.json")
    }

    private static func running(by file: String) -> Instance? {
        guard let data = FileManager.default.contents(atPath: file),
            let instance = try? JSONDecoder().decode(Instance.self, from: data), kill(instance.pid, 0) == 0
        else { return nil }
        return instance
    }

    /// Writes down what runs on a platform, with a token for it.
    static func write(of platform: Platform, _ url: String, to file: String) throws {
        var configuration = TokenIssuer.Configuration()
        configuration.lifetime = TokenIssuer.longestLifetime
        let issuer = try TokenIssuer(
            issuer: TokenAuthenticator.serviceIssuer, key: platform.serviceKey, configuration: configuration)
        let services = platform.addresses.all.filter { $0.service != "gateway" }
        let token = try issuer.issue(to: .service("admin"), audience: services.map(\.service.rawValue) + ["gateway"])
        let instance = Instance(
            url: url, pid: getpid(),
            services: Dictionary(services.map { ($0.service.rawValue, $0.address) }) { _, last in last },
            token: token.token)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try platform.directory.write(try encoder.encode(instance), to: file)
    }
}
