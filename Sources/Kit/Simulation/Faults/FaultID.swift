public import Essentials

/// Names one fault of a run: the place in the code that asks for it, and how many times it had asked before. Written
/// `network.loss#12`.
public struct FaultID: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public var site: String
    public var ordinal: Int

    public init(site: String, ordinal: Int) {
        self.site = site
        self.ordinal = ordinal
    }

    public init?(_ description: String) {
        guard let mark = description.lastIndex(of: "#"),
            let ordinal = Int(description[description.index(after: mark)...])
        else { return nil }
        self.init(site: String(description[..<mark]), ordinal: ordinal)
    }

    public var description: String { "\(self.site)#\(self.ordinal)" }

    public static func < (left: FaultID, right: FaultID) -> Bool {
        (left.site, left.ordinal) < (right.site, right.ordinal)
    }
}

/// A fault that struck.
public struct FaultRecord: Hashable, Sendable {
    public var id: FaultID
    /// True time since the start of the run.
    public var at: Tick
    public var detail: String
}

/// Which of the faults that the seed draws may strike. A run is replayed with fewer of them to find those that matter.
public enum FaultSelection: Hashable, Sendable {
    case all
    case none
    case only(Set<FaultID>)

    func allows(_ id: FaultID) -> Bool {
        switch self {
        case .all: true
        case .none: false
        case .only(let chosen): chosen.contains(id)
        }
    }
}
