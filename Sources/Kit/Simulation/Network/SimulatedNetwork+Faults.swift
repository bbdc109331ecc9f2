import Essentials
import Synchronization

extension SimulatedNetwork {
    /// What links do that have no settings of their own.
    public var defaultLink: LinkSettings {
        get { self.state.withLock(\.defaultLink) }
        set { self.state.withLock { $0.defaultLink = newValue } }
    }

    /// Sets what one direction between two nodes does; nil for the default.
    public func setLink(from: String, to: String, _ settings: LinkSettings?) {
        self.state.withLock { $0.links[Link(from: from, to: to)] = settings }
    }

    /// Cuts the direction from some nodes to others, for requests and for answers. What is under way is hit as well.
    public func partition(from: Set<String>, to: Set<String>, _ cut: Cut = .drop) {
        self.simulator.trace("cut from \(from.sorted()) to \(to.sorted()): \(cut.rawValue)")
        self.change(from, to) { $0 = cut }
    }

    /// Cuts both directions.
    public func partition(between left: Set<String>, and right: Set<String>, _ cut: Cut = .drop) {
        self.partition(from: left, to: right, cut)
        self.partition(from: right, to: left, cut)
    }

    public func heal(from: Set<String>, to: Set<String>) {
        self.simulator.trace("healed from \(from.sorted()) to \(to.sorted())")
        self.change(from, to) { $0 = nil }
    }

    /// Ends all cuts.
    public func heal() {
        self.simulator.trace("healed")
        self.state.withLock { $0.cuts = [:] }
    }

    private func change(_ from: Set<String>, _ to: Set<String>, _ change: (inout Cut?) -> Void) {
        self.state.withLock { state in
            for source in from {
                for target in to where source != target { change(&state.cuts[Link(from: source, to: target)]) }
            }
        }
    }
}
