public import Essentials

/// A fault that is planned for a moment of the run.
public struct PlannedFault: Hashable, Sendable {
    @nonexhaustive public enum Kind: Hashable, Sendable {
        /// The node's process ends once it has taken `afterSteps` more steps, and starts again after the downtime.
        case crash(node: String, Crash, afterSteps: Int, downtime: Duration)
        case pause(node: String, Duration)
        case clockJump(node: String, Duration)
        /// Messages from some nodes to others are cut, in this direction only.
        case partition(from: Set<String>, to: Set<String>, Cut, Duration)
        /// Carried out by the harness.
        case custom(name: String, node: String)
    }

    public var id: FaultID
    /// When, since the plan was applied.
    public var at: Duration
    public var kind: Kind

    public init(id: FaultID, at: Duration, kind: Kind) {
        self.id = id
        self.at = at
        self.kind = kind
    }
}

/// All faults that are planned for a run, in the order of their moments.
public struct FaultPlan: Hashable, Sendable {
    public var faults: [PlannedFault]

    public init(_ faults: [PlannedFault] = []) {
        self.faults = faults
    }

    /// When the last of them is over, if nothing delays it.
    public var end: Duration {
        self.faults.map { fault in
            switch fault.kind {
            case .crash(_, _, _, let duration), .pause(_, let duration), .partition(_, _, _, let duration):
                fault.at + duration
            case .clockJump, .custom: fault.at
            }
        }.max() ?? .zero
    }

    /// Spreads a mix over the nodes and over the time.
    /// - Parameter nodes: at least one.
    public static func drawn(_ mix: FaultMix, nodes: [String], over span: Duration, using chance: Chance) -> FaultPlan {
        precondition(!nodes.isEmpty, "faults need nodes to strike")
        var dice = Dice(nodes: nodes, span: span, chance: chance)
        var faults: [PlannedFault] = []
        func add(_ site: String, _ count: Int, _ kind: (inout Dice) -> PlannedFault.Kind) {
            for ordinal in 0..<count {
                let moment = dice.moment()
                faults.append(
                    PlannedFault(id: FaultID(site: "plan." + site, ordinal: ordinal + 1), at: moment, kind: kind(&dice))
                )
            }
        }
        add("kill", mix.kills) {
            .crash(node: $0.node(), .kill, afterSteps: $0.steps(), downtime: $0.draw(mix.downtime))
        }
        add("power", mix.powerCuts) {
            .crash(node: $0.node(), .power, afterSteps: $0.steps(), downtime: $0.draw(mix.downtime))
        }
        add("pause", mix.pauses) { .pause(node: $0.node(), $0.draw(mix.pause)) }
        add("partition", mix.partitions) { $0.partition(lasting: mix.cut) }
        add("clock", mix.clockJumps) { .clockJump(node: $0.node(), $0.jump(mix.clockJump)) }
        for custom in mix.custom {
            add(custom.name, custom.count) { .custom(name: custom.name, node: $0.node()) }
        }
        return FaultPlan(faults.sorted { ($0.at, $0.id) < ($1.at, $1.id) })
    }
}

/// What a plan draws.
private struct Dice {
    let nodes: [String]
    let span: Duration
    var chance: Chance

    mutating func moment() -> Duration { .nanoseconds(Int64(self.chance.fraction() * Double(self.span.nanoseconds))) }
    mutating func node() -> String { self.nodes[self.chance.below(self.nodes.count)] }
    mutating func draw(_ latency: Latency) -> Duration { latency.draw(using: &self.chance) }

    /// Half of the crashes come between two messages, half in the thick of a step's followers.
    mutating func steps() -> Int { self.chance.below(2) == 0 ? 0 : self.chance.below(64) }

    mutating func jump(_ latency: Latency) -> Duration {
        let size = self.draw(latency)
        return self.chance.below(2) == 0 ? size : .zero - size
    }

    mutating func partition(lasting latency: Latency) -> PlannedFault.Kind {
        var from: Set<String> = []
        for node in self.nodes where self.chance.below(2) == 0 { from.insert(node) }
        if from.isEmpty || from.count == self.nodes.count { from = [self.node()] }
        let cut: Cut = self.chance.below(4) == 0 ? .refuse : .drop
        return .partition(from: from, to: Set(self.nodes).subtracting(from), cut, self.draw(latency))
    }
}
