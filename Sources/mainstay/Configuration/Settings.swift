import Configuration
import Foundation
import Gateway
import GatewayCore
import Orders
import Resilience
import Yams

/// What the file, the environment and the flags say, checked as a whole: flags win over variables, variables over the
/// file.
struct Settings: Sendable {
    let values: ConfigReader
    /// Services, routes and policies of the gateway.
    let gateway: GatewayConfiguration
    /// Where that came from.
    let file: String?

    /// - Parameters:
    ///   - file: a YAML file, or nil.
    ///   - environment: of the process; only `MAINSTAY_…` is read.
    ///   - flags: dotted keys and their values.
    /// - Throws: one ``CommandFailure`` that names every bad key.
    static func load(file: String?, environment: [String: String], flags: [String: String]) throws -> Settings {
        var problems: [String] = []
        let fromFile = try file.map { try ConfigurationFile.read($0, problems: &problems) } ?? [:]
        let gateway = file.map { ConfigurationFile.gateway($0, problems: &problems) } ?? GatewayConfiguration()
        let fromEnvironment = Self.variables(environment, problems: &problems)
        for (name, value) in flags.sorted(by: { $0.key < $1.key }) {
            if let key = KeyRegistry.find(name), let problem = KeyRegistry.problem(value, for: key) {
                throw CommandFailure.usage("--\(name): \(problem)")
            }
        }
        let settings = Settings(
            values: ConfigReader(providers: [
                Self.provider("flags", flags), Self.provider("environment", fromEnvironment),
                Self.provider("file", fromFile),
            ]), gateway: gateway, file: file)
        problems += settings.problemsOfPools
        guard problems.isEmpty else {
            throw CommandFailure.environment("the configuration is refused:\n  " + problems.joined(separator: "\n  "))
        }
        return settings
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        let pairs = values.map { name, value in
            let key = AbsoluteConfigKey(name.split(separator: ".").map(String.init))
            return (key, Self.typed(name, value))
        }
        return InMemoryProvider(name: name, values: Dictionary(pairs) { _, last in last })
    }

    private static func typed(_ name: String, _ value: String) -> ConfigValue {
        switch KeyRegistry.find(name)?.kind {
        case .integer: ConfigValue(.int(Int(value) ?? 0), isSecret: false)
        case .boolean: ConfigValue(.bool(value == "true"), isSecret: false)
        case .secret: ConfigValue(.string(value), isSecret: true)
        case .text, .address, .oneOf, nil: ConfigValue(.string(value), isSecret: false)
        }
    }

    /// `MAINSTAY_LOG_LEVEL` is `log.level`.
    private static func variables(_ environment: [String: String], problems: inout [String]) -> [String: String] {
        let names = Dictionary(
            KeyRegistry.keys.map { (Self.variable(for: $0.name), $0) }
        ) { first, _ in first }
        var values: [String: String] = [:]
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("MAINSTAY_") {
            if Self.foreign.contains(variable) { continue }
            guard let key = names[variable] else {
                let nearest = KeyRegistry.nearest(to: variable.dropFirst(9).lowercased().replacing("_", with: "."))
                let hint = nearest.map { "; did you mean \(Self.variable(for: $0))?" } ?? ""
                problems.append("the variable \(variable) is not known\(hint)")
                continue
            }
            if let problem = KeyRegistry.problem(value, for: key) {
                problems.append("the variable \(variable): \(problem)")
            } else {
                values[key.name] = value
            }
        }
        return values
    }

    /// Variables of the project's scripts and of key material, which is not configuration.
    private static let foreign: Set<String> = [
        "MAINSTAY_URL", "MAINSTAY_ADMIN_EMAIL", "MAINSTAY_ADMIN_PASSWORD", "MAINSTAY_SERVICE_KEY", "MAINSTAY_USERS_KEY",
    ]

    static func variable(for key: String) -> String {
        "MAINSTAY_" + key.uppercased().replacing(".", with: "_")
    }

    // MARK: Values

    var port: Int { self.values.int(forKey: "port", default: 3_000) }
    var host: String { self.values.string(forKey: "host", default: "127.0.0.1") }
    var data: String { self.values.string(forKey: "data", default: ".mainstay") }
    var isProduction: Bool { self.values.string(forKey: "env", default: "development") == "production" }
    var drain: Duration { .seconds(self.values.int(forKey: "drain.seconds", default: 15)) }
    var logLevel: String { self.values.string(forKey: "log.level", default: "notice") }
    var mailDirectory: String { self.values.string(forKey: "mail.directory", default: "\(self.data)/mail") }
    var gatewayDeadline: Duration { .seconds(self.values.int(forKey: "gateway.deadline", default: 15)) }
    /// Requests per second and client address; 0 for any number.
    var clientRate: Rate? {
        let count = self.values.int(forKey: "gateway.rate", default: 0)
        return count == 0 ? nil : Rate(count, per: .seconds(1))
    }
    /// As far from the gateway's port as by default, unless it is set.
    var gatewayAdminPort: Int {
        self.values.int(forKey: "gateway.admin.port", default: self.port == 0 ? 0 : self.port + 9)
    }
    var gatewayLoops: Int { self.values.int(forKey: "gateway.loops", default: 1) }
    var accessLog: String? { self.values.string(forKey: "gateway.log.file") }
    var accessLogFormat: AccessLog.Format {
        AccessLog.Format(rawValue: self.values.string(forKey: "gateway.log.format", default: "")) ?? .json
    }
    var healthInterval: Duration { .seconds(self.values.int(forKey: "gateway.health.interval", default: 10)) }
    var healthTimeout: Duration { .seconds(self.values.int(forKey: "gateway.health.timeout", default: 5)) }

    var mailFrom: String { self.values.string(forKey: "mail.from", default: "shop@mainstay.example") }

    var checkout: CheckoutSequence {
        CheckoutSequence(rawValue: self.values.string(forKey: "orders.checkout", default: "")) ?? .stockFirst
    }

    var showsLiveStock: Bool { self.values.bool(forKey: "features.live-stock", default: true) }
    var passwordMemory: Int { self.values.int(forKey: "passwords.memory", default: 47_104) }

    /// On by default where only this machine can come in, and never in production unless asked for.
    var isDemo: Bool {
        let isLoopback = ["127.0.0.1", "::1", "localhost"].contains(self.host)
        return self.values.bool(forKey: "demo", default: isLoopback && !self.isProduction)
    }

    /// The port of a service: its own setting, or as far from the gateway's as by default.
    func port(of service: String, byDefault standard: Int) -> Int {
        let shifted = self.port == 0 ? 0 : standard - 3_000 + self.port
        return self.values.int(forKey: ["services", service, "port"].key, default: shifted)
    }

    func address(of service: String) -> String? {
        self.values.string(forKey: ["services", service, "address"].key)
    }
}

extension [String] {
    /// These components as a configuration key.
    fileprivate var key: ConfigKey { ConfigKey(self) }
}
