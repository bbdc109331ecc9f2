import Essentials
import Synchronization

extension Simulator {
    /// Notes that a rare path was taken. Over many seeds each must have been seen: otherwise the harness no longer reaches it.
    public func sometimes(_ name: String, _ condition: Bool = true) {
        guard self.isJudging else { return }
        self.state.withLock { $0.sightings[name, default: 0] += condition ? 1 : 0 }
    }

    /// Declares rare paths, so that one which is never taken shows with a count of zero.
    public func expectSometimes(_ names: String...) {
        self.state.withLock { state in
            for name in names { state.sightings[name, default: 0] += 0 }
        }
    }

    /// Fails the run unless `condition` holds.
    public func always(_ condition: Bool, _ name: String, _ detail: @autoclosure () -> String = "") {
        if !condition { self.fail(name, detail()) }
    }

    /// Fails the run: the step that is under way is the last. The first failure counts.
    public func fail(_ name: String, _ detail: String) {
        self.trace("failed: \(name): \(detail)")
        self.scheduler.state.withLock { $0.fail(.invariant, name, detail) }
    }

    /// Adds a line to the record of the run. It counts in the digest, and is kept if the configuration says so.
    public func trace(_ line: String) {
        guard self.isJudging else { return }
        let (now, running) = self.scheduler.state.withLock { state in
            state.digest.add(line)
            return (state.now, state.running)
        }
        guard self.configuration.recordsTrace else { return }
        self.keep(line, now: now, running: running)
    }

    /// A line for people only, which does not count.
    func note(_ line: @autoclosure () -> String) {
        guard self.configuration.recordsTrace, self.isJudging else { return }
        let (now, running) = self.scheduler.state.withLock { ($0.now, $0.running) }
        self.keep(line(), now: now, running: running)
    }

    private func keep(_ line: String, now: Int64, running: String) {
        let micros = String(now / 1_000 % 1_000_000)
        let fraction = String(repeating: "0", count: 6 - micros.utf8.count) + micros
        self.state.withLock { $0.trace.append("\(now / 1_000_000_000).\(fraction) [\(running)] \(line)") }
    }

    /// Names who waits for what while `body` runs, for the report of a run that got stuck.
    public func waiting<Value>(for what: String, _ body: () async throws -> Value) async rethrows -> Value {
        let id = self.scheduler.state.withLock { state in
            let id = state.takeID()
            state.waiting[id] = what
            return id
        }
        defer { self.scheduler.state.withLock { _ = $0.waiting.removeValue(forKey: id) } }
        return try await body()
    }

    /// Whether a fault strikes here and now. Draws from the stream of this site alone; what strikes is recorded, and can be
    /// left out of a replay by `Configuration.faults`.
    /// - Parameter probability: 0…1. With 0 nothing is drawn.
    public func strikes(_ site: String, probability: Double, _ detail: @autoclosure () -> String = "") -> Bool {
        guard probability > 0, self.isJudging else { return false }
        let id: FaultID? = self.state.withLock { state in
            var (generator, count) = state.sites[site] ?? (self.generator(ofSite: site), 0)
            let draw = Double(generator.next() >> 11) * 0x1p-53
            state.sites[site] = (generator, count + 1)
            count += 1
            return draw < probability ? FaultID(site: site, ordinal: count) : nil
        }
        guard let id, self.configuration.faults.allows(id) else { return false }
        self.record(id, detail())
        return true
    }

    private func generator(ofSite site: String) -> SeededGenerator {
        SeededGenerator(seed: StreamSeed.named("fault/" + site, seed: self.seed))
    }

    func record(_ id: FaultID, _ detail: String) {
        let record = FaultRecord(id: id, at: self.now, detail: detail)
        self.state.withLock { $0.faults.append(record) }
        self.trace("fault \(id) \(detail)")
    }

    /// Whether what happens still counts: not any more when the run is being unwound.
    var isJudging: Bool {
        switch self.scheduler.state.withLock(\.phase) {
        case .preparing, .running: true
        case .finished, .unwinding, .over: false
        }
    }
}
