/// How much a call matters when not all can be served. The order is the order of dropping: background first.
public enum CallPriority: String, Hashable, Comparable, Sendable, CaseIterable {
    /// Reports and exports: nobody waits at a screen for them.
    case background
    /// Browsing and looking things up.
    case standard
    /// What people wait for.
    case important
    /// Placing an order, paying.
    case critical

    /// The priority of the call that this task works for.
    @TaskLocal public static var current = CallPriority.standard

    /// 0 for what is dropped first.
    package var rank: Int {
        switch self {
        case .background: 0
        case .standard: 1
        case .important: 2
        case .critical: 3
        }
    }

    public static func < (left: CallPriority, right: CallPriority) -> Bool { left.rank < right.rank }
}
