import Chassis
import Essentials
import EventSourcing
import ShopContracts
import Simulation
import StorageSQLiteTesting

/// The faults of one run that come at a moment rather than with a message: planned from the seed before the run, so that
/// each can be left out without moving the others.
struct Storm: Sendable {
    private enum Kind: Sendable {
        case crash(String, Crash, downtime: Duration, Moment = .now)
        case pause(String, Duration)
        case jump(String, Duration, back: Duration)
        case partition([String], [String], isRefusing: Bool, Duration)
        case fullDisk(ServiceName, Duration)
        case poison(ServiceName)
    }

    /// When exactly a process ends. It stands in traces, and the words of the compiler for a private type differ from one
    /// process to the next.
    private enum Moment: Sendable, CustomStringConvertible {
        case now
        /// In the thick of its work: after so many more of its steps.
        case afterSteps(Int)
        /// In the middle of a transaction: before one of the next changes of its files.
        case beforeChange(Int)

        var description: String {
            switch self {
            case .now: "at once"
            case .afterSteps(let count): "after \(count) steps"
            case .beforeChange(let count): "before change \(count)"
            }
        }
    }

    private struct Blow: Sendable {
        var site: String
        var at: Duration
        var kind: Kind
    }

    private let shop: SimulatedShop
    private let blows: [Blow]

    init(_ shop: SimulatedShop) {
        let chance = shop.simulation.chance("storm")
        let mix = shop.mix
        let machines = shop.machines
        var blows: [Blow] = []
        func add(_ count: Int, _ name: String, after start: Duration = .zero, _ kind: (String) -> Kind) {
            for number in 0..<count {
                let span = mix.storm - start
                let at = start + Duration.milliseconds(chance.below(Int(span.milliseconds)))
                blows.append(
                    Blow(site: "\(name).\(number)", at: at, kind: kind(machines[chance.below(machines.count)])))
            }
        }
        func span(_ low: Int, _ high: Int) -> Duration { .milliseconds(low + chance.below(high - low)) }
        func moment() -> Moment {
            switch chance.below(3) {
            case 0: .now
            case 1: .afterSteps(1 + chance.below(100))
            default: .beforeChange(1 + chance.below(40))
            }
        }
        add(mix.crashes, "kill") { .crash($0, .kill, downtime: span(1, 4_000), moment()) }
        add(mix.powerLosses, "power") { .crash($0, .power, downtime: span(1, 4_000), moment()) }
        add(mix.pauses, "pause") { machine in
            // Longer than a lease where somebody else could take it.
            let isLong = mix.hasSecondEngine && machine.hasPrefix("transfers")
            return .pause(machine, isLong ? span(20_000, 60_000) : span(50, 12_000))
        }
        add(mix.jumps, "jump") { machine in
            // A hold runs out when the clock of the shelves goes ahead.
            let isShelf = chance.below(2) == 0
            let ahead = mix.holdDuration + span(1_000, 60_000)
            return .jump(
                isShelf ? "inventory" : machine, isShelf ? ahead : span(-60_000, 1_200_000), back: span(500, 20_000))
        }
        add(mix.outages, "outage", after: mix.prelude) { _ in
            let drawn = ["payments", "payments", "inventory", "shipping"][chance.below(4)]
            return .crash(mix.victim ?? drawn, .kill, downtime: span(90_000, 240_000))
        }
        if mix.hasSecondEngine {
            // Longer than a lease, so that the other engine takes over and the first one comes back to what it was doing.
            add(mix.stalls, "stall", after: mix.prelude) { _ in
                .pause(chance.below(2) == 0 ? "transfers" : "transfers-2", span(31_000, 50_000))
            }
            if mix.stalls > 0 { add(1, "engine") { _ in .crash("transfers", .kill, downtime: span(25_000, 60_000)) } }
        }
        add(mix.partitions, "partition") { drawn in
            // Half of them between those who depend on each other most.
            let isChosen = chance.below(2) == 0
            let machine = isChosen ? "orders" : drawn
            let close = ["payments", "inventory", "shipping", "gateway"][chance.below(4)]
            let other = isChosen ? close : machines[chance.below(machines.count)]
            let others = chance.below(2) == 0 || other == machine ? machines.filter { $0 != machine } : [other]
            let pair = chance.below(2) == 0 ? ([machine], others) : (others, [machine])
            return .partition(pair.0, pair.1, isRefusing: chance.below(3) == 0, span(100, isChosen ? 40_000 : 15_000))
        }
        let services = ServiceName.shop
        add(mix.fullDisks, "full") { _ in .fullDisk(services[chance.below(services.count)], span(100, 8_000)) }
        add(mix.poison, "poison") { _ in .poison(chance.below(2) == 0 ? .shipping : .users) }
        self.shop = shop
        self.blows = blows.sorted { ($0.at, $0.site) < ($1.at, $1.site) }
    }

    /// Lets all blows come in their time, and the messages and disks fail as the mix says, until the storm is over.
    func rage() async throws {
        let simulation = self.shop.simulation
        if self.shop.mix.diskErrors > 0 { self.setDiskFaults(self.shop.mix.diskErrors) }
        for way in self.shop.mix.worseLinks { self.shop.network.setLink(from: way.from, to: way.to, way.link) }
        let began = simulation.now
        let end = began + self.shop.mix.storm
        for blow in self.blows {
            try await simulation.time.sleep(until: began + blow.at)
            guard simulation.strikes(blow.site, probability: 1, "\(blow.kind)") else { continue }
            self.strike(blow.kind, blow.site)
        }
        try await simulation.time.sleep(until: end)
        self.end()
    }

    private func setDiskFaults(_ probability: Double) {
        var faults = DiskFaults.none
        faults.readError = probability
        faults.writeError = probability
        faults.syncError = probability
        for name in ServiceName.shop { self.shop.disks[name]?.setFaults(faults) }
    }

    private func end() {
        for name in ServiceName.shop {
            self.shop.disks[name]?.setFaults(.none)
            self.shop.disks[name]?.setCapacity(nil)
            self.shop.disks[name]?.crash(beforeChange: nil)
        }
        for machine in self.shop.machines { self.shop.simulation.node(machine).cancelCrash() }
        self.shop.network.heal()
        for way in self.shop.mix.worseLinks { self.shop.network.setLink(from: way.from, to: way.to, nil) }
        var calm = self.shop.mix.calm.link
        calm.delay = self.shop.mix.link.delay
        self.shop.network.defaultLink = calm
        self.shop.outside.calm()
        self.shop.simulation.trace("the storm is over")
    }

    private func strike(_ kind: Kind, _ site: String) {
        let simulation = self.shop.simulation
        switch kind {
        case .crash(let machine, let crash, let downtime, let moment):
            self.crash(machine, crash, downtime, moment)
        case .pause(let machine, let duration): simulation.node(machine).pause(for: duration)
        case .jump(let machine, let by, let back):
            simulation.node(machine).jumpWallClock(by: by)
            self.later(site, after: back) { simulation.node(machine).jumpWallClock(by: .zero - by) }
        case .partition(let from, let to, let isRefusing, let duration):
            self.shop.network.partition(from: Set(from), to: Set(to), isRefusing ? .refuse : .drop)
            self.later(site, after: duration) { self.shop.network.heal(from: Set(from), to: Set(to)) }
        case .fullDisk(let service, let duration):
            guard let disk = self.shop.disks[service] else { return }
            let used = disk.files().values.reduce(0) { $0 + $1.count }
            disk.setCapacity(.bytes(used + 4_096))
            self.later(site, after: duration) { disk.setCapacity(nil) }
        case .poison(let service): self.later(site, after: .zero) { try await self.poison(service) }
        }
    }

    private func crash(_ machine: String, _ crash: Crash, _ downtime: Duration, _ moment: Moment) {
        let node = self.shop.simulation.node(machine)
        switch moment {
        case .afterSteps(let count): node.crash(crash, afterSteps: count, downtime: downtime)
        case .beforeChange(let number)
        where self.shop.doom(machine, crash, beforeChange: number, downtime: downtime): break
        case .now, .beforeChange:
            node.crash(crash)
            node.restart(after: downtime)
        }
    }

    private func later(_ name: String, after delay: Duration, _ body: @escaping @Sendable () async throws -> Void) {
        let time = self.shop.simulation.time
        self.shop.simulation.spawn("after \(name)") {
            try await time.sleep(for: delay)
            try await body()
        }
    }

    /// A service has written a fact that one of its readers can do nothing with.
    private func poison(_ service: ServiceName) async throws {
        let chance = self.shop.simulation.chance("poison")
        let ids = IDSource(wallClock: self.shop.simulation.wallClock, chance: chance)
        let id = ids.next()
        let data: JSONValue =
            service == .users
            ? ["userId": "nobody"]
            : [
                "shipmentId": .string(ids.next().description), "orderId": .string(id.description),
                "customerId": .string(ids.next().description), "status": "IN_TRANSIT", "trackingNumber": "none",
                "at": "2026-01-01T00:00:00.000Z",
            ]
        let event = NewEvent(
            id: ids.next(), type: service == .users ? "UserCreated" : "ShipmentProgressed", schemaVersion: 1,
            timestamp: self.shop.simulation.wallClock.now, metadata: EventMetadata(correlationID: ids.next()),
            data: data.serialized)
        self.shop.addPoison(event.id)
        let stream = StreamID(category: "foreign", aggregateID: id)
        do {
            _ = try await self.shop.store(service)?.write { try $0.append([event], to: stream, expecting: .any) }
        } catch let error as EventStoreError {
            self.shop.simulation.trace("\(service) is down and takes no poison: \(error.code)")
        }
    }
}
