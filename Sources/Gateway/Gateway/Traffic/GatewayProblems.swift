import Chassis
import Essentials

extension ProblemType {
    static let insufficientScope = ProblemType(
        "insufficient-scope", 403, "The token does not allow what is asked for.")
    static let injectedFault = ProblemType("injected-fault", 503, "The gateway was told to fail here, on purpose.")

    /// What the gateway's policies refuse.
    static let traffic: [ProblemType] = [.insufficientScope, .injectedFault]
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
}
