import Chassis
import Essentials
import GatewayCore
import HTTPTypes

extension ProblemType {
    static let insufficientScope = ProblemType(
        "insufficient-scope", 403, "The token does not allow what is asked for.")
    static let injectedFault = ProblemType("injected-fault", 503, "The gateway was told to fail here, on purpose.")
    static let serviceDown = ProblemType("service-down", 503, "The service fails its health checks.")
    static let serviceUnreachable = ProblemType("service-unreachable", 503, "The service refuses connections.")
    static let serviceUnknown = ProblemType("service-not-running", 503, "The service is not running.")
    static let serviceTimeout = ProblemType("service-timeout", 503, "The service did not answer in time.")
    static let serviceFailed = ProblemType("service-failed", 503, "The connection to the service broke.")
    static let keysUnavailable = ProblemType("keys-unavailable", 503, "Tokens cannot be checked now.")
    static let shuttingDown = ProblemType("shutting-down", 503, "The gateway is shutting down.")

    /// What the routing table refuses.
    init(_ refusal: RouteRefusal) {
        let title =
            switch refusal {
            case .ambiguousPath: "The path can be read in two ways."
            case .noRoute: "Nothing is offered there."
            case .methodNotAllowed: "The method is not offered there."
            case .unknownVersion: "The resource is not offered in this version."
            case .tenantMismatch: "The tenant is named in two ways, or cannot be one."
            case .closed: "The route is closed."
            }
        self.init(refusal.rawValue, refusal.status, title)
    }

    /// What the gateway's routes and policies refuse; those of its transport come besides.
    static let traffic =
        [
            insufficientScope, injectedFault, serviceDown, serviceUnreachable, serviceUnknown, serviceTimeout,
            serviceFailed, keysUnavailable, shuttingDown,
        ] + RouteRefusal.allCases.map { ProblemType($0) }
}

extension Problem {
    static func bodyTooLarge(_ limit: ByteCount) -> Problem {
        Problem(.bodyTooLarge, "a body may have at most \(limit)", details: ["limit": .integer(limit.bytes)])
    }

    /// - Parameter status: that a route's fault answers with.
    static func injectedFault(_ status: Int, of route: String) -> Problem {
        Problem(
            ProblemType(ProblemType.injectedFault.code, status, ProblemType.injectedFault.title),
            "route \(route) answers some requests with \(status), for a test", details: ["route": .string(route)])
    }

    /// What the client is told when no route lets a request through.
    /// - Parameter methods: that are offered there.
    static func refused(_ refusal: RouteRefusal, _ target: String, methods: [String]) -> Problem {
        let path = target.prefix { $0 != "?" }
        let type = ProblemType(refusal)
        switch refusal {
        case .noRoute: return Problem(type, "no route leads to \(path)")
        case .ambiguousPath:
            return Problem(
                type, "\(path) has dot segments, empty segments or escapes that others may read in another way")
        case .methodNotAllowed:
            let allowed = methods.joined(separator: ", ")
            return Problem(
                type, "no route leads to \(path) with this method; offered: \(allowed)",
                details: ["allowed": .array(methods.map { .string($0) })], headers: [.allow: allowed])
        case .unknownVersion: return Problem(type, "\(path) is not offered in this version")
        case .tenantMismatch: return Problem(type, "the tenant is named in two ways, or cannot be one")
        case .closed: return Problem(type, "\(path) is closed", retryAfter: .seconds(60))
        }
    }
}
