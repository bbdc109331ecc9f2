import Essentials

/// How often and how patiently a step is tried.
public struct StepPolicy: Hashable, Sendable {
    /// How many failed calls it takes to give up and compensate; nil: never. At least 1. Default: 5.
    /// Compensations are never given up, whatever this says.
    public var maximumAttempts: Int? = 5
    /// How long to wait after the first failure; doubles with each further one. Default: 100 milliseconds.
    public var initialDelay: Duration = .milliseconds(100)
    /// The longest wait between two calls. Default: 30 seconds.
    public var maximumDelay: Duration = .seconds(30)
    /// How long one call may take; then its task is cancelled and its outcome counts as unknown. Default: 10 seconds.
    public var attemptTimeout: Duration = .seconds(10)
    /// How long after its first call a step that has not succeeded is given up; nil: only `maximumAttempts` counts.
    /// Bounds inquiries too. Default: nil.
    public var giveUpAfter: Duration?

    public init() {}

    public init(
        maximumAttempts: Int? = 5,
        initialDelay: Duration = .milliseconds(100),
        maximumDelay: Duration = .seconds(30),
        attemptTimeout: Duration = .seconds(10),
        giveUpAfter: Duration? = nil,
    ) {
        precondition(maximumAttempts ?? 1 >= 1, "a step is tried at least once")
        precondition(initialDelay >= .zero && maximumDelay >= initialDelay, "the delays must not shrink")
        precondition(attemptTimeout > .zero, "a call needs some time")
        self.maximumAttempts = maximumAttempts
        self.initialDelay = initialDelay
        self.maximumDelay = maximumDelay
        self.attemptTimeout = attemptTimeout
        self.giveUpAfter = giveUpAfter
    }

    /// For steps behind the point of no return: tried until they succeed.
    public static let forever = StepPolicy(maximumAttempts: nil)

    /// How long to wait after a failure: between half and all of the doubled delay, in whole milliseconds.
    /// - Parameters:
    ///   - failures: how many calls have failed, from 1.
    ///   - jitter: a fraction in `0..<1`.
    func delay(afterFailures failures: Int, jitter: Double) -> Duration {
        let doublings = min(max(0, failures - 1), 40)
        let full = min(
            self.maximumDelay.fractionalSeconds, self.initialDelay.fractionalSeconds * Double(UInt64(1) << doublings))
        return .milliseconds(Int64((full * (0.5 + jitter / 2) * 1_000).rounded(.up)))
    }
}
