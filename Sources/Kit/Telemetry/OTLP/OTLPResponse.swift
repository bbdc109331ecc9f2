import Essentials

/// The bodies of answers of OTLP/HTTP.
public enum OTLPResponse {
    /// The answer to a request that was taken, perhaps not in all its parts: an `Export…ServiceResponse`.
    public static func success(rejected: Int, reason: String, signal: OTLPSignal, as format: OTLPFormat) -> [UInt8] {
        switch format {
        case .protobuf:
            var writer = ProtobufWriter()
            if rejected > 0 {
                writer.message(1) {
                    $0.signed(1, Int64(rejected))
                    $0.string(2, reason)
                }
            }
            return writer.bytes
        case .json:
            guard rejected > 0 else { return Array("{}".utf8) }
            let partial: JSONValue = [
                signal.rejectedField: .string("\(rejected)"), "errorMessage": .string(reason),
            ]
            return (["partialSuccess": partial] as JSONValue).serialized
        }
    }

    /// The answer to a request that was refused: a `google.rpc.Status`.
    public static func failure(_ error: OTLPIngestError, as format: OTLPFormat) -> [UInt8] {
        switch format {
        case .protobuf:
            var writer = ProtobufWriter()
            writer.unsigned(1, error.rpcCode)
            writer.string(2, error.reason)
            return writer.bytes
        case .json:
            return (["code": .integer(error.rpcCode), "message": .string(error.reason)] as JSONValue).serialized
        }
    }

    /// How much of a request the receiver did not take.
    static func rejected(in body: [UInt8]) -> (count: Int, reason: String) {
        // An answer that is no such message says nothing about the request, which was taken.
        guard let message = try? OTLPProtobufReader.read(body, as: .response, limits: OTLPLimits()).message(1) else {
            return (0, "")
        }
        return (Int(clamping: message.signed(1)), message.string(2))
    }
}

extension OTLPIngestError {
    /// The code of gRPC: INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED.
    fileprivate var rpcCode: UInt64 {
        switch self.code {
        case .malformed: 3
        case .tooLarge: 8
        case .unsupported: 12
        }
    }
}

/// The three kinds of telemetry that OTLP carries.
public enum OTLPSignal: String, Hashable, Sendable, CaseIterable {
    case traces, metrics, logs

    /// Where requests go: `/v1/traces`.
    public var path: String { "/v1/\(self.rawValue)" }

    fileprivate var rejectedField: String {
        switch self {
        case .traces: "rejectedSpans"
        case .metrics: "rejectedDataPoints"
        case .logs: "rejectedLogRecords"
        }
    }
}
