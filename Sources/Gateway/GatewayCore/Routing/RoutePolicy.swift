public import Essentials
public import Resilience

/// How a request is treated on its way. The table carries it; the shells act on it.
public struct RoutePolicy: Hashable, Sendable {
    /// Whether a valid token is needed. Default: false. `OPTIONS` never needs one: what methods there are is no secret.
    public var needsToken = false
    /// What the token must allow. Default: nothing more.
    public var scopes: [String] = []
    /// Whether answers get the envelope of the older routes. Default: false.
    public var isLegacy = false
    /// How much it matters when not all can be served. Default: standard.
    public var priority = CallPriority.standard
    /// How long a request may take. Nil: the gateway's.
    public var timeout: Duration?
    /// Nil: the gateway's.
    public var retries: RetryPolicy?
    /// Nil: none but the gateway's.
    public var rateLimit: RateLimitPolicy?
    /// The largest request body. Nil: the gateway's.
    public var bodyLimit: ByteCount?
    public var cors: CORSPolicy?
    public var requestHeaders = HeaderChanges()
    public var requestQuery = QueryChanges()
    public var responseHeaders = HeaderChanges()
    /// Nil: answers stay as they are.
    public var compression: CompressionPolicy?
    public var mirror: MirrorPolicy?
    public var fault: FaultPolicy?

    public init() {}
}

/// When a request is sent again, to another host where there is one.
public struct RetryPolicy: Hashable, Sendable {
    /// The first one included. At least 1. Default: 3.
    public var attempts = 3
    /// Statuses that are tried again, of idempotent requests. Default: 502, 503, 504.
    public var statuses: [Int] = [502, 503, 504]
    /// How long one attempt may take. Nil: as long as the request.
    public var attemptTimeout: Duration?
    /// Retries may be that many percent of the requests of ten seconds, but ten of them are always allowed. In 0...100.
    /// Default: 20.
    public var budgetPercent = 20

    /// The same for the resilience library.
    public var budget: RetryBudget.Configuration {
        var budget = RetryBudget.Configuration()
        budget.ratio = Double(self.budgetPercent) / 100
        return budget
    }

    public init() {}
}

/// How many requests a client may send.
public struct RateLimitPolicy: Hashable, Sendable {
    /// Whose requests are counted together.
    public enum Key: Hashable, Sendable {
        case client
        case tenant
        /// The subject of the token, or the client where there is none.
        case subject
        case header(String)
    }

    public var requests: Int
    public var per: Duration
    /// How many may come at once. Default: as many as `requests`.
    public var burst: Int
    public var key: Key

    public init(_ requests: Int, per: Duration, burst: Int? = nil, key: Key = .client) {
        self.requests = requests
        self.per = per
        self.burst = burst ?? requests
        self.key = key
    }
}

/// Header fields that are set, added and taken away, in this order: removed, set, added.
public struct HeaderChanges: Hashable, Sendable {
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var remove: [String] = []
    public var set: [Field] = []
    public var add: [Field] = []

    public init() {}

    public var isEmpty: Bool { self.remove.isEmpty && self.set.isEmpty && self.add.isEmpty }
    /// What is set and added.
    public var ownFields: [Field] { self.set + self.add }
}

/// Which pages of other origins may use a route (the Fetch standard's CORS protocol).
public struct CORSPolicy: Hashable, Sendable {
    /// `https://shop.example.com`, `https://*.example.com`, or `*` for all.
    public var origins: [String]
    public var methods: [String] = ["GET", "HEAD", "POST"]
    public var headers: [String] = []
    /// Fields of the answer that scripts may read.
    public var exposes: [String] = []
    public var allowsCredentials = false
    /// How long the answer to a preflight may be kept. Default: 10 minutes.
    public var maximumAge = Duration.seconds(600)

    public init(origins: [String]) {
        self.origins = origins
    }
}

/// Which answers are compressed.
public struct CompressionPolicy: Hashable, Sendable {
    /// Smaller ones are not worth it. Default: 1 KiB.
    public var minimumSize = ByteCount.kibibytes(1)
    /// Media types; `text/*` for all of a kind.
    public var types: [String] = ["text/*", "application/json", "application/problem+json", "image/svg+xml"]

    public init() {}
}

/// A copy of requests for another group, whose answers nobody gets.
public struct MirrorPolicy: Hashable, Sendable {
    public var group: String
    /// Of requests. In 1...100. Default: 100.
    public var percent: Int
    /// Whether the two answers are compared. Default: false.
    public var compares: Bool

    public init(to group: String, percent: Int = 100, compares: Bool = false) {
        self.group = group
        self.percent = percent
        self.compares = compares
    }
}

/// Faults on purpose.
public struct FaultPolicy: Hashable, Sendable {
    /// Nil: no delay.
    public var delay: Duration?
    /// Of requests. In 0...100. Default: 100.
    public var delayPercent = 100
    /// The status that is answered. Nil: none.
    public var abort: Int?
    /// Of requests. In 0...100. Default: 100.
    public var abortPercent = 100
    /// Only requests with this header. Nil: all.
    public var header: String?

    public init() {}
}
