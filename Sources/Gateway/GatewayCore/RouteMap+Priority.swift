public import Resilience

extension RouteMap {
    /// A method and path prefix whose requests matter more, or less, than others.
    public struct Weight: Hashable, Sendable {
        /// Nil for every method.
        public var method: String?
        /// Of the path at the service.
        public var prefix: String
        public var priority: CallPriority

        public init(_ method: String?, _ prefix: String, _ priority: CallPriority) {
            self.method = method
            self.prefix = prefix
            self.priority = priority
        }
    }

    /// How much a request matters when not all can be served; the first weight that covers it decides.
    /// - Parameter path: at the service, without its query.
    func priority(_ method: String, _ path: some StringProtocol) -> CallPriority {
        let weight = self.weights.first { weight in
            (weight.method == nil || weight.method == method) && Self.covers(weight.prefix, path)
        }
        return weight?.priority ?? .standard
    }

    /// Reports and bulk work can wait; whoever is paying, or logging in to pay, is served first.
    static let shopWeights: [Weight] = [
        Weight(nil, "/v1/reports", .background), Weight("GET", "/v1/orders/statistics", .background),
        Weight(nil, "/v1/admin/users", .background),
        Weight("POST", "/v1/orders", .critical), Weight("POST", "/v2/orders", .critical),
        Weight("POST", "/v1/transfers", .critical), Weight("POST", "/v1/accounts", .critical),
        Weight("POST", "/v1/payments", .critical), Weight("POST", "/v1/sessions", .important),
        Weight("GET", "/v1/orders", .important),
    ]
}
