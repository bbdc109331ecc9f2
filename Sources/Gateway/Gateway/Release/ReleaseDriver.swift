import Essentials
import GatewayCore
import Logging
import Synchronization

/// Drives releases: asks their gates, feeds them what requests report, moves time on, and does what they decide.
final class ReleaseDriver: Sendable {
    /// How often time moves on: a rollback takes no longer than five of these.
    private static let pause = Duration.seconds(1)

    /// A release as it stands.
    struct Status: Sendable {
        var configuration: ReleaseConfiguration
        var machine: ReleaseMachine
    }

    private struct Entry {
        var configuration: ReleaseConfiguration
        var machine: ReleaseMachine
        /// What the file said, and what is in force.
        var filePercent: Int
        var percent: Int
        /// Gates that are to be asked.
        var unasked: [ReleaseMachine.Gate] = []

        init(_ configuration: ReleaseConfiguration, active: ReleaseMachine.Colour) {
            var settings = ReleaseMachine.Configuration()
            settings.steps = configuration.steps
            settings.hold = configuration.hold
            self.configuration = configuration
            self.machine = ReleaseMachine(settings, active: active)
            self.filePercent = configuration.greenPercent
            self.percent = configuration.greenPercent
        }

        var newService: String {
            self.machine.active == .blue ? self.configuration.green : self.configuration.blue
        }
    }

    private let environment: GatewayEnvironment
    private let plan: GatewayPlan
    private let gates: ReleaseGates
    private let entries = Mutex<[Entry]>([])
    /// Whether any traffic is being shifted, so that reports matter.
    private let isWatching = Atomic<Bool>(false)

    init(_ environment: GatewayEnvironment, _ plan: GatewayPlan, _ board: HostBoard) {
        self.environment = environment
        self.plan = plan
        self.gates = ReleaseGates(environment: environment, board: board)
    }

    // MARK: What requests report

    /// A request to a service has ended. One load while nothing is being shifted.
    func record(_ service: @autoclosure () -> String, isSuccess: Bool, took: Duration) {
        guard self.isWatching.load(ordering: .relaxed) else { return }
        let service = service()
        self.entries.withLock { entries in
            for index in entries.indices {
                if entries[index].configuration.blue == service {
                    entries[index].machine.record(.blue, isSuccess: isSuccess, took: took)
                } else if entries[index].configuration.green == service {
                    entries[index].machine.record(.green, isSuccess: isSuccess, took: took)
                }
            }
        }
    }

    // MARK: What operators want

    var releases: [Status] {
        self.entries.withLock { $0.map { Status(configuration: $0.configuration, machine: $0.machine) } }
    }

    /// - Returns: nil when there is no such release.
    /// - Throws: ``ReleaseMachine/Refusal``.
    func order(_ name: String, _ order: GatewayControl.ReleaseOrder) throws -> Status? {
        let now = self.environment.time.now
        let found = try self.entries.withLock { entries -> (Entry, ReleaseMachine.Action)? in
            guard let index = entries.firstIndex(where: { $0.configuration.name == name }) else { return nil }
            let action =
                switch order {
                case .start: try entries[index].machine.begin(at: now)
                case .promote: try entries[index].machine.promote(at: now)
                case .rollBack: try entries[index].machine.abort()
                }
            self.note(action, &entries[index])
            self.watch(entries)
            return (entries[index], action)
        }
        guard let (entry, action) = found else { return nil }
        self.carryOut(action, name)
        return Status(configuration: entry.configuration, machine: entry.machine)
    }

    // MARK: Time

    /// Until the task is cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                for (name, configuration, service, gates) in self.takeUnasked() {
                    group.addTask { await self.ask(gates, name, configuration, service) }
                }
                self.tick()
                try await self.environment.time.sleep(for: Self.pause)
            }
        }
    }

    private func tick() {
        let now = self.environment.time.now
        let actions = self.entries.withLock { entries in
            let actions = entries.indices.map { index in
                let action = entries[index].machine.tick(at: now)
                self.note(action, &entries[index])
                return (entries[index].configuration.name, action)
            }
            self.watch(entries)
            return actions
        }
        for (name, action) in actions { self.carryOut(action, name) }
    }

    private func takeUnasked() -> [(String, ReleaseConfiguration, String, [ReleaseMachine.Gate])] {
        self.entries.withLock { entries in
            entries.indices.compactMap { index in
                let gates = entries[index].unasked
                entries[index].unasked = []
                let entry = entries[index]
                return gates.isEmpty ? nil : (entry.configuration.name, entry.configuration, entry.newService, gates)
            }
        }
    }

    private func ask(
        _ gates: [ReleaseMachine.Gate], _ name: String, _ configuration: ReleaseConfiguration, _ service: String
    ) async {
        for gate in gates {
            let failure = await self.gates.ask(gate, configuration, of: service)
            guard !Task.isCancelled else { return }
            let now = self.environment.time.now
            let action = self.entries.withLock { entries in
                guard let index = entries.firstIndex(where: { $0.configuration.name == name }) else {
                    return ReleaseMachine.Action.none
                }
                let action = entries[index].machine.gate(gate, failure: failure, at: now)
                self.note(action, &entries[index])
                self.watch(entries)
                return action
            }
            self.carryOut(action, name)
            if failure != nil { return }
        }
    }

    // MARK: Doing

    /// What an action changes here, within the lock.
    private func note(_ action: ReleaseMachine.Action, _ entry: inout Entry) {
        let isBlueActive = entry.machine.active == .blue
        switch action {
        case .none: return
        case .prepare(let gates): entry.unasked = gates
        case .shift(let percent): entry.percent = isBlueActive ? percent : 100 - percent
        case .finish, .rollBack:
            entry.percent = isBlueActive ? 0 : 100
            entry.unasked = []
        }
    }

    private func watch(_ entries: [Entry]) {
        self.isWatching.store(entries.contains { $0.machine.state != .stable }, ordering: .relaxed)
    }

    private func carryOut(_ action: ReleaseMachine.Action, _ name: String) {
        let told: String
        switch action {
        case .none, .prepare: return
        case .shift(let percent): told = "\(percent) % to the new version"
        case .finish: told = "the new version is the active one"
        case .rollBack(let reason): told = "rolled back: \(reason)"
        }
        self.plan.update { self.carry(into: &$0) }
        self.environment.logger.notice("a release moved", metadata: ["release": "\(name)", "to": "\(told)"])
    }

    /// Has a configuration say what is in force.
    func carry(into configuration: inout GatewayConfiguration) {
        for (name, percent) in self.entries.withLock({ $0.map { ($0.configuration.name, $0.percent) } }) {
            _ = configuration.setGreen(percent, of: name)
        }
    }

    /// Another configuration comes: releases under way go on, and what they shifted stays, unless the file now says another
    /// percentage than it said before.
    func adopt(_ releases: [ReleaseConfiguration]) {
        self.entries.withLock { entries in
            entries = releases.map { release in
                let fresh = Entry(release, active: release.greenPercent == 100 ? .green : .blue)
                guard
                    var known = entries.first(where: {
                        $0.configuration.name == release.name && $0.configuration.blue == release.blue
                            && $0.configuration.green == release.green
                    }), known.filePercent == release.greenPercent
                else { return fresh }
                if known.machine.state == .stable {
                    let percent = known.percent
                    known = Entry(release, active: known.machine.active)
                    known.percent = percent
                }
                return known
            }
            self.watch(entries)
        }
    }
}
