public import Essentials

/// The refusal of another service.
public struct RemoteProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public var service: ServiceName
    public var status: Int
    /// The `code` of its problem details; `http-STATUS` when the answer has none.
    public var code: String
    public var detail: String
    public var details: JSONObject
    public var retryAfter: Duration?

    public init(
        service: ServiceName, status: Int, code: String, detail: String, details: JSONObject = JSONObject(),
        retryAfter: Duration? = nil,
    ) {
        self.service = service
        self.status = status
        self.code = code
        self.detail = detail
        self.details = details
        self.retryAfter = retryAfter
    }

    /// Whether the service decided: the same request will be refused again.
    public var isFinal: Bool { (400..<500).contains(self.status) && self.status != 408 && self.status != 429 }

    /// Whether the service decided about the matter itself. A refused token says nothing about it: clocks may differ, or keys
    /// be new.
    public var isDecision: Bool { self.isFinal && self.status != 401 && self.status != 403 }

    public var description: String { "\(self.service) answered \(self.status) \(self.code): \(self.detail)" }
}
