public import Essentials

extension FaultPolicy {
    /// What happens to one request.
    public struct Fault: Hashable, Sendable {
        /// How long it is held up before anything else is done.
        public var delay: Duration?
        /// The status that it is answered with.
        public var abort: Int?
    }

    /// Draws what happens to a request; delay and abort are independent of each other.
    /// - Parameter hasHeader: whether it has the header of the policy.
    public func draw(hasHeader: Bool, _ chance: Chance) -> Fault {
        guard self.header == nil || hasHeader else { return Fault() }
        var fault = Fault()
        if self.delay != nil, chance.below(100) < self.delayPercent { fault.delay = self.delay }
        if self.abort != nil, chance.below(100) < self.abortPercent { fault.abort = self.abort }
        return fault
    }
}
