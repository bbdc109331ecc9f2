import Essentials
import GatewayCore
import HTTPWire
import Resilience

/// The fields that the gateway sets, written as bytes: the same as `ForwardedHeaders.outgoing` and the deadline.
struct OwnFields {
    private let deadline: [UInt8]
    /// By raw value.
    private let priorities = CallPriority.allCases.map { Array("X-Mainstay-Priority: \($0.name)\r\n".utf8) }

    init(deadline: Duration) {
        self.deadline = Array("X-Mainstay-Deadline: \(deadline.milliseconds)\r\n".utf8)
    }

    /// What a service gets; the transport adds the forwarding fields.
    func write(_ state: ExchangeState, peer: [UInt8], _ output: inout WireBuffer) {
        Self.writeID(state.id, &output)
        output.append("X-Request-Timestamp: ")
        Self.write(state.moment, &output)
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
        output.append(contentsOf: self.deadline)
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

    /// RFC 3339 with milliseconds.
    private static func write(_ moment: Timestamp, _ output: inout WireBuffer) {
        var text = moment.rfc3339
        text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8).bytes
            output.append(bytes, WireRange(start: 0, count: bytes.byteCount))
        }
    }
}
