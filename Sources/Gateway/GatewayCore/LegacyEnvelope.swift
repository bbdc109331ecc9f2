public import Essentials

/// The response envelope of the older `/api` routes: `{timestamp, success, data}`, and `error` where it failed.
public enum LegacyEnvelope {
    /// - Parameter body: the service's JSON; anything else becomes null.
    public static func wrap(_ body: [UInt8], status: Int, at moment: Timestamp) -> [UInt8] {
        let data = (try? JSONReader.parse(body)) ?? .null
        let isSuccess = (200..<300).contains(status)
        var envelope: JSONValue = ["timestamp": .string(moment.rfc3339), "success": .bool(isSuccess)]
        if isSuccess {
            envelope = envelope.setting("data", to: data)
        } else {
            envelope = envelope.setting("error", to: .string(Self.name(of: status)))
            for member in ["code", "message", "details", "type", "title", "status", "detail"] {
                if let value = data[member] { envelope = envelope.setting(member, to: value) }
            }
        }
        return envelope.serializedInOrder
    }

    private static func name(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Payload Too Large"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: "Error \(status)"
        }
    }
}
