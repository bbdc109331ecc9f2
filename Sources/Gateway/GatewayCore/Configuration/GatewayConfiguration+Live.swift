/// What an operator, or a release under way, changes while the gateway runs.
extension GatewayConfiguration {
    /// Gives green so many percent of a release's clients, on every route that leads to it.
    /// - Parameter percent: in 0...100.
    /// - Returns: whether there is such a release.
    public mutating func setGreen(_ percent: Int, of name: String) -> Bool {
        precondition((0...100).contains(percent), "a share lies in 0...100 percent")
        guard let index = self.releases.firstIndex(where: { $0.name == name }) else { return false }
        let old = self.releases[index].split
        self.releases[index].greenPercent = percent
        let new = self.releases[index].split
        for route in (self.routes ?? []).indices where self.routes?[route].action == .forward(old) {
            self.routes?[route].action = .forward(new)
        }
        return true
    }

    /// Gives the groups of a route other weights, in the order that they have; a strangler is reverted by `[0, 100]`.
    /// - Returns: whether there is such a route with as many groups, and a weight above zero.
    public mutating func setWeights(_ weights: [Int], ofRoute name: String) -> Bool {
        guard let index = self.routes?.firstIndex(where: { $0.name == name }),
            case .forward(var split)? = self.routes?[index].action, split.targets.count == weights.count,
            weights.allSatisfy({ $0 >= 0 }), weights.contains(where: { $0 > 0 })
        else { return false }
        for (place, weight) in weights.enumerated() { split.targets[place].weight = weight }
        self.routes?[index].action = .forward(split)
        return true
    }
}
