public import Essentials

/// How many faults of which kind a run gets, and how large they are. Each seed draws its own mix, so that some runs see many
/// crashes and no partition, others the reverse: swarm testing (Groce and others, 2012).
public struct FaultMix: Hashable, Sendable {
    /// How often a node's process is killed.
    public var kills = 0
    /// How often a node loses power.
    public var powerCuts = 0
    /// How often a node stands still.
    public var pauses = 0
    /// How often some nodes are cut off from the others.
    public var partitions = 0
    /// How often a node's date jumps.
    public var clockJumps = 0
    /// Kinds of the harness's own, in the order in which they are drawn.
    public var custom: [Custom] = []
    /// How long a node stays down after it crashed. Default: 0…10 s.
    public var downtime: Latency = .uniform(.zero, .seconds(10))
    /// How long a node stands still. Default: half of the time less than a second, at most a minute.
    public var pause: Latency = .heavyTailed(median: .seconds(1), maximum: .seconds(60))
    /// How long a cut lasts. Default: half of the time less than 5 s, at most two minutes.
    public var cut: Latency = .heavyTailed(median: .seconds(5), maximum: .seconds(120))
    /// How far a date jumps, in either direction. Default: half of the time less than 10 s, at most an hour.
    public var clockJump: Latency = .heavyTailed(median: .seconds(10), maximum: .seconds(3_600))

    /// A kind of fault that the harness carries out itself.
    public struct Custom: Hashable, Sendable {
        public var name: String
        public var count: Int

        public init(_ name: String, count: Int) {
            self.name = name
            self.count = count
        }
    }

    public init() {}

    /// A mix of this seed: each kind is left out with a chance of one in three; otherwise there are 1…`maximum` of it.
    public static func drawn(custom names: [String] = [], maximum: Int = 6, using chance: Chance) -> FaultMix {
        func count() -> Int {
            let isLeftOut = chance.below(3) == 0
            let count = 1 + chance.below(max(1, maximum))
            return isLeftOut ? 0 : count
        }
        var mix = FaultMix()
        mix.kills = count()
        mix.powerCuts = count()
        mix.pauses = count()
        mix.partitions = count()
        mix.clockJumps = count()
        mix.custom = names.map { Custom($0, count: count()) }
        return mix
    }
}
