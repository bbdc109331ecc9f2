import Essentials
import Simulation

/// What one seed draws: how much happens, and what goes wrong meanwhile. Each kind of trouble is absent from many seeds,
/// so that paths that need its absence are walked too (swarm testing; Groce et al. 2012).
struct Mix: Sendable {
    var customers: Int
    var deeds: Int
    var products: Int
    var stock: Int
    /// The mean pause between two deeds of a customer.
    var pause: Duration
    /// The longest pause before a client asks once more.
    var longestRetry = Duration.seconds(5)
    /// How often an exchanged refresh token is tried by a thief, and how long after the exchange.
    var thieves = (chance: 0.5, pause: Duration.seconds(45))
    /// How long faults may come.
    var storm: Duration
    /// How long a request can be held up.
    static let straggle = Latency.uniform(.seconds(1), .seconds(60))

    var delay: Duration
    var loss = 0.0
    var duplication = 0.0
    var reset = 0.0
    /// How often a request is carried out long after its sender has stopped waiting.
    var straggling = 0.0
    /// How often a call of shipping fails besides: parcels are then booked late, and cancelled meanwhile.
    var bookingLoss = 0.0
    /// How often a request of a saga for stock or money is held up besides: it comes when the saga has turned round.
    var lateness = 0.0
    var diskDelay: Duration
    /// How often an operation on a disk fails.
    var diskErrors = 0.0
    var providerDelay: Duration
    var providerLoss = 0.0
    var mailLoss = 0.0
    var skew: Duration

    var crashes = 0
    var powerLosses = 0
    var pauses = 0
    var jumps = 0
    var partitions = 0
    var fullDisks = 0
    /// One service that others need is away for minutes.
    var outages = 0
    /// Which service it is; nil for any.
    var victim: String?
    /// How far the storm has come before outages and stalls: until then customers have found their way in.
    var prelude = Duration.zero
    /// How often one of two engines stands still for longer than a lease.
    var stalls = 0
    var poison = 0

    /// How much of each hundred deeds of customers are transfers, and how much other deeds than new orders.
    var transfers: Int
    var changes: Int
    /// Whether transfers are often for about as much as there is, and wallets are filled for the next ones.
    var isTight = false
    var hasCarrier: Bool
    /// Whether two engines work on the transfers.
    var hasSecondEngine: Bool
    var patience: Duration
    var holdDuration: Duration
    /// Whether checkouts ask for the money before the stock.
    var isPaymentFirst: Bool
    var scheduling: Scheduling

    init(seed: UInt64) {
        let chance = Chance(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x5109_AB1E)
        func maybe(_ probability: Double) -> Bool { chance.fraction() < probability }
        func between(_ low: Int, _ high: Int) -> Int { low + chance.below(high - low + 1) }
        func milliseconds(_ low: Int, _ high: Int) -> Duration { .milliseconds(between(low, high)) }
        self.customers = between(1, 4)
        self.deeds = between(2, 8)
        self.products = between(1, 4)
        self.stock = maybe(0.3) ? between(1, 6) : between(20, 200)
        self.pause = milliseconds(20, maybe(0.3) ? 6_000 : 800)
        self.storm = milliseconds(4_000, 40_000)
        self.delay = milliseconds(1, maybe(0.2) ? 120 : 10)
        if maybe(0.5) { self.loss = chance.fraction() * 0.05 }
        if maybe(0.5) { self.duplication = chance.fraction() * 0.1 }
        if maybe(0.5) { self.reset = chance.fraction() * 0.05 }
        if maybe(0.4) { self.straggling = chance.fraction() * 0.05 }
        if maybe(0.2) { self.bookingLoss = 0.5 + chance.fraction() * 0.4 }
        if maybe(0.15) { self.lateness = 0.2 + chance.fraction() * 0.5 }
        self.diskDelay = maybe(0.5) ? .zero : .microseconds(between(50, 8_000))
        if maybe(0.3) { self.diskErrors = chance.fraction() * 0.002 }
        self.providerDelay = milliseconds(1, maybe(0.2) ? 800 : 60)
        if maybe(0.5) { self.providerLoss = chance.fraction() * 0.3 }
        if maybe(0.5) { self.mailLoss = chance.fraction() * 0.3 }
        self.skew = maybe(0.5) ? .zero : milliseconds(0, 12_000)
        if maybe(0.6) { self.crashes = between(1, 6) }
        if maybe(0.5) { self.powerLosses = between(1, 4) }
        if maybe(0.4) { self.pauses = between(1, 4) }
        if maybe(0.25) { self.jumps = between(1, 3) }
        if maybe(0.12) { self.outages = 1 }
        if maybe(0.5) { self.partitions = between(1, 5) }
        if maybe(0.25) { self.fullDisks = between(1, 2) }
        if maybe(0.1) { self.poison = 1 }
        self.transfers = maybe(0.3) ? between(20, 50) : between(0, 10)
        self.changes = between(10, 45)
        self.hasCarrier = maybe(0.7)
        self.hasSecondEngine = maybe(0.35)
        if self.hasSecondEngine {
            self.transfers = between(20, 60)
            self.stalls = between(1, 3)
        }
        self.changes = min(self.changes, 90 - self.transfers)
        let patience = maybe(0.5) ? between(3, 30) : 600
        self.patience = .seconds(patience)
        self.holdDuration = .seconds(patience + between(4, 60))
        self.isPaymentFirst = maybe(0.3)
        switch chance.below(4) {
        case 0: self.scheduling = .firstInFirstOut
        case 1: self.scheduling = .prioritised(changeEvery: 50)
        default: self.scheduling = .random
        }
        // Three stories that chance alone would hardly ever tell.
        switch chance.below(16) {
        case 0: self.loseTransfersHalfway(milliseconds(80, 250))
        case 1: self.stallEngines(milliseconds(80, 250))
        case 2: self.holdRequestsUp()
        default: break
        }
    }

    /// Money is on its way when the one who holds it goes away for minutes.
    private mutating func loseTransfersHalfway(_ delay: Duration) {
        (self.customers, self.deeds, self.transfers, self.changes) = (4, 20, 85, 5)
        (self.delay, self.pause, self.storm) = (delay, .milliseconds(400), .seconds(24))
        self.prelude = .seconds(9)
        (self.outages, self.victim, self.hasSecondEngine, self.stalls) = (1, "payments", false, 0)
        self.straggling = 0.1
        (self.crashes, self.powerLosses, self.partitions, self.jumps) = (0, 0, 0, 0)
    }

    /// An engine sleeps over its lease with a call under way, and comes back to find it taken.
    private mutating func stallEngines(_ delay: Duration) {
        (self.customers, self.deeds, self.transfers, self.changes) = (4, 20, 85, 5)
        (self.delay, self.pause, self.storm) = (delay, .milliseconds(400), .seconds(24))
        self.prelude = .seconds(9)
        (self.hasSecondEngine, self.stalls) = (true, 4)
    }

    /// Many a request comes when its sender has turned round already, and finds what undid it.
    private mutating func holdRequestsUp() {
        (self.customers, self.deeds, self.transfers, self.changes) = (4, 12, 50, 10)
        (self.lateness, self.isTight, self.storm, self.pause) = (0.7, true, .seconds(60), .seconds(2))
        (self.patience, self.holdDuration) = (.seconds(5), .seconds(40))
        (self.hasSecondEngine, self.stalls, self.outages) = (false, 0, 0)
    }

    /// Nothing but orders, without any trouble: for measurements.
    mutating func orderOnly(_ deeds: Int) {
        self = self.calm
        (self.customers, self.deeds, self.transfers, self.changes) = (4, deeds, 0, 0)
        (self.products, self.stock, self.pause, self.storm) = (4, 1_000_000, .milliseconds(200), .milliseconds(10))
        (self.hasSecondEngine, self.stalls, self.hasCarrier) = (false, 0, false)
    }

    /// The same sizes without any trouble.
    var calm: Mix {
        var calm = self
        (calm.loss, calm.duplication, calm.reset, calm.diskErrors) = (0, 0, 0, 0)
        (calm.straggling, calm.bookingLoss, calm.lateness) = (0, 0, 0)
        (calm.providerLoss, calm.mailLoss, calm.skew) = (0, 0, .zero)
        (calm.crashes, calm.powerLosses, calm.pauses, calm.jumps) = (0, 0, 0, 0)
        (calm.partitions, calm.fullDisks, calm.poison, calm.outages) = (0, 0, 0, 0)
        calm.stalls = 0
        return calm
    }
}
