import Chassis
import Gateway
import GatewayCore
import Orders
import Resilience
import ShopContracts

/// Every key that the configuration knows, with what it accepts. Whatever is not here is refused at the start.
enum KeyRegistry {
    enum Kind {
        case integer(ClosedRange<Int>)
        case boolean
        case text
        /// `host:port`, see ``HostAndPort``.
        case address
        /// Comes from the environment only, and is never shown.
        case secret
        case oneOf([String])
    }

    struct Key {
        var name: String
        var kind: Kind
        var about: String
    }

    static let services = ServiceName.withPages.map(\.rawValue)

    static let keys: [Key] =
        [
            Key(name: "port", kind: .integer(0...65_535), about: "The gateway's port. Default: 3000."),
            Key(name: "host", kind: .text, about: "The address that the gateway listens on. Default: 127.0.0.1."),
            Key(name: "data", kind: .text, about: "The data directory. Default: ./.mainstay."),
            Key(name: "env", kind: .oneOf(["development", "production"]), about: "Default: development."),
            Key(name: "demo", kind: .boolean, about: "Whether an empty data directory gets the demo data."),
            Key(name: "drain.seconds", kind: .integer(1...600), about: "The longest graceful stop. Default: 15."),
            Key(
                name: "log.level", kind: .oneOf(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
                about: "Default: notice."),
            Key(
                name: "log.format", kind: .oneOf(["json", "text"]),
                about: "How lines of the log look. Default: text on a terminal, else json."),
            Key(
                name: "telemetry.traces", kind: .integer(0...100_000),
                about:
                    "Traces a second that are kept whole; of others only errors and slow requests. 0: none. Default: 20."
            ),
            Key(
                name: "telemetry.collector", kind: .address,
                about:
                    "host:port of an OTLP/HTTP collector that gets all traces, logs and metrics. Default: none; mainstay serve sends to the console."
            ),
            Key(
                name: "telemetry.quota", kind: .integer(1...1_000_000),
                about: "MiB of traces that the console keeps. Default: 512."),
            Key(
                name: "telemetry.retention", kind: .integer(1...8_760),
                about: "Hours that the console keeps traces, logs and rates. Default: 72."),
            Key(
                name: "mail.smtp", kind: .address,
                about: "host:port of a mail relay. Default: none, mails become files."),
            Key(
                name: "mail.security", kind: .oneOf(["none", "starttls", "tls"]),
                about:
                    "How the connection to the relay is protected. Default: tls on port 465, starttls on 587, else none."
            ),
            Key(name: "mail.user", kind: .text, about: "Who logs in at the relay. Default: nobody."),
            Key(name: "mail.password", kind: .secret, about: "The password, in MAINSTAY_MAIL_PASSWORD."),
            Key(name: "mail.password.file", kind: .text, about: "A file whose first line is the password."),
            Key(name: "mail.trust", kind: .text, about: "A PEM file of trusted roots. Default: the system's."),
            Key(name: "mail.from", kind: .text, about: "The sender of mails. Default: shop@mainstay.example."),
            Key(name: "mail.directory", kind: .text, about: "Where mails are written. Default: DATA/mail."),
            Key(name: "passwords.memory", kind: .integer(8...262_144), about: "KiB of argon2id. Default: 47104."),
            Key(
                name: "orders.checkout", kind: .oneOf(CheckoutSequence.allCases.map(\.rawValue)),
                about: "What a checkout asks for first. Default: stock-first."),
            Key(
                name: "features.live-stock", kind: .boolean,
                about: "Whether product pages ask inventory for the stock; else the last known is shown. Default: true."
            ),
            Key(
                name: "pools.connections", kind: .integer(1...100_000),
                about: "Connections that the database of a service gives out; its pools must fit. Default: no limit."
            ),
            Key(name: "gateway.deadline", kind: .integer(1...60), about: "Seconds a request may take. Default: 15."),
            Key(
                name: "gateway.rate", kind: .integer(0...1_000_000),
                about: "Requests a second from one client address; 0 for any number. Default: 0."),
            Key(
                name: "gateway.admin.port", kind: .integer(0...65_535),
                about: "Where operators steer the gateway, on 127.0.0.1. Default: nine above the gateway's port."),
            Key(name: "gateway.loops", kind: .integer(1...256), about: "Event loops of the gateway. Default: 1."),
            Key(name: "gateway.log.file", kind: .text, about: "The access log; - for the terminal. Default: none."),
            Key(
                name: "gateway.log.format", kind: .oneOf(AccessLog.Format.allCases.map(\.rawValue)),
                about: "How lines of the access log look. Default: json."),
            Key(name: "gateway.health.interval", kind: .integer(1...3_600), about: "Seconds. Default: 10."),
            Key(name: "gateway.health.timeout", kind: .integer(1...60), about: "Seconds. Default: 5."),
        ]
        + OperationClass.allCases.flatMap { operation in
            [
                Key(
                    name: "pools.\(operation).operations", kind: .integer(1...100_000),
                    about: "How many run at one time. Default: \(Settings.defaultPools[operation].operations)."),
                Key(
                    name: "pools.\(operation).connections", kind: .integer(1...100_000),
                    about: "Connections for them. Default: \(Settings.defaultPools[operation].connections)."),
            ]
        }
        + services.flatMap { service in
            [
                Key(name: "services.\(service).port", kind: .integer(0...65_535), about: "The service's port."),
                Key(name: "services.\(service).address", kind: .address, about: "host:port where others find it."),
            ]
        }

    static func find(_ name: String) -> Key? {
        self.keys.first { $0.name == name }
    }

    /// The known name that is most like `name`.
    static func nearest(to name: String) -> String? {
        Spelling.nearest(to: name, among: self.keys.map(\.name))
    }

    /// What is wrong with a value; nil when it is accepted.
    static func problem(_ value: String, for key: Key) -> String? {
        switch key.kind {
        case .integer(let range):
            guard let number = Int(value), range.contains(number) else {
                return "a whole number from \(range.lowerBound) to \(range.upperBound) is accepted, not '\(value)'"
            }
        case .boolean:
            guard ["true", "false"].contains(value) else { return "true or false is accepted, not '\(value)'" }
        case .oneOf(let values):
            guard values.contains(value) else {
                return "one of \(values.joined(separator: ", ")) is accepted, not '\(value)'"
            }
        case .address:
            guard HostAndPort(value) != nil else {
                return "host:port is accepted, an IPv6 address in brackets as in [::1]:25, not '\(value)'"
            }
        case .text, .secret:
            if value.isEmpty { return "a text is needed" }
        }
        return nil
    }
}
