public import Essentials

/// How a stored answer may be used for a request.
public enum CacheReuse: Hashable, Sendable {
    /// As it is.
    case fresh
    /// As it is, while the origin is asked in the background (RFC 5861 §3).
    case staleWhileRevalidating
    /// Not before the origin has said that it still holds.
    case afterValidation
}

/// What kept the origin from answering.
public enum OriginFailure: Hashable, Sendable {
    /// There was no answer.
    case disconnected
    /// It answered with 500, 502, 503 or 504 (RFC 5861 §4).
    case serverError
}

extension CachedHead {
    /// RFC 9111 §4, §5.2.1 and RFC 5861 §3.
    public func reuse(for request: CacheRequest, at now: Timestamp, policy: CachePolicy) -> CacheReuse {
        if self.directives.noCache == .whole { return .afterValidation }
        let remaining = self.remaining(at: now)
        let wishes = policy.obeysClients ? request.directives : CacheDirectives()
        if wishes.noCache != .absent { return .afterValidation }
        if let most = wishes.maxAge, self.age(at: now) > most * 1_000 {
            guard let stale = wishes.maxStale, remaining <= 0 else { return .afterValidation }
            return self.mayBeStale && -remaining <= stale.scaled ? .fresh : .afterValidation
        }
        if remaining > (wishes.minFresh ?? 0) * 1_000 { return .fresh }
        guard remaining <= 0, self.mayBeStale else { return .afterValidation }
        if let stale = wishes.maxStale, -remaining <= stale.scaled { return .fresh }
        if let window = self.directives.staleWhileRevalidate, -remaining <= window.scaled {
            return .staleWhileRevalidating
        }
        return .afterValidation
    }

    /// Whether it may be served although it is stale, because the origin does not answer.
    public func mayBeServed(
        after failure: OriginFailure, to request: CacheRequest, at now: Timestamp, policy: CachePolicy
    ) -> Bool {
        guard self.mayBeStale else { return false }
        let staleness = -self.remaining(at: now)
        let said = self.directives.staleIfError ?? (policy.obeysClients ? request.directives.staleIfError : nil)
        if let said { return staleness <= said.scaled }
        switch failure {
        case .disconnected: return staleness <= policy.staleWhenDisconnected.milliseconds
        case .serverError: return false
        }
    }

    /// Whether its origin does not forbid serving it stale (RFC 9111 §5.2.2.2, .4, .8, .10).
    private var mayBeStale: Bool {
        !self.directives.mustRevalidate && !self.directives.proxyRevalidate && self.directives.sharedMaxAge == nil
            && self.directives.noCache != .whole
    }
}

extension Int64 {
    /// Seconds as milliseconds, saturated.
    var scaled: Int64 {
        let (product, overflow) = self.multipliedReportingOverflow(by: 1_000)
        return overflow ? .max : product
    }
}
