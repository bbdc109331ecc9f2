/// What an error says about the callee.
@nonexhaustive
public enum Verdict: Hashable, Sendable {
    /// The callee failed in a way that may pass: worth a retry (not before `retryAfter`), and a failure to a breaker.
    case transient(retryAfter: Duration?)
    /// The callee failed and would fail again: no retry, but a failure to a breaker.
    case permanent
    /// The callee did its work by saying no (not found, conflict): no retry, a success to a breaker.
    case answered
    /// It says nothing about the callee (cancelled, or never sent): no retry, not counted.
    case ignored

    /// The callee failed in a way that may pass, and did not say when.
    public static var transient: Verdict { .transient(retryAfter: nil) }
}

/// Decides what an error says about the callee. Retry and breaker ask the same question.
///
/// Cancellation is never put to the closure: it is always ``Verdict/ignored``.
public struct Classifier: Sendable {
    private let classify: @Sendable (any Error) -> Verdict

    public init(_ classify: @escaping @Sendable (any Error) -> Verdict) {
        self.classify = classify
    }

    /// Every error is transient; a refusal is ignored, except that of a timeout, which is transient.
    public static let standard = Classifier { error in
        guard let refusal = error as? Refusal else { return .transient }
        return refusal.code == .deadlineExceeded ? .transient : .ignored
    }

    /// For a breaker around a ``Bulkhead`` (or another limit): calls that it has no room for are failures, and nothing
    /// else is.
    public static let saturation = Classifier { error in
        switch (error as? Refusal)?.code {
        case .bulkheadFull, .overloaded: .transient
        case .circuitOpen, .rateLimited, .deadlineExceeded, .other, nil: .answered
        }
    }

    /// The verdict on `error`, in the task that received it.
    ///
    /// A timeout is put to the closure even when the task has been cancelled since: a deadline that ends the whole call
    /// at the same moment must not hide that the callee hung.
    public func verdict(on error: any Error) -> Verdict {
        if error is CancellationError { return .ignored }
        if Task.isCancelled, (error as? Refusal)?.code != .deadlineExceeded { return .ignored }
        return self.classify(error)
    }
}
