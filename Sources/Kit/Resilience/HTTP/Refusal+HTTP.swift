import Essentials

// What a refusal is in HTTP, without a library for it.
extension Refusal {
    /// 429 for a rate limit, 504 for a deadline, 503 for everything else.
    public var httpStatus: Int {
        switch self.code {
        case .rateLimited: 429
        case .deadlineExceeded: 504
        case .circuitOpen, .bulkheadFull, .overloaded, .other: 503
        }
    }

    /// `Retry-After` in whole seconds, rounded up; of a rate limit also `RateLimit-Policy` and `RateLimit`
    /// (draft-ietf-httpapi-ratelimit-headers).
    public var httpFields: [(name: String, value: String)] {
        let seconds = (self.retryAfter ?? .seconds(1)).wholeSeconds
        var fields = [(name: "Retry-After", value: "\(seconds)")]
        if let quota {
            let policy = Self.structuredString(self.strategy)
            fields.append(("RateLimit-Policy", "\(policy);q=\(quota.count);w=\(quota.window.wholeSeconds)"))
            fields.append(("RateLimit", "\(policy);r=0;t=\(seconds)"))
        }
        return fields
    }

    /// A string of RFC 9651: printable ASCII in quotes.
    package static func structuredString(_ text: String) -> String {
        let characters = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case " "..."~": String(scalar)
            default: "?"
            }
        }
        return "\"\(characters.joined())\""
    }
}

extension Duration {
    /// Rounded up: nobody is to come back too early. At least 1.
    fileprivate var wholeSeconds: Int64 { max(1, (self.nanoseconds + 999_999_999) / 1_000_000_000) }
}
