import Essentials
import GatewayCore
import HTTPWire
import Resilience

/// The fields that the gateway sets, written as bytes: the same as `ForwardedHeaders.outgoing` and the deadline.
struct OwnFields {
    private let deadline: [UInt8]
    private var millisecond = Int64.min
    private var momentText: [UInt8] = []
    /// By raw value.
    private let priorities = CallPriority.allCases.map { Array("X-Mainstay-Priority: \($0.name)\r\n".utf8) }

    init(deadline: Duration) {
        self.deadline = Array("X-Mainstay-Deadline: \(deadline.milliseconds)\r\n".utf8)
    }

    /// What a service gets; the transport adds the forwarding fields.
    mutating func write(_ state: ExchangeState, peer: [UInt8], _ output: inout WireBuffer) {
        Self.writeID(state.id, &output)
        output.append("X-Request-Timestamp: ")
        output.append(contentsOf: self.text(of: state.moment))
        output.append("\r\ntraceparent: 00-")
        output.append(hexadecimal: state.trace.trace.high, width: 16)
        output.append(hexadecimal: state.trace.trace.low, width: 16)
        output.append("-")
        output.append(hexadecimal: state.trace.span, width: 16)
        output.append("-")
        output.append(hexadecimal: UInt64(state.trace.flags), width: 2)
        output.append("\r\nX-Client-IP: ")
        output.append(contentsOf: peer)
        output.append("\r\n")
        output.append(contentsOf: self.priorities[state.priority.rawValue])
        output.append(contentsOf: state.traffic?.deadlineLine ?? self.deadline)
    }

    static func writeID(_ id: UniqueID, _ output: inout WireBuffer) {
        output.append("X-Service-Request-ID: ")
        output.append(hexadecimal: id.high >> 32, width: 8)
        output.append("-")
        output.append(hexadecimal: id.high >> 16 & 0xFFFF, width: 4)
        output.append("-")
        output.append(hexadecimal: id.high & 0xFFFF, width: 4)
        output.append("-")
        output.append(hexadecimal: id.low >> 48, width: 4)
        output.append("-")
        output.append(hexadecimal: id.low & 0xFFFF_FFFF_FFFF, width: 12)
        output.append("\r\n")
    }

    /// RFC 3339 with milliseconds, made once for all requests of a millisecond.
    mutating func text(of moment: Timestamp) -> [UInt8] {
        if moment.milliseconds != self.millisecond {
            self.millisecond = moment.milliseconds
            self.momentText = Array(moment.rfc3339.utf8)
        }
        return self.momentText
    }
}
