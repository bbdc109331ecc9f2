public import HTTPTypes

extension HTTPField.Name {
    /// The id of a request through all services, set by the gateway.
    public static let serviceRequestID = HTTPField.Name("X-Service-Request-ID")!
    /// When the gateway received the request, RFC 3339.
    public static let requestTimestamp = HTTPField.Name("X-Request-Timestamp")!
    /// The client's address as the gateway saw it.
    public static let clientIP = HTTPField.Name("X-Client-IP")!
    /// How many milliseconds are left for the answer.
    public static let deadline = HTTPField.Name("X-Mainstay-Deadline")!
    /// How much an answer is needed, by the name of a `CallPriority`. Set by the gateway and between services; what clients
    /// send is taken off at the gateway.
    public static let callPriority = HTTPField.Name("X-Mainstay-Priority")!
    /// Where else to look (RFC 8288): the next page of an export.
    public static let link = HTTPField.Name("Link")!
    /// A client's key for one operation, by which a repetition is known (draft-ietf-httpapi-idempotency-key-header).
    public static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    /// Says that an answer is a repetition of the first.
    public static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    /// Who acts, on a call between services on somebody's behalf.
    public static let actor = HTTPField.Name("X-Mainstay-Actor")!
    /// The event or command that caused a call between services.
    public static let causation = HTTPField.Name("X-Mainstay-Causation")!
    /// What is left of a limit, and when there is more (draft-ietf-httpapi-ratelimit-headers).
    public static let rateLimit = HTTPField.Name("RateLimit")!
    /// What a limit allows in which time.
    public static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
}
